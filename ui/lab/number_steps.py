"""The lab's first step, a photo as numbers, as HTML: the photo and the spot, its pixels, how often each value occurs."""

from __future__ import annotations

import numpy as np

from ui import markup
from ui.lab import figures
from ui.lab.drawing import thumbnail, with_frame
from ui.lab.figures import size
from ui.lab.photo import Photo
from ui.texts import number, say

GRID = 10
_HISTOGRAM_BINS = 64


def framed(photo: Photo, language: str) -> str:
    """The photo with a frame around the spot, and how many numbers it is; where it is clicked is where the spot goes."""
    top, left = photo.corner(GRID, GRID)
    height, width = photo.rgb.shape[:2]
    caption = say(
        "lab.framed", language, size=size(photo.rgb.shape), numbers=number(photo.rgb.size, language), row=top, column=left
    )
    if photo.shrunk_from:
        caption = f"{say('lab.shrunk', language, size=size(photo.shrunk_from))} {caption}"
    picture = thumbnail(with_frame(photo.rgb, top, left, GRID, GRID))
    alt = say("lab.framed_alt", language)
    return figures.picture(picture, alt, caption, "thumbnail", **{"data-rows": height, "data-columns": width})


def small_table(photo: Photo, language: str) -> str:
    """The whole photo made so small that it is 10×10 pixels, with the red, green and blue of each."""
    height, width = photo.rgb.shape[:2]
    caption = say(
        "lab.small", language, size=size((height, width)), side=GRID,
        rows=_part(height, language), columns=_part(width, language),
        kept=GRID * GRID, all=number(height * width, language),
    )  # fmt: skip
    return figures.colour_table(photo.made_small(GRID), caption)


def _part(length: int, language: str) -> str:
    """A tenth of a length in pixels, exactly: 115.4 of 1154."""
    whole, tenths = divmod(length, GRID)
    return number(whole, language) + (f"{say('numbers.decimal', language)}{tenths}" if tenths else "")


def pixel_table(photo: Photo, language: str) -> str:
    """The 10×10 pixels of the spot, with the red, green and blue of each."""
    top, left = photo.corner(GRID, GRID)
    pixels = photo.part(photo.rgb, GRID, GRID)
    caption = say("lab.pixels", language, rows=f"{top}–{top + GRID - 1}", columns=f"{left}–{left + GRID - 1}")
    return figures.colour_table(pixels, caption)


def histogram(photo: Photo, language: str) -> str:
    """How often each brightness of red, green and blue occurs."""
    counts = np.stack([np.bincount(photo.rgb[:, :, channel].ravel(), minlength=256) for channel in range(3)])
    means = (counts @ np.arange(256)) / counts[0].sum()
    red, green, blue = (number(mean, language) for mean in means)
    text = say("lab.histogram", language, red=red, green=green, blue=blue)
    return markup.figure(figures.curves(counts.reshape(3, _HISTOGRAM_BINS, -1).sum(axis=2), text), text)
