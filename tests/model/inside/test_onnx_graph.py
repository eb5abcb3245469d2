"""What is special about looking into an ONNX network. tests/model/inside/test_graph.py has what both kinds share."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from model.errors import ModelError
from model.inside.onnx_graph import OnnxInside
from model.source import STARTER


def test_a_file_that_is_no_network_is_named(tmp_path):
    (tmp_path / "model.onnx").write_bytes(b"no network")
    with pytest.raises(ModelError, match=r"model\.onnx cannot be looked into: \S"):
        OnnxInside(tmp_path / "model.onnx", 32, 32)


def test_sessions_for_few_sets_of_tensors_are_kept(classifier):
    size = classifier.config.input
    inside = OnnxInside(STARTER / "model.onnx", size.height, size.width)
    batch = np.zeros((1, 3, size.height, size.width), np.float32)
    for layer in inside.graph.layers[:6]:
        assert inside.run(batch, [layer.tensor])[0].shape == (1, layer.channels, layer.height, layer.width)
    assert len(inside._sessions) == 4


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
