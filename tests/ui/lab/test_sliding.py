from __future__ import annotations

import numpy as np
import pytest

from tests.pictures import CAT
from ui.lab.convolution import KERNELS, convolve
from ui.lab.own_kernel import STARTS, LabError
from ui.lab.photo import open_for_lab
from ui.lab.sliding import Sliding, places

CROP = np.random.default_rng(3).integers(0, 256, (9, 9), np.uint8)


@pytest.mark.parametrize("stride", [1, 2, 3, 4])
@pytest.mark.parametrize("name", ["emboss", "gaussian"])
def test_the_places_add_up_to_the_map(name, stride):
    [kernel] = KERNELS[name]
    steps = places(CROP, kernel, stride)
    values = convolve(CROP, kernel, stride)
    assert [(step.row, step.column) for step in steps] == list(np.ndindex(values.shape))
    np.testing.assert_allclose([step.total for step in steps], values.ravel(), rtol=1e-4, atol=1e-3)


def test_a_place_by_hand():
    crop = np.array([[1, 2, 3], [4, 5, 6], [7, 8, 9]])
    [step] = places(crop, np.array([[0, 1, 0], [1, -4, 1], [0, 1, 0]], np.float32))
    assert step.window.tolist() == crop.tolist()
    assert step.products.tolist() == [[0, 2, 0], [4, -20, 6], [0, 8, 0]]
    assert step.total == 0


def test_what_the_controls_say_is_what_is_done():
    photo = open_for_lab(CAT.read_bytes())
    sliding = Sliding.chosen("emboss", None, 2.0, "zeros", "rgb", "convolution")
    assert sliding.map(photo).shape == (150, 226, 3)
    assert np.array_equal(sliding.applied, KERNELS["emboss"][0][::-1, ::-1])
    own = Sliding.chosen("own", STARTS[5], 1, "valid", "grey", "correlation")
    assert own.map(photo).shape == (296, 447)
    assert own.applied is own.kernels[0]


def test_the_own_kernel_is_checked_only_where_it_is_used():
    assert Sliding.chosen("box", [["x"]], 1, "valid", "grey", "correlation").kernels == KERNELS["box"]
    with pytest.raises(LabError):
        Sliding.chosen("own", [["x"]], 1, "valid", "grey", "correlation")
