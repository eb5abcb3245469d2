"""What the lab asks the network that is served, for networks of several kinds."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from model.classifier import Classifier
from model.errors import ModelError
from model.network import TorchNetwork
from tests.pictures import CAT
from ui.lab.network import LabNetwork, clearest_filter
from ui.lab.own_kernel import LabError
from ui.lab.photo import Photo, open_for_lab
from ui.service import Service


def lab_of(classifier: Classifier, *layers: nn.Module) -> LabNetwork:
    """A network of these layers, and three answers, in the place of the starter."""
    body = nn.Sequential(*layers)
    with torch.no_grad():
        channels = body(torch.zeros(1, 3, 256, 256)).shape[1]
    head = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, 3))
    return LabNetwork(Service(Classifier(TorchNetwork(nn.Sequential(body, head)), classifier.config)))


def as_resnet() -> list[nn.Module]:
    first = nn.Conv2d(3, 8, 7, stride=2, padding=3, bias=False)
    return [first, nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(8, 6, 3, padding=1, bias=False), nn.ReLU()]


@pytest.fixture
def photo() -> Photo:
    return open_for_lab(CAT.read_bytes())


def test_the_starter_s_layers(classifier):
    layers = LabNetwork(Service(classifier)).layers
    assert (layers.first.outputs, layers.first.op.stride) == (32, (2, 2))
    assert (layers.depthwise.outputs, layers.depthwise.weight.shape[1]) == (32, 1)
    assert (layers.many.inputs, layers.many.outputs, layers.many.op.kernel) == (32, 16, (1, 1))
    assert layers.strided.output == layers.first.op.output
    horizontal = layers.first.weight[clearest_filter(layers.first)].sum(axis=0).sum(axis=1)
    assert horizontal[1] > 0 > horizontal[2]


def test_a_network_as_a_resnet_has_no_depthwise_layer(classifier):
    layers = lab_of(classifier, *as_resnet()).layers
    assert layers.first.op.kernel == (7, 7)
    assert layers.first.folded
    assert (layers.many.inputs, layers.many.op.kernel) == (8, (3, 3))
    assert layers.depthwise is None


def test_the_network_runs_once_for_all_steps_about_a_layer(classifier, photo, monkeypatch):
    network = LabNetwork(Service(classifier))
    runs = []
    run = network.inside.run
    monkeypatch.setattr(network.inside, "run", lambda *given: runs.append(given) or run(*given))
    maps = network.maps(photo)
    assert network.maps(photo) is maps
    assert len(runs) == 1
    assert set(maps) == {"first", "many", "depthwise"}
    assert maps["many"].seen == pytest.approx(maps["depthwise"].result, abs=1e-6)


def test_the_photo_is_the_one_that_classify_sees(classifier, photo):
    network = LabNetwork(Service(classifier))
    assert np.array_equal(network.batch(photo), classifier.batch([classifier.prepare(CAT)]))
    prediction = classifier.predictions(network.logits(photo)[None])[0]
    assert prediction.probabilities == pytest.approx(classifier.classify([CAT])[0].probabilities, abs=1e-9)


def test_networks_that_have_no_such_layer_or_cannot_be_looked_into(classifier):
    with pytest.raises(LabError) as wrong:
        _ = lab_of(classifier, nn.Conv2d(3, 3, 3, groups=3)).layers
    assert wrong.value.key == "layer.no_first"

    class Closed:
        def logits(self, batch: np.ndarray) -> np.ndarray:
            return np.zeros((len(batch), 3), np.float32)

    with pytest.raises(ModelError):
        _ = LabNetwork(Service(Classifier(Closed(), classifier.config))).layers
