"""Running a network. One interface, two engines: ONNX Runtime for serving, torch where there is no ONNX file."""

from __future__ import annotations

import base64
import functools
import os
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np

from model.errors import ModelError, first_line
from model.onnx_file import check_onnx

if TYPE_CHECKING:
    import onnxruntime as ort
    import torch


class Network(Protocol):
    """A network that turns a batch of inputs into logits; safe to call from several threads."""

    def logits(self, batch: np.ndarray) -> np.ndarray:
        """float32 (N, 3, height, width), normalised → float32 (N, K)."""
        ...


# One MatMulInteger of uint8 (1, 4) with the int8 weights 127, 127, 127, 127 (tests/model/test_network.py makes it).
_PROBE = (
    "CAo6YAoaCgFhCgFiEgNzdW0iDU1hdE11bEludGVnZXISBXByb2JlKg8IBAgBEANCAWJKBH9/f39aEwoBYRIOCgwIAhIICgIIAQoC"
    "CARiFQoDc3VtEg4KDAgGEggKAggBCgIIAUIECgAQEg=="
)


@functools.cache
def int8_saturates() -> bool:
    """Whether ONNX Runtime's fastest int8 kernels overflow 16 bits on this processor, as they do on x86 without VNNI.

    The starter lost five points of accuracy to that. Exact kernels exist, but are slower where they are not needed.
    """
    import onnxruntime as ort

    session = ort.InferenceSession(base64.b64decode(_PROBE), providers=["CPUExecutionProvider"])
    result = session.run(None, {"a": np.full((1, 4), 255, np.uint8)})[0]
    return int(result[0, 0]) != 4 * 255 * 127


def session_options(threads: int | None = None) -> ort.SessionOptions:
    """How every ONNX network here runs: on `threads` cores, all by default, with exact integer sums."""
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads = threads or available_cores()
    options.inter_op_num_threads = 1
    # Waiting threads sleep: spinning steals the cores that decode the next photo (benchmarks/network.py).
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    if int8_saturates():
        options.add_session_config_entry("session.x64quantprecision", "1")
    # Memory of the largest batch so far goes back after it: the arena keeps 50 to 70 MB for each session, and no run is
    # faster for it (benchmarks/network.py).
    options.enable_cpu_mem_arena = False
    options.enable_mem_pattern = False
    options.log_severity_level = 3
    return options


class OnnxNetwork:
    """An ONNX graph with the input `photos` (N, 3, H, W) and the output `logits` (N, K), run on the CPU.

    Args:
        path: the .onnx file.
        threads: cores one call may use; all of them by default.
    """

    def __init__(self, path: Path, threads: int | None = None) -> None:
        import onnxruntime as ort

        self.path, self.threads = path, threads
        check_onnx(path)
        try:
            self._session = ort.InferenceSession(str(path), session_options(threads), providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime raises several unrelated types
            raise ModelError(f"{path} is not a usable ONNX network: {first_line(error, limit=500)}") from None
        inputs, outputs = self._session.get_inputs(), self._session.get_outputs()
        if len(inputs) != 1 or len(outputs) != 1 or inputs[0].type != "tensor(float)" or len(inputs[0].shape) != 4:
            raise ModelError(f"{path} must take one float tensor (N, 3, H, W) and give one tensor of logits")
        self._input, self._output = inputs[0].name, outputs[0].name

    def logits(self, batch: np.ndarray) -> np.ndarray:
        """float32 (N, 3, height, width), normalised → float32 (N, K)."""
        result: np.ndarray = self._session.run([self._output], {self._input: batch})[0]
        return result

    def answer_by(self, session: ort.InferenceSession) -> None:
        """Let go of the session of the file, and answer by another of the same graph, which has more outputs."""
        self._session = session


class TorchNetwork:
    """A torch module of the same shape, in evaluation mode on the CPU."""

    def __init__(self, module: torch.nn.Module) -> None:
        self.module = module.eval().cpu()

    def logits(self, batch: np.ndarray) -> np.ndarray:
        """float32 (N, 3, height, width), normalised → float32 (N, K)."""
        import torch

        with torch.inference_mode():
            result: np.ndarray = self.module(torch.from_numpy(batch)).float().numpy()
        return result


def available_cores() -> int:
    """The cores this process may use: a container's share, not the machine's."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
