"""Photos for tests: real ones where `../shared` is, else the example photos the project ships."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.running import ROOT

SHARED = ROOT.parent / "shared" / "data"
CAT = ROOT / "ui" / "examples" / "cat.jpg"
COFFEE = ROOT / "ui" / "examples" / "coffee.jpg"

needs_photos = pytest.mark.skipif(not SHARED.is_dir(), reason="needs the photos of ../shared/data")


def encoded(image: Image.Image, format: str, **options: object) -> bytes:
    """`image` as a file of the given format."""
    buffer = io.BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()


def quadrants(width: int = 64, height: int = 48) -> Image.Image:
    """Red and green above, blue and white below: shows how a picture was turned and whether its colours survived."""
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[: height // 2, : width // 2] = (255, 0, 0)
    pixels[: height // 2, width // 2 :] = (0, 255, 0)
    pixels[height // 2 :, : width // 2] = (0, 0, 255)
    pixels[height // 2 :, width // 2 :] = (255, 255, 255)
    return Image.fromarray(pixels)


def corners(image: Image.Image) -> list[tuple[int, ...]]:
    """The colours in the middle of the four quadrants: top left, top right, bottom left, bottom right."""
    width, height = image.size
    points = [(x, y) for y in (height // 4, 3 * height // 4) for x in (width // 4, 3 * width // 4)]
    return [image.getpixel(point) for point in points]


def photos(label: str, count: int, split: str = "test") -> list[Path]:
    """The first `count` real photos of a label."""
    return sorted((SHARED / "cats-dogs" / split / label).iterdir())[:count]


def film(path: Path, folder: Path) -> Path:
    """What a fake camera can show: one photo over and over, as motion JPEG of 640×480."""
    photo = Image.open(path).convert("RGB")
    frame = Image.new("RGB", (640, 480), "gray")
    photo = photo.resize((640, round(640 * photo.height / photo.width)))
    frame.paste(photo, (0, (480 - photo.height) // 2))
    target = folder / "film.mjpeg"
    target.write_bytes(encoded(frame, "JPEG", quality=92) * 60)
    return target
