"""From a torch module to the files of a model folder: safetensors and ONNX."""

from __future__ import annotations

import logging
import warnings
from pathlib import Path

import torch
from torch import nn

INPUT, OUTPUT = "photos", "logits"
OPSET = 18


def save_weights(module: nn.Module, path: Path, dtype: torch.dtype = torch.float16) -> None:
    """Write the state dict as safetensors: floats as `dtype`, integer buffers as they are."""
    from safetensors.torch import save_file

    weights = {
        name: (tensor.to(dtype) if tensor.is_floating_point() else tensor).cpu().clone(memory_format=torch.contiguous_format)
        for name, tensor in module.state_dict().items()
    }
    save_file(weights, path, metadata={"format": "pt"})
    path.chmod(0o644)  # it is written for its owner alone


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
