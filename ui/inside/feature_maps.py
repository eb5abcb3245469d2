"""What a layer makes of a photo: its maps with most contrast in one message for `maps.js`, and one channel as HTML."""

from __future__ import annotations

import base64
import math
import zlib
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from model.inside.explain import HeatMap
from model.inside.fields import Field
from model.inside.graph import Layer
from ui import markup
from ui.data_url import image_url, shrunk
from ui.heat import overlay
from ui.inside.patches import Patch
from ui.inside.words import layer_name
from ui.texts import number, say

MAPS_SHOWN = 24
_MOST_VALUES = 96  # each way; of larger maps every second value is sent, or every third: a message of 450 kB becomes 115
_LEVELS = 255
_SMALLEST_FRAME = 12
# the texts of `maps.js`, and what it puts in
_TEXTS = {
    "photo": (), "large": ("channel",), "thinned": ("step",), "keys": ("channel",), "all": ("layer",),
    "value": ("channel", "column", "row", "value", "size"), "value_clipped": ("channel", "column", "row", "value", "size"),
}  # fmt: skip
_PATCH_SIDE = 192


def most_contrast(maps: np.ndarray, count: int = MAPS_SHOWN) -> list[int]:
    """The channels of maps (C, h, w) whose highest values stand out most: 99th percentile minus mean, largest first.

    By their means, maps would come first that are at ReLU6's limit nearly everywhere, or far below 0: nothing to see. By
    their standard deviations, those of fur and other fine texture would, rather than outlines.
    """
    contrast = np.percentile(maps, 99, axis=(1, 2)) - maps.mean(axis=(1, 2), dtype=np.float64)
    return [int(channel) for channel in np.argsort(-contrast, kind="stable")[:count]]


def maps_message(prepared: np.ndarray, maps: np.ndarray, layer: Layer, language: str) -> dict[str, Any]:
    """The maps of a layer that have the most contrast, for `maps.js`.

    Args:
        prepared: uint8 (H, W, 3), the photo as the network sees it. maps: float32 (C, h, w), of the layer.

    Returns:
        `levels`: all maps, one after the other, as base64 of zlib of bytes, 0-255 from each map's `low` to its `high`.
    """
    step = math.ceil(max(layer.height, layer.width) / _MOST_VALUES)
    shown = most_contrast(maps)
    means = maps[shown].mean(axis=(1, 2), dtype=np.float64)
    values = maps[shown, ::step, ::step]
    low, high = values.min(axis=(1, 2)), values.max(axis=(1, 2))
    scale = _LEVELS / np.maximum(high - low, 1e-12)
    levels = ((values - low[:, None, None]) * scale[:, None, None]).round().clip(0, _LEVELS).astype(np.uint8)
    return {
        "photo": image_url(Image.fromarray(prepared)),
        "height": prepared.shape[0], "width": prepared.shape[1],
        "name": layer_name(layer, language),
        "rows": levels.shape[1], "columns": levels.shape[2], "step": step,
        "down": _field(layer.down), "across": _field(layer.across),
        "maps": [
            {"channel": channel, "low": float(low[place]), "high": float(high[place]),
             "text": say("inside.map", language, n=channel + 1, mean=number(float(means[place]), language, 2))}
            for place, channel in enumerate(shown)
        ],
        "language": language,
        "texts": {
            name: say(f"inside.maps_{name}", language, **{value: f"{{{value}}}" for value in values})
            for name, values in _TEXTS.items()
        },
        "levels": base64.b64encode(zlib.compress(levels.tobytes(), 1)).decode(),
    }  # fmt: skip


def _field(field: Field) -> dict[str, float] | None:
    """For `look.js`; None where every value sees the whole photo."""
    return None if math.isinf(field.side) else {"start": field.start, "side": field.side, "jump": field.jump}


def channel_html(prepared: np.ndarray, values: np.ndarray, layer: Layer, channel: int, best: list[Patch], language: str) -> str:
    """One map (h, w) over the photo, where it is highest, and the stored pictures that activate the channel most."""
    row, column = np.unravel_index(int(values.argmax()), values.shape)
    above = values - values.min()
    on_photo = overlay(Image.fromarray(prepared), HeatMap("", "CAM", above, (0, 0, 1, 1), float(above.max())))
    framed = image_url(marked(on_photo, layer, int(row), int(column), prepared.shape[1] / on_photo.width))
    own = markup.figure(markup.image(framed, say("inside.own_alt", language)), say("inside.own", language, n=channel + 1))
    parts = "".join(
        markup.figure(
            markup.image(image_url(shrunk(patch.image, _PATCH_SIDE)), patch.name), number(patch.activation, language, 3)
        )
        for patch in best
    )
    heading = say("inside.patches", language, n=channel + 1)
    return markup.row(own, f'<div><p>{heading}</p><div class="row patches">{parts}</div></div>')


def marked(picture: Image.Image, layer: Layer, row: int, column: int, scale: float = 1) -> Image.Image:
    """A copy with a frame around what the value at (row, column) of the layer's maps depends on.

    Args:
        scale: input pixels of the network for each pixel of the picture.
    """
    copy = picture.copy()
    ends = [end / scale for end in layer.sees(row, column)]
    left, right = _at_least(ends[0], ends[2], picture.width)
    top, bottom = _at_least(ends[1], ends[3], picture.height)
    draw = ImageDraw.Draw(copy)
    for inset, colour in ((0, "black"), (1, "white"), (2, "white"), (3, "black")):
        if right - left > 2 * inset and bottom - top > 2 * inset:
            draw.rectangle((left + inset, top + inset, right - inset, bottom - inset), outline=colour)
    return copy


def _at_least(begin: float, end: float, length: int) -> tuple[int, int]:
    """First and last pixel of a frame that can be seen, in a picture of this length."""
    if end - begin < _SMALLEST_FRAME:
        begin, end = (begin + end - _SMALLEST_FRAME) / 2, (begin + end + _SMALLEST_FRAME) / 2
    return max(0, round(max(begin, 0))), min(length - 1, round(min(end, length)) - 1)
