from __future__ import annotations

import numpy as np
import pytest

from ui.lab.own_kernel import SIZES, STARTS, LabError, own_kernel
from ui.texts import TEXTS, say


@pytest.mark.parametrize("size", SIZES)
def test_the_kernel_one_starts_from_is_one(size):
    kernel = own_kernel(STARTS[size])
    assert kernel.shape == (size, size)
    assert kernel.dtype == np.float32
    assert kernel.sum() == pytest.approx(1)


def test_numbers_are_read_as_people_type_them():
    rows = [["-1", " 2 ", "0,5"], ["−3", 4, 0.25], ["1e1", "+7", "-100"]]
    assert own_kernel(rows).tolist() == [[-1, 2, 0.5], [-3, 4, 0.25], [10, 7, -100]]


@pytest.mark.parametrize(
    ("cell", "sentence"),
    [
        ("", "Row 2, column 3 of your kernel is empty"),
        (None, "Row 2, column 3 of your kernel is empty"),
        ("  ", "is empty"),
        ("abc", "“abc” in row 2, column 3 of your kernel is not a number"),
        (True, "“True” in row 2"),
        ({"a": 1}, "not a number"),
        ("<img src=x>", "“img srcx” in row 2"),
        ("9" * 1_000_000, "not a number"),
        ("inf", "beyond ±100"),
        ("-Infinity", "beyond ±100"),
        ("nan", "beyond ±100"),
        ("1e308", "beyond ±100"),
        ("1e999", "beyond ±100"),
        (100.5, "beyond ±100"),
    ],
)
def test_a_cell_that_is_no_number_is_named(cell, sentence):
    rows = [[0, 0, 0], [0, 1, cell], [0, 0, 0]]
    with pytest.raises(LabError) as refused:
        own_kernel(rows)
    assert sentence in str(refused.value)


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ([], "has 0 rows"),
        (None, "has 0 rows"),
        ("123", "has 0 rows"),
        ([[1, 2], [3, 4]], "has 2 rows"),
        ([[1] * 4] * 4, "has 4 rows"),
        ([[1]] * 1_000_000, "has 1000000 rows"),
        ([[1, 2, 3], [4, 5], [6, 7, 8]], "Row 2 of your kernel does not have 3 numbers"),
        ([[1, 2, 3], [4, 5, 6], None], "Row 3 of your kernel"),
        ([[1, 2, 3, 4]] * 3, "Row 1 of your kernel"),
    ],
)
def test_a_table_of_another_size_is_refused(rows, sentence):
    with pytest.raises(LabError) as refused:
        own_kernel(rows)
    assert sentence in str(refused.value)


def test_the_sentence_can_be_said_in_every_language():
    with pytest.raises(LabError) as refused:
        own_kernel([[1, 1, 1], [1, 1, "x"], [1, 1, 1]])
    sentences = {say(refused.value.key, language, **refused.value.values) for language in TEXTS}
    assert len(sentences) == len(TEXTS)
    assert all("x" in sentence and "2" in sentence and "3" in sentence for sentence in sentences)


def test_fractions_are_numbers():
    assert own_kernel([["1/9"] * 3] * 3).sum() == pytest.approx(1)
    assert own_kernel([["-1/2", "0,5/2", "1 / 4"], [0, 0, 0], [0, 0, 0]])[0].tolist() == [-0.5, 0.25, 0.25]
    for wrong in ("1/0", "1/", "/2", "1/2/3"):
        with pytest.raises(LabError, match="is not a number"):
            own_kernel([[wrong, 0, 0], [0, 0, 0], [0, 0, 0]])
