"""The heat map as a picture: the photo in grey, and in colour where the network found evidence."""

from __future__ import annotations

import numpy as np
from PIL import Image

from model.inside.explain import HeatMap
from ui.data_url import shrunk
from ui.palette import heat_colours

SIDE = 448  # pixels of the longer side
_STRENGTH = 0.75  # how much of the photo the hottest place hides


def overlay(photo: Image.Image, heat_map: HeatMap) -> Image.Image:
    """The heat map on an RGB photo: an RGB image of at most 448 pixels a side."""
    shown = shrunk(photo, SIDE)
    heat = _spread(heat_map, shown.width, shown.height)
    grey = np.asarray(shown.convert("L"), dtype=np.float32)[..., None]
    strength = (heat**0.7 * _STRENGTH)[..., None]
    mixed: np.ndarray = grey + strength * (heat_colours(heat) - grey)
    return Image.fromarray(mixed.astype(np.uint8))


def heat_layer(heat_map: HeatMap, width: int, height: int) -> Image.Image:
    """The heat alone, to be laid on a photo of this size (width, height): an RGBA image of at most 224 pixels a side.

    Transparent where the network found nothing, and more opaque the more it found.
    """
    shrink = min(1.0, SIDE / 2 / max(width, height))
    heat = _spread(heat_map, max(1, round(width * shrink)), max(1, round(height * shrink)))
    layer = np.concatenate([heat_colours(heat), 230 * heat[..., None] ** 0.8], axis=2)
    return Image.fromarray(layer.astype(np.uint8), "RGBA")


def _spread(heat_map: HeatMap, width: int, height: int) -> np.ndarray:
    """Heat 0-1 for every pixel of the photo: float32 (height, width); 0 where the network saw nothing."""
    left, top, right, bottom = (round(share * side) for share, side in zip(heat_map.box, (width, height) * 2, strict=True))
    part = Image.fromarray(heat_map.heat()).resize((max(1, right - left), max(1, bottom - top)), Image.Resampling.BICUBIC)
    whole = Image.new("F", (width, height))
    whole.paste(part, (left, top))
    return np.asarray(whole).clip(0, 1)
