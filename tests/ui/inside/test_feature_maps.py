"""Feature maps as one message, and as pictures."""

from __future__ import annotations

import base64
import zlib

import numpy as np
import pytest
from PIL import Image

from tests.ui.inside.conftest import layer
from ui.inside import feature_maps


def unpacked(message: dict) -> np.ndarray:
    levels = np.frombuffer(zlib.decompress(base64.b64decode(message["levels"])), np.uint8)
    return levels.reshape(-1, message["rows"], message["columns"])


def test_the_strongest_maps_come_first_whatever_their_sign():
    maps = np.zeros((4, 2, 2), np.float32)
    maps[1], maps[2], maps[3] = 1, -3, 2
    assert feature_maps.strongest(maps, 3) == [2, 3, 1]


def test_a_message_holds_every_value_to_half_a_step():
    maps = np.random.default_rng(0).normal(size=(30, 8, 8)).astype(np.float32)
    maps[3] = 2.5
    message = feature_maps.maps_message(np.zeros((64, 64, 3), np.uint8), maps, layer(), "en")
    levels = unpacked(message)
    assert len(message["maps"]) == len(levels) == feature_maps.MAPS_SHOWN
    for entry, part in zip(message["maps"], levels, strict=True):
        step = (entry["high"] - entry["low"]) / 255
        assert entry["low"] + step * part == pytest.approx(maps[entry["channel"]], abs=step / 2 + 1e-6)
    assert message["maps"][0] == {"channel": 3, "low": 2.5, "high": 2.5, "text": "4: mean 2.5"}
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
