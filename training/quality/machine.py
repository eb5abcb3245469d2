"""What a number was measured on."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from pathlib import Path

from model.network import available_cores


def describe(*packages: str) -> str:
    """One line: processor, cores, system, Python and the versions of `packages`."""
    line = f"{_processor()}, {available_cores()} cores, {platform.system()}, Python {platform.python_version()}"
    return ", ".join([line, *(f"{name} {version(name)}" for name in packages)])


def trainer() -> str:
    """What a network is trained on here: the GPU, or the cores."""
    import torch

    return (
        torch.cuda.get_device_name() if torch.cuda.is_available() else f"{available_cores()} CPU cores ({platform.machine()})"
    )


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        lines = info.read_text("utf-8", "replace").splitlines()
        flags = next((line for line in lines if line.startswith("flags")), "").split()
        kind = "VNNI" if {"avx512_vnni", "avx_vnni"} & set(flags) else "AVX-512" if "avx512f" in flags else "AVX2"
        for line in lines:
            if line.startswith("model name"):
                return f"{line.partition(':')[2].strip()} ({kind})"
    return platform.processor() or platform.machine() or os.name
