"""Inside the network, as pictures."""

from __future__ import annotations

import re

import numpy as np
from PIL import Image

from tests.ui.inside.conftest import layer
from ui.inside import feature_maps


def test_the_strongest_maps_come_first_whatever_their_sign():
    maps = np.zeros((4, 2, 2), np.float32)
    maps[1], maps[2], maps[3] = 1, -3, 2
    assert feature_maps.strongest(maps, 3) == [2, 3, 1]


def test_a_map_is_drawn_in_whole_squares():
    picture = feature_maps.map_picture(np.array([[0, 1], [2, 3]], np.float32))
    assert picture.size == (128, 128)
    brightness = np.asarray(picture.convert("L")).astype(int)
    corners = brightness[32, 32], brightness[32, 96], brightness[96, 32], brightness[96, 96]
    assert list(corners) == sorted(corners)
    assert corners[0] < corners[3]
    assert len(feature_maps.map_picture(np.zeros((3, 3), np.float32)).getcolors()) == 1


def test_filters_show_for_and_against_around_grey():
    filters = np.zeros((2, 3, 1, 2), np.float32)
    filters[0, 0, 0] = [1, -1]
    pixels = np.asarray(feature_maps.filters_picture(filters)).astype(int)
    assert pixels[26, 10, 0] > 250
    assert pixels[26, 42, 0] < 5
    assert abs(pixels[26, 10, 1] - 127) <= 1


def test_the_frame_is_the_receptive_field():
    picture = feature_maps.marked(Image.new("RGB", (64, 64), "green"), layer(field=20), 4, 4)
    changed = np.argwhere((np.asarray(picture) != np.asarray(Image.new("RGB", (64, 64), "green"))).any(axis=2))
    assert changed.min(axis=0).tolist() == [26, 26]
    assert changed.max(axis=0).tolist() == [46, 46]


def test_the_diagram_and_the_table_have_the_networks_numbers(inside, classifier):
    text = feature_maps.stages_html(inside.graph, classifier.config, "en")
    diagram, explanation = text.split("<table>")[0], text.split("</table>")[1]
    assert re.findall(r"<b>(.*?)</b>", diagram) == [
        "256×256×3", "128×128×96", "64×64×144", "32×32×240", "16×16×672", "8×8×1280", "1,280", "3",
    ]  # fmt: skip
    assert "1,000 rows of weights" in explanation
    parameters = [int(cell.replace(",", "")) for cell in re.findall(r"<td>([\d,]+)</td></tr>", text)]
    assert sum(parameters) == inside.graph.parameters


def test_layer_names_differ(inside):
    names = [feature_maps.layer_name(entry, "en") for entry in inside.graph.layers]
    assert len(set(names)) == len(names)
    assert names[0] == "1 · convolution 3×3 ÷2 · 128×128×32 · 3×3"
