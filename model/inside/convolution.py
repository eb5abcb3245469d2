"""One convolution of a network taken apart: what it sees, its kernels and bias, and how each value of a map comes about."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from model.inside.graph import Op
from model.inside.learned import Learned, Rounding
from model.inside.look import Inside


@dataclass(frozen=True, slots=True)
class Activation:
    """What happens to the sum before the next layer sees it.

    Attributes:
        name: `clip` keeps it between the limits (ReLU from 0 up, ReLU6 from 0 to 6), `silu` is x · sigmoid(x), `none` leaves
            it as it is, `other` is whatever else.
        limits: of `clip`.
        label: of `other`, what it is called in the network's library.
    """

    name: str
    limits: tuple[float, float] = (-math.inf, math.inf)
    label: str = ""

    def __call__(self, values: np.ndarray) -> np.ndarray | None:
        """Of float32 values of any shape; None for `other`."""
        if self.name == "silu":
            activated: np.ndarray = values * (0.5 * (1 + np.tanh(0.5 * values)))
            return activated
        return None if self.name == "other" else np.clip(values, *self.limits)


@dataclass(frozen=True, slots=True)
class Convolution:
    """A convolution with the batch normalisation behind it folded in, and what is done with its sums.

    Attributes:
        op: its operation, with stride, padding, dilation and groups.
        weight: float32 (outputs, inputs of a group, rows, columns): a kernel for each pair. bias: float32 (outputs,).
        folded: whether the network has the normalisation apart, and its numbers were multiplied in here.
        source: name of the maps that it sees, (1, C, H, W). result: of what it makes of them, activation included.
        source_rounding, result_rounding: how an int8 network keeps both.
        activation: what it does to the sums.
    """

    op: Op
    weight: np.ndarray
    bias: np.ndarray
    folded: bool
    source: str
    result: str
    source_rounding: Rounding | None
    result_rounding: Rounding | None
    activation: Activation

    @property
    def inputs(self) -> int:
        """How many maps it sees."""
        of_group: int = self.weight.shape[1]
        return of_group * self.op.groups

    @property
    def outputs(self) -> int:
        """How many maps it makes."""
        return len(self.weight)

    @property
    def parameters(self) -> int:
        """Kernels and biases."""
        count: int = self.weight.size
        return count + len(self.bias)

    def seen(self, source: np.ndarray) -> np.ndarray:
        """The maps (C, H, W) of `source` as it really computes with them: rounded, with zeros around them."""
        rounded = source if self.source_rounding is None else self.source_rounding(source)
        top, left, bottom, right = self.op.padding
        return np.pad(rounded, ((0, 0), (top, bottom), (left, right)))

    def inputs_of(self, output: int) -> slice:
        """The input maps that an output map is made of."""
        first = output // (self.outputs // self.op.groups) * self.weight.shape[1]
        return slice(first, first + self.weight.shape[1])

    def window(self, seen: np.ndarray, output: int, row: int, column: int) -> np.ndarray:
        """What lies under the kernels of an output map at a place of it: (inputs of a group, rows, columns)."""
        corner = row * self.op.stride[0], column * self.op.stride[1]
        rows, columns = (
            slice(start, start + (side - 1) * step + 1, step)
            for start, side, step in zip(corner, self.op.kernel, self.op.dilation, strict=True)
        )
        return seen[self.inputs_of(output), rows, columns]

    def partial_maps(self, seen: np.ndarray, output: int) -> np.ndarray:
        """What each input map, with its own kernel, adds to an output map: float32 (inputs of a group, h, w)."""
        (down, across), (rows, columns) = self.op.dilation, self.op.kernel
        sides = (rows - 1) * down + 1, (columns - 1) * across + 1
        windows = np.lib.stride_tricks.sliding_window_view(seen[self.inputs_of(output)], sides, axis=(1, 2))
        windows = windows[:, :: self.op.stride[0], :: self.op.stride[1], ::down, ::across]
        partial: np.ndarray = np.einsum("chwyx,cyx->chw", windows, self.weight[output])
        return partial


def read_convolution(inside: Inside, op: Op) -> Convolution | None:
    """The convolution of an operation of the kind `conv`; None where its numbers cannot be read."""
    learned = inside.learned(op.output)
    if learned is None:
        return None
    weight, bias, tensor, folded = learned.weight, learned.bias, op.output, False
    chain = inside.graph.with_elementwise(op)[1:]
    while chain and chain[0].kind == "norm":
        norm = inside.learned(chain[0].output)
        if norm is None:
            break
        weight, bias = _with_norm(weight, bias, norm)
        tensor, folded, chain = chain[0].output, True, chain[1:]
    result = chain[-1].output if chain else tensor
    rounding = inside.rounding(result)
    return Convolution(
        op, weight, bias, folded, op.inputs[0], result, inside.rounding(op.inputs[0]), rounding,
        _activation(inside, chain, rounding),
    )  # fmt: skip


def _with_norm(weight: np.ndarray, bias: np.ndarray, norm: Learned) -> tuple[np.ndarray, np.ndarray]:
    """Kernels and bias of a convolution that does what both did (Jacob et al. 2018, section 3.2)."""
    return weight * norm.weight.reshape(-1, 1, 1, 1), bias * norm.weight + norm.bias


def _activation(inside: Inside, chain: list[Op], rounding: Rounding | None) -> Activation:
    """Of the operations behind the sums; an int8 network may leave a ReLU to the rounding, which keeps nothing below 0."""
    if not chain:
        if rounding is not None and rounding.least == rounding.zero:
            return Activation("clip", (0.0, rounding.high))
        return Activation("none")
    last = chain[0]
    label = last.label
    if last.kind == "mul":  # x · sigmoid(x)
        label = next((op.label for op in inside.graph.ops if op.output in last.inputs and op.kind == "activation"), label)
    if len(chain) == 1 and last.limits is not None:
        return Activation("clip", last.limits)
    if len(chain) == 1 and label.lower() in ("silu", "swish", "sigmoid") and (last.kind == "mul" or label.lower() != "sigmoid"):
        return Activation("silu")
    return Activation("other", label=label)
