"""Draws and collects the pictures of ui/inside/patches, in which the page looks for what excites a channel.

    python -m benchmarks.draw_patches

Half of them are drawn here, half are photos in the public domain or under CC0 that come with scikit-image; README.md
beside them says whose they are.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import skimage.data
from PIL import Image, ImageDraw

from ui.inside.patches import FOLDER

SIDE = 256
PHOTOS = ("astronaut", "brick", "camera", "chelsea", "clock", "coffee", "coins", "grass", "gravel", "immunohistochemistry",
          "retina", "rocket")  # fmt: skip


def square(image: Image.Image) -> Image.Image:
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    return image.convert("RGB").crop((left, top, left + side, top + side)).resize((SIDE, SIDE), Image.Resampling.LANCZOS)


def stripes(angles: tuple[float, ...], period: float, light: tuple[int, ...], dark: tuple[int, ...]) -> Image.Image:
    """Four quadrants of sine stripes, one angle each."""
    rows, columns = np.mgrid[0:SIDE, 0:SIDE].astype(float)
    picture = np.zeros((SIDE, SIDE, 3))
    for quadrant, angle in enumerate(angles):
        wave = np.sin(2 * np.pi * (columns * np.cos(angle) + rows * np.sin(angle)) / period)[..., None] * 0.5 + 0.5
        part = (slice(None, SIDE // 2), slice(SIDE // 2, None))
        place = part[quadrant // 2], part[quadrant % 2]
        picture[place] = (wave * light + (1 - wave) * dark)[place]
    return Image.fromarray(picture.astype(np.uint8))


def drawn() -> dict[str, Image.Image]:
    quarter = np.pi / 4
    angles = (0, quarter, 2 * quarter, 3 * quarter)
    pictures = {
        "stripes-fine": stripes(angles, 6, (255, 255, 255), (0, 0, 0)),
        "stripes-wide": stripes(angles, 24, (255, 255, 255), (0, 0, 0)),
        "stripes-orange": stripes(angles, 12, (240, 150, 40), (90, 45, 10)),
        "stripes-blue-yellow": stripes(angles, 18, (250, 230, 60), (30, 60, 200)),
        "stripes-red-green": stripes(angles, 18, (220, 40, 40), (30, 160, 60)),
    }
    rows, columns = np.mgrid[0:SIDE, 0:SIDE].astype(float)
    rings = np.sin(np.hypot(rows - SIDE / 2, columns - SIDE / 2) / 4) * 127 + 128
    pictures["rings"] = Image.fromarray(rings.astype(np.uint8)).convert("RGB")
    checks = ((rows // 16 + columns // 16) % 2 * 255).astype(np.uint8)
    pictures["checks"] = Image.fromarray(checks).convert("RGB")
    slope = np.stack([columns, rows, SIDE - 1 - columns], axis=2)
    pictures["slope"] = Image.fromarray(slope.astype(np.uint8))
    dice = np.random.default_rng(0)
    cloud = Image.fromarray(dice.integers(0, 255, (16, 16, 3), dtype=np.uint8)).resize((SIDE, SIDE), Image.Resampling.BICUBIC)
    pictures["clouds"] = cloud
    pictures["noise"] = Image.fromarray(dice.integers(0, 255, (SIDE, SIDE, 3), dtype=np.uint8))
    pictures["dots"] = picture = Image.new("RGB", (SIDE, SIDE), (240, 240, 235))
    draw = ImageDraw.Draw(picture)
    for x in range(16, SIDE, 32):
        for y in range(16, SIDE, 32):
            radius = 3 + (x + y) // 48
            draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=(x, 60, y))
    pictures["eyes"] = picture = Image.new("RGB", (SIDE, SIDE), (170, 130, 90))
    draw = ImageDraw.Draw(picture)
    for x, y, iris in ((64, 64, (60, 140, 60)), (192, 64, (70, 110, 200)), (64, 192, (90, 50, 20)), (192, 192, (220, 180, 40))):
        draw.ellipse((x - 44, y - 28, x + 44, y + 28), fill=(245, 245, 240), outline=(40, 25, 15), width=4)
        draw.ellipse((x - 24, y - 24, x + 24, y + 24), fill=iris)
        draw.ellipse((x - 11, y - 11, x + 11, y + 11), fill=(10, 10, 10))
        draw.ellipse((x - 8, y - 12, x - 1, y - 5), fill=(255, 255, 255))
    return pictures


def main() -> None:
    for name in PHOTOS:
        photo = getattr(skimage.data, name)()
        save(square(Image.fromarray(np.asarray(photo))), FOLDER / f"{name}.jpg")
    for name, picture in drawn().items():
        save(picture, FOLDER / f"drawn-{name}.jpg")
    print(f"{len(list(FOLDER.glob('*.jpg')))} pictures in {FOLDER}")


def save(picture: Image.Image, path: Path) -> None:
    picture.save(path, quality=88, subsampling=0)


if __name__ == "__main__":
    main()
