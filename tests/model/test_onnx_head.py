"""A head on a body that lies in ONNX."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from model.head import LinearHead
from model.inside.onnx_graph import OnnxInside
from model.network import OnnxNetwork
from model.onnx_head import with_linear_head
from model.save import export_onnx


class Body(torch.nn.Module):
    """(N, 3, H, W) → 6 pooled features."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.conv = torch.nn.Conv2d(3, 6, 3, padding=1)

    def forward(self, photos: torch.Tensor) -> torch.Tensor:
        return torch.relu(self.conv(photos)).mean((2, 3))


def head_of(rows: tuple[int, ...]) -> LinearHead:
    dice = np.random.default_rng(0)
    return LinearHead(dice.normal(size=(sum(rows), 6)).astype(np.float32), dice.normal(size=sum(rows)).astype(np.float32), rows)


@pytest.mark.parametrize("rows", [(2, 3, 4), (1, 1, 1)])
def test_a_head_on_a_body_is_one_onnx_file(tmp_path, rows):
    head = head_of(rows)
    body = Body().eval()
    export_onnx(body, tmp_path / "body.onnx", 16, 16)
    with_linear_head(tmp_path / "body.onnx", head, tmp_path / "model.onnx")
    photos = np.random.default_rng(5).normal(size=(3, 3, 16, 16)).astype(np.float32)
    with torch.inference_mode():
        features = body(torch.from_numpy(photos)).numpy()
    rounded = LinearHead(head.weight.astype(np.float16).astype(np.float32), head.bias, head.rows)
    assert OnnxNetwork(tmp_path / "model.onnx").logits(photos) == pytest.approx(rounded.logits(features), abs=1e-5)
    inside = OnnxInside(tmp_path / "model.onnx", 16, 16)
    assert inside.graph.head.linear.rows == head.rows
    assert inside.run(photos, ["features"])[0] == pytest.approx(features, abs=1e-6)
