"""What a ZeroGPU Space asks of an app: one function marked with `spaces.GPU`, or it is not started.

The answers are computed on the CPU by ONNX Runtime, in a few milliseconds; no visitor's GPU quota is spent. The package
`spaces` is there on Spaces alone.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec


def on_gpu() -> None:
    """Marked, and never called."""


if find_spec("spaces"):
    on_gpu = import_module("spaces").GPU(on_gpu)
