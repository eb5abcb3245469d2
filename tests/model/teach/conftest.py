"""Things that can be taught without a photo: drawn pictures of plain objects, each a little different."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image, ImageDraw

from model import Classifier
from model.teach.body import Body
from model.teach.examples import Example, observe
from model.teach.teach import Teacher
from tests.pictures import encoded


def drawing(shape: str, number: int, size: tuple[int, int] = (320, 240), format: str = "JPEG") -> bytes:
    """A red mug, a blue bottle or a green ball, turned and large or small, on a ground of its own, as an encoded photo."""
    dice = np.random.default_rng(sum(map(ord, shape)) * 1000 + number)
    corners = Image.fromarray(dice.integers(60, 250, (int(dice.integers(2, 7)), int(dice.integers(2, 7)), 3), np.uint8))
    image = corners.resize(size, Image.Resampling.BICUBIC if number % 2 else Image.Resampling.NEAREST)
    thing = Image.new("RGBA", (200, 200))
    draw = ImageDraw.Draw(thing)
    if shape == "mug":
        draw.arc((120, 60, 185, 140), -90, 90, fill="firebrick", width=16)
        draw.rounded_rectangle((40, 40, 140, 165), 14, fill="firebrick")
    elif shape == "bottle":
        draw.rectangle((84, 10, 116, 80), fill="navy")
        draw.rounded_rectangle((62, 60, 138, 190), 18, fill="royalblue")
    else:
        draw.ellipse((30, 30, 170, 170), fill="forestgreen", outline="white", width=9)
    side = int(dice.integers(90, 220))
    thing = thing.rotate(int(dice.integers(-25, 25)), Image.Resampling.BICUBIC).resize((side, side))
    place = (int(dice.integers(0, max(1, size[0] - side))), int(dice.integers(0, max(1, size[1] - side))))
    image.paste(thing, place, thing)
    noisy = np.asarray(image) * dice.uniform(0.6, 1.1) + dice.normal(0, 6, (size[1], size[0], 3))
    return encoded(Image.fromarray(noisy.clip(0, 255).astype(np.uint8)), format)


@pytest.fixture(scope="session")
def body(classifier: Classifier) -> Body:
    return Body(classifier, threads=1)


@pytest.fixture(scope="session")
def teacher(body) -> Teacher:
    return Teacher(body)


@pytest.fixture(scope="session")
def shown(body) -> Callable[..., list[Example]]:
    """Examples of a shape."""

    def examples(shape: str, count: int, first: int = 0, **more) -> list[Example]:
        return [observe(body, drawing(shape, first + number, **more)) for number in range(count)]

    return examples
