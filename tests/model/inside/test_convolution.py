"""A convolution taken apart, against the network's own values and against small networks of torch."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from model.folder import load_torch
from model.inside.convolution import read_convolution
from model.inside.look import look_inside
from model.inside.onnx_graph import OnnxInside
from model.inside.torch_graph import TorchInside
from model.save import export_onnx
from model.source import STARTER
from tests.pictures import CAT

PHOTOS = np.random.default_rng(0).normal(size=(1, 3, 20, 17)).astype(np.float32)


def by_hand(inside, convolution, batch: np.ndarray, output: int) -> tuple[np.ndarray, np.ndarray]:
    """One map as its partial maps, bias, activation and rounding give it, and as the network has it."""
    source, result = (values[0] for values in inside.run(batch, [convolution.source, convolution.result]))
    sums = convolution.partial_maps(convolution.seen(source), output).sum(axis=0) + convolution.bias[output]
    mine = convolution.activation(sums)
    return mine if convolution.result_rounding is None else convolution.result_rounding(mine), result[output]


@pytest.mark.parametrize("load", [lambda given: given, lambda given: load_torch(STARTER)], ids=["int8", "float32"])
def test_every_convolution_of_the_starter_gives_the_network_s_own_values(classifier, load):
    model = load(classifier)
    inside = look_inside(model)
    batch = model.batch([model.prepare(CAT)])
    convolutions = [read_convolution(inside, op) for op in inside.graph.ops if op.kind == "conv"]
    assert len(convolutions) == 49
    for convolution in convolutions[:5] + convolutions[-3:]:
        for output in (0, convolution.outputs - 1):
            mine, networks = by_hand(inside, convolution, batch, output)
            assert mine == pytest.approx(networks, abs=1e-4)
        place = (networks.shape[0] - 1, networks.shape[1] // 2)
        seen = convolution.seen(inside.run(batch, [convolution.source])[0][0])
        products = convolution.window(seen, output, *place) * convolution.weight[output]
        assert products.sum() == pytest.approx(convolution.partial_maps(seen, output).sum(axis=0)[place[0], place[1]], abs=1e-3)
    assert convolutions[0].activation.name == "clip"
    assert convolutions[0].activation.limits == pytest.approx((0, 6))
    assert convolutions[2].activation.name == "none"
    assert [convolution.folded for convolution in convolutions[:2]] == [inside.rounding(convolutions[0].result) is None] * 2


class Gated(nn.Module):
    def forward(self, values: torch.Tensor) -> torch.Tensor:
        return values * torch.sigmoid(values)


@pytest.mark.parametrize(
    ("layers", "name"),
    [
        ([nn.Conv2d(3, 4, 7, stride=2, padding=3), nn.BatchNorm2d(4), nn.ReLU()], "clip"),
        ([nn.Conv2d(3, 4, (3, 5), stride=(1, 2), padding="valid"), nn.ReLU6()], "clip"),
        ([nn.Conv2d(3, 6, 3, padding="same", groups=3), nn.BatchNorm2d(6), nn.SiLU()], "silu"),
        ([nn.Conv2d(3, 4, 3, dilation=2, padding=1, bias=False), Gated()], "silu"),
        ([nn.Conv2d(3, 4, 3, padding=1, padding_mode="reflect"), nn.Identity()], "none"),
    ],
    ids=["as a resnet", "ReLU6, sides that differ", "grouped, SiLU", "dilated, x · sigmoid(x)", "reflected border"],
)
def test_convolutions_of_all_kinds(tmp_path, layers, name):
    torch.manual_seed(1)
    body = nn.Sequential(*layers)
    for module in body:
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_()
            module.running_var.uniform_(0.5, 2)
            nn.init.normal_(module.weight)
            nn.init.normal_(module.bias)
    module = nn.Sequential(body, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(layers[0].out_channels, 2)).eval()
    export_onnx(module, tmp_path / "model.onnx", 20, 17)
    with torch.no_grad():
        expected = body(torch.from_numpy(PHOTOS)).numpy()[0]
    for inside in (TorchInside(module, 20, 17), OnnxInside(tmp_path / "model.onnx", 20, 17)):
        op = next(op for op in inside.graph.ops if op.kind == "conv")
        convolution = read_convolution(inside, op)
        assert convolution.activation.name == name
        for output in range(convolution.outputs):
            mine, networks = by_hand(inside, convolution, PHOTOS, output)
            assert networks == pytest.approx(expected[output], abs=1e-4)
            assert mine == pytest.approx(expected[output], abs=1e-4)


def test_an_activation_that_is_not_known_is_named_and_not_made_up():
    module = nn.Sequential(nn.Conv2d(3, 4, 3), nn.GELU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2)).eval()
    inside = TorchInside(module, 20, 17)
    activation = read_convolution(inside, inside.graph.ops[0]).activation
    assert (activation.name, activation.label) == ("other", "gelu")
    assert activation(np.zeros(2, np.float32)) is None
