"""From a trained torch module to the files of a model folder: safetensors, ONNX, int8."""

from __future__ import annotations

import logging
import platform
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from torch import nn

INPUT, OUTPUT = "photos", "logits"
OPSET = 18
VERSIONED = ("torch", "torchvision", "fastai", "onnx", "onnxruntime", "pillow", "numpy")


def save_weights(module: nn.Module, path: Path) -> None:
    """Write the state dict as float16 safetensors (integer buffers as they are)."""
    from safetensors.torch import save_file

    weights = {
        name: (tensor.half() if tensor.is_floating_point() else tensor).contiguous().cpu()
        for name, tensor in module.state_dict().items()
    }
    save_file(weights, path, metadata={"format": "pt"})


def export_onnx(module: nn.Module, path: Path, height: int, width: int) -> None:
    """Write `module` as a float32 ONNX graph: `photos` (N, 3, height, width) → `logits` (N, K), any N."""
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    module = module.eval().cpu()
    module.to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]
    example = torch.zeros(2, 3, height, width)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter's own deprecations
        torch.onnx.export(
            module,
            (example,),
            path,
            input_names=[INPUT],
            output_names=[OUTPUT],
            dynamic_shapes=({0: torch.export.Dim("batch", min=1, max=4096)},),
            opset_version=OPSET,
            dynamo=True,
            external_data=False,
            verbose=False,
        )


def quantise(source: Path, target: Path, batches: Sequence[np.ndarray]) -> None:
    """Write the int8 version of a float32 ONNX graph (static quantisation, Jacob et al. 2018).

    Weights are int8 per output channel, activations uint8 with ranges calibrated on `batches`. Seven-bit weights, which
    would rule out saturating 16-bit sums on CPUs without VNNI, cost a MobileNetV2 0.9 points of validation accuracy.

    Args:
        batches: float32 (N, 3, H, W) inputs as the network will see them.
    """
    from onnxruntime.quantization import (
        CalibrationDataReader,
        CalibrationMethod,
        QuantFormat,
        QuantType,
        quantize_static,
    )
    from onnxruntime.quantization.shape_inference import quant_pre_process

    class Reader(CalibrationDataReader):
        def __init__(self) -> None:
            self._rest: Iterator[np.ndarray] = iter(batches)

        def get_next(self) -> dict[str, np.ndarray] | None:
            batch = next(self._rest, None)
            return None if batch is None else {INPUT: batch}

    root = logging.getLogger()
    level = root.level
    root.setLevel(logging.ERROR)
    try:
        with tempfile.TemporaryDirectory() as folder:
            prepared = Path(folder) / "prepared.onnx"
            quant_pre_process(source, prepared, skip_symbolic_shape=True)
            quantize_static(
                prepared,
                target,
                Reader(),
                quant_format=QuantFormat.QDQ,
                activation_type=QuantType.QUInt8,
                weight_type=QuantType.QInt8,
                per_channel=True,
                calibrate_method=CalibrationMethod.MinMax,
                extra_options={"CalibMovingAverage": True},
            )
    finally:
        root.setLevel(level)


def versions() -> dict[str, str]:
    """Python and the libraries that shaped a model, for its config."""
    return {"python": platform.python_version(), **{name: version(name) for name in VERSIONED}}
