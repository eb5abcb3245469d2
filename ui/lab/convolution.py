"""What the first layers of a network do with numbers: convolve, ReLU, pool, flatten, and what each costs.

Pictures and maps are arrays (height, width) or (height, width, channels); what comes out is float32. Kernels, stride
and padding follow Dumoulin & Visin 2016, "A guide to convolution arithmetic for deep learning" (arXiv:1603.07285).
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Padding = Literal["valid", "zeros", "edge", "reflect"]
Pooling = Literal["max", "average"]

# what scipy.ndimage calls them; where nothing is added, what it makes up at the border is cut off again
_BORDERS = {"valid": "constant", "zeros": "constant", "edge": "nearest", "reflect": "mirror"}


def _kernel(*rows: list[float], divided_by: float = 1) -> Floats:
    kernel = np.array(rows, np.float32) / np.float32(divided_by)
    kernel.setflags(write=False)
    return kernel


_BINOMIAL = np.array([1, 4, 6, 4, 1])
_SOBEL_X = _kernel([-1, 0, 1], [-2, 0, 2], [-1, 0, 1])
_SOBEL_Y = _kernel([-1, -2, -1], [0, 0, 0], [1, 2, 1])

# Gonzalez & Woods, "Digital Image Processing", 4th edition, chapters 3.5, 3.6 and 10.2; Sobel & Feldman 1968. Two
# kernels make one map: the length of the arrow whose two sides they measure. What others call the horizontal Sobel kernel
# is now x, which compares along the horizontal, now y, which finds horizontal edges: here x and y are along which it compares.
KERNELS: dict[str, tuple[Floats, ...]] = {
    "identity": (_kernel([0, 0, 0], [0, 1, 0], [0, 0, 0]),),
    "sharpen": (_kernel([0, -1, 0], [-1, 5, -1], [0, -1, 0]),),
    "sobel_x": (_SOBEL_X,),
    "sobel_y": (_SOBEL_Y,),
    "sobel_combined": (_SOBEL_X, _SOBEL_Y),
    "gaussian": (_kernel(*np.outer(_BINOMIAL, _BINOMIAL).tolist(), divided_by=256),),
    "laplacian": (_kernel([0, 1, 0], [1, -4, 1], [0, 1, 0]),),
    "emboss": (_kernel([-2, -1, 0], [-1, 1, 1], [0, 1, 2]),),
    "box": (_kernel([1, 1, 1], [1, 1, 1], [1, 1, 1], divided_by=9),),
}


def output_size(size: int, kernel: int, stride: int = 1, padding: int = 0) -> int:
    """floor((n + 2p - k) / s) + 1: how many places a window of `kernel` pixels has along `size` pixels.

    Dumoulin & Visin 2016, relationship 6. 0 where the window is larger than what it slides over.

    Raises:
        ValueError: a size, window or stride below 1, or a negative padding.
    """
    if min(size, kernel, stride) < 1 or padding < 0:
        raise ValueError(f"Size {size}, window {kernel} and stride {stride} are at least 1, padding {padding} at least 0.")
    return max(0, (size + 2 * padding - kernel) // stride + 1)


def padding_of(kernel: int, padding: Padding) -> int:
    """p, the pixels added on each side: half the kernel, so that stride 1 keeps the size; 0 for "valid"."""
    return 0 if padding == "valid" else kernel // 2


def flipped(kernel: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
    """The kernel turned by 180 degrees, K[-i, -j]: cross-correlation with it is convolution with `kernel`."""
    return kernel[::-1, ::-1]


def is_symmetric(kernel: npt.NDArray[np.floating]) -> bool:
    """Whether turning by 180 degrees changes nothing: then convolution and cross-correlation are the same."""
    return bool(np.array_equal(kernel, flipped(kernel)))


def convolve(
    values: npt.NDArray[np.generic],
    kernel: npt.NDArray[np.floating],
    stride: int = 1,
    padding: Padding = "valid",
    flip: bool = False,
) -> Floats:
    """Slide `kernel` over `values`, every channel on its own; at each place multiply pairwise and add up.

    Cross-correlation, which networks call convolution: out[y, x] = sum over i, j of K[i, j] · in[s·y + i - p, s·x + j - p].
    Convolution as mathematics has it (`flip`) takes K[-i, -j] in its place (Gonzalez & Woods, section 3.4).

    Args:
        values: (H, W) or (H, W, C), numbers of any kind and range.
        kernel: (k, k) with k odd.
        stride: s, at least 1: the pixels from one place to the next.
        padding: what lies outside: nothing ("valid": the kernel stays inside), "zeros", the last pixel again ("edge"),
            or the picture reflected at its last pixel ("reflect").
        flip: turn the kernel by 180 degrees first.

    Returns:
        float32 (H', W') or (H', W', C) with H' = `output_size(H, k, s, p)`; a side is 0 where the kernel does not fit.

    Raises:
        ValueError: a kernel that is not square with odd sides, a stride below 1, or an unknown padding.
    """
    from scipy import ndimage  # 0.2 s that the start of the app need not wait for

    if kernel.ndim != 2 or kernel.shape[0] != kernel.shape[1] or kernel.shape[0] % 2 == 0:
        raise ValueError(f"A kernel is square with odd sides, 3×3 or 5×5, not {kernel.shape}.")
    if padding not in _BORDERS:
        raise ValueError(f"Padding is one of {', '.join(_BORDERS)}, not {padding!r}.")
    size = len(kernel)
    output_size(values.shape[0], size, stride)
    window = (flipped(kernel) if flip else kernel).astype(np.float32)
    if values.ndim == 3:
        window = window[:, :, None]
    everywhere: Floats = ndimage.correlate(values.astype(np.float32), window, mode=_BORDERS[padding])
    margin = size // 2 if padding == "valid" else 0
    inside = everywhere[margin : max(margin, len(values) - margin), margin : max(margin, values.shape[1] - margin)]
    return inside[::stride, ::stride]


def feature_map(
    values: npt.NDArray[np.generic],
    kernels: tuple[Floats, ...],
    stride: int = 1,
    padding: Padding = "valid",
    flip: bool = False,
) -> Floats:
    """`convolve` with one kernel; with two, sqrt(a² + b²) of their maps a and b (Sobel combined)."""
    maps = [convolve(values, kernel, stride, padding, flip) for kernel in kernels]
    return maps[0] if len(maps) == 1 else np.sqrt(maps[0] ** 2 + maps[1] ** 2)


def relu(values: Floats) -> Floats:
    """max(0, x) of every value (Nair & Hinton 2010): what is negative becomes 0. Shape and dtype stay."""
    return np.maximum(values, 0)


def pool(values: npt.NDArray[np.generic], kind: Pooling = "max", window: int = 2, stride: int | None = None) -> Floats:
    """The largest ("max") or the mean ("average") of each window, every channel on its own.

    out[y, x] = max or mean of in[s·y : s·y + w, s·x : s·x + w] (Goodfellow, Bengio & Courville 2016, section 9.3).

    Args:
        values: (H, W) or (H, W, C).
        kind: "max" or "average".
        window: w, at least 1.
        stride: s, at least 1; the window by default, so that windows do not overlap.

    Returns:
        float32 (H', W') or (H', W', C) with H' = `output_size(H, w, s)`; a side is 0 where the window does not fit.

    Raises:
        ValueError: a window or a stride below 1, or an unknown kind.
    """
    if kind not in ("max", "average"):
        raise ValueError(f"Pooling is max or average, not {kind!r}.")
    stride = window if stride is None else stride
    combine = np.maximum if kind == "max" else np.add
    pooled = values.astype(np.float32)
    for axis in (0, 1):  # the largest of the largest in each column is the largest of all; the same for means
        lines = np.moveaxis(pooled, axis, 0)
        end = output_size(len(lines), window, stride) * stride
        combined = lines[:end:stride].copy("K")  # as it lies in memory, not transposed
        for first in range(1, window):
            combine(combined, lines[first : first + end : stride], out=combined)
        if kind == "average":
            combined /= np.float32(window)
        pooled = np.moveaxis(combined, 0, axis)
    return pooled


def flatten(values: Floats) -> Floats:
    """All values in one row, (H, W, C) -> (H · W · C,), line by line: 32×32×16 gives 16,384."""
    return values.reshape(-1)


def dense_parameters(inputs: int, outputs: int) -> int:
    """What a dense layer learns: inputs · outputs weights, one per pair, and a bias for each output."""
    return inputs * outputs + outputs


def convolution_parameters(kernel: int, channels_in: int, channels_out: int) -> int:
    """What a convolution layer learns: k · k · C_in weights and a bias for each of C_out maps, whatever the photo's size."""
    return (kernel * kernel * channels_in + 1) * channels_out
