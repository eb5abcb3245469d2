"""One way to look inside whatever network a classifier has."""

from __future__ import annotations

import numpy as np
import pytest

from model.classifier import Classifier
from model.errors import ModelError
from model.folder import load_torch
from model.inside.look import look_inside
from model.network import OnnxNetwork
from model.source import STARTER


def test_the_starter_from_inside(classifier):
    inside = look_inside(classifier)
    assert isinstance(classifier.network, OnnxNetwork)
    assert [(stage.last.height, stage.last.channels) for stage in inside.graph.stages][-1] == (8, 1280)
    batch = np.random.default_rng(0).normal(size=(2, 3, 256, 256)).astype(np.float32)
    logits, maps = inside.run(batch, [inside.graph.output, inside.graph.head.features])
    assert logits == pytest.approx(classifier.network.logits(batch), abs=1e-5)
    assert maps.shape == (2, 1280, 8, 8)


def test_the_starters_float_twin_has_the_same_graph(classifier):
    quantised, twin = look_inside(classifier).graph, look_inside(load_torch(STARTER)).graph
    assert [(layer.kind, layer.height, layer.channels, layer.receptive_field) for layer in quantised.layers] == [
        (layer.kind, layer.height, layer.channels, layer.receptive_field) for layer in twin.layers
    ]
    assert quantised.first_filters.shape == twin.first_filters.shape
    assert quantised.head.linear.weight == pytest.approx(twin.head.linear.weight, abs=0.02)


def test_a_network_of_another_kind_says_so(classifier):
    class Odd:
        def logits(self, batch):
            return batch

    with pytest.raises(ModelError, match="Odd cannot be looked into"):
        look_inside(Classifier(Odd(), classifier.config))
