from __future__ import annotations

import base64
import io

import numpy as np
import pytest
from PIL import Image

from ui.lab.convolution import KERNELS, feature_map
from ui.lab.drawing import data_url, heat, hue_wheel, hues, shades, thumbnail, tone_range, with_frame, with_lines
from ui.lab.edges import Gradient

NOISE = np.random.default_rng(2).integers(0, 256, (60, 80, 3), np.uint8)


def decoded(url: str) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2])))


def test_small_pictures_keep_every_pixel_and_large_ones_their_size():
    small = decoded(data_url(NOISE[:, :, 0]))
    assert small.format == "PNG"
    assert np.array_equal(np.asarray(small), NOISE[:, :, 0])
    large = decoded(data_url(np.zeros((500, 700, 3), np.uint8)))
    assert (large.format, large.size, large.mode) == ("JPEG", (700, 500), "RGB")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("identity", (0, 255)),
        ("sharpen", (0, 255)),
        ("gaussian", (0, 255)),
        ("laplacian", (-8, 8)),
        ("sobel_combined", (0, 10)),
    ],
)
def test_black_and_white_depend_on_what_the_kernel_keeps(name, expected):
    values = np.array([[-8, 6]], np.float32)
    if name == "sobel_combined":
        values = np.array([[0, 10]], np.float32)
    assert tone_range(values, KERNELS[name]) == expected


def test_a_flat_photo_has_a_range_too():
    flat = feature_map(np.full((9, 9), 50), KERNELS["laplacian"])
    low, high = tone_range(flat, KERNELS["laplacian"])
    assert low < high
    assert not shades(flat, low, high).any()


def test_shades_are_linear_and_stop_at_both_ends():
    assert shades(np.array([-20, -10, 0, 10, 99], np.float32), -10, 10).tolist() == [0, 0, 128, 255, 255]


@pytest.mark.parametrize(
    ("across", "down", "colour"),
    [(1, 0, (255, 0, 0)), (0, -1, (128, 255, 0)), (-1, 0, (0, 255, 255)), (0, 1, (128, 0, 255))],
)
def test_the_hues_are_those_that_the_legend_names(across, down, colour):
    slope = Gradient(np.full((1, 1), across, np.float32), np.full((1, 1), down, np.float32))
    assert np.abs(hues(slope)[0, 0].astype(int) - colour).max() <= 6


def test_the_wheel_shows_the_same_hues():
    wheel = hue_wheel(101).astype(int)
    assert np.abs(wheel[50, 95] - (255, 0, 0)).max() <= 12  # right: red
    assert np.abs(wheel[50, 5] - (0, 255, 255)).max() <= 12  # left: cyan
    assert wheel[0, 0].tolist() == [128, 128, 128]


def test_heat_goes_from_dark_to_light():
    photo = np.full((1, 3, 3), 128, np.uint8)
    brightness = heat(np.array([[0, 0.2, 0.4]], np.float32), photo).sum(axis=2)[0]
    assert brightness[0] < brightness[1] < brightness[2]
    assert heat(np.zeros((1, 3), np.float32), photo).shape == (1, 3, 3)


def test_lines_and_frames_change_the_copy_and_not_the_photo():
    before = NOISE.copy()
    line = np.array([[5, 30], [70, 30]], np.float32)
    drawn = with_lines(NOISE, [[], [line]])
    assert drawn[30, 40].tolist() == [230, 159, 0]
    assert np.array_equal(drawn[:25], NOISE[:25])
    framed = with_frame(NOISE, 20, 30, 10, 10)
    assert np.array_equal(framed[20:30, 30:40], NOISE[20:30, 30:40])
    assert framed[18, 35].tolist() == [255, 255, 255]
    assert np.array_equal(NOISE, before)


def test_the_framed_photo_is_a_thumbnail():
    assert thumbnail(with_frame(np.zeros((500, 1000), np.uint8), 0, 990, 10, 10)).shape == (200, 400, 3)
