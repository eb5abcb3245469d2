"""Photos to teach with, drawn: disks, stripes or squares, each a little different."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from tests.pictures import encoded


def drawn(kind: str, number: int, side: int = 160) -> bytes:
    """A JPEG. The same for the same arguments."""
    chance = np.random.default_rng([number, *kind.encode()])
    image = Image.fromarray(chance.integers(90, 160, (side, side, 3)).astype(np.uint8))
    draw = ImageDraw.Draw(image)
    colour = tuple(int(value) for value in chance.integers(0, 256, 3))
    left, top = (int(value) for value in chance.integers(0, side // 3, 2))
    size = int(chance.integers(side // 3, side // 2))
    if kind == "disk":
        draw.ellipse((left, top, left + size, top + size), fill=colour)
    elif kind == "stripes":
        for x in range(left, side, 16):
            draw.line((x, 0, x, side), fill=colour, width=6)
    else:
        draw.rectangle((left, top, left + size, top + size), fill=colour)
    return encoded(image, "JPEG", quality=90)
