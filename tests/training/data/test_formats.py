from __future__ import annotations

import numpy as np
from PIL import Image

from tests.training.data.test_check import scene
from training.data.formats import in_a_random_format, resaved, shrunk, view_of


def test_formats_vary_and_never_grow():
    photo = scene(1, 300).resize((300, 240))
    sizes = set()
    for seed in range(60):
        changed = in_a_random_format(photo, np.random.default_rng(seed))
        assert changed.mode == "RGB"
        assert changed.width <= 300
        assert changed.height <= 240
        sizes.add(changed.size)
    assert len(sizes) > 25
    assert min(min(size) for size in sizes) < 150


def test_tiny_photos_come_through():
    for seed in range(30):
        assert min(in_a_random_format(Image.new("RGB", (2, 1)), np.random.default_rng(seed)).size) >= 1


def test_a_view_is_the_same_wherever_the_folder_lies(tmp_path):
    photo = scene(2)
    one, other = tmp_path / "here" / "Cat" / "1.jpg", tmp_path / "there" / "Cat" / "1.jpg"
    assert view_of(0) is None
    assert (np.asarray(view_of(1)(photo, one)) == np.asarray(view_of(1)(photo, other))).all()
    assert np.asarray(view_of(1)(photo, one)).tobytes() != np.asarray(view_of(2)(photo, one)).tobytes()


def test_shrinking_and_saving():
    photo = scene(3, 300)
    assert shrunk(photo, 100).size == (100, 100)
    assert shrunk(photo, 400) is photo
    error = [np.abs(np.asarray(resaved(photo, q), float) - np.asarray(photo, float)).mean() for q in (95, 30)]
    assert error[0] < error[1]
