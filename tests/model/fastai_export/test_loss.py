"""Softmax or sigmoid, by the loss of an export."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional

from model import Classifier, ModelError
from model.fastai_export.learner import read_learner
from tests.exports.files import IS_CAT, NEW, PICTURES, renamed
from tests.model.fastai_export.small import exported, learner

dill = pytest.importorskip("dill")


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
    with pytest.raises(
        ModelError, match=r'its loss is of the class mine\.Loss, which is not in the file.*activation="softmax"'
    ):
        Classifier.load(path)
    plain, soft = Classifier.load(IS_CAT).classify(PICTURES), Classifier.load(path, activation="softmax").classify(PICTURES)
    assert [p.probabilities for p in soft] == [p.probabilities for p in plain]
    independent = Classifier.load(path, activation="sigmoid")
    assert independent.config.probabilities == "independent"
    assert abs(sum(independent.classify(PICTURES)[0].probabilities) - 1) > 1e-3


def learners() -> dict[str, Any]:
    """Losses that have no code of their own to decide, and what they make of logits."""
    from fastai.losses import BCEWithLogitsLossFlat, CrossEntropyLossFlat, FocalLossFlat, LabelSmoothingCrossEntropy
    from timm import loss as timm
    from torchvision.ops import sigmoid_focal_loss

    class Weighted(CrossEntropyLossFlat):
        pass

    class Twice(Weighted):
        def __call__(self, *args, **named):
            return 2 * super().__call__(*args, **named)

    class Decoded(FocalLossFlat):
        def decodes(self, x):
            return x.argmax(-1)

    class Independent(BCEWithLogitsLossFlat):
        pass

    class Mixin:
        pass

    class Mixed(Mixin, LabelSmoothingCrossEntropy):
        pass

    class Own(nn.Module):
        def forward(self, x, y):
            return functional.cross_entropy(x, y)

    class OwnOfTimm(timm.LabelSmoothingCrossEntropy):
        pass

    class OwnBCE(nn.BCEWithLogitsLoss):
        pass

    class Plain:
        def __call__(self, x, y):
            return functional.cross_entropy(x, y)

    def own(x, y):
        return functional.cross_entropy(x, y)

    return {
        "Weighted": (Weighted(), "exclusive", False),
        "Twice": (Twice(), "exclusive", False),
        "Decoded": (Decoded(), "exclusive", False),
        "Independent": (Independent(), "independent", False),
        "Mixed": (Mixed(), "exclusive", False),
        "with weights": (CrossEntropyLossFlat(weight=torch.tensor([1.0, 2.0])), "exclusive", False),
        "LabelSmoothingCrossEntropy": (timm.LabelSmoothingCrossEntropy(0.1), "exclusive", True),
        "SoftTargetCrossEntropy": (timm.SoftTargetCrossEntropy(), "exclusive", True),
        "JsdCrossEntropy": (timm.JsdCrossEntropy(), "exclusive", True),
        "AsymmetricLossSingleLabel": (timm.AsymmetricLossSingleLabel(), "exclusive", True),
        "AsymmetricLossMultiLabel": (timm.AsymmetricLossMultiLabel(), "independent", True),
        "BinaryCrossEntropy": (timm.BinaryCrossEntropy(), "independent", True),
        "Own": (Own(), "exclusive", True),
        "OwnOfTimm": (OwnOfTimm(), "exclusive", True),
        "OwnBCE": (OwnBCE(), "independent", True),
        "Plain": (Plain(), "exclusive", True),
        "own": (own, "exclusive", True),
        "cross_entropy": (functools.partial(functional.cross_entropy, label_smoothing=0.1), "exclusive", True),
        "own in a partial": (functools.partial(own), "exclusive", True),
        "binary_cross_entropy_with_logits": (functional.binary_cross_entropy_with_logits, "independent", True),
        "sigmoid_focal_loss": (functools.partial(sigmoid_focal_loss, reduction="mean"), "independent", True),
    }


@pytest.mark.parametrize("how", [{}, {"pickle_module": dill}], ids=["cloudpickle", "dill"])
@pytest.mark.parametrize("name", learners())
def test_losses_without_code_that_decides(tmp_path, name, how):
    loss, probabilities, noted = learners()[name]
    found = read_learner(exported(tmp_path / "model.pkl", learner(loss_func=loss), **how))
    assert found.probabilities == probabilities
    notes = [remark for remark in found.remarks if remark.startswith("the loss ")]
    assert len(notes) == noted
    assert all(name.split()[0] in note and ("softmax" if probabilities == "exclusive" else "sigmoid") in note for note in notes)


@pytest.mark.parametrize("how", [{}, {"pickle_module": dill}], ids=["cloudpickle", "dill"])
@pytest.mark.parametrize("decides", ["activation", "decodes", "attribute"])
def test_a_class_whose_own_code_decides_is_asked_for(tmp_path, decides, how):
    class Own(nn.Module):
        def __init__(self):
            super().__init__()
            if decides == "attribute":
                self.activation = nn.Sigmoid()

        def forward(self, x, y):
            return functional.cross_entropy(x, y)

    if decides != "attribute":
        setattr(Own, decides, lambda self, x: x)
    path = exported(tmp_path / "model.pkl", learner(loss_func=Own()), **how)
    with pytest.raises(ModelError, match=r'Own, whose code makes probabilities of logits.*activation="softmax"'):
        read_learner(path)
    assert Classifier.load(path, activation="sigmoid").config.probabilities == "independent"


@pytest.mark.parametrize("name", [b"kornia.losses.focal\nFocalLoss\n", b"monai.losses.dice\nDiceCELoss\n"])
def test_libraries_that_know_nothing_of_fastai_have_no_activation(tmp_path, name, caplog):
    assert Classifier.load(with_loss(tmp_path / "model.pkl", name)).config.probabilities == "exclusive"
    assert "softmax makes probabilities of them" in caplog.text


def test_a_loss_of_probabilities_is_asked_for(tmp_path):
    with pytest.raises(ModelError, match="BCELoss, which is given probabilities, not logits"):
        Classifier.load(with_loss(tmp_path / "model.pkl", b"torch.nn.modules.loss\nBCELoss\n"))
