from __future__ import annotations

import re

import numpy as np
import pytest

from ui import markup
from ui.lab import figures
from ui.texts import number

EVIL = '<img src=x onerror="alert(1)">'


@pytest.mark.parametrize(
    ("value", "english", "german"),
    [
        (0, "0", "0"),
        (-1e-9, "0", "0"),
        (1, "1", "1"),
        (-0.0625, "−0.0625", "−0,0625"),
        (86.84, "86.8", "86,8"),
        (255, "255", "255"),
        (1234567, "1,234,567", "1.234.567"),
        (-16384.4, "−16,384", "−16.384"),
        (1_000_000_000, "1,000,000,000", "1.000.000.000"),
    ],
)
def test_numbers_as_each_language_writes_them(value, english, german):
    assert number(value, "en") == english
    assert number(value, "de") == german
    assert number(value, "xx") == english


def test_a_table_has_every_number_and_marks_the_right_cells():
    table = figures.number_table(np.arange(9).reshape(3, 3), "caption", "en", marked=(slice(1, 3), slice(0, 2)))
    cells = re.findall(r'<td class="(\w*)">(\d+)</td>', table)
    assert [text for _, text in cells] == list("012345678")
    assert [text for look, text in cells if look == "marked"] == ["3", "4", "6", "7"]


def test_a_table_can_be_filled_up_to_a_cell():
    table = figures.number_table(np.full((2, 2), 7), "caption", "en", filled=3)
    assert re.findall(r"<td[^>]*>(\d*)</td>", table) == ["7", "7", "7", ""]


def test_each_window_of_a_table_has_its_colour():
    table = figures.number_table(np.zeros((4, 4)), "caption", "en", window=2)
    assert re.findall(r"group(\d)", table) == list("0011001122332233")


def test_each_pixel_s_numbers_are_in_its_cell_and_can_be_read_on_its_colour():
    pixels = np.array([[[0, 0, 0], [255, 255, 255]], [[255, 0, 0], [10, 250, 20]]], np.uint8)
    table = figures.colour_table(pixels, "caption")
    cells = re.findall(r'background:rgb\(([\d,]+)\);color:(#\w+)">([^/]+)</td>', table)
    assert [(colour, text) for _, colour, text in cells] == [
        ("#fff", "0<br>0<br>0"),
        ("#000", "255<br>255<br>255"),
        ("#fff", "255<br>0<br>0"),
        ("#000", "10<br>250<br>20"),
    ]
    assert all(background == text.replace("<br>", ",") for background, _, text in cells)


def test_texts_are_escaped_wherever_they_go():
    picture = np.zeros((2, 2), np.uint8)
    for html in (
        figures.picture(picture, EVIL, EVIL),
        figures.sentence(EVIL),
        markup.problem(EVIL),
        figures.number_table(picture, EVIL, "en"),
        figures.colour_table(np.zeros((1, 1, 3), np.uint8), EVIL),
        figures.curves(np.zeros((3, 4)), EVIL),
        figures.bars(np.ones(2), [EVIL, "b"], EVIL),
    ):
        assert "<img src=x" not in html
        assert "&lt;img src=x onerror=&quot;alert(1)&quot;&gt;" in html


def test_pictures_and_diagrams_have_a_text_for_those_who_do_not_see_them():
    assert 'alt="a cat"' in figures.picture(np.zeros((2, 2), np.uint8), "a cat", "caption")
    assert 'role="img" aria-label="three hills"' in figures.curves(np.ones((3, 4)), "three hills")
    assert 'role="img" aria-label="two bars"' in figures.bars(np.ones(2), ["a", "b"], "two bars")


def test_the_largest_bar_fills_the_height_and_the_others_their_share():
    heights = re.findall(r'height="([\d.]+)"', figures.bars(np.array([0.25, 0.5, 0.0]), ["a", "b", "c"], "bars"))
    assert heights == ["40.0", "80.0", "0.0"]
    assert re.findall(r'height="([\d.]+)"', figures.bars(np.zeros(2), ["a", "b"], "bars")) == ["0.0", "0.0"]
