from __future__ import annotations

import base64
import io
import re

import numpy as np
import pytest
from PIL import Image

from model.inside.explain import HeatMap
from ui.heat import SIDE, heat_figure, overlay

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


def test_the_figure_says_what_it_shows_and_holds_the_picture():
    text = heat_figure(Image.new("RGB", (64, 48), GREY), heat_map([[1]]), "en")
    assert 'alt="Heat map: where the network found evidence for Cat"' in text
    picture = Image.open(io.BytesIO(base64.b64decode(re.search(r"base64,([^\"]+)", text)[1])))
    assert picture.size == (64, 48)


def test_no_evidence_is_said():
    assert "Nothing in this photo speaks for" in heat_figure(Image.new("RGB", (64, 48), GREY), heat_map([[-1]]), "en")
    assert "Nichts in diesem Foto" in heat_figure(Image.new("RGB", (64, 48), GREY), heat_map([[-1]]), "de")


@pytest.mark.parametrize("label", ['<img src=x onerror="alert(1)">', '" onload="alert(1)'])
def test_a_label_cannot_bring_markup(label):
    text = heat_figure(Image.new("RGB", (8, 8), GREY), heat_map([[1]], label=label), "en")
    assert label not in text
    assert text.count("<img") == 1
    assert " onload=" not in text.replace("&quot; onload=", "")
