"""A torch module as files: safetensors, and ONNX that gives the same logits."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from model.network import OnnxNetwork
from model.save import INPUT, OPSET, OUTPUT, export_onnx, save_weights


@pytest.fixture
def network() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2)).eval()


@pytest.mark.parametrize("dtype", [torch.float16, torch.float32])
def test_weights_are_kept_in_the_precision_asked_for_and_counters_as_they_are(network, tmp_path, dtype):
    path = tmp_path / "model.safetensors"
    save_weights(network, path, dtype)
    weights = load_file(path)
    assert weights.keys() == network.state_dict().keys()
    assert {tensor.dtype for name, tensor in weights.items() if "num_batches" not in name} == {dtype}
    assert weights["1.num_batches_tracked"].dtype == torch.int64
    assert torch.equal(weights["4.weight"], network[4].weight.detach().to(dtype))
    assert path.stat().st_mode & 0o777 == 0o644


def test_the_graph_gives_the_same_logits_for_any_number_of_photos(network, tmp_path):
    path = tmp_path / "model.onnx"
    export_onnx(network, path, 16, 24)
    graph = onnx.load(path)
    assert [value.name for value in (*graph.graph.input, *graph.graph.output)] == [INPUT, OUTPUT]
    assert [opset.version for opset in graph.opset_import if not opset.domain] == [OPSET]
    for count in (1, 2, 5):
        photos = np.random.default_rng(count).normal(size=(count, 3, 16, 24)).astype(np.float32)
        with torch.inference_mode():
            expected = network(torch.from_numpy(photos)).numpy()
        assert OnnxNetwork(path).logits(photos) == pytest.approx(expected, abs=1e-5)
