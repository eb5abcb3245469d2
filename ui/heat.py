"""The heat map as a picture: the photo in grey, and in colour where the network found evidence."""

from __future__ import annotations

from html import escape

import numpy as np
from PIL import Image

from model.inside.explain import HeatMap
from ui.data_url import image_url
from ui.markup import Html, figure, image
from ui.palette import heat_colours
from ui.texts import say

SIDE = 448  # pixels of the longer side
_FAINT = 0.1
_STRENGTH = 0.75  # how much of the photo the hottest place hides


def overlay(photo: Image.Image, heat_map: HeatMap) -> Image.Image:
    """The heat map on an RGB photo: an RGB image of at most 448 pixels a side."""
    shown = photo.copy()
    shown.thumbnail((SIDE, SIDE), Image.Resampling.BILINEAR, reducing_gap=2)
    heat = _spread(heat_map, shown.width, shown.height)
    grey = np.asarray(shown.convert("L"), dtype=np.float32)[..., None]
    strength = (heat**0.7 * _STRENGTH)[..., None]
    mixed: np.ndarray = grey + strength * (heat_colours(heat) - grey)
    return Image.fromarray(mixed.astype(np.uint8))


def heat_figure(photo: Image.Image, heat_map: HeatMap, language: str) -> str:
    """The heat map with its explanation as HTML; the picture is in it, so that no file is written."""
    key = "why_found" if float(heat_map.heat().max()) >= _FAINT else "why_nothing"
    method = say(f"classify.{heat_map.method}{' merged' if heat_map.merged else ''}", language)
    return figure(
        image(image_url(overlay(photo, heat_map)), say("classify.why_alt", language, label=heat_map.label)),
        Html(say(f"classify.{key}", language, label=escape(heat_map.label))),
        "why",
        f"<details><summary>{say('classify.how', language)}</summary>{method}</details>",
    )


def _spread(heat_map: HeatMap, width: int, height: int) -> np.ndarray:
    """Heat 0-1 for every pixel of the photo: float32 (height, width); 0 where the network saw nothing."""
    left, top, right, bottom = (round(share * side) for share, side in zip(heat_map.box, (width, height) * 2, strict=True))
    part = Image.fromarray(heat_map.heat()).resize((max(1, right - left), max(1, bottom - top)), Image.Resampling.BICUBIC)
    whole = Image.new("F", (width, height))
    whole.paste(part, (left, top))
    return np.asarray(whole).clip(0, 1)
