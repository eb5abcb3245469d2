from __future__ import annotations

from collections import Counter
from itertools import groupby, pairwise

import numpy as np
import pytest
from PIL import Image

from tests.pictures import CAT, corners, quadrants
from tests.training.colours import colours, paint
from training.quality import robustness
from training.quality.inputs import open_photos


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    root = tmp_path_factory.mktemp("photos")
    paint(root / "data" / "blue", "blue", 30)
    paint(root / "data" / "red", "red", 10)
    paint(root / "others", "green", 8)
    return open_photos(str(root / "data"), root / "others")


def far(photo: Image.Image, other: Image.Image) -> float:
    """Mean difference of two pictures of one size, 0-255."""
    return float(np.abs(np.asarray(photo, dtype=float) - np.asarray(other, dtype=float)).mean())


def test_a_corruption_changes_a_photo_the_more_the_more_severe_it_is():
    cat = robustness.open_small(CAT)
    for name, group in groupby(robustness.CORRUPTIONS, key=lambda corruption: corruption.name):
        corrupted = [corruption.apply(cat) for corruption in group]
        assert all(photo.mode == "RGB" for photo in corrupted)
        if name in ("JPEG", "blur", "darker", "brighter", "grey"):
            distances = [0.0, *(far(photo, cat) for photo in corrupted)]
            assert all(before < after for before, after in pairwise(distances)), name


def test_a_photo_is_shrunk_but_never_enlarged(tmp_path):
    quadrants(1600, 800).save(tmp_path / "large.png")
    quadrants(64, 48).save(tmp_path / "small.png")
    assert robustness.open_small(tmp_path / "large.png").size == (512, 256)
    assert robustness.open_small(tmp_path / "small.png").size == (64, 48)


def test_what_the_corruptions_do_to_known_colours():
    photo = quadrants()
    assert corners(robustness.rotation(180).apply(photo)) == corners(photo)[::-1]
    assert robustness.rotation(90).apply(photo).size == photo.size[::-1]
    assert corners(robustness.inverted().apply(photo)) == [(0, 255, 255), (255, 0, 255), (255, 255, 0), (0, 0, 0)]
    red, _, _, white = corners(robustness.brightness(0.5).apply(photo))
    assert (red, white) == ((127, 0, 0), (127, 127, 127))
    assert all(len(set(pixel)) == 1 for pixel in corners(robustness.grey(1).apply(photo)))


@pytest.mark.parametrize("draw", [robustness.pencil, robustness.outline])
def test_a_drawing_has_dark_lines_at_edges_on_white_paper(draw):
    drawn = np.asarray(draw().apply(quadrants(200, 200)).convert("L"))
    assert drawn[50, 50] > 230
    assert drawn[95:105, 50].min() < 160


def test_a_picture_of_one_colour_can_be_drawn():
    for draw in (robustness.pencil, robustness.outline):
        assert np.asarray(draw().apply(Image.new("RGB", (40, 40), "black"))).min() == 255


def test_the_sample_keeps_the_shares_of_the_labels_and_comes_again(photos):
    chosen = robustness.sample(photos, ("blue", "red"), 20)
    assert Counter(chosen.answers) == {"blue": 15, "red": 5}
    assert chosen == robustness.sample(photos, ("blue", "red"), 20)
    assert Counter(robustness.sample(photos, ("blue", "red"), 1).answers) == {"blue": 1, "red": 1}
    assert Counter(robustness.sample(photos, ("blue", "red", "unseen"), 999).answers) == {"blue": 30, "red": 10}


def test_robustness_of_a_model_that_sees_only_colours(photos):
    measured = robustness.measure_robustness(
        colours(),
        robustness.sample(photos, ("blue", "red"), 8),
        [robustness.brightness(0.5), robustness.rotation(90), robustness.inverted()],
    )
    assert (measured.photos, measured.clean.accuracy) == (8, 1)
    darker, turned, inverted = measured.corruptions
    assert [scores.name for scores in measured.corruptions] == ["darker", "rotation", "inverted"]
    assert (darker.accuracy, darker.drop, turned.accuracy) == (1, 0, 1)
    assert (inverted.accuracy, inverted.drop) == (0, 1)
    assert inverted.accuracy_95_interval == pytest.approx((0, 0.3244), abs=1e-4)
    assert darker.called_neither == 0


def test_a_model_without_neither_calls_nothing_so(photos):
    measured = robustness.measure_robustness(
        colours(neither=False), robustness.sample(photos, ("blue", "red"), 4), [robustness.jpeg(50)]
    )
    assert measured.corruptions[0].accuracy == 1
    assert measured.clean.called_neither is None
