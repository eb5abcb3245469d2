"""The numbers that are written about a layer are the network's."""

from __future__ import annotations

import re

import numpy as np
import pytest
from torch import nn

from tests.pictures import CAT
from tests.ui.lab.test_network import as_resnet, lab_of
from ui.lab.layer_steps import Place, maps_step, sum_step
from ui.lab.many_steps import costs, depthwise_step, many_step, place_in, stride_step
from ui.lab.network import LabNetwork
from ui.lab.photo import open_for_lab
from ui.service import Service
from ui.texts import number

PLACES = [Place(0, 63, 63), Place(1, 0, 0), Place(6, 127, 90), Place(99, 500, -3)]


@pytest.fixture(scope="module")
def photo():
    return open_for_lab(CAT.read_bytes())


@pytest.fixture(scope="module")
def network(classifier):
    return LabNetwork(Service(classifier))


@pytest.fixture(scope="module")
def resnet(classifier):
    return lab_of(classifier, *as_resnet())


def lines(html: str) -> dict[str, list[str]]:
    """The rows of the tables that reckon: their cells by their headings."""
    rows = re.findall(r'<th scope="row">(.*?)</th>(.*?)</tr>', html)
    return {re.sub("<.*?>", "", name).strip(): re.findall("<td>(.*?)</td>", cells) for name, cells in rows}


def tables(html: str) -> list[list[str]]:
    """The numbers of each grid."""
    return [re.findall(r"<td[^>]*>(.*?)</td>", table) for table in re.findall(r'<table class="grid.*?</table>', html)]


@pytest.mark.parametrize("place", PLACES, ids=str)
def test_one_value_written_out_is_the_network_s_own(network, photo, place):
    layer = network.layers.first
    source, result = network.inside.run(network.batch(photo), [layer.source, layer.result])
    output = place.chosen(layer)
    row, column = place.within(*result.shape[2:])
    html = sum_step(network, photo, place, "en")
    written = lines(html)
    assert written["Rounded, as the network keeps it"] == [number(float(result[0, output, row, column]), "en")]
    seen = np.pad(layer.source_rounding(source[0]), ((0, 0), (0, 1), (0, 1)))  # padding below and on the right
    patch = seen[:, 2 * row : 2 * row + 3, 2 * column : 2 * column + 3]
    sums = (patch * layer.weight[output]).sum(axis=(1, 2))
    for channel, name in enumerate(("red", "green", "blue")):
        assert written[f"Sum of {name}"] == [number(float(sums[channel]), "en")]
        for values, table in zip(
            (patch[channel], layer.weight[output, channel], patch[channel] * layer.weight[output, channel]),
            tables(html)[3 * channel : 3 * channel + 3],
            strict=True,
        ):
            assert table == [number(float(value), "en") for value in values.ravel()]
    total = float(sums.sum() + layer.bias[output])
    assert written["All together"] == [number(total, "en")]
    assert written["After ReLU6"] == [number(min(max(total, 0), 6), "en")]
    assert "one of 256 steps, 0.0235 apart" in html


def test_maps_say_what_they_are_and_can_be_clicked(network, photo):
    html = maps_step(network, photo, Place(0, 63, 63), "en")
    assert html.count("<img ") == 11
    assert html.count('data-place-rows="128"') == 8
    assert "256×256×3 numbers, through kernels of 3×3, become a map of 128×128" in html
    assert "After the activation (ReLU6)" in html
    assert "Nach der Aktivierung (ReLU6)" in maps_step(network, photo, Place(0, 63, 63), "de")


