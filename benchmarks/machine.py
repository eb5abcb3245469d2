"""What a number was measured on, and how it spreads."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from training.quality.machine import describe

__all__ = ["describe", "spread"]


def spread(values: Sequence[float], unit: str, digits: int = 1) -> str:
    """Median and the range of the middle 90 %."""
    if len(values) < 20:
        low, high = min(values), max(values)
    else:
        cuts = statistics.quantiles(values, n=20)
        low, high = cuts[0], cuts[-1]
    return f"{statistics.median(values):.{digits}f} {unit} ({low:.{digits}f}–{high:.{digits}f})"
