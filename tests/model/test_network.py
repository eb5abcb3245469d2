from __future__ import annotations

import numpy as np
import pytest

from model.config import Config, ModelError
from model.folder import load_folder, load_torch
from model.network import OnnxNetwork, available_cores
from model.source import STARTER
from tests.pictures import CAT, COFFEE


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


def test_available_cores():
    assert available_cores() >= 1
