"""Softmax or sigmoid, by the loss of an export."""

from __future__ import annotations

from pathlib import Path

import pytest

from model import Classifier, ModelError
from tests.exports.files import IS_CAT, NEW, PICTURES, renamed


def with_loss(path: Path, name: bytes) -> Path:
    """is_cat.pkl with another loss."""
    path.write_bytes(renamed(IS_CAT, b"fastai.losses\nCrossEntropyLossFlat\n", name))
    return path


def test_independent_probabilities():
    classifier = Classifier.load(NEW / "from_df.pkl")
    assert classifier.config.probabilities == "independent"
    predictions = classifier.classify(PICTURES)
    assert any(abs(sum(prediction.probabilities) - 1) > 0.05 for prediction in predictions)
    for prediction in predictions:
        given = [label for label, p in prediction.as_dict().items() if p >= classifier.config.threshold]
        assert sorted(prediction.labels) == sorted(given)


def test_a_loss_of_torch_has_its_activation_and_that_is_logged(tmp_path, caplog):
    path = with_loss(tmp_path / "model.pkl", b"torch.nn.modules.loss\nNLLLoss\n")
    plain, odd = Classifier.load(IS_CAT), Classifier.load(path)
    assert [record.message for record in caplog.records] == [
        f"{path}: the loss torch.nn.modules.loss.NLLLoss has no activation, so learn.predict gives logits; "
        "softmax makes probabilities of them"
    ]
    assert [p.probabilities for p in odd.classify(PICTURES)] == [p.probabilities for p in plain.classify(PICTURES)]


def test_a_loss_class_with_code_of_its_own_needs_the_caller_to_say_what_it_does(tmp_path):
    path = with_loss(tmp_path / "model.pkl", b"mine\nLoss\n")
    with pytest.raises(ModelError, match=r"its loss is of the class mine\.Loss.*--activation softmax"):
        Classifier.load(path)
    plain, soft = Classifier.load(IS_CAT).classify(PICTURES), Classifier.load(path, activation="softmax").classify(PICTURES)
    assert [p.probabilities for p in soft] == [p.probabilities for p in plain]
    independent = Classifier.load(path, activation="sigmoid")
    assert independent.config.probabilities == "independent"
    assert abs(sum(independent.classify(PICTURES)[0].probabilities) - 1) > 1e-3
