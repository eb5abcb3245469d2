"""Why this answer: where in the photo the network found evidence for a label."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

Method = Literal["CAM", "Grad-CAM"]


@dataclass(frozen=True, slots=True)
class HeatMap:
    """Where the evidence for one answer lies.

    Attributes:
        label: the answer that is explained.
        method: `CAM` is exact: the map's values add up to the logit; `Grad-CAM` is an estimate by gradients.
        values: float32 (rows, columns), the evidence for `label`: positive speaks for it, negative against it.
        box: (left, top, right, bottom) as shares 0-1 of the upright photo: the part that the network saw.
    """

    label: str
    method: Method
    values: np.ndarray
    box: tuple[float, float, float, float] = (0.0, 0.0, 1.0, 1.0)

    def heat(self) -> np.ndarray:
        """float32 (rows, columns) from 0 (no evidence, or against) to 1 (the most in this photo)."""
        positive: np.ndarray = np.maximum(self.values, 0, dtype=np.float32)
        highest = float(positive.max(initial=0))
        return positive / highest if highest > 0 else positive
