"""What values depend on: nothing outside of their part of the photo, and every edge of it."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from model.folder import load_torch
from model.inside.fields import Field
from model.inside.look import look_inside
from model.inside.onnx_graph import OnnxInside
from model.inside.torch_graph import TorchInside
from model.save import export_onnx
from model.source import STARTER


class Uneven(nn.Module):
    """Padding of one's own, a pooling that pads, a shortcut, a kernel that is wider than high, a dilation."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.wide = nn.Conv2d(3, 4, 3, stride=2), nn.Conv2d(4, 4, (1, 5), padding=(0, 2))
        self.pool, self.apart = nn.AvgPool2d(3, 2, padding=1), nn.Conv2d(4, 4, 3, padding=2, dilation=2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.pool(self.first(nn.functional.pad(x, (0, 1, 0, 1))))
        return (x + self.wide(x) + self.apart(x)).mean((2, 3))


def check(inside, size: int, layers) -> None:
    """Change everything outside of a value's part, then each edge of the part alone."""
    random = np.random.default_rng(0)
    photo = random.normal(size=(1, 3, size, size)).astype(np.float32)
    for layer in layers:
        for row, column in ((0, 0), (layer.height // 2, layer.width // 3), (layer.height - 1, layer.width - 1)):
            left, top, right, bottom = (int(np.clip(end, 0, size)) for end in layer.sees(row, column))

            def value(batch, layer=layer, row=row, column=column) -> np.ndarray:
                return inside.run(batch, [layer.tensor])[0][0][:, row, column]

            other = random.normal(size=photo.shape).astype(np.float32)
            other[:, :, top:bottom, left:right] = photo[:, :, top:bottom, left:right]
            assert value(other) == pytest.approx(value(photo), abs=1e-4), (layer.number, row, column)
            for lines in (
                np.s_[top, left:right],
                np.s_[bottom - 1, left:right],
                np.s_[top:bottom, left],
                np.s_[top:bottom, right - 1],
            ):
                edged = photo.copy()
                edged[(slice(None), slice(None), *lines)] += 5
                assert np.abs(value(edged) - value(photo)).max() > 0, (layer.number, row, column)


def test_a_network_with_every_kind_of_padding(tmp_path):
    torch.manual_seed(0)
    module = Uneven().eval()
    export_onnx(module, tmp_path / "model.onnx", 32, 32)
    for inside in (TorchInside(module, 32, 32), OnnxInside(tmp_path / "model.onnx", 32, 32)):
        assert [(layer.across.start, layer.across.side) for layer in inside.graph.layers[:2]] == [(0, 3), (-2, 7)]
        check(inside, 32, inside.graph.layers)


def test_the_starter_and_its_float_twin(classifier):
    for inside in (look_inside(classifier), look_inside(load_torch(STARTER))):
        layers = inside.graph.layers
        check(inside, 256, [layers[0], layers[6], layers[11], layers[17]])


def test_a_field_says_where_its_values_look():
    field = Field(0, 1, 1).behind(kernel=3, stride=2, dilation=1, before=1).behind(kernel=3, stride=1, dilation=1, before=1)
    assert field == Field(-3, 7, 2)
    assert field.of(4) == (5, 12)
