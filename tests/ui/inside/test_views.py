"""What the tab shows for a photo, or says instead."""

from __future__ import annotations

import pytest

from model.classifier import Classifier
from tests.pictures import CAT
from tests.running import run_alone
from ui.inside.choice import Choice
from ui.inside.views import Views
from ui.service import Service

CHOICE = Choice(18, 3, 12, 13)


@pytest.fixture(scope="module")
def views(classifier):
    return Views(Service(classifier))


def test_a_photo_is_answered_with_the_stamp_of_its_choice(views):
    html, maps = run_alone(views.given(CAT.read_bytes(), CHOICE, "en"))
    assert "451×300" in html
    assert (maps["stamp"], maps["rows"], len(maps["maps"])) == (12, 32, 24)
    assert "Channel 4 on your photo" in run_alone(views.channel(CAT.read_bytes(), CHOICE, "en"))


@pytest.mark.parametrize("layer", [None, 0, -3, 99])
def test_a_layer_that_is_not_there_is_the_first_that_is_shown(views, layer):
    assert run_alone(views.maps(CAT.read_bytes(), Choice(layer, 0, 1, 1), "en"))["name"].startswith("18 · ")
    assert run_alone(views.channel(CAT.read_bytes(), Choice(layer, 10_000, 1, 1), "en")) == ""


def test_one_sentence_stands_in_the_place_of_an_unreadable_photo(views):
    html, maps = run_alone(views.given(b"not a photo", CHOICE, "en"))
    assert html.count('role="alert"') == 1
    assert "not a photo" in html
    assert maps == {"stamp": 12, "instead": "Give a photo above to see its feature maps."}


def test_without_a_photo_or_a_look_inside_there_is_nothing(views, classifier):
    assert run_alone(views.given(None, CHOICE, "en"))[0] == ""

    class Odd:
        def logits(self, batch):
            return batch

    closed = Views(Service(Classifier(Odd(), classifier.config)))
    assert run_alone(closed.given(CAT.read_bytes(), CHOICE, "en"))[0] == ""
    assert run_alone(closed.channel(CAT.read_bytes(), CHOICE, "en")) == ""
