"""From the last maps to the answer: every number is the network's, and the last are those of Classify."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
from torch import nn

from model.classifier import Classifier
from model.network import TorchNetwork
from tests.pictures import CAT, COFFEE
from tests.ui.lab.test_layer_steps import lines
from tests.ui.lab.test_network import as_resnet, lab_of
from ui.lab.network import LabNetwork
from ui.lab.photo import open_for_lab
from ui.lab.scores_steps import _power, answers_step, own_or, percent, pooled_step, rows_step, tiny
from ui.service import Service
from ui.texts import number


@pytest.fixture(scope="module")
def network(classifier):
    return LabNetwork(Service(classifier))


@pytest.fixture(scope="module")
def photo():
    return open_for_lab(CAT.read_bytes())


@pytest.mark.parametrize("path", [CAT, COFFEE], ids=["cat", "coffee"])
def test_at_the_model_s_temperature_the_probabilities_are_those_of_classify(classifier, network, path):
    html = answers_step(network, open_for_lab(path.read_bytes()), round(classifier.config.temperature, 2), "en")
    assert "which is the model&#x27;s own" in html
    prediction = classifier.classify([path])[0]
    written = lines(html)
    assert list(written) == [*prediction.as_dict(), "Together"]
    for label, probability in prediction.as_dict().items():
        assert re.sub("<.*?>", "", written[label][-1]) == percent(probability, "en")


@pytest.mark.parametrize("temperature", [0.05, 0.4, 3, 10])
def test_any_temperature_against_numpy(classifier, network, photo, temperature):
    logits = classifier.logits([classifier.prepare(CAT)])[0].astype(np.float64)
    powers = np.exp((logits - logits.max()) / temperature)
    html = answers_step(network, photo, temperature, "en")
    assert f"At the temperature {number(temperature, 'en')}; the model&#x27;s own is 0.663" in html
    for answer, label in enumerate(classifier.config.answers):
        *cells, last = lines(html)[label]
        values = number(float(logits[answer]), "en"), number(float(logits[answer] / temperature), "en")
        assert cells == [*values, tiny(float(powers[answer]), "en")]
        assert re.sub("<.*?>", "", last) == percent(float(powers[answer] / powers.sum()), "en")


def test_features_times_weights_are_the_score_of_the_strongest_row(classifier, network, photo):
    batch = classifier.batch([classifier.prepare(CAT)])
    graph = network.inside.graph
    pooled = network.inside.run(batch, [graph.head.features])[0][0].mean(axis=(1, 2))
    scores = graph.head.linear.weight @ pooled + graph.head.linear.bias
    row = 5 + int(scores[5:123].argmax())
    html = pooled_step(network, photo, "Dog", "en")
    assert f"118 rows of weights; this is row {row - 4}," in html
    written = lines(html)
    terms = graph.head.linear.weight[row] * pooled
    for feature in np.argsort(-np.abs(terms))[:6]:
        values = pooled[feature], graph.head.linear.weight[row, feature], terms[feature]
        assert written[str(feature + 1)] == [number(float(value), "en") for value in values]
    assert written["Score"][-1] == number(float(scores[row]), "en")


def test_the_rows_of_an_answer_become_its_logit(classifier, network, photo):
    logits = classifier.logits([classifier.prepare(CAT)])[0]
    for label, logit in zip(classifier.config.answers, logits, strict=True):
        assert f"= {number(float(logit), 'en')}, the logit of “{label}”" in rows_step(network, photo, label, "en")
    assert rows_step(network, photo, "", "en") == rows_step(network, photo, "Cat", "en")
    assert "Katze" in rows_step(network, photo, "", "de")
    assert lines(rows_step(network, photo, "neither", "en"))["The other 871 rows together"]


def test_a_negative_largest_score_is_in_brackets(network):
    assert _power(-1.37, "en") == "e to the power of (it − (−1.37))"
    assert _power(1.37, "en") == "e to the power of (it − 1.37)"


def test_one_row_for_each_answer(classifier, photo):
    network = lab_of(classifier, *as_resnet())
    logits = network.classifier.logits([network.classifier.prepare(CAT)])[0]
    for label, logit in zip(classifier.config.answers, logits, strict=True):
        assert lines(pooled_step(network, photo, label, "en"))["Logit"][-1] == number(float(logit), "en")
        assert "one row of weights" in rows_step(network, photo, label, "en")


def test_independent_answers_have_a_probability_each(classifier, photo):
    config = classifier.config.model_copy(
        update={"probabilities": "independent", "neither": None, "labels": ("A", "B", "C"), "threshold": 0.3}
    )
    network = LabNetwork(Service(Classifier(classifier.network, config)))
    html = answers_step(network, photo, round(config.temperature, 2), "en")
    written = lines(html)
    for label, probability in network.classifier.classify([CAT])[0].as_dict().items():
        assert re.sub("<.*?>", "", written[label][-1]) == percent(probability, "en")
        logit = float(network.logits(photo)[config.labels.index(label)])
        assert written[label][2] == tiny(math.exp(-logit / config.temperature), "en")
    assert "Together" not in written
    assert "from 30 % on" in html


def test_many_answers_are_the_first_ten_and_the_rest(classifier, photo):
    config = classifier.config.model_copy(update={"neither": None, "labels": tuple(f"L{n}" for n in range(25))})
    module = nn.Sequential(nn.Conv2d(3, 4, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 25))
    network = LabNetwork(Service(Classifier(TorchNetwork(module), config)))
    written = lines(answers_step(network, photo, round(config.temperature, 2), "en"))
    probabilities = sorted(network.classifier.classify([CAT])[0].probabilities)
    assert len(written) == 12
    assert written["The other 15 answers together"][-1] == percent(sum(probabilities[:15]), "en")


def test_a_deeper_head_is_said_to_be_one(classifier, photo):
    module = nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 3)
    )
    network = LabNetwork(Service(Classifier(TorchNetwork(module), classifier.config)))
    assert "from more layers" in pooled_step(network, photo, "", "en")
    assert rows_step(network, photo, "", "en") == ""
    assert "100 %" in answers_step(network, photo, 0.66, "en")


def test_small_numbers_and_temperatures(classifier):
    assert [tiny(value, "en") for value in (0, 1.5, 0.0005, 3.14e-6, -2e-9)] == ["0", "1.5", "0.0005", "3.1·10⁻⁶", "−2·10⁻⁹"]
    assert percent(1e-7, "de") == "1·10⁻⁵ %"
    assert own_or(0.66, classifier.config) == classifier.config.temperature
    assert own_or(0.67, classifier.config) == 0.67
