"""One way to look inside whatever network a classifier has."""

from __future__ import annotations

import numpy as np
import pytest

from model.classifier import Classifier
from model.config import Config
from model.errors import ModelError
from model.folder import load_torch
from model.inside.look import look_inside
from model.inside.onnx_graph import OnnxInside
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


def test_one_session_gives_the_answers_and_what_heat_maps_need():
    network = Classifier.load().network
    size = Config.read(STARTER / "config.json").input
    batch = np.random.default_rng(1).normal(size=(3, 3, size.height, size.width)).astype(np.float32)
    before, of_the_file = network.logits(batch), network._session
    inside = OnnxInside(network.path, size.height, size.width)
    inside.share(network)
    assert network._session is not of_the_file
    assert np.array_equal(network.logits(batch), before)
    head = inside.graph.head
    logits, maps, pooled = inside.run(batch, [inside.graph.output, head.features, head.pooled])
    assert np.array_equal(logits, before)
    assert maps.mean(axis=(2, 3)) == pytest.approx(pooled, abs=1e-5)
    assert not inside._sessions  # no other one was made for them
    inside.run(batch, [inside.graph.layers[0].tensor])
    assert len(inside._sessions) == 1


def test_the_session_stays_where_another_would_answer_otherwise(monkeypatch):
    network = Classifier.load().network
    of_the_file = network._session
    monkeypatch.setattr(network, "logits", lambda batch: np.full((len(batch), 3), 7, np.float32))
    inside = OnnxInside(network.path, 256, 256)
    inside.share(network)
    assert network._session is of_the_file
    blank = np.zeros((1, 3, 256, 256), np.float32)
    assert inside.run(blank, [inside.graph.output, inside.graph.head.features])[1].shape == (1, 1280, 8, 8)


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
