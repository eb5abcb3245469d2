"""What the page says of an answer."""

from __future__ import annotations

import base64
import io

import numpy as np
import pytest
from PIL import Image

from model.classifier import Classifier, Prediction
from model.inside.explain import HeatMap
from ui.classify.verdict import meaning, percent, preview, shown, verdict

CONFIG = Classifier.load().config
THREE = CONFIG.model_copy(update={"labels": ("Cat", "Dog", "Fox")})
PHOTO = Image.new("RGB", (64, 48), "grey")


def prediction(cat: float, dog: float, neither: float) -> Prediction:
    return Prediction(("Cat", "Dog", "neither"), (cat, dog, neither))


@pytest.mark.parametrize(
    ("probabilities", "language", "sentence"),
    [
        ((0.97, 0.02, 0.01), "en", "Cat, and it is 97 % sure"),
        ((0.001, 0.998, 0.001), "en", "Dog, and it is very sure"),
        ((0.30, 0.61, 0.09), "en", "Not sure: Dog 61 %"),
        ((0.10, 0.30, 0.60), "en", "Not sure: neither 60 %"),
        ((0.01, 0.02, 0.97), "en", "Neither a cat nor a dog"),
        ((0.01, 0.02, 0.97), "de", "Weder Katze noch Hund"),
        ((0.97, 0.02, 0.01), "es", "Gato, con un 97 % de seguridad"),
        ((0.97, 0.02, 0.01), "fr", "Chat, sûr à 97 %"),
    ],
)
def test_a_verdict_in_words(probabilities, language, sentence):
    assert verdict(prediction(*probabilities), CONFIG, language) == sentence


def test_three_labels_are_not_called_neither_nor():
    answer = Prediction(("Cat", "Dog", "Fox", "neither"), (0.01, 0.01, 0.01, 0.97))
    assert verdict(answer, THREE, "en") == "None of the things it knows"


def test_independent_labels():
    config = CONFIG.model_copy(update={"probabilities": "independent"})
    assert verdict(Prediction(("Cat", "Dog"), (0.9, 0.8), 0.5), config, "en") == "It sees: Cat, Dog"
    assert verdict(Prediction(("Cat", "Dog"), (0.1, 0.2), 0.5), config, "en") == "None of the things it knows"
    assert "of its own" in meaning(Prediction(("Cat", "Dog"), (0.9, 0.8), 0.5), config, "en")


@pytest.mark.parametrize(
    ("share", "text"), [(1.0, "> 99 %"), (0.999, "> 99 %"), (0.97, "97 %"), (0.5, "50 %"), (0.004, "< 1 %"), (0.0, "< 1 %")]
)
def test_no_answer_is_certain_or_impossible(share, text):
    assert percent(share) == text


def test_the_percentage_is_explained_without_a_long_word():
    assert (
        meaning(prediction(0.9, 0.05, 0.05), CONFIG, "en")
        == "Of 100 photos about which it is this sure, it is right about 90 times."
    )
    export = CONFIG.model_copy(update={"architecture": CONFIG.architecture.model_copy(update={"library": "export"})})
    assert "Nobody has checked" in meaning(prediction(0.9, 0.05, 0.05), export, "en")


def test_what_was_taught_from_few_photos_claims_no_calibration():
    result = shown(prediction(0.9, 0.05, 0.05), CONFIG, PHOTO, None, "en", is_taught=True)
    assert not result["calibrated"]
    assert "rough" in result["meaning"]


def test_the_evidence_is_a_layer_that_is_clear_where_nothing_was_found():
    heat_map = HeatMap("Cat", "CAM", np.array([[1, 0], [0, 0]], np.float32), (0.0, 0.0, 1.0, 1.0), 1.0)
    result = shown(prediction(0.9, 0.05, 0.05), CONFIG, PHOTO, heat_map, "de", is_taught=False)
    assert "Katze" in result["alt"]
    assert [row["name"] for row in result["rows"]] == ["Katze", "Hund", "keins davon"]
    layer = Image.open(io.BytesIO(base64.b64decode(result["heat"].partition(",")[2])))
    assert layer.mode == "RGBA"
    assert layer.size == PHOTO.size
    opacity = np.asarray(layer)[..., 3]
    assert opacity[5, 5] > 150
    assert opacity[-5, -5] < 10


def test_labels_of_strangers_are_escaped():
    heat_map = HeatMap("<img src=x>", "CAM", np.array([[1]], np.float32), (0.0, 0.0, 1.0, 1.0), 1.0)
    assert "<img" not in shown(prediction(0.9, 0.05, 0.05), CONFIG, PHOTO, heat_map, "en", is_taught=False)["caption"]


def test_without_evidence_the_answer_stands_alone():
    assert "heat" not in shown(prediction(0.9, 0.05, 0.05), CONFIG, PHOTO, None, "en", is_taught=False)


def test_a_preview_is_small():
    address = preview(Image.new("RGB", (2000, 1000)))
    assert Image.open(io.BytesIO(base64.b64decode(address.partition(",")[2]))).size == (448, 224)
