"""What a number was measured on."""

from __future__ import annotations

import os
import platform
import statistics
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from model.network import available_cores


def describe(*packages: str) -> str:
    """One line: processor, cores, Python and the versions of `packages`."""
    versions = ", ".join(f"{name} {version(name)}" for name in packages)
    return f"{_processor()}, {available_cores()} cores, {platform.system()}, Python {platform.python_version()}, {versions}"


def spread(values: Sequence[float], unit: str, digits: int = 1) -> str:
    """Median and the range of the middle 90 %."""
    if len(values) < 20:
        low, high = min(values), max(values)
    else:
        cuts = statistics.quantiles(values, n=20)
        low, high = cuts[0], cuts[-1]
    return f"{statistics.median(values):.{digits}f} {unit} ({low:.{digits}f}–{high:.{digits}f})"


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine() or os.name
