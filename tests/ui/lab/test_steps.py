"""What a visitor reads at each step: sizes, counts and sums, and that the pictures are the ones they say."""

from __future__ import annotations

import base64
import io
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image

from tests.pictures import CAT
from ui.lab import edge_steps, number_steps, sliding_steps, steps
from ui.lab.convolution import KERNELS
from ui.lab.own_kernel import LabError
from ui.lab.photo import Photo, open_for_lab
from ui.lab.sliding import Sliding
from ui.texts import ENGLISH, TEXTS

PHOTO = open_for_lab(CAT.read_bytes())
SOBEL = Sliding(KERNELS["sobel_x"])
FLAT = Photo(np.full((30, 40, 3), 90, np.uint8))
STEPS = {
    "framed": lambda photo, sliding, language: number_steps.framed(photo, language),
    "small": lambda photo, sliding, language: number_steps.small_table(photo, language),
    "pixels": lambda photo, sliding, language: number_steps.pixel_table(photo, language),
    "histogram": lambda photo, sliding, language: number_steps.histogram(photo, language),
    "kernel": lambda photo, sliding, language: steps.kernel_table(sliding, language),
    "map": steps.map_step,
    "closeup": steps.closeup_step,
    "relu": steps.relu_step,
    "pool": lambda photo, sliding, language: steps.pool_step(photo, sliding, "max", 2, 2, language),
    "flatten": lambda photo, sliding, language: steps.flatten_step(photo, sliding, "max", 2, 2, 2, language),
    "gradient": lambda photo, sliding, language: edge_steps.gradient_step(photo, language),
    "edges": lambda photo, sliding, language: edge_steps.edge_step(photo, 12, language),
    "density": lambda photo, sliding, language: edge_steps.density_step(photo, 12, 31, language),
    "blocks": lambda photo, sliding, language: edge_steps.block_step(photo, 12, language),
    "orientation by count": lambda photo, sliding, language: edge_steps.orientation_step(photo, 12, "count", language),
    "orientation": lambda photo, sliding, language: edge_steps.orientation_step(photo, 12, "magnitude", language),
    "contours": lambda photo, sliding, language: edge_steps.contour_step(photo, 3, 3, language),
    "position": lambda photo, sliding, language: sliding_steps.position_step(photo, sliding, 3, language),
    "animation": sliding_steps.animation_step,
}


