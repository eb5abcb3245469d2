from __future__ import annotations

import numpy as np
import pytest

from model.classifier import Classifier
from model.errors import ModelError
from model.folder import load_torch
from model.head import shares
from model.inside.explain import Explainer, HeatMap
from model.photo import open_photo
from model.resize import fit
from model.source import STARTER
from tests.pictures import CAT, COFFEE, needs_photos, photos


@pytest.fixture(scope="module")
def explainer(classifier):
    return Explainer(classifier)


def test_the_answer_is_the_plain_one_and_its_map_explains_it(classifier, explainer):
    for path in (CAT, COFFEE):
        prediction, heat_map = explainer.explain(classifier.open(path))
        assert prediction.probabilities == pytest.approx(classifier.classify([path])[0].probabilities, abs=1e-6)
        assert heat_map.label == prediction.label
        assert heat_map.method == "CAM"
        assert heat_map.values.shape == (8, 8)
        assert heat_map.heat().max() == 1


def test_the_mean_of_a_map_is_what_the_photo_adds_to_the_logit():
    twin = load_torch(STARTER)  # float32: nothing is rounded off
    explainer = Explainer(twin)
    photo = twin.open(CAT)
    logits = twin.logits([fit(photo, twin.config.input)])[0]
    linear = explainer.inside.graph.head.linear
    features = explainer.inside.run(twin.batch([fit(photo, twin.config.input)]), [explainer.inside.graph.head.features])[0]
    row_shares = shares(features.mean((2, 3)) @ linear.weight.T + linear.bias, linear.rows)[0]
    entropy = np.add.reduceat(
        row_shares * (linear.bias - np.log(row_shares + 1e-30)), np.cumsum([0, *linear.rows[:-1]])
    )  # what merging adds to the rows' scores, 0 for one row each, and their biases
    for number, answer in enumerate(twin.config.answers):
        heat_map = explainer.explain(photo, answer)[1]
        assert heat_map.values.mean() + entropy[number] == pytest.approx(logits[number], abs=1e-3)


def test_all_answers_share_one_scale(classifier, explainer):
    photo = classifier.open(CAT)
    maps = {answer: explainer.explain(photo, answer)[1] for answer in classifier.config.answers}
    assert len({heat_map.strongest for heat_map in maps.values()}) == 1
    assert max(heat_map.heat().max() for heat_map in maps.values()) == 1
    assert maps["Dog"].heat().max() < 0.5 < maps["Cat"].heat().max()


def test_an_answer_the_model_does_not_have(classifier, explainer):
    with pytest.raises(ValueError, match=r"no answer 'Bird'\. It has: Cat, Dog, neither"):
        explainer.explain(classifier.open(CAT), "Bird")


def test_a_network_without_maps_says_so(classifier):
    import torch

    from model.network import TorchNetwork

    flat = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(3 * 256 * 256, 3))
    with pytest.raises(ModelError, match="no feature maps"):
        Explainer(Classifier(TorchNetwork(flat), classifier.config)).explain(open_photo(CAT))


def test_no_evidence_is_no_heat():
    nothing = HeatMap("Dog", "CAM", np.full((2, 2), -1.0, np.float32), (0, 0, 1, 1), 3.0)
    assert not nothing.heat().any()
    assert not HeatMap("Dog", "CAM", nothing.values, (0, 0, 1, 1), -1.0).heat().any()


@pytest.mark.slow
@needs_photos
def test_without_its_hottest_fifth_a_photo_loses_more_than_without_a_random_fifth(classifier):
    from benchmarks.heat_map import SHARES, curves

    rows = curves(classifier, photos("Cat", 12) + photos("Dog", 12))["deletion"]
    at = SHARES.index(0.2)
    lost = {name: float((values[:, 0] - values[:, at]).mean()) for name, values in rows.items()}
    assert lost["hottest"] > 2 * lost["random squares"]
    assert lost["coldest"] < 0.1


def test_a_network_that_cannot_be_looked_into_is_not_tried_again(classifier, monkeypatch):
    tried = []

    def refuse(given):
        tried.append(given)
        raise ModelError("it is a riddle")

    monkeypatch.setattr("model.inside.explain.look_inside", refuse)
    explainer = Explainer(classifier)
    for _ in range(2):
        with pytest.raises(ModelError, match="it is a riddle"):
            explainer.explain(open_photo(CAT))
    assert len(tried) == 1
