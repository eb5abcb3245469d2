"""Feature maps as one message, and as pictures."""

from __future__ import annotations

import base64
import zlib

import numpy as np
import pytest
from PIL import Image

from model.resize import fit
from tests.ui.inside.conftest import layer
from ui.inside import feature_maps
from ui.inside.network import first_layer
from ui.photo_input import EXAMPLES


def unpacked(message: dict) -> np.ndarray:
    levels = np.frombuffer(zlib.decompress(base64.b64decode(message["levels"])), np.uint8)
    return levels.reshape(-1, message["rows"], message["columns"])


def test_the_maps_with_the_most_contrast_come_first_not_the_even_ones():
    maps = np.zeros((4, 2, 2), np.float32)
    maps[0], maps[1] = 6, -9
    maps[2, 0], maps[3, 0] = -2, 5
    assert feature_maps.most_contrast(maps, 3) == [3, 2, 0]


@pytest.mark.parametrize("name", ["cat", "dog", "fox"])
def test_the_first_map_of_an_example_is_neither_at_the_limit_nor_empty(inside, classifier, name):
    photo = fit(Image.open(EXAMPLES / f"{name}.jpg").convert("RGB"), classifier.config.input)
    chosen = first_layer(inside.graph)
    maps = inside.run(classifier.batch([photo]), [chosen.tensor])[0][0]
    first = maps[feature_maps.most_contrast(maps, 1)[0]]
    assert (first > 5.99).mean() < 0.25
    assert (first <= 0).mean() < 0.9


def test_the_mean_is_the_signed_one():
    maps = np.zeros((1, 8, 8), np.float32)
    maps[0, :4], maps[0, 4:] = -3, 1
    message = feature_maps.maps_message(np.zeros((64, 64, 3), np.uint8), maps, layer(), "en")
    assert message["maps"][0]["text"] == "1: mean −1"


def test_a_message_holds_every_value_to_half_a_step():
    maps = np.random.default_rng(0).normal(size=(30, 8, 8)).astype(np.float32)
    message = feature_maps.maps_message(np.zeros((64, 64, 3), np.uint8), maps, layer(), "en")
    levels = unpacked(message)
    assert len(message["maps"]) == len(levels) == feature_maps.MAPS_SHOWN
    for entry, part in zip(message["maps"], levels, strict=True):
        step = (entry["high"] - entry["low"]) / 255
        assert entry["low"] + step * part == pytest.approx(maps[entry["channel"]], abs=step / 2 + 1e-6)
    assert [entry["channel"] for entry in message["maps"]] == feature_maps.most_contrast(maps)
    assert message["across"] == {"start": 1, "side": 5, "jump": 8}


def test_large_maps_are_thinned_out_and_it_is_said():
    maps = np.random.default_rng(0).normal(size=(2, 200, 200)).astype(np.float32)
    message = feature_maps.maps_message(np.zeros((64, 64, 3), np.uint8), maps, layer(side=200), "en")
    assert message["step"] == 3
    assert unpacked(message).shape == (2, 67, 67)


def test_the_frame_is_what_the_value_sees():
    picture = feature_maps.marked(Image.new("RGB", (64, 64), "green"), layer(field=20), 4, 4)
    changed = np.argwhere((np.asarray(picture) != np.asarray(Image.new("RGB", (64, 64), "green"))).any(axis=2))
    assert changed.min(axis=0).tolist() == [26, 26]
    assert changed.max(axis=0).tolist() == [45, 45]
    twice = feature_maps.marked(Image.new("RGB", (128, 128), "green"), layer(field=20), 4, 4, scale=0.5)
    changed = np.argwhere((np.asarray(twice) != np.asarray(Image.new("RGB", (128, 128), "green"))).any(axis=2))
    assert changed.min(axis=0).tolist() == [52, 52]
    assert changed.max(axis=0).tolist() == [91, 91]