@pytest.mark.parametrize("output", [1, 16, 99])
def test_one_value_of_many_maps_is_the_network_s_own(network, photo, output):
    layer, place = network.layers.many, Place(0, 40, 80)
    seen, result = (values[0] for values in network.inside.run(network.batch(photo), [layer.source, layer.result]))
    chosen = min(output, 16) - 1
    terms = layer.weight[chosen, :, 0, 0] * seen[:, 40, 80]
    written = lines(many_step(network, photo, place, output, "en"))
    for one in np.argsort(-np.abs(terms))[:6]:
        value, weight, term = seen[one, 40, 80], layer.weight[chosen, one, 0, 0], terms[one]
        assert written[str(one + 1)] == [number(float(given), "en") for given in (value, weight, term)]
    assert f"one of 256 steps, {number(layer.result_rounding.step, 'en')} apart" in many_step(
        network, photo, place, output, "en"
    )
    assert "The other 26 maps together" in written
    rest = float(np.sort(np.abs(terms))[0])  # the smallest is among the others
    assert rest <= float(np.abs(terms).max())
    assert written["All together"][-1] == number(float(terms.sum() + layer.bias[chosen]), "en")
    assert written["Rounded, as the network keeps it"][-1] == number(float(result[chosen, 40, 80]), "en")


def test_a_depthwise_value_and_what_it_saves(network, photo):
    layer, place = network.layers.depthwise, Place(0, 40, 80)
    html = depthwise_step(network, photo, place, 1, "en")
    chosen = int(re.search(r"Its map (\d+) at row 40, column 80", html)[1]) - 1
    result = network.inside.run(network.batch(photo), [layer.result])[0][0]
    written = lines(html)
    assert written["Rounded, as the network keeps it"] == [number(float(result[chosen, 40, 80]), "en")]
    terms = network.layers.many.weight[0, :, 0, 0] * result[:, 40, 80]
    assert chosen == np.abs(terms).argmax()
    assert f"one of 256 steps, {number(layer.result_rounding.step, 'en')} apart" in html
    assert written["Both together"] == ["320 + 528", "848"]
    assert written["Ordinary 3×3, from 32 maps to 16"] == ["3·3·32·16 + 16", "4,624"]
    ordinary, apart = nn.Conv2d(32, 16, 3), [nn.Conv2d(32, 32, 3, groups=32), nn.Conv2d(32, 16, 1)]
    assert sum(p.numel() for p in ordinary.parameters()) == 4624
    assert sum(p.numel() for module in apart for p in module.parameters()) == 848
    assert "5.45 times" in costs(layer, network.layers.many, "en")


def test_a_stride_and_the_size_that_follows(network, resnet):
    html = stride_step(network, "en")
    assert "256×256 → 128×128" in html
    assert "floor((256 + 1 − 3) / 2) + 1 = 128" in html
    assert "floor((256 + 6 − 7) / 2) + 1 = 128" in stride_step(resnet, "en")


def test_a_network_as_a_resnet_is_written_out_too(resnet, photo):
    place = Place(3, 30, 31)
    layers = resnet.layers
    first, many = (resnet.inside.run(resnet.batch(photo), [layer.result])[0][0] for layer in (layers.first, layers.many))
    html = sum_step(resnet, photo, place, "en")
    assert [len(table) for table in tables(html)] == [49] * 9
    assert lines(html)["After ReLU"] == [number(float(first[2, 30, 31]), "en")]
    assert "batch normalisation is multiplied into the kernels and the bias here" in html
    row, column = place_in(place, first.shape[1:], many.shape[1:])
    assert (row, column) == (15, 15)
    assert lines(many_step(resnet, photo, place, 4, "en"))["After ReLU"][-1] == number(float(many[3, 15, 15]), "en")
    assert "no depthwise convolution" in depthwise_step(resnet, photo, place, 1, "en")


def test_a_network_without_later_layers_or_strides_says_so(classifier, photo):
    plain = lab_of(classifier, nn.Conv2d(3, 4, 3, padding=1), nn.SiLU())
    assert "no later layer" in many_step(plain, photo, Place(0, 1, 1), 1, "en")
    assert "no convolution with a stride" in stride_step(plain, "en")
    assert "SiLU, not ReLU" in sum_step(plain, photo, Place(0, 1, 1), "en")
