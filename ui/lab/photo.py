"""What the lab's steps are given: a photo of at most a megapixel, and the spot in it that is looked at closely."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, BinaryIO, TypeVar

import numpy as np
import numpy.typing as npt
from PIL import Image

from model.photo import open_photo, photo_facts
from ui.lab.drawing import Picture
from ui.lab.edges import Gradient, gradient
from ui.lab.own_kernel import LabError

MAX_PIXELS = 1_000_000
MIN_SIDE = 16
Found = TypeVar("Found")
_ENOUGH = (1000, 1000)  # pixels a side that a much larger photo is opened at


@dataclass(frozen=True)
class Photo:
    """A photo and the spot in it that is looked at closely.

    Attributes:
        rgb: uint8 (H, W, 3), at most a megapixel, each side at least 16.
        across: where the spot lies, 0 (left) to 1 (right).
        down: the same, 0 (top) to 1 (bottom).
        shrunk_from: height and width of a photo that had more than a megapixel.
        upload: the file itself.
    """

    rgb: Picture
    across: float = 0.5
    down: float = 0.5
    shrunk_from: tuple[int, int] | None = None
    upload: bytes = b""
    _found: dict[Hashable, Any] = field(default_factory=dict, compare=False, repr=False)

    @cached_property
    def grey(self) -> Picture:
        """uint8 (H, W): 0.299 red + 0.587 green + 0.114 blue (ITU-R BT.601)."""
        return np.asarray(Image.fromarray(self.rgb).convert("L"))

    def once(self, key: Hashable, work: Callable[[], Found]) -> Found:
        """What `work` gives, worked out once for all steps that ask for it by this key, as long as this object is there."""
        if key not in self._found:
            self._found[key] = work()
        found: Found = self._found[key]
        return found

    @cached_property
    def gradient(self) -> Gradient:
        """Of `grey`: several steps look at it."""
        return gradient(self.grey)

    def corner(self, height: int, width: int) -> tuple[int, int]:
        """Top and left of the part of `height` × `width` pixels around the spot; the part lies in the photo."""
        rows, columns = self.rgb.shape[:2]
        return round(self.down * (rows - height)), round(self.across * (columns - width))

    def part(self, values: npt.NDArray[np.uint8], height: int, width: int) -> Picture:
        """That part of `values`, which is `rgb` or `grey`."""
        top, left = self.corner(height, width)
        return values[top : top + height, left : left + width]

    def made_small(self, side: int) -> Picture:
        """The whole photo as uint8 (side, side, 3) by nearest neighbour: of each part the pixel in its middle, as it is."""
        rows, columns = ((2 * np.arange(side) + 1) * length // (2 * side) for length in self.rgb.shape[:2])
        return self.rgb[np.ix_(rows, columns)]


def open_for_lab(data: bytes | BinaryIO, across: float = 0.5, down: float = 0.5) -> Photo:
    """Open an untrusted photo, and shrink it to a megapixel where it has more.

    Raises:
        PhotoError: what came in is no photo that can be opened.
        LabError: the photo has a side of less than 16 pixels.
    """
    if not isinstance(data, bytes):
        data = data.read()
    facts = photo_facts(data)
    image = open_photo(data, at_least=_ENOUGH)
    shrink = math.sqrt(MAX_PIXELS / (image.width * image.height))
    if shrink < 1:
        size = int(image.width * shrink), int(image.height * shrink)
        image = image.resize(size, Image.Resampling.BILINEAR, reducing_gap=2)
    if min(image.size) < MIN_SIDE:
        raise LabError("lab.photo_small", height=image.height, width=image.width, least=MIN_SIDE)
    full = facts.height, facts.width
    return Photo(np.asarray(image), across, down, None if full == (image.height, image.width) else full, data)