class _Checked(HTMLParser):
    """Every tag closed, every picture described."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.pictures: list[dict[str, str | None]] = []
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        if tag not in ("img", "br"):
            self.open.append(tag)
        if tag == "img":
            self.pictures.append(dict(attrs))
        if tag == "svg":
            assert dict(attrs)["aria-label"]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_startendtag(self, tag, attrs):
        pass


def pictures(html: str) -> list[Image.Image]:
    found = []
    for picture in _Checked(html).pictures:
        assert picture["alt"]
        found.append(Image.open(io.BytesIO(base64.b64decode(picture["src"].partition(",")[2]))))
    return found


def words(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


@pytest.mark.parametrize("language", TEXTS)
@pytest.mark.parametrize("name", STEPS)
@pytest.mark.parametrize(
    "sliding", [Sliding(KERNELS["gaussian"], 2, "reflect", "rgb", True), Sliding(KERNELS["sobel_combined"])]
)
def test_every_step_is_html_with_described_pictures_in_every_language(name, language, sliding):
    html = STEPS[name](PHOTO, sliding, language)
    pictures(html)
    assert "{" not in words(html)
    for extreme in (FLAT, Photo(np.zeros((16, 16, 3), np.uint8), 0, 1)):
        pictures(STEPS[name](extreme, sliding, language))


def test_the_map_says_its_size_and_is_of_it():
    html = steps.map_step(PHOTO, Sliding(KERNELS["box"], 2, "zeros", "rgb"), ENGLISH)
    assert "300×451×3 → 150×226×3" in words(html)
    assert "Height: floor((300 + 2·1 − 3) / 2) + 1 = 150. Width: floor((451 + 2·1 − 3) / 2) + 1 = 226." in words(html)
    before, after = pictures(html)
    assert (before.size, before.mode) == ((451, 300), "RGB")
    assert (after.size, after.mode) == ((226, 150), "RGB")
    assert "drawn 2 times as large" in words(html)
    assert "times as large" not in words(steps.map_step(PHOTO, SOBEL, ENGLISH))


def test_a_thousand_pixels_become_998():
    photo = Photo(np.zeros((1000, 1000, 3), np.uint8))
    assert "1000×1000 → 998×998" in words(steps.map_step(photo, SOBEL, ENGLISH))


@pytest.mark.parametrize(
    ("name", "sentence", "differs"),
    [
        ("emboss", "this kernel is another one", True),
        ("sobel_x", "this kernel is another one", True),
        ("gaussian", "this kernel is the same", False),
        ("sobel_combined", "only signs", False),
    ],
)
def test_where_convolution_and_cross_correlation_differ_is_said_and_shown(name, sentence, differs):
    sliding = Sliding(KERNELS[name])
    assert sentence in words(steps.kernel_table(sliding, ENGLISH))
    html = steps.closeup_step(PHOTO, sliding, ENGLISH)
    _, correlated, convolved = (np.asarray(picture) for picture in pictures(html))
    assert np.array_equal(correlated, convolved) != differs
    assert ("between the two: 0." in words(html)) != differs


def test_relu_counts_what_became_0():
    values = SOBEL.map(PHOTO)
    text = words(steps.relu_step(PHOTO, SOBEL, ENGLISH))
    assert f"{(values < 0).sum():,} of {values.size:,} values" in text
    assert "0 of 405,900 values" in words(steps.relu_step(PHOTO, Sliding(KERNELS["identity"], 1, "edge", "rgb"), ENGLISH))


def test_before_and_after_relu_and_pooling_are_side_by_side():
    values = SOBEL.map(PHOTO)
    high = float(np.abs(values).max())
    before, after = (np.asarray(picture) for picture in pictures(steps.relu_step(PHOTO, SOBEL, ENGLISH)))
    assert before.shape == after.shape == values.shape
    assert abs(before[values > high / 2].mean() - (127.5 + after[values > high / 2].mean() / 2)) < 2  # JPEG
    before, after = pictures(steps.pool_step(PHOTO, SOBEL, "max", 3, 3, ENGLISH))
    assert (before.size, after.size) == ((449, 298), (149, 99))


def test_pooling_and_flattening_say_their_sizes():
    text = words(steps.pool_step(PHOTO, SOBEL, "average", 3, 2, ENGLISH))
    assert "298×449 → 148×224" in text
    text = words(steps.flatten_step(PHOTO, SOBEL, "max", 2, 2, 10, ENGLISH))
    assert "149×224 → 33,376." in text
    assert "33,376 · 10 = 333,760 weights and 10 biases, 333,770 parameters" in text
    assert text.endswith("has 10.")


def test_a_window_larger_than_the_map_is_refused_with_both_sizes():
    tiny = Photo(np.zeros((16, 16, 3), np.uint8))
    with pytest.raises(LabError, match="8×8 is larger than the map of 3×3"):
        steps.pool_step(tiny, Sliding(KERNELS["gaussian"], 4), "max", 8, 1, ENGLISH)


def test_the_worked_example_of_pooling():
    assert words(steps.pooling_example()) == "4×4 1 3 2 4 5 6 1 2 7 8 9 4 3 2 1 0 → 2×2 6 4 8 9"


def test_the_10_by_10_table_holds_the_pixels_of_the_frame():
    photo = Photo(PHOTO.rgb, 0.25, 0.75)
    html = number_steps.pixel_table(photo, ENGLISH)
    top, left = photo.corner(10, 10)
    cells = [[int(value) for value in cell.split("<br>")] for cell in re.findall(r"<td[^>]*>(.*?)</td>", html)]
    assert np.array_equal(np.reshape(cells, (10, 10, 3)), photo.rgb[top : top + 10, left : left + 10])
    assert f"Rows {top}–{top + 9}, columns {left}–{left + 9}" in words(html)


def test_the_histogram_says_the_means():
    assert "red 90, green 90, blue 90" in words(number_steps.histogram(FLAT, ENGLISH))


def test_an_even_square_is_the_next_odd_one():
    assert "squares of 31×31" in words(edge_steps.density_step(PHOTO, 12, 30, ENGLISH))


def test_an_upright_edge_is_found_as_one():
    picture = np.zeros((40, 60, 3), np.uint8)
    picture[:, 30:] = 200
    photo = Photo(picture)
    text = words(edge_steps.orientation_step(photo, 12, "count", ENGLISH))
    assert "Each of the 80 edge pixels counts once: most run at 90°, 100 % of all edge pixels." in text
    assert "Horizontal 0 %, vertical 100 %. Weighted by how steep they are, 90° wins: 100 %." in text
    assert "40×60, white where there is an edge: 80 pixels, 3.33 %" in words(edge_steps.edge_step(photo, 12, ENGLISH))
    assert "White is 100 grey levels per pixel" in words(edge_steps.gradient_step(photo, ENGLISH))
    assert "40×60×3. Lines: 1. Brightness: 128 blue" in words(edge_steps.contour_step(photo, 1, 1, ENGLISH))
    assert "Lower the threshold" in words(edge_steps.orientation_step(FLAT, 12, "count", ENGLISH))


def test_edges_are_counted_by_either_measure_and_it_is_said_which():
    picture = np.zeros((60, 200, 3), np.uint8)
    picture[30:] = 40  # a long, weak horizontal edge
    picture[:, 190:] = 255  # a short, strong vertical one
    photo = Photo(picture)
    edges = edge_steps.edge_map(photo.gradient.magnitude, 12)
    for by, other in (("count", "magnitude"), ("magnitude", "count")):
        text = words(edge_steps.orientation_step(photo, 12, by, ENGLISH))
        shares, others = (edge_steps.direction_histogram(photo.gradient, edges, 12, measure) for measure in (by, other))
        most, percent = re.search(r"(?:run|lies) at (\d+)°, ([\d.]+) % of all", text).groups()
        assert (int(most), float(percent)) == (15 * shares.argmax(), pytest.approx(100 * shares.max(), rel=0.01))
        most, percent = re.search(r"(?:run at (?=\d+°:)|are, )(\d+)°[^\d]+([\d.]+) %\.$", text).groups()
        assert (int(most), float(percent)) == (15 * others.argmax(), pytest.approx(100 * others.max(), rel=0.01))
        assert shares.argmax() != others.argmax()


def test_the_sum_of_the_block_at_the_spot_is_written_out():
    photo = Photo(PHOTO.rgb, 0.4, 0.6)
    text = words(edge_steps.block_step(photo, 12, ENGLISH))
    [top, bottom], [left, right] = (map(int, re.search(rf"{side} (\d+)–(\d+)", text).groups()) for side in ("rows", "columns"))
    corner = photo.corner(10, 10)
    assert top <= corner[0] + 5 <= bottom
    assert left <= corner[1] + 5 <= right
    edges = edge_steps.edge_map(photo.gradient.magnitude, 12)
    corners = [edges[:row, :column].sum() for row, column in
               ((bottom + 1, right + 1), (top, right + 1), (bottom + 1, left), (top, left))]  # fmt: skip
    count = edges[top : bottom + 1, left : right + 1].sum()
    a, b, c, d = (f"{corner:,}" for corner in corners)
    assert f"= {a} − {b} − {c} + {d} = {count}. Edge pixels in it: {count} of 1,024," in text
    assert f"I({bottom + 1}, {right + 1}) − I({top}, {right + 1}) − I({bottom + 1}, {left}) + I({top}, {left})" in text
    assert "in 10×15 blocks of 32×32 pixels" in text


def test_the_whole_photo_is_written_into_10_by_10_cells():
    html = number_steps.small_table(PHOTO, ENGLISH)
    cells = [[int(value) for value in cell.split("<br>")] for cell in re.findall(r"<td[^>]*>(.*?)</td>", html)]
    assert np.array_equal(np.reshape(cells, (10, 10, 3)), PHOTO.made_small(10))
    assert "300×451 pixels became 10×10" in words(html)
    assert "30 rows and 45.1 columns" in words(html)
    wide = words(number_steps.small_table(Photo(np.zeros((866, 1154, 3), np.uint8)), ENGLISH))
    assert "86.6 rows and 115.4 columns" in wide
    assert "100 of 135,300 pixels are left" in words(html)


def test_values_beyond_black_and_white_are_said_to_be_there():
    sharpened = words(steps.map_step(PHOTO, Sliding(KERNELS["sharpen"]), ENGLISH))
    assert "Black is 0 and less, white is 255 and more." in sharpened
    assert "Black is 0, white is 255." in words(steps.map_step(PHOTO, Sliding(KERNELS["gaussian"]), ENGLISH))


def test_a_photo_that_was_shrunk_says_so():
    large = Photo(PHOTO.rgb, shrunk_from=(3000, 4510))
    assert "Your photo has 3000×4510 pixels" in words(number_steps.framed(large, ENGLISH))
    assert "smaller copy" not in words(number_steps.framed(PHOTO, ENGLISH))


@pytest.mark.parametrize(("position", "shown"), [(1, 1), (9, 9), (25, 9), (-3, 1)])
def test_a_place_shows_its_sum_in_words(position, shown):
    sliding = Sliding(KERNELS["sobel_x"], 2)
    text = words(sliding_steps.position_step(PHOTO, sliding, position, ENGLISH))
    assert f"at place {shown} of 9" in text
    [terms, total] = re.search(r"(\S+·\S+(?: \+ \S+·\S+)*) = (\S+)", text).groups()
    pairs = [term.replace("−", "-").strip().split("·") for term in terms.split(" + ")]
    assert sum(float(pixel) * float(weight.strip("()")) for pixel, weight in pairs) == float(
        total.replace("−", "-").replace(",", "")
    )
