"""The model the project ships: complete, small, and as good as its card says."""

from __future__ import annotations

import pytest

from model.config import NEITHER
from model.source import STARTER
from tests.pictures import SHARED, needs_photos, photos


def test_the_folder_is_complete_and_small():
    sizes = {path.name: path.stat().st_size for path in STARTER.iterdir() if path.is_file()}  # a report may lie beside
    assert set(sizes) == {"README.md", "config.json", "model.onnx", "model.safetensors"}
    assert sum(sizes.values()) <= 16_000_000


def test_the_card_quotes_the_config(classifier):
    result = classifier.config.metrics["test"]
    card = (STARTER / "README.md").read_text("utf-8")
    assert f"| accuracy | {result['accuracy']:.2%}" in card
    assert f"| log loss | {result['log_loss']:.4f} |" in card
    assert "Apache-2.0" in card


@needs_photos
def test_a_sample_of_the_test_photos_is_answered_as_well_as_the_card_says(classifier):
    sample = [(path, label) for label in ("Cat", "Dog") for path in photos(label, 300)]
    found = classifier.classify([path for path, _ in sample])
    right = sum(prediction.label == label for prediction, (_, label) in zip(found, sample, strict=True))
    assert right / len(sample) == pytest.approx(classifier.config.metrics["test"]["accuracy"], abs=0.015)


@needs_photos
def test_photos_of_other_things_are_neither(classifier):
    found = classifier.classify(sorted((SHARED / "neither").iterdir())[:200])
    assert sum(prediction.label == NEITHER for prediction in found) >= 185
