"""Whatever is typed into a slider of the lab is a number within its ends."""

from __future__ import annotations

import pytest

from ui.lab.bounded_slider import BoundedSlider
from ui.lab.network_tabs import _up_to


@pytest.mark.parametrize(
    ("sent", "kept"),
    [(5, 5), (2.6, 3), (-4, 0), (5000, 31), (10**400, 31), (None, 7), ("", 7), ("12", 7), ([], 7), (float("nan"), 7)],
)
def test_beyond_an_end_is_the_end_and_what_is_no_number_the_first_value(sent, kept):
    value = BoundedSlider(0, 31, 7, step=1, precision=0).preprocess(sent)
    assert (value, type(value)) == (kept, int)


def test_a_first_value_beyond_an_end_that_moved_is_the_end():
    assert BoundedSlider(0, 31, 63, precision=0).preprocess(None) == 31
    assert BoundedSlider(0.05, 10, 0.66).preprocess(0) == 0.05


def test_a_slider_that_ends_earlier_takes_its_value_along():
    shorter, same = _up_to(31, 63), _up_to(127, 63)
    assert (shorter["maximum"], shorter["value"]) == (31, 31)
    assert same["maximum"] == 127
    assert "value" not in same
    assert _up_to(0, 0)["maximum"] > 1
