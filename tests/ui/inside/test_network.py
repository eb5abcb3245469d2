"""The network's stages, filters and numbers, in words and pictures."""

from __future__ import annotations

import re

import numpy as np
import torch
from torch import nn

from model.inside.torch_graph import TorchInside
from ui.inside import network
from ui.inside.words import layer_name


def test_the_way_has_the_networks_numbers(inside, classifier):
    way = network.way(inside.graph, classifier.config, "en")
    sizes = [box["size"] for boxes in (way["before"], way["stages"], way["after"]) for box in boxes]
    assert sizes == ["256×256×3", "128×128×96", "64×64×144", "32×32×240", "16×16×672", "8×8×1280", "1,280", "3"]
    assert [len(stage["layers"]) for stage in way["stages"]] == [4, 7, 7, 22, 18]
    assert [layer["number"] for stage in way["stages"] for layer in stage["layers"]] == list(range(1, 59))
    assert way["first"] == 18
    assert way["after"][-1]["text"] == "Cat, Dog, neither"
    assert network.way(inside.graph, classifier.config, "de")["after"][-1]["text"] == "Katze, Hund, keins davon"


def test_sizes_are_width_then_height(classifier):
    torch.manual_seed(0)
    graph = TorchInside(
        nn.Sequential(nn.Conv2d(3, 4, (1, 5), stride=(1, 2)), nn.AdaptiveAvgPool2d(1), nn.Flatten()), 20, 45
    ).graph
    assert layer_name(graph.layers[0], "en") == "1 · convolution 5×1 ÷2 · 21×20×4 · 5×5"
    assert "4 filters of 5×1 pixels" in network.filters_html(graph.first_filters, (), "en")


def test_the_table_adds_up_and_says_why_the_library_counts_more(inside, classifier):
    text = network.numbers_html(inside.graph, classifier.config, 4_652_008, "en")
    parameters = [int(cell.replace(",", "")) for cell in re.findall(r"<td>([\d,]+)</td></tr>", text)]
    assert sum(parameters) == inside.graph.parameters == 4_631_000
    assert "4,631,000 learned numbers" in text
    assert "counts 4,652,008" in text
    assert "batch normalisation" in text
    assert "1,000 rows of weights" in text
    assert "counts" not in network.numbers_html(inside.graph, classifier.config, None, "en")


def test_independent_answers_are_not_said_to_add_up(inside, classifier):
    alone = classifier.config.model_copy(update={"probabilities": "independent"})
    assert "add up to 1" in network.numbers_html(inside.graph, classifier.config, None, "en")
    assert "add up to 1" not in network.numbers_html(inside.graph, alone, None, "en")


def test_filters_show_for_and_against_around_grey():
    filters = np.zeros((2, 3, 1, 2), np.float32)
    filters[0, 0, 0] = [1, -1]
    pixels = np.asarray(network.filters_picture(filters)).astype(int)
    assert pixels[24, 8, 0] > 250
    assert pixels[24, 40, 0] < 5
    assert abs(pixels[24, 8, 1] - 127) <= 1


def test_unused_filters_are_plain_and_say_so():
    filters = np.ones((3, 3, 3, 3), np.float32)
    filters[1] = np.random.default_rng(0).normal(size=(3, 3, 3)) * 1e-7  # as bright as the others, if it were brightened
    pixels = np.asarray(network.filters_picture(filters, (1,)))[:, 48:96]
    assert len(np.unique(pixels)) == 1
    text = network.filters_html(filters, (1,), "en")
    assert re.findall(r"</span>(\d+)( <em>unused</em>)?</li>", text) == [("1", ""), ("2", " <em>unused</em>"), ("3", "")]
    assert "Unused: 1 of 3" in text


def test_a_network_without_filters_over_colours_says_so():
    assert "no first convolution" in network.filters_html(None, (), "en")


def test_the_whole_photo_is_what_even_a_corner_sees(inside):
    names = [layer_name(entry, "en") for entry in inside.graph.layers]
    assert names[32].endswith(" · up to the whole photo")  # 275 pixels of 256, but half of them beyond a corner
    assert names[57].endswith(" · the whole photo")


def test_layer_names_differ(inside):
    names = [layer_name(entry, "en") for entry in inside.graph.layers]
    assert len(set(names)) == len(names)
    assert names[0] == "1 · convolution 3×3 ÷2 · 128×128×32 · 3×3"
