"""Two mugs for a fake camera: the red cup of the example photo, and the same in blue."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageEnhance, ImageFilter

from tests.pictures import COFFEE, encoded

FRAMES_PER_SECOND = 30  # what Chromium's fake camera shows of a film
_DISTINCT = 40  # frames of one mug; they are shown back and forth
_BLUE = 140  # how far the hue is turned, of 256


def red_mug() -> Image.Image:
    """The example photo."""
    return Image.open(COFFEE).convert("RGB")


def blue_mug() -> Image.Image:
    """What is red on the saucer and outside the cup's rim, in blue."""
    photo = red_mug()
    hue = np.asarray(photo.convert("HSV")).astype(int)
    y, x = np.mgrid[: photo.height, : photo.width]
    saucer = ((x - 222) / 164) ** 2 + ((y - 183) / 134) ** 2 < 1
    rim = ((x - 231) / 92) ** 2 + ((y - 88) / 74) ** 2 < 1
    red = ((hue[..., 0] + 128) % 256 < 142) & (hue[..., 1] > 110) & saucer & ~rim
    mask = Image.fromarray((255 * red).astype(np.uint8)).filter(ImageFilter.MedianFilter(7)).filter(ImageFilter.GaussianBlur(1))
    hue[..., 0] = (hue[..., 0] + _BLUE) % 256
    return Image.composite(
        Image.merge("HSV", [Image.fromarray(each.astype(np.uint8)) for each in hue.transpose(2, 0, 1)]).convert("RGB"),
        photo,
        mask,
    )


def views(photo: Image.Image, count: int, seed: int = 0) -> list[Image.Image]:
    """The photo as a hand would hold it: it drifts, turns, and comes nearer, in changing light; 640×480."""
    phases = np.random.default_rng(seed).uniform(0, 2 * math.pi, 5)
    made = []
    for index in range(count):
        drift, rise, zoom, turn, light = (math.sin(2 * math.pi * index / count + phase) for phase in phases)
        height = photo.height * (0.8 + 0.12 * zoom)
        width = height * 4 / 3
        left = (photo.width - width) / 2 - 14 + 16 * drift
        top = (photo.height - height) / 2 + (photo.height - height) / 2 * rise
        turned = photo.rotate(6 * turn, Image.Resampling.BILINEAR)
        part = turned.crop((round(left), round(top), round(left + width), round(top + height)))
        made.append(ImageEnhance.Brightness(part.resize((640, 480), Image.Resampling.BILINEAR)).enhance(1 + 0.12 * light))
    return made


def film_of(mugs: Sequence[Image.Image], seconds: float, folder: Path) -> Path:
    """What a fake camera can show: one mug for so long, then the next, and again from the beginning."""
    target = folder / "mugs.mjpeg"
    with target.open("wb") as file:
        for seed, mug in enumerate(mugs):
            forth = [encoded(view, "JPEG", quality=85) for view in views(mug, _DISTINCT, seed)]
            for number in range(round(seconds * FRAMES_PER_SECOND)):
                file.write(forth[number % _DISTINCT])
    return target
