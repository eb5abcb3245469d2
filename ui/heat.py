"""The heat map as a picture: the photo in grey, and in colour where the network found evidence."""

from __future__ import annotations

import html

import numpy as np
from PIL import Image

from model.inside.explain import HeatMap
from ui.data_url import image_url
from ui.texts import say

SIDE = 448  # pixels of the longer side
# from no evidence to the most, brighter at every step, so that it also reads in grey and for the colour-blind
_COLOURS = ((40, 20, 90), (130, 30, 130), (220, 70, 80), (250, 150, 40), (255, 235, 120))
PALETTE = np.stack(
    [np.interp(np.linspace(0, 4, 256), range(5), [colour[channel] for colour in _COLOURS]) for channel in range(3)], axis=1
).astype(np.float32)
_FAINT = 0.1
_STRENGTH = 0.75  # how much of the photo the hottest place hides


def overlay(photo: Image.Image, heat_map: HeatMap) -> Image.Image:
    """The heat map on an RGB photo: an RGB image of at most 448 pixels a side."""
    shown = photo.copy()
    shown.thumbnail((SIDE, SIDE), Image.Resampling.BILINEAR, reducing_gap=2)
    heat = _spread(heat_map, shown.width, shown.height)
    grey = np.asarray(shown.convert("L"), dtype=np.float32)[..., None]
    colour = PALETTE[(heat * 255).astype(np.uint8)]
    strength = (heat**0.7 * _STRENGTH)[..., None]
    mixed: np.ndarray = grey + strength * (colour - grey)
    return Image.fromarray(mixed.astype(np.uint8))


def figure(photo: Image.Image, heat_map: HeatMap, language: str) -> str:
    """The heat map with its explanation as HTML; the picture is in it, so that no file is written."""
    label = html.escape(heat_map.label)
    found = float(heat_map.heat().max()) >= _FAINT
    source = image_url(overlay(photo, heat_map))
    caption = say("classify.why_found" if found else "classify.why_nothing", language, label=label)
    method = say(f"classify.{heat_map.method}{' merged' if heat_map.merged else ''}", language)
    return (
        f'<figure class="why"><img src="{source}" alt="{say("classify.why_alt", language, label=label)}">'
        f"<figcaption>{caption}</figcaption>"
        f"<details><summary>{say('classify.how', language)}</summary>{method}</details></figure>"
    )


def _spread(heat_map: HeatMap, width: int, height: int) -> np.ndarray:
    """Heat 0-1 for every pixel of the photo: float32 (height, width); 0 where the network saw nothing."""
    left, top, right, bottom = (round(share * side) for share, side in zip(heat_map.box, (width, height) * 2, strict=True))
    part = Image.fromarray(heat_map.heat()).resize((max(1, right - left), max(1, bottom - top)), Image.Resampling.BICUBIC)
    whole = Image.new("F", (width, height))
    whole.paste(part, (left, top))
    return np.asarray(whole).clip(0, 1)
