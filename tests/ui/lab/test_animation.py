from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from ui.lab.animation import animation
from ui.lab.convolution import KERNELS, convolve
from ui.lab.sliding import crop_side

CROP = np.random.default_rng(3).integers(0, 256, (9, 9), np.uint8)


@pytest.mark.parametrize(("name", "stride", "count"), [("box", 1, 25), ("gaussian", 1, 25), ("box", 2, 9), ("gaussian", 4, 4)])
def test_the_animation_shows_every_place_slowly_and_once(name, stride, count):
    [kernel] = KERNELS[name]
    side = crop_side(len(kernel))
    film = Image.open(io.BytesIO(animation(CROP[:side, :side], kernel, stride)))
    assert film.format == "GIF"
    assert film.n_frames == count
    assert "loop" not in film.info
    pictures = set()
    for frame in range(count):
        film.seek(frame)
        assert film.info["duration"] >= 500
        pictures.add(film.convert("RGB").tobytes())
    assert len(pictures) == count


def test_the_finished_map_goes_from_black_to_white():
    [kernel] = KERNELS["box"]
    crop = CROP[:7, :7]
    film = Image.open(io.BytesIO(animation(crop, kernel)))
    film.seek(24)
    picture = np.asarray(film.convert("L"))
    values = convolve(crop, kernel)
    for extreme, tone in ((values.argmin(), 0), (values.argmax(), 255)):
        row, column = np.unravel_index(extreme, values.shape)
        corner = picture[8 + row * 38 + 5, -(8 + 5 * 38) + column * 38 + 5]  # a cell is 38 pixels, the margin 8
        assert corner == tone


def test_a_flat_crop_can_be_shown():
    assert animation(np.zeros((7, 7), np.uint8), KERNELS["laplacian"][0]).startswith(b"GIF")
