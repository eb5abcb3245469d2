"""A kernel that slides over a photo: how it does, and every place that it has on a small crop, in numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from ui.lab.convolution import KERNELS, Floats, Padding, feature_map, flipped, output_size
from ui.lab.drawing import Picture
from ui.lab.own_kernel import own_kernel
from ui.lab.photo import Photo

OWN = "own"  # the name of the visitor's own kernel, beside those of `KERNELS`
PLACES = 5  # along each side of the crop, where the stride is 1


@dataclass(frozen=True)
class Sliding:
    """Which kernel slides over the photo, and how.

    Attributes:
        kernels: one, or two whose maps are combined.
        stride: 1 to 4.
        padding: see `convolve`.
        channels: "grey", or "rgb" for each channel on its own.
        flip: convolution as mathematics has it, in place of cross-correlation.
    """

    kernels: tuple[Floats, ...]
    stride: int = 1
    padding: Padding = "valid"
    channels: Literal["grey", "rgb"] = "grey"
    flip: bool = False

    @classmethod
    def chosen(
        cls, name: str, own: object, stride: float, padding: Padding, channels: Literal["grey", "rgb"], operation: str
    ) -> Sliding:
        """From the values of the controls.

        Raises:
            LabError: the visitor's own kernel cannot be used.
        """
        kernels = (own_kernel(own),) if name == OWN else KERNELS[name]
        return cls(kernels, int(stride), padding, channels, operation == "convolution")

    @property
    def applied(self) -> Floats:
        """The first kernel as it is laid on the photo: turned by 180 degrees for convolution."""
        return flipped(self.kernels[0]).astype(np.float32) if self.flip else self.kernels[0]

    def source(self, photo: Photo) -> Picture:
        """What the kernel slides over: (H, W) or (H, W, 3)."""
        return photo.grey if self.channels == "grey" else photo.rgb

    def map(self, photo: Photo) -> Floats:
        """The feature map of the whole photo."""
        return feature_map(self.source(photo), self.kernels, self.stride, self.padding, self.flip)

    def closeup(self, values: Picture, flip: bool) -> Floats:
        """The map of a part, without padding."""
        return feature_map(values, self.kernels, self.stride, "valid", flip)


@dataclass(frozen=True)
class Place:
    """One place of the kernel.

    Attributes:
        row: which row of the map it fills, from 0.
        column: which column.
        window: float32 (k, k), what lies under the kernel.
        products: float32 (k, k), window · kernel, number by number.
        total: the sum of the products: the value in the map.
    """

    row: int
    column: int
    window: Floats
    products: Floats
    total: float


def crop_side(kernel: int) -> int:
    """Pixels along each side of a crop that gives a kernel of `kernel` pixels `PLACES` places at stride 1."""
    return kernel + PLACES - 1


def places(crop: npt.NDArray[np.generic], kernel: Floats, stride: int = 1) -> list[Place]:
    """Every place of the kernel on the crop without padding, line by line; the totals are `convolve` of the crop.

    Args:
        crop: (H, W).
        kernel: (k, k), already turned where convolution is meant.
        stride: at least 1.
    """
    size = len(kernel)
    rows, columns = (output_size(side, size, stride) for side in crop.shape)
    steps = []
    for row in range(rows):
        for column in range(columns):
            top, left = row * stride, column * stride
            window = crop[top : top + size, left : left + size].astype(np.float32)
            products = window * kernel
            steps.append(Place(row, column, window, products, float(products.sum())))
    return steps
