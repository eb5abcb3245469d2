from __future__ import annotations

import base64
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from model.config import Config
from model.errors import ModelError
from model.folder import load_folder, load_torch
from model.network import _PROBE, OnnxNetwork, available_cores, int8_saturates
from model.source import STARTER
from tests.pictures import CAT, COFFEE
from tests.running import ROOT


def test_int8_graph_and_float_weights_agree():
    served, reference = load_folder(STARTER), load_torch(STARTER)
    for one, other in zip(served.classify([CAT, COFFEE]), reference.classify([CAT, COFFEE]), strict=True):
        assert one.label == other.label
        assert one.probabilities == pytest.approx(other.probabilities, abs=0.1)


@pytest.mark.parametrize("threads", [None, 1, 2])
def test_any_number_of_threads_gives_the_same_logits(threads):
    size = Config.read(STARTER / "config.json").input
    batch = np.random.default_rng(0).normal(size=(2, 3, size.height, size.width)).astype(np.float32)
    expected = OnnxNetwork(STARTER / "model.onnx", threads=1).logits(batch)
    assert np.allclose(OnnxNetwork(STARTER / "model.onnx", threads).logits(batch), expected, atol=1e-4)


def test_a_file_that_is_no_graph_is_named(tmp_path):
    path = tmp_path / "model.onnx"
    path.write_bytes(b"nonsense")
    with pytest.raises(ModelError, match=r"model\.onnx is not a usable ONNX network"):
        OnnxNetwork(path)


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="needs a system that binds processes to cores")
def test_only_the_cores_that_the_process_may_use_are_counted():
    script = (
        "import os; from model.network import available_cores, session_options; "
        "os.sched_setaffinity(0, {min(os.sched_getaffinity(0))}); "
        "print(available_cores(), session_options().intra_op_num_threads)"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["1", "1"]


def test_a_system_that_binds_no_process_has_all_its_cores(monkeypatch):
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 7)
    assert available_cores() == 7
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert available_cores() == 1


def conv_graph(path: Path) -> Path:
    """A quantised 2×2 convolution whose twelve products are all as large as they can be."""
    scales = {"in": 1 / 255, "weight": 1 / 127, "out": 12 / 255}
    nodes = [
        helper.make_node("QuantizeLinear", ["photos", "in", "zero"], ["q"]),
        helper.make_node("DequantizeLinear", ["q", "in", "zero"], ["x"]),
        helper.make_node("DequantizeLinear", ["w", "weight", "signed"], ["k"]),
        helper.make_node("Conv", ["x", "k"], ["y"]),
        helper.make_node("QuantizeLinear", ["y", "out", "zero"], ["qy"]),
        helper.make_node("DequantizeLinear", ["qy", "out", "zero"], ["z"]),
        helper.make_node("Flatten", ["z"], ["logits"]),
    ]
    constants = [numpy_helper.from_array(np.array(value, np.float32), name) for name, value in scales.items()]
    constants += [
        numpy_helper.from_array(np.array(0, np.uint8), "zero"),
        numpy_helper.from_array(np.array(0, np.int8), "signed"),
        numpy_helper.from_array(np.full((8, 3, 2, 2), 127, np.int8), "w"),
    ]
    graph = helper.make_graph(
        nodes,
        "conv",
        [helper.make_tensor_value_info("photos", TensorProto.FLOAT, ["n", 3, 2, 2])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["n", 8])],
        constants,
    )
    path.write_bytes(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10).SerializeToString())
    return path


def test_int8_sums_are_exact_on_every_processor(tmp_path):
    network = OnnxNetwork(conv_graph(tmp_path / "conv.onnx"))
    assert network.logits(np.ones((2, 3, 2, 2), np.float32)) == pytest.approx(np.full((2, 8), 12.0), abs=0.05)


def test_the_probe_is_what_it_says():
    graph = helper.make_graph(
        [helper.make_node("MatMulInteger", ["a", "b"], ["sum"])],
        "probe",
        [helper.make_tensor_value_info("a", TensorProto.UINT8, [1, 4])],
        [helper.make_tensor_value_info("sum", TensorProto.INT32, [1, 1])],
        [numpy_helper.from_array(np.full((4, 1), 127, np.int8), "b")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    assert base64.b64decode(_PROBE) == model.SerializeToString()
    flags = Path("/proc/cpuinfo").read_text().split() if Path("/proc/cpuinfo").exists() else []
    if "avx2" in flags:
        assert int8_saturates() != bool({"avx512_vnni", "avx_vnni"} & set(flags))
