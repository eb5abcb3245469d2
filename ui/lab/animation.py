"""A kernel's way over a small crop as a GIF that plays once."""

from __future__ import annotations

import io
from collections.abc import Iterator

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ui.lab.convolution import Floats, convolve
from ui.lab.drawing import Picture
from ui.lab.sliding import places
from ui.texts import ENGLISH, number

_FRAME_MS, _LAST_FRAME_MS = 900, 3000
_CELL, _GAP, _MARGIN = 38, 34, 8
_FONT_SIZE = 13
# palette: 64 greys for the cells, then the colours of everything else
_GREYS = 64
_GREY_COLOURS = [(level * 255 // (_GREYS - 1),) * 3 for level in range(_GREYS)]
_COLOURS = {"paper": (255, 255, 255), "ink": (20, 20, 20), "light": (255, 255, 255), "window": (200, 80, 0),
            "kernel": (255, 236, 210), "empty": (235, 235, 235), "line": (150, 150, 150)}  # fmt: skip
_INDEX = {name: _GREYS + number for number, name in enumerate(_COLOURS)}


def animation(crop: Picture, kernel: Floats, stride: int = 1, language: str = ENGLISH) -> bytes:
    """The kernel's way over the crop as a GIF: crop and window, products, and the map as it fills.

    Args:
        crop: uint8 (n, n), grey; at most 9 × 9.
        kernel: (k, k).
        stride: at least 1.
        language: how numbers are written.
    """
    frames = list(_frames(crop, kernel, stride, language))
    buffer = io.BytesIO()
    durations = [_FRAME_MS] * (len(frames) - 1) + [_LAST_FRAME_MS]
    frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:], duration=durations, optimize=False)
    return buffer.getvalue()


def _frames(crop: Picture, kernel: Floats, stride: int, language: str) -> Iterator[Image.Image]:
    steps = places(crop, kernel, stride)
    values = convolve(crop, kernel, stride)
    low, high = float(values.min()), float(values.max())
    side, size, out = len(crop), len(kernel), len(values)
    lefts = _MARGIN, _MARGIN + side * _CELL + _GAP, _MARGIN + (side + size) * _CELL + 2 * _GAP
    base = Image.new("P", (lefts[2] + out * _CELL + _MARGIN, side * _CELL + 2 * _MARGIN), _INDEX["paper"])
    base.putpalette([level for colour in (*_GREY_COLOURS, *_COLOURS.values()) for level in colour])
    sheet = _Sheet(base, language)
    for row, column in np.ndindex(crop.shape):
        sheet.grey(lefts[0], row, column, float(crop[row, column]), int(crop[row, column]) / 255)
    for row, column in np.ndindex(values.shape):
        sheet.cell(lefts[2], row, column, "", _INDEX["empty"], _INDEX["ink"])
    for step in steps:
        for row, column in np.ndindex(kernel.shape):
            sheet.cell(
                lefts[1], row, column, number(float(step.products[row, column]), language, 2), _INDEX["kernel"], _INDEX["ink"]
            )
        sheet.grey(lefts[2], step.row, step.column, step.total, (step.total - low) / ((high - low) or 1))
        frame = _Sheet(base.copy(), language)
        frame.outline(lefts[0], step.row * stride, step.column * stride, size)
        frame.outline(lefts[1], 0, 0, size)
        frame.outline(lefts[2], step.row, step.column, 1)
        yield frame.image


class _Sheet:
    """Squares with numbers in them, on a picture with our palette."""

    def __init__(self, image: Image.Image, language: str) -> None:
        self.image, self._language = image, language
        self._draw = ImageDraw.Draw(image)
        self._font = ImageFont.load_default(_FONT_SIZE)

    def grey(self, left: int, row: int, column: int, value: float, lightness: float) -> None:
        ink = _INDEX["ink"] if lightness > 0.5 else _INDEX["light"]
        self.cell(left, row, column, number(value, self._language), round(lightness * (_GREYS - 1)), ink)

    def cell(self, left: int, row: int, column: int, text: str, fill: int, ink: int) -> None:
        x, y = left + column * _CELL, _MARGIN + row * _CELL
        self._draw.rectangle((x, y, x + _CELL, y + _CELL), fill, _INDEX["line"])
        text = text.replace("−", "-")  # the font has no minus sign
        self._draw.text((x + _CELL / 2, y + _CELL / 2), text, ink, self._font, anchor="mm")

    def outline(self, left: int, row: int, column: int, cells: int) -> None:
        x, y = left + column * _CELL, _MARGIN + row * _CELL
        self._draw.rectangle((x - 1, y - 1, x + cells * _CELL + 1, y + cells * _CELL + 1), outline=_INDEX["window"], width=4)
