"""`model.safetensors` of a taught model, made without torch: the body of the model before, and the new head."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save

from model.errors import ModelError, first_line
from model.head import LinearHead

_HEAD = "1."  # what the names of a head's weights begin with (`model.architecture.build`)


def with_head(before: Path, head: LinearHead) -> bytes | None:
    """The weights in the file `before` with those of another head; None where there is no such file.

    Raises:
        ModelError: it is damaged, or has no linear layer as its head.
    """
    if not before.is_file():
        return None
    try:
        tensors = load_file(before)
    except (SafetensorError, OSError) as error:
        raise ModelError(f"{before} is not a safetensors file: {first_line(error)}") from None
    linear = [name for name, value in tensors.items() if name.startswith(_HEAD) and value.ndim == 2]
    if len(linear) != 1 or tensors[linear[0]].shape[1] != head.weight.shape[1]:
        raise ModelError(f"{before} has no linear layer of {head.weight.shape[1]} features as its head")
    weight = linear[0]
    bias = f"{weight.removesuffix('weight')}bias"
    dtype = tensors[weight].dtype
    tensors |= {weight: head.weight.astype(dtype), bias: head.bias.astype(dtype)}
    # contiguous, as the format wants it
    content: bytes = save({name: np.ascontiguousarray(tensor) for name, tensor in tensors.items()}, {"format": "pt"})
    return content
