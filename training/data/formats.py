"""Format augmentation: a photo as another source would have cropped, shrunk and saved it.

A class whose photos all come from one place can be told by how that place saves photos: their size, their sharpness, the
traces of JPEG. A network takes that shortcut where it can (Geirhos et al. 2020, "Shortcut learning in deep neural
networks"). So every photo that is trained on also comes in formats drawn at random, and every class draws from the same
ones: the format then says nothing about the class.
"""

from __future__ import annotations

import io
import math
import os
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter

from model.config import Input
from model.photo import open_photo
from model.resize import fit, open_for

# name = value  # what it stands for
CROPPED = 0.5  # share of photos that are cropped
AREA = (0.5, 1.0)  # share of the photo that a crop keeps
ASPECT = (3 / 4, 4 / 3)  # how much a crop changes the aspect ratio
SQUASHED = 0.25  # share of photos that are squashed into a square, as many data sets are
SHRUNK = 0.75  # share of photos that are shrunk
SHORTER_SIDE = (96, 400)  # pixels that shrinking leaves, at even odds for each doubling
BLURRED, BLUR = 0.15, (0.4, 1.6)  # share of photos, and the standard deviation of the Gaussian in pixels
SHARPENED, SHARPENING = 0.2, (40, 160)  # share of photos, and the strength of the unsharp mask in per cent
COMPRESSED = 0.85  # share of photos that are saved as JPEG
QUALITY = (30, 95)  # Pillow's JPEG quality
OPENED = 512  # pixels a side that photos are opened with, at least, where they have as many
KERNELS = (
    Image.Resampling.BOX,
    Image.Resampling.BILINEAR,
    Image.Resampling.HAMMING,
    Image.Resampling.BICUBIC,
    Image.Resampling.LANCZOS,
)


def in_a_random_format(photo: Image.Image, dice: np.random.Generator) -> Image.Image:
    """An RGB photo cropped, squashed, shrunk, blurred or sharpened, and saved as JPEG, each at random.

    Nothing here depends on what the photo shows. A photo never comes back larger than it was.
    """
    if dice.random() < CROPPED:
        photo = _cropped(photo, dice)
    if dice.random() < SQUASHED:
        side = min(photo.size)
        photo = photo.resize((side, side), _kernel(dice))
    if dice.random() < SHRUNK:
        photo = shrunk(photo, round(math.exp(dice.uniform(*np.log(SHORTER_SIDE)))), _kernel(dice))
    if dice.random() < BLURRED:
        photo = photo.filter(ImageFilter.GaussianBlur(dice.uniform(*BLUR)))
    elif dice.random() < SHARPENED:
        photo = photo.filter(ImageFilter.UnsharpMask(1, round(dice.uniform(*SHARPENING)), 0))
    if dice.random() < COMPRESSED:
        photo = resaved(photo, int(dice.integers(*QUALITY, endpoint=True)), int(dice.integers(3)))
    return photo


Change = Callable[[Image.Image, Path], Image.Image]


def view_of(view: int) -> Change | None:
    """What makes the view of that number of a photo: 0 is the photo as it is, others are in formats drawn for each photo.

    Every second one is flipped. The draw depends on the photo's name and that of its folder, so that it can be repeated.
    """
    if not view:
        return None

    def change(photo: Image.Image, path: Path) -> Image.Image:
        dice = np.random.default_rng(zlib.crc32(os.fsencode(f"{path.parent.name}/{path.name} {view}")))
        changed = in_a_random_format(photo, dice)
        return changed.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if view % 2 else changed

    return change


def input_of(path: Path, change: Change | None, size: Input) -> np.ndarray:
    """A photo as the network's input uint8 (height, width, 3): as it is served, or changed first."""
    photo = open_for(path, size) if change is None else change(open_photo(path, at_least=(OPENED, OPENED)), path)
    return fit(photo, size)


def shrunk(photo: Image.Image, side: int, kernel: Image.Resampling = Image.Resampling.BICUBIC) -> Image.Image:
    """The photo with a shorter side of `side` pixels; as it is where it is no larger."""
    factor = side / min(photo.size)
    if factor >= 1:
        return photo
    width, height = (max(1, round(factor * length)) for length in photo.size)
    return photo.resize((width, height), kernel, reducing_gap=3.0)


def resaved(photo: Image.Image, quality: int, subsampling: int = 2) -> Image.Image:
    """The photo saved as JPEG and opened again. subsampling: of the colours; 0 is 4:4:4, 1 is 4:2:2, 2 is 4:2:0."""
    buffer = io.BytesIO()
    photo.save(buffer, "JPEG", quality=quality, subsampling=subsampling)
    return Image.open(buffer).convert("RGB")


def _cropped(photo: Image.Image, dice: np.random.Generator) -> Image.Image:
    area = dice.uniform(*AREA)
    stretch = math.exp(dice.uniform(*np.log(ASPECT)) / 2)
    width = min(photo.width, max(1, round(photo.width * math.sqrt(area) * stretch)))
    height = min(photo.height, max(1, round(photo.height * math.sqrt(area) / stretch)))
    left, top = int(dice.integers(photo.width - width + 1)), int(dice.integers(photo.height - height + 1))
    return photo.crop((left, top, left + width, top + height))


def _kernel(dice: np.random.Generator) -> Image.Resampling:
    return KERNELS[int(dice.integers(len(KERNELS)))]
