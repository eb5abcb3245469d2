"""From an upright photo to the network's input: which part of it the network sees, and how that is resized.

web/resize.js does the same in a browser, pixel for pixel.
"""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from PIL import Image

from model.config import Input
from model.formats import MAX_MEGAPIXELS
from model.photo import PhotoSource, PhotoTooLarge, open_photo

# A photo is shrunk in whole steps to no less than this many times the input size before the exact resize.
OVERSAMPLING = 1.4
EXACT_OVERSAMPLING = 8  # where the input is `exact`
_RESAMPLING = {name.lower(): filter for name, filter in Image.Resampling.__members__.items()}
_PADDING: dict[str, Literal["constant", "edge", "reflect"]] = {"zeros": "constant", "border": "edge", "reflection": "reflect"}


def open_for(source: PhotoSource, size: Input) -> Image.Image:
    """Open a photo as `model.photo.open_photo` does, no larger than a network with the input `size` needs it.

    Raises:
        model.photo.PhotoError: the photo cannot be used; the message is for the person who sent it.
    """
    oversampling = EXACT_OVERSAMPLING if size.exact else OVERSAMPLING
    return open_photo(source, at_least=(round(size.height * oversampling), round(size.width * oversampling)))


def crop_box(width: int, height: int, size: Input) -> tuple[int, int, int, int]:
    """(left, top, right, bottom) in pixels: the part of a photo that the network sees.

    It reaches beyond the photo where that is padded. Rounded as fastai's `Resize` rounds.
    """
    if size.resize == "squish":
        return 0, 0, width, height
    choose = min if size.resize == "crop" else max
    ratio = choose(width / size.width, height / size.height)
    across, down = int(ratio * size.width), int(ratio * size.height)
    if size.resize == "crop":
        across, down = max(across, math.ceil(size.keep * width)), max(down, math.ceil(size.keep * height))
    left, top = int(0.5 * (width - across)), int(0.5 * (height - down))
    return left, top, left + across, top + down


def seen_part(photo: Image.Image, size: Input) -> tuple[float, float, float, float]:
    """`crop_box` as shares of the photo's width and height: 0-1, or beyond where the photo is padded."""
    left, top, right, bottom = crop_box(photo.width, photo.height, size)
    return left / photo.width, top / photo.height, right / photo.width, bottom / photo.height


def fit(image: Image.Image, size: Input) -> np.ndarray:
    """Resize an RGB photo to the network's input size, pixel for pixel as fastai's `Resize` does where `keep` is 0.

    Returns:
        uint8 array (height, width, 3), 0-255.

    Raises:
        PhotoTooLarge: the photo is so narrow that padding it would take too much memory.
    """
    image = image.convert(size.mode)
    whole = (0, 0, image.width, image.height)
    box = crop_box(image.width, image.height, size)
    if box != whole:
        image = _pad(image, box, size.padding) if size.resize == "pad" else image.crop(box)
    resized = image.resize((size.width, size.height), _RESAMPLING[size.resample])
    return np.asarray(resized.convert("RGB"))


def _pad(image: Image.Image, box: tuple[int, int, int, int], padding: str) -> Image.Image:
    """The part `box` of an image, and what `padding` makes of the places outside of it."""
    left, top, right, bottom = box
    if (right - left) * (bottom - top) > MAX_MEGAPIXELS * 1_000_000:
        raise PhotoTooLarge("narrow", width=image.width, height=image.height)
    rows, columns = (max(-top, 0), max(bottom - image.height, 0)), (max(-left, 0), max(right - image.width, 0))
    inside = (max(left, 0), max(top, 0), min(right, image.width), min(bottom, image.height))
    pixels = np.asarray(image.crop(inside))
    widths = [rows, columns] + [(0, 0)] * (pixels.ndim - 2)
    return Image.fromarray(np.pad(pixels, widths, _PADDING[padding]))
