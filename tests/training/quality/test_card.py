from __future__ import annotations

import pytest

from model.errors import ModelError
from training.quality.card import model_card


def test_the_card_mentions_what_lies_beside_it(tmp_path, classifier):
    plain = model_card(classifier.config, tmp_path)
    assert model_card(classifier.config) == plain
    assert "report/" not in plain
    assert "model.pkl" not in plain
    (tmp_path / "model.pkl").write_bytes(b"")
    assert "`model.pkl`" in model_card(classifier.config, tmp_path)


def test_the_card_keeps_the_results_of_each_set_of_photos_apart(classifier):
    card = model_card(classifier.config)
    metadata = card.split("---")[1]
    assert "(left out)" in metadata
    assert "(cats-dogs, test)" in metadata
    assert [metadata.count(f"type: {name}") for name in ("accuracy", "log_loss", "macro_f1", "roc_auc")] == [2, 2, 1, 1]
    assert "timm tf_efficientnet_lite0" in card
    assert "5 for Cat, 118 for Dog, 877 for neither" in card


def test_metrics_of_another_format_are_refused_with_a_sentence(classifier):
    old = classifier.config.model_copy(update={"metrics": {"test": {"photos": 3}}})
    with pytest.raises(ModelError, match="the metrics 'test' of cat-or-dog-starter: the field 'accuracy' is missing; measure"):
        model_card(old)
