"""The model the project ships: complete, small, and as good as its card says."""

from __future__ import annotations

import pytest

from model.config import NEITHER
from model.source import STARTER
from tests.pictures import CAT, COFFEE, SHARED, needs_photos, photos
from training.quality.card import model_card
from training.quality.schema import left_out_of, metrics_of

TEST = "cats-dogs, test"


def test_the_folder_is_complete_and_small():
    sizes = {path.name: path.stat().st_size for path in STARTER.iterdir() if path.is_file()}  # a report may lie beside
    assert set(sizes) == {"README.md", "config.json", "model.onnx", "model.safetensors", "background.npz"}
    assert sizes["background.npz"] <= 3_000_000
    assert sum(sizes.values()) <= 18_000_000


def test_the_card_quotes_the_config_by_source_first(classifier):
    card = (STARTER / "README.md").read_text("utf-8")
    assert card == model_card(classifier.config)
    left_out, test = left_out_of(classifier.config), metrics_of(classifier.config)[TEST]
    assert f"| accuracy over all photos | {left_out.accuracy:.2%} |" in card
    for source, figures in left_out.sources.items():
        assert f"| {source} | {figures.photos:,} | {figures.accuracy:.2%} |" in card
    assert f"| accuracy | {test.accuracy:.2%}" in card
    assert card.index("### By source") < card.index(f"### {TEST}")
    assert "Apache-2.0" in card


def test_what_it_is_good_at_is_measured_on_sources_that_were_left_out(classifier):
    left_out = left_out_of(classifier.config)
    assert len(left_out.sources) >= 16
    assert left_out.mean_accuracy >= 0.96
    assert classifier.config.architecture.rows == (5, 118, 877)


def test_the_shipped_examples(classifier):
    assert [prediction.label for prediction in classifier.classify([CAT, COFFEE])] == ["Cat", NEITHER]


@needs_photos
def test_a_sample_of_the_test_photos_is_answered_as_well_as_the_card_says(classifier):
    sample = [(path, label) for label in ("Cat", "Dog") for path in photos(label, 300)]
    predictions = classifier.classify([path for path, _ in sample])
    right = sum(prediction.label == label for prediction, (_, label) in zip(predictions, sample, strict=True))
    assert right / len(sample) == pytest.approx(metrics_of(classifier.config)[TEST].accuracy, abs=0.015)


@needs_photos
@pytest.mark.parametrize("label", ["Cat", "Dog", "neither"])
def test_photos_of_every_source_are_answered(classifier, label):
    """Full-size photos of many places: the first starter called 74 % of such dogs neither."""
    folders = sorted(path for path in (SHARED / "photos").glob(f"*/{label}"))
    paths = [path for folder in folders for path in sorted(folder.iterdir())[:12]]
    predictions = classifier.classify(paths)
    assert sum(prediction.label == label for prediction in predictions) >= 0.94 * len(paths)
