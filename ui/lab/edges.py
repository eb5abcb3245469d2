"""Where brightness changes: gradient, edges, how dense they lie, which way they run, and lines of equal brightness.

Pictures are (height, width), grey 0-255. Angles are as one sees them: 0 to the right, 90 up, counter-clockwise.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import numpy.typing as npt

from ui.lab.convolution import Floats

Measure = Literal["count", "magnitude"]

_SOBEL_GAIN = 8  # what the Sobel kernel makes of a slope of one grey level per pixel
STRONGEST = 255 / 2 * 2**0.5  # no gradient is longer: full contrast over two pixels, both ways


@dataclass(frozen=True)
class Gradient:
    """The slope of brightness at each pixel, in grey levels per pixel.

    Attributes:
        across: float32 (H, W), or (N,) for some of the pixels, -127.5 to 127.5; positive where it gets lighter to the right.
        down: the same, positive where it gets lighter downwards.
    """

    across: Floats
    down: Floats

    @cached_property
    def magnitude(self) -> Floats:
        """sqrt(across² + down²): how steep, float32 (H, W), 0 to `STRONGEST`."""
        length: Floats = np.sqrt(self.across**2 + self.down**2)
        return length

    @cached_property
    def direction(self) -> Floats:
        """atan2(-down, across): which way it gets lighter, in degrees, float32 (H, W), 0 to 360; 0 where it is flat."""
        degrees: Floats = np.degrees(np.arctan2(-self.down, self.across))
        return np.where(degrees < 0, degrees + np.float32(360), degrees)


def gradient(grey: npt.NDArray[np.generic]) -> Gradient:
    """The gradient by the two Sobel kernels, divided by 8 (Sobel & Feldman 1968; Gonzalez & Woods, section 10.2).

    Args:
        grey: (H, W), 0-255; the last pixels are repeated outside.
    """
    from scipy import ndimage

    values = grey.astype(np.float32)
    across, down = (ndimage.sobel(values, axis=axis, mode="nearest") / np.float32(_SOBEL_GAIN) for axis in (1, 0))
    return Gradient(across, down)


def edge_map(magnitude: Floats, threshold: float) -> npt.NDArray[np.bool_]:
    """Where magnitude ≥ threshold, both in grey levels per pixel: bool (H, W)."""
    return magnitude >= np.float32(threshold)


def integral_image(values: npt.NDArray[np.generic]) -> npt.NDArray[np.float64]:
    """I[y, x] = sum of values[:y, :x], float64 (H + 1, W + 1): the summed-area table of Crow 1984.

    The sum of any rectangle is then four look-ups, I[b, r] - I[t, r] - I[b, l] + I[t, l], however large it is.
    """
    table = np.zeros((values.shape[0] + 1, values.shape[1] + 1))
    np.cumsum(values, axis=0, out=table[1:, 1:])
    np.cumsum(table[1:, 1:], axis=1, out=table[1:, 1:])
    return table


@dataclass(frozen=True)
class Block:
    """Rows `top` to `bottom` and columns `left` to `right` of a picture, `bottom` and `right` themselves left out."""

    top: int
    left: int
    bottom: int
    right: int

    @property
    def pixels(self) -> int:
        """How many there are."""
        return (self.bottom - self.top) * (self.right - self.left)

    def corners(self, table: npt.NDArray[np.float64]) -> tuple[int, int, int, int]:
        """I[b, r], I[t, r], I[b, l] and I[t, l] in the `integral_image` of whole numbers.

        The first less the second less the third plus the last is the block's sum.
        """
        places = (self.bottom, self.right), (self.top, self.right), (self.bottom, self.left), (self.top, self.left)
        first, second, third, last = (int(table[place]) for place in places)
        return first, second, third, last


def block_at(shape: tuple[int, ...], side: int, row: int, column: int) -> Block:
    """The block that holds the pixel, of those of `side` × `side` pixels that (H, W) is cut into from the top left."""
    top, left = row // side * side, column // side * side
    return Block(top, left, min(top + side, shape[0]), min(left + side, shape[1]))


def block_density(edges: npt.NDArray[np.bool_], side: int) -> Floats:
    """The share of edge pixels in each block of `side` × `side` pixels, by `integral_image`.

    Args:
        edges: bool (H, W).
        side: of a block in pixels, at least 1.

    Returns:
        float32 (ceil(H / side), ceil(W / side)), 0 to 1; blocks that reach over the border are cut off there.
    """
    table = integral_image(edges)
    rows, columns = (np.append(np.arange(0, length, side), length) for length in edges.shape)
    corners = table[np.ix_(rows, columns)]
    sums = corners[1:, 1:] - corners[:-1, 1:] - corners[1:, :-1] + corners[:-1, :-1]
    shares: Floats = (sums / np.outer(np.diff(rows), np.diff(columns))).astype(np.float32)
    return shares


def density(edges: npt.NDArray[np.bool_], window: int) -> Floats:
    """The share of edge pixels in a square around each pixel, by `integral_image`; at the border, in the part inside.

    Args:
        edges: bool (H, W).
        window: the square's side in pixels; odd, at least 1.

    Returns:
        float32 (H, W), 0 to 1.

    Raises:
        ValueError: an even window, or one below 1.
    """
    if window < 1 or window % 2 == 0:
        raise ValueError(f"The window has an odd number of pixels, 1 or more, not {window}.")
    table = integral_image(edges)
    (top, bottom), (left, right) = (_bounds(side, window // 2) for side in edges.shape)
    rows = table[bottom] - table[top]
    area = np.outer(bottom - top, right - left)
    return ((rows[:, right] - rows[:, left]) / area).astype(np.float32)


def _bounds(side: int, radius: int) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """First and one-past-last pixel of the window around each of `side` pixels."""
    places = np.arange(side)
    return np.maximum(places - radius, 0), np.minimum(places + radius + 1, side)


def direction_histogram(
    slope: Gradient, edges: npt.NDArray[np.bool_], bins: int = 12, by: Measure = "magnitude"
) -> npt.NDArray[np.float64]:
    """How many edge pixels run which way; an edge runs at right angles to its gradient, and has no front or back.

    The unsigned orientations of Dalal & Triggs 2005, who count each pixel by its magnitude.

    Args:
        slope: of the picture.
        edges: bool (H, W): which pixels count.
        bins: bin i holds the edges at i · 180 / bins degrees: 0 is horizontal, 45 rises to the right, 90 is vertical.
        by: "magnitude", so that steep edges count more, or "count": every pixel once.

    Returns:
        float64 (bins,), shares that add up to 1; all 0 where there is no edge.
    """
    there = Gradient(slope.across[edges], slope.down[edges])
    orientation = (there.direction + 90) % 180
    index = np.rint(orientation * (bins / 180)).astype(np.intp) % bins
    weights = np.bincount(index, there.magnitude if by == "magnitude" else None, bins).astype(np.float64)
    total: float = weights.sum()
    return weights / (total or 1.0)


def contour_lines(grey: npt.NDArray[np.generic], levels: list[float], smoothing: float = 0) -> list[list[Floats]]:
    """Lines along which the picture has one brightness, for each level: the contour lines of a map.

    Marching squares with linear interpolation (Lorensen & Cline 1987 in two dimensions), by contourpy.

    Args:
        grey: (H, W), 0-255, at least 2×2.
        levels: brightness of each group of lines.
        smoothing: standard deviation in pixels of a Gaussian blur first; 0 for none.

    Returns:
        For each level its lines, float32 (N, 2) of (x, y) in pixels, where (0, 0) is the centre of the first pixel.
    """
    import contourpy
    from scipy import ndimage

    values = grey.astype(np.float32)
    smooth = ndimage.gaussian_filter(values, smoothing) if smoothing > 0 else values
    generator = contourpy.contour_generator(z=smooth, line_type=contourpy.LineType.Separate)
    return [[np.asarray(line, np.float32) for line in generator.lines(level)] for level in levels]
