"""The numbers that an operation computes with, as they are in the network that serves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Learned:
    """Weights and biases of one operation.

    Attributes:
        weight: float32; of a convolution (outputs, inputs / groups, rows, columns); of a batch normalisation (channels,),
            what each channel is multiplied by.
        bias: float32 (outputs,) or (channels,), what is added then.
    """

    weight: np.ndarray
    bias: np.ndarray


@dataclass(frozen=True, slots=True)
class Rounding:
    """How an int8 network keeps a tensor: as whole numbers from `least` to `most`, `step` apart, of which `zero` means 0."""

    step: float
    zero: int
    least: int
    most: int

    @property
    def low(self) -> float:
        """The smallest value that can be kept."""
        return (self.least - self.zero) * self.step

    @property
    def high(self) -> float:
        """The largest value that can be kept."""
        return (self.most - self.zero) * self.step

    @property
    def steps(self) -> int:
        """How many different values there are."""
        return self.most - self.least + 1

    def __call__(self, values: np.ndarray) -> np.ndarray:
        """The values as they are kept: float32 of the same shape. What lies between two steps goes to the nearer one."""
        step = np.float32(self.step)
        whole = np.clip(np.rint(values.astype(np.float32) / step) + self.zero, self.least, self.most)
        kept: np.ndarray = ((whole - self.zero) * step).astype(np.float32)
        return kept
