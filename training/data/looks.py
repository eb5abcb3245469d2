"""What a photo is like, whatever it shows: the properties of its file, its texture, and the colours at its edge."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image

from model.photo import PhotoFacts

FILE = (
    "format", "width", "height", "aspect ratio", "pixels", "bytes per pixel", "JPEG quality", "colour subsampling",
    "colour mode", "size of the metadata", "camera", "plain border",
)  # fmt: skip
TEXTURE = ("sharpness", "noise", "brightness", "contrast", "saturation", "red", "green", "blue")
WORDED = ("format", "colour subsampling", "colour mode", "camera")  # numbers that stand for words
RING = 20  # side of the thumbnail whose outer two rows and columns are the outer tenth of the picture
_STANDARD_LUMINANCE = 57.6  # mean of the quantisation table of JPEG quality 50 (ITU-T T.81, annex K)


@dataclass(frozen=True)
class Look:
    """What a photo is like, whatever it shows.

    Attributes:
        numbers: float32, in the order of FILE and TEXTURE; nan where it has no such property.
        words: what the numbers of WORDED stand for.
        ring: uint8, the colours of the outer tenth.
    """

    numbers: np.ndarray
    words: dict[str, str]
    ring: np.ndarray


def look_at(upright: Image.Image, facts: PhotoFacts, size: int) -> Look:
    """The properties of a photo.

    Args:
        upright, facts: of `model.photo.examine_photo`. size: the network's input side in pixels.
    """
    pixels = facts.width * facts.height
    words = {
        "format": facts.format,
        "colour mode": facts.mode,
        "colour subsampling": facts.subsampling,
        "camera": facts.camera or "none",
    }
    numbers = {
        "width": facts.width,
        "height": facts.height,
        "aspect ratio": facts.width / facts.height,
        "pixels": pixels,
        "bytes per pixel": facts.bytes / pixels,
        "JPEG quality": _quality(facts),
        "size of the metadata": facts.metadata,
        "plain border": _plain_border(upright),
        **_texture(upright, size),
    }
    ring = np.ones((RING, RING), bool)
    ring[RING // 10 : -RING // 10, RING // 10 : -RING // 10] = False
    small = np.asarray(upright.resize((RING, RING), Image.Resampling.BOX, reducing_gap=2.0))
    values = np.array([numbers.get(name, np.nan) for name in (*FILE, *TEXTURE)], np.float32)
    return Look(values, words, small[ring])


def _quality(facts: PhotoFacts) -> float:
    """JPEG's quality as the IJG's library counts it, 1-100, from the table it was saved with; nan for other formats."""
    if not facts.quantization:
        return float("nan")
    scale = 100 * float(np.mean(facts.quantization)) / _STANDARD_LUMINANCE
    return float(np.clip((200 - scale) / 2 if scale <= 100 else 5000 / max(scale, 1), 1, 100))


def _plain_border(photo: Image.Image) -> float:
    """The share of rows and columns, 0-1, that frame the photo in one colour."""
    grey = np.asarray(photo.convert("L").resize((100, 100), Image.Resampling.BOX, reducing_gap=2.0)).astype(np.float32)

    def plain(lines: np.ndarray) -> int:
        even = (lines.max(axis=1) - lines.min(axis=1) < 4) & (np.abs(lines.mean(axis=1) - lines[0].mean()) < 4)
        return int(even.argmin()) if not even.all() else len(even)

    sides = [plain(lines) for lines in (grey, grey[::-1], grey.T, grey.T[::-1])]
    return min(sum(sides), 100) / 100


def _texture(photo: Image.Image, size: int) -> dict[str, float]:
    """Sharpness, noise and colours of the photo at the network's size."""
    pixels = np.asarray(photo.resize((size, size), Image.Resampling.BILINEAR, reducing_gap=3.0)).astype(np.float32)
    grey = pixels.mean(axis=2)
    inner = grey[1:-1, 1:-1]
    laplacian = grey[:-2, 1:-1] + grey[2:, 1:-1] + grey[1:-1, :-2] + grey[1:-1, 2:] - 4 * inner
    red, green, blue = pixels.mean(axis=(0, 1))
    spread = pixels.max(axis=2) - pixels.min(axis=2)
    return {
        "sharpness": float(laplacian.std() / (grey.std() + 1)),
        "noise": float(np.median(np.abs(laplacian))),
        "brightness": float(grey.mean()),
        "contrast": float(grey.std()),
        "saturation": float(spread.mean()),
        "red": float(red - grey.mean()),
        "green": float(green - grey.mean()),
        "blue": float(blue - grey.mean()),
    }
