from __future__ import annotations

import numpy as np
from PIL import Image

from model.inside.explain import HeatMap
from ui.heat import SIDE, heat_layer, overlay

GREY = (100, 100, 100)


def heat_map(values, box=(0.0, 0.0, 1.0, 1.0), label="Cat") -> HeatMap:
    return HeatMap(label, "CAM", np.array(values, np.float32), box, 1.0)


def colourful(picture: Image.Image) -> np.ndarray:
    """How far each pixel is from grey."""
    pixels = np.asarray(picture).astype(int)
    return pixels.max(axis=2) - pixels.min(axis=2)


def test_colour_is_where_the_evidence_is():
    picture = overlay(Image.new("RGB", (200, 100), GREY), heat_map([[1, 0], [0, 0]]))
    assert picture.size == (200, 100)
    colour = colourful(picture)
    assert colour[:20, :40].min() > 50
    assert colour[60:, 140:].max() < 10


def test_large_photos_are_shown_small():
    assert overlay(Image.new("RGB", (3000, 1500), GREY), heat_map([[1]])).size == (SIDE, SIDE // 2)


def test_what_the_network_did_not_see_stays_grey():
    colour = colourful(overlay(Image.new("RGB", (200, 100), GREY), heat_map([[1]], (0.25, 0, 0.75, 1))))
    assert colour[:, :45].max() == 0
    assert colour[:, 60:140].min() > 50


def test_padding_that_the_network_saw_is_cut_away():
    colour = colourful(overlay(Image.new("RGB", (200, 100), GREY), heat_map([[0], [1], [0]], (0, -0.5, 1, 1.5))))
    assert colour.shape == (100, 200)
    assert colour[50].min() > 50


def test_a_layer_of_heat_is_as_large_as_a_small_photo_and_half_of_a_large_one():
    assert heat_layer(heat_map([[1]]), 64, 48).size == (64, 48)
    assert heat_layer(heat_map([[1]]), 3000, 1500).size == (SIDE // 2, SIDE // 4)
