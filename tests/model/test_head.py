"""A head fitted to features: against scikit-learn, against finite differences, against what it was before."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper
from scipy.special import log_softmax

from model.errors import ModelError
from model.head import LinearHead, fit, merge, shares
from model.inside.onnx_graph import OnnxInside
from model.inside.torch_graph import TorchInside
from model.network import OnnxNetwork
from model.onnx_head import with_linear_head
from model.save import export_onnx
from model.torch_merge import Merge


def clouds(count: int, seed: int, features: int = 20) -> tuple[np.ndarray, np.ndarray]:
    """Points of three classes that overlap a little."""
    dice = np.random.default_rng(seed)
    targets = np.arange(count) % 3
    return np.eye(3, features)[targets] * 2 + dice.normal(size=(count, features)), targets


@pytest.mark.parametrize("count", [300, 15])  # more photos than features, and fewer
def test_one_row_each_is_logistic_regression(count):
    from sklearn.linear_model import LogisticRegression

    features, targets = clouds(count, seed=1)
    unseen, _ = clouds(900, seed=2)
    head = fit(features, targets, np.full(count, 1 / count), LinearHead.blank(3, 20), 0.01, iterations=300)
    theirs = LogisticRegression(C=1 / (0.01 * count), max_iter=5000, tol=1e-9).fit(features, targets)
    logits = head.logits(unseen)
    ours = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    assert np.abs(ours - theirs.predict_proba(unseen)).max() < 0.02


def merged(seed: int = 0) -> LinearHead:
    dice = np.random.default_rng(seed)
    return LinearHead(dice.normal(size=(9, 6)).astype(np.float32), dice.normal(size=9).astype(np.float32), (2, 3, 4))


def test_logits_are_the_log_of_the_summed_exponentials():
    head = merged()
    features = np.random.default_rng(1).normal(size=(5, 6)).astype(np.float32)
    scores = features @ head.weight.T + head.bias
    expected = [np.log(np.exp(part).sum(axis=1)) for part in np.split(scores, [2, 5], axis=1)]
    assert head.logits(features) == pytest.approx(np.stack(expected, axis=1), abs=1e-5)
    assert merge(scores + 500, head.rows) == pytest.approx(head.logits(features) + 500, abs=1e-3)  # nothing overflows
    assert np.add.reduceat(shares(scores, head.rows), [0, 2, 5], axis=1) == pytest.approx(np.ones((5, 3)), abs=1e-5)
    assert head.raised(1, 2.5).logits(features) - head.logits(features) == pytest.approx(np.tile([0, 2.5, 0], (5, 1)), abs=1e-5)


def test_the_gradient_is_that_of_finite_differences():
    head = merged()
    features = np.random.default_rng(2).normal(size=6)
    for place in range(6):
        step = np.zeros(6)
        step[place] = 1e-2
        difference = (head.logits((features + step)[None]) - head.logits((features - step)[None]))[0] / 2e-2
        assert head.gradient(features)[:, place] == pytest.approx(difference, abs=2e-3)


def test_a_strong_decay_leaves_the_head_where_it_began_and_a_weak_one_fits():
    dice = np.random.default_rng(3)
    features, targets = dice.normal(size=(60, 6)).astype(np.float32), np.arange(60) % 3
    weights = np.full(60, 1 / 60)
    start = merged()
    held = fit(features, targets, weights, start, decay=1e4)
    assert held.weight == pytest.approx(start.weight, abs=1e-3)
    free = fit(features, targets, weights, start, decay=1e-3, iterations=300)

    def loss(head: LinearHead) -> float:
        logits = head.logits(features)
        return float(-log_softmax(logits, axis=1)[np.arange(60), targets].mean())

    assert loss(free) < loss(held) < loss(start)


def test_photos_without_weight_change_nothing():
    features, targets = clouds(90, seed=4)
    weights = np.where(np.arange(90) < 60, 1 / 60, 0)
    blank = LinearHead.blank(3, 20)
    with_them = fit(features, targets, weights, blank, 0.01, iterations=300)
    without = fit(features[:60], targets[:60], weights[:60], blank, 0.01, iterations=300)
    assert with_them.logits(features) == pytest.approx(without.logits(features), abs=0.02)


class Body(torch.nn.Module):
    """(N, 3, H, W) → 6 pooled features."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.conv = torch.nn.Conv2d(3, 6, 3, padding=1)

    def forward(self, photos: torch.Tensor) -> torch.Tensor:
        return torch.relu(self.conv(photos)).mean((2, 3))


@pytest.mark.parametrize("head", [merged(), LinearHead(merged().weight[:3], merged().bias[:3], (1, 1, 1))])
def test_a_head_on_a_body_is_one_onnx_file(tmp_path, head):
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


def test_torch_and_onnx_see_the_same_merged_head(tmp_path):
    head = merged()
    linear = torch.nn.Linear(6, 9)
    linear.load_state_dict({"weight": torch.from_numpy(head.weight), "bias": torch.from_numpy(head.bias)})
    maps = torch.nn.Sequential(Body().conv, torch.nn.ReLU(), torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten())
    network = torch.nn.Sequential(*maps, linear, Merge(head.rows)).eval()
    export_onnx(network, tmp_path / "model.onnx", 16, 16)
    photos = np.random.default_rng(6).normal(size=(1, 3, 16, 16)).astype(np.float32)
    for inside in (TorchInside(network, 16, 16), OnnxInside(tmp_path / "model.onnx", 16, 16)):
        found = inside.graph.head
        assert found.linear.rows == (2, 3, 4)
        assert found.linear.weight == pytest.approx(head.weight, abs=1e-6)
        maps_, gradients = inside.run(photos, [found.features])[0], inside.gradients(photos, found.features)[2]
        assert found.linear.gradient(maps_[0].mean((1, 2))) == pytest.approx(gradients, abs=1e-2)


def test_parts_in_another_order_are_not_taken_for_groups(tmp_path):
    nodes = [
        helper.make_node("ReduceMean", ["photos", "places"], ["features"], keepdims=0),
        helper.make_node("Gemm", ["features", "weight"], ["scores"], transB=1),
        helper.make_node("Split", ["scores", "rows"], ["a", "b"], axis=1),
        helper.make_node("ReduceLogSumExp", ["a", "axis"], ["x"]),
        helper.make_node("ReduceLogSumExp", ["b", "axis"], ["y"]),
        helper.make_node("Concat", ["y", "x"], ["logits"], axis=1),
    ]
    arrays = {
        "weight": np.ones((5, 3), np.float32),
        "rows": np.array([2, 3]),
        "axis": np.array([1]),
        "places": np.array([2, 3]),
    }
    weights = [onnx.numpy_helper.from_array(value, name) for name, value in arrays.items()]
    photos = helper.make_tensor_value_info("photos", TensorProto.FLOAT, ["batch", 3, 8, 8])
    logits = helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", 2])
    graph = helper.make_graph(nodes, "swapped", [photos], [logits], weights)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10), tmp_path / "model.onnx")
    head = OnnxInside(tmp_path / "model.onnx", 8, 8).graph.head
    assert head is None or head.linear is None


def test_a_config_must_say_how_many_rows_each_answer_has(config):
    document, write = config
    write(document | {"architecture": document["architecture"] | {"rows": [1, 2]}})
    from model.source import load

    with pytest.raises(ModelError, match=r"architecture\.rows"):
        load(write.__closure__[0].cell_contents.parent)
