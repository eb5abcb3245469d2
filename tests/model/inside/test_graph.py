"""What an ONNX and a torch network look like from inside, against networks small enough to count by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from model.head import LinearHead
from model.inside.onnx_graph import OnnxInside
from model.inside.torch_graph import TorchInside
from model.save import export_onnx
from model.torch_merge import Merge


def small(head: nn.Module, size: int = 32) -> nn.Sequential:
    """conv 3×3, norm, ReLU → max pooling → conv 3×3 stride 2, ReLU → 8 maps → head."""
    torch.manual_seed(0)
    body = [nn.Conv2d(3, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2)]
    body += [nn.Conv2d(4, 8, 3, stride=2, padding=1), nn.ReLU()]
    return nn.Sequential(*body, head).eval()


def average(outputs: int = 3) -> nn.Sequential:
    return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(), nn.Linear(8, outputs))


class Deep(nn.Module):
    """A head as fastai's: average and maximum, then two layers."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(16, 6), nn.ReLU(), nn.Linear(6, 3))

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        return self.layers(torch.cat([maps.mean((2, 3)), maps.amax((2, 3))], 1))


class Residual(nn.Module):
    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.relu(x + self.inner(x))


@pytest.fixture
def onnx_of(tmp_path):
    def make(module: nn.Module, size: int = 32) -> OnnxInside:
        export_onnx(module, tmp_path / "model.onnx", size, size)
        return OnnxInside(tmp_path / "model.onnx", size, size)

    return make


def photos(count: int = 1, size: int = 32) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(count, 3, size, size)).astype(np.float32)


def both(module: nn.Module, onnx_of) -> list:
    return [TorchInside(module, 32, 32), onnx_of(module)]


def test_layers_stages_and_receptive_fields_counted_by_hand(onnx_of):
    for inside in both(small(average()), onnx_of):
        graph = inside.graph
        assert [(layer.kind, layer.height, layer.channels) for layer in graph.layers] == [
            ("conv", 32, 4), ("pool", 16, 4), ("conv", 8, 8),
        ]  # fmt: skip
        # 3; then 3 + (2-1)·1; then 4 + (3-1)·2
        assert [layer.receptive_field for layer in graph.layers] == [3, 4, 8]
        assert [layer.jump for layer in graph.layers] == [1, 2, 4]
        assert [layer.kernel for layer in graph.layers] == [(3, 3), (2, 2), (3, 3)]
        assert [len(stage.layers) for stage in graph.stages] == [1, 1, 1]
        assert graph.layers[2].parameters == 8 * 4 * 9 + 8
        assert graph.first_filters.shape == (4, 3, 3, 3)


def test_parameters_are_those_of_the_module(onnx_of):
    module = small(average())
    count = sum(parameter.numel() for parameter in module.parameters())
    assert TorchInside(module, 32, 32).graph.parameters == count
    # the exporter folds the normalisation into the convolution: its 4 scales vanish, its 4 shifts become the bias
    assert onnx_of(module).graph.parameters == count - 8


def test_the_head_is_exact_where_it_is_an_average_and_a_linear_layer(onnx_of):
    module = small(average())
    for inside in both(module, onnx_of):
        head = inside.graph.head
        logits, maps = inside.run(photos(), [inside.graph.output, head.features])
        assert head.linear.logits(maps.mean((2, 3))) == pytest.approx(logits, abs=1e-5)
        with torch.no_grad():
            assert logits == pytest.approx(module(torch.from_numpy(photos())).numpy(), abs=1e-5)


def test_gradients_without_gradients_are_those_of_autograd(onnx_of):
    by_autograd, by_steps = (inside.gradients(photos(), inside.graph.head.features) for inside in both(small(Deep()), onnx_of))
    for one, other in zip(by_autograd, by_steps, strict=True):
        assert one == pytest.approx(other, abs=2e-3 * float(np.abs(one).max()))
    assert np.abs(by_autograd[2]).max() > 0.01


def test_gradients_of_an_exact_head_are_its_weights(onnx_of):
    for inside in both(small(average()), onnx_of):
        *_, gradients = inside.gradients(photos(), inside.graph.head.features)
        assert gradients == pytest.approx(inside.graph.head.linear.weight, abs=1e-3)


def test_a_deep_head_is_not_called_exact(onnx_of):
    for inside in both(small(Deep()), onnx_of):
        assert inside.graph.head.linear is None
        assert inside.graph.shapes[inside.graph.head.features] == (1, 8, 8, 8)


def test_a_flattened_head_keeps_its_places(onnx_of):
    for inside in both(small(nn.Sequential(nn.Flatten(), nn.Linear(8 * 8 * 8, 3))), onnx_of):
        assert inside.graph.head.linear is None
        assert inside.graph.shapes[inside.graph.head.features] == (1, 8, 8, 8)


def test_the_maps_lie_before_the_shortcut_is_over(onnx_of):
    module = small(nn.Sequential(Residual(nn.Conv2d(8, 8, 3, padding=1)), average()))
    for inside in both(module, onnx_of):
        assert [layer.kind for layer in inside.graph.layers] == ["conv", "pool", "conv", "conv", "add"]
        assert inside.graph.head.features == inside.graph.layers[-1].tensor
        assert inside.graph.head.linear is not None


def test_a_network_without_maps_has_no_head():
    inside = TorchInside(nn.Sequential(nn.Flatten(), nn.Linear(3 * 32 * 32, 2)), 32, 32)
    assert inside.graph.head is None
    assert inside.graph.layers == ()


class Halves(nn.Module):
    """As ShuffleNet: the channels are split, and every half goes its own way."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.two = nn.Conv2d(4, 4, 1), nn.Conv2d(4, 4, 3, padding=1)

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        first, second = maps.chunk(2, 1)
        return torch.cat([self.one(first), self.two(second)], 1)


def test_both_ways_behind_a_split_are_seen(onnx_of):
    for inside in both(small(nn.Sequential(Halves(), average())), onnx_of):
        assert [(layer.kind, layer.kernel) for layer in inside.graph.layers][3:5] == [("conv", (1, 1)), ("conv", (3, 3))]
        assert inside.graph.layers[-1].kind == "concat"
        assert inside.graph.layers[-1].receptive_field == 16
        assert inside.graph.head.linear is not None


def test_a_merged_head_is_exact(onnx_of):
    dice = np.random.default_rng(0)
    head = LinearHead(dice.normal(size=(9, 6)).astype(np.float32), dice.normal(size=9).astype(np.float32), (2, 3, 4))
    linear = nn.Linear(6, 9)
    linear.load_state_dict({"weight": torch.from_numpy(head.weight), "bias": torch.from_numpy(head.bias)})
    body = nn.Sequential(nn.Conv2d(3, 6, 3, padding=1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    for inside in both(nn.Sequential(*body, linear, Merge(head.rows)).eval(), onnx_of):
        exact = inside.graph.head
        assert exact.linear.rows == (2, 3, 4)
        assert exact.linear.weight == pytest.approx(head.weight, abs=1e-6)
        maps, gradients = inside.run(photos(), [exact.features])[0], inside.gradients(photos(), exact.features)[2]
        assert exact.linear.gradient(maps[0].mean((1, 2))) == pytest.approx(gradients, abs=1e-2)
