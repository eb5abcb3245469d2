"""From what a decoder gives, in whatever mode, to RGB: a strip at a time, so that no full-size copy is made."""

from __future__ import annotations

import math

import numpy as np
from PIL import Image

STRIP_PIXELS = 1_000_000


def to_rgb(image: Image.Image, factor: int = 1) -> Image.Image:
    """Shrink by `factor` (box average) and convert to RGB, with transparency on white."""
    if image.mode == "RGB" and "transparency" not in image.info:
        return image.reduce(factor) if factor > 1 else image.copy()
    if image.mode in ("I", "F"):
        return _wide_to_rgb(image.reduce(factor) if factor > 1 else image)
    width, height = image.size
    rows = max(1, STRIP_PIXELS // (width * factor)) * factor
    out = Image.new("RGB", (math.ceil(width / factor), math.ceil(height / factor)))
    for top in range(0, height, rows):
        strip = _strip_to_rgb(image.crop((0, top, width, min(top + rows, height))), image.info.get("transparency"))
        out.paste(strip.reduce(factor) if factor > 1 else strip, (0, top // factor))
    return out


def _strip_to_rgb(strip: Image.Image, transparency: object) -> Image.Image:
    if strip.mode.startswith("I;16"):
        high_byte = (np.asarray(strip).astype(np.uint16) >> 8).astype(np.uint8)
        return Image.fromarray(high_byte).convert("RGB")
    if transparency is not None and strip.mode in ("1", "L", "P", "RGB"):
        strip.info["transparency"] = transparency
        strip = strip.convert("RGBA")
    if strip.mode == "RGBA" and strip.getchannel("A").getextrema() == (255, 255):
        return strip.convert("RGB")  # opaque, as most are: the same colours in half the time
    if strip.mode in ("LA", "La", "PA", "RGBA", "RGBa"):
        rgba = strip.convert("RGBA")
        white = Image.new("RGBA", rgba.size, "white")
        return Image.alpha_composite(white, rgba).convert("RGB")
    return strip.convert("RGB")


def _wide_to_rgb(image: Image.Image) -> Image.Image:
    """32-bit integer or float grey: 0-1, 0-255 and 0-65535 keep their meaning, other ranges are stretched."""
    values = np.nan_to_num(np.asarray(image, dtype=np.float32), posinf=0, neginf=0)
    low, high = float(values.min()), float(values.max())
    if low >= 0 and high <= 65535:
        low, high = 0.0, 1.0 if high <= 1 and image.mode == "F" else 255.0 if high <= 255 else 65535.0
    scaled = (values - low) * (255 / max(high - low, 1e-12))
    return Image.fromarray(scaled.clip(0, 255).astype(np.uint8)).convert("RGB")
