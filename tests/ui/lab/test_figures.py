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
        ("#000", "255<br>0<br>0"),
        ("#000", "10<br>250<br>20"),
    ]
    assert all(background == text.replace("<br>", ",") for background, _, text in cells)


def contrast(colour: tuple[int, ...], text: str) -> float:
    """WCAG 2.2 of black or white on a colour."""
    parts = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in np.array(colour) / 255)
    luminance = np.dot((0.2126, 0.7152, 0.0722), list(parts))
    return float((luminance + 0.05) / 0.05 if text == "#000" else 1.05 / (luminance + 0.05))


def test_numbers_can_be_read_on_every_colour():
    colours = np.array(np.meshgrid(*[range(0, 256, 15)] * 3)).T.reshape(-1, 1, 3).astype(np.uint8)
    cells = re.findall(r"background:rgb\(([\d,]+)\);color:(#\w+)", figures.colour_table(colours, "caption"))
    assert len(cells) == len(colours)
    assert min(contrast(tuple(map(int, colour.split(","))), text) for colour, text in cells) >= 4.5


def test_signed_numbers_are_blue_below_0_white_at_it_and_orange_above_and_black_can_be_read_on_all():
    table = figures.number_table(np.array([[-2, -1, 0, 1, 2]]), "caption", "en", colours="signed")
    cells = re.findall(r"background:rgb\((\d+),(\d+),(\d+)\);color:(#\w+)\">([^<]+)<", table)
    assert [text for *_, text in cells] == ["−2", "−1", "0", "1", "2"]
    colours = [tuple(map(int, rgb)) for *rgb, _, _ in cells]
    assert [blue - red for red, _, blue in colours[:2]] == sorted((blue - red for red, _, blue in colours[:2]), reverse=True)
    assert colours[0][2] > colours[0][0]
    assert colours[2] == (255, 255, 255)
    assert colours[4][0] > colours[3][2] > colours[4][2]
    assert all(ink == "#000" for *_, ink, _ in cells)
    assert min(contrast(colour, "#000") for colour in colours) > 7


def test_a_map_is_drawn_at_the_zoom_of_what_it_was_made_from():
    photo = np.zeros((300, 400, 3), np.uint8)
    assert "width: calc(min(100%, 30rem) * 0.99)" in figures.zoomed(np.zeros((74, 99), np.uint8), "map", "caption", photo, 4)
    assert 'class="pixels"' in figures.zoomed(np.zeros((74, 99), np.uint8), "map", "caption", photo, 4)
    tall = np.zeros((800, 400), np.uint8)
    assert "width: calc(min(100%, 15rem) * 1)" in figures.zoomed(tall, "map", "caption", tall)
    before = figures.before(tall, "photo", "caption")
    assert 'style="width: min(100%, 15rem)" data-rows="800" data-columns="400"' in before
    assert "pixels" not in before


def test_texts_are_escaped_wherever_they_go():
    picture = np.zeros((2, 2), np.uint8)
    for html in (
        figures.picture(picture, EVIL, EVIL),
        figures.sentence(EVIL),
        markup.problem(EVIL),
        figures.zoom(figures.before(picture, EVIL, EVIL), figures.zoomed(picture, EVIL, EVIL, picture)),
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
