from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from model.photo import PhotoError
from tests.pictures import CAT
from ui.lab.own_kernel import LabError
from ui.lab.photo import MAX_PIXELS, Photo, open_for_lab


def encoded(width: int, height: int) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (width, height), "teal").save(buffer, "PNG")
    return buffer.getvalue()


def test_a_photo_of_up_to_a_megapixel_stays_as_it_is():
    assert open_for_lab(CAT.read_bytes()).rgb.shape == (300, 451, 3)
    assert open_for_lab(encoded(1000, 1000)).rgb.shape == (1000, 1000, 3)


@pytest.mark.parametrize(("width", "height"), [(1001, 1000), (4000, 3000), (600, 5000), (20_000, 1000)])
def test_a_larger_one_is_shrunk_to_a_megapixel_and_keeps_its_form(width, height):
    rows, columns, _ = open_for_lab(encoded(width, height)).rgb.shape
    assert 0.98 * MAX_PIXELS < rows * columns <= MAX_PIXELS
    assert columns / rows == pytest.approx(width / height, rel=0.02)


@pytest.mark.parametrize(("width", "height"), [(30_000, 1600), (16, 16), (16, 30_000)])
def test_the_narrowest_photos_are_accepted(width, height):
    rows, columns, _ = open_for_lab(encoded(width, height)).rgb.shape
    assert min(rows, columns) >= 16


@pytest.mark.parametrize(("width", "height"), [(15, 400), (400, 15), (1, 1)])
def test_a_photo_that_is_too_narrow_is_refused_with_its_size(width, height):
    with pytest.raises(LabError, match=f"{height}×{width} pixels; the lab needs 16"):
        open_for_lab(encoded(width, height))


def test_a_photo_that_was_shrunk_says_what_it_was():
    assert open_for_lab(encoded(4000, 3000)).shrunk_from == (3000, 4000)
    assert open_for_lab(encoded(1000, 1000)).shrunk_from is None
    assert open_for_lab(CAT.read_bytes()).shrunk_from is None


@pytest.mark.parametrize(("height", "width"), [(300, 451), (16, 1000), (10, 10), (997, 33)])
def test_made_small_it_keeps_the_pixel_in_the_middle_of_each_part(height, width):
    rgb = np.random.default_rng(6).integers(0, 256, (height, width, 3), np.uint8)
    rows, columns = (np.floor((np.arange(10) + 0.5) * length / 10).astype(int) for length in (height, width))
    assert np.array_equal(Photo(rgb).made_small(10), rgb[np.ix_(rows, columns)])


def test_made_small_is_pillow_s_nearest():
    rgb = np.random.default_rng(6).integers(0, 256, (333, 451, 3), np.uint8)
    pillow = Image.fromarray(rgb).resize((10, 10), Image.Resampling.NEAREST)
    assert np.array_equal(Photo(rgb).made_small(10), np.asarray(pillow))


def test_what_is_no_photo_is_refused():
    with pytest.raises(PhotoError, match="PDF"):
        open_for_lab(b"%PDF-1.7")


@pytest.mark.parametrize("across", [0, 0.3, 1])
@pytest.mark.parametrize("down", [0, 0.7, 1])
def test_the_part_around_the_spot_lies_in_the_photo(across, down):
    photo = Photo(np.random.default_rng(4).integers(0, 256, (20, 40, 3), np.uint8), across, down)
    top, left = photo.corner(10, 10)
    assert (top, left) == (round(10 * down), round(30 * across))
    assert np.array_equal(photo.part(photo.rgb, 10, 10), photo.rgb[top : top + 10, left : left + 10])
    assert photo.part(photo.grey, 9, 9).shape == (9, 9)


def test_grey_is_the_usual_mixture():
    photo = Photo(np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255], [9, 9, 9]]], np.uint8))
    assert photo.grey.tolist() == [[76, 150, 29, 9]]
