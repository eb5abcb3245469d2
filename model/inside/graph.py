"""A network as a list of operations: its layers, what each sees of the photo, and how its head decides.

`onnx_graph` and `torch_graph` write the list, one for each engine; nothing here runs a network.
"""

from __future__ import annotations

import functools
import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from model.head import LinearHead
from model.inside.fields import Field, fields

Kind = Literal[
    "conv", "pool", "global", "norm", "activation", "add", "mul", "concat", "linear", "reshape", "part", "merge", "other"
]
Pair = tuple[int, int]
_ELEMENTWISE = ("norm", "activation")


@dataclass(frozen=True, slots=True)
class Op:
    """One operation: tensors in, one tensor out, each by name.

    Attributes:
        kind: `pool` and `global` are local and global pooling, `norm` a batch normalisation, `reshape` whatever leaves
            the numbers as they are, `part` a piece of a tensor along its second axis, `merge` a log-sum-exp over that axis.
        label: what it is called in its library, for the reader.
        kernel, stride, dilation: (rows, columns), of `conv` and `pool`.
        padding: zeros around what a `conv` or a local `pool` sees, or that a padding adds: top, left, bottom, right.
        groups: of a `conv`.
        limits: of an `activation` that keeps a value between two, such as ReLU (0, inf) and ReLU6 (0, 6); else None.
        parameters: how many learned numbers it holds.
        weight: float32; of a linear op (outputs, inputs), of a convolution that sees three channels (channels, 3, rows,
            columns); else None. bias: float32 (outputs,), of a linear op.
        mean: for `global`, whether it averages. start: for `part`, where the piece begins.
    """

    kind: Kind
    label: str
    inputs: tuple[str, ...]
    output: str
    kernel: Pair = (1, 1)
    stride: Pair = (1, 1)
    dilation: Pair = (1, 1)
    parameters: int = 0
    weight: np.ndarray | None = None
    bias: np.ndarray | None = None
    mean: bool = False
    start: int = 0
    padding: tuple[int, int, int, int] = (0, 0, 0, 0)
    groups: int = 1
    limits: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Layer:
    """Feature maps that can be looked at: a convolution with its normalisation and activation, a pooling, a sum.

    Attributes:
        tensor: name of the maps. number: from 1, in the order of computation. kind: conv, pool, add or concat.
        kernel, stride: (rows, columns). channels, height, width: shape of the maps.
        receptive_field: side in input pixels of the square one value depends on; None where that is the whole photo.
        jump: input pixels between neighbouring values.
        parameters: learned numbers of the layer.
        down, across: where in the photo each value's part lies.
    """

    tensor: str
    number: int
    kind: str
    kernel: Pair
    stride: Pair
    channels: int
    height: int
    width: int
    receptive_field: int | None
    jump: float
    parameters: int
    down: Field
    across: Field

    def sees(self, row: int, column: int) -> tuple[float, float, float, float]:
        """(left, top, right, bottom) in input pixels: what a value depends on, which may reach beyond the photo."""
        (top, bottom), (left, right) = self.down.of(row), self.across.of(column)
        return left, top, right, bottom


@dataclass(frozen=True, slots=True)
class Stage:
    """The layers that work at one size; `last` is the last of them."""

    layers: tuple[Layer, ...]

    @property
    def last(self) -> Layer:
        """What the stage hands on."""
        return self.layers[-1]

    @property
    def parameters(self) -> int:
        """Learned numbers of the whole stage."""
        return sum(layer.parameters for layer in self.layers)


@dataclass(frozen=True, slots=True)
class Head:
    """How logits follow from the last feature maps.

    Attributes:
        features: name of the last maps (N, C, h, w) that everything behind depends on.
        linear: where the logits come from the mean of the maps by one linear layer, whose rows may be merged; else None.
        pooled: name of that mean, (N, C), where there is such a layer; else None.
    """

    features: str
    linear: LinearHead | None = None
    pooled: str | None = None


@dataclass(frozen=True)
class Graph:
    """A network's operations in the order of computation.

    Attributes:
        input, output: names of the photos and the logits. shapes: of every tensor, for one photo.
    """

    ops: Sequence[Op]
    input: str
    output: str
    shapes: dict[str, tuple[int, ...]]

    @functools.cached_property
    def layers(self) -> tuple[Layer, ...]:
        """Everything that can be looked at, in the order of computation."""
        seen = fields(self.ops, self.input)
        _, _, height, width = self.shapes[self.input]
        layers: list[Layer] = []
        for op in self.ops:
            if op.kind not in ("conv", "pool", "add", "concat") or not self.is_maps(op.output):
                continue
            chain = self.with_elementwise(op)
            tensor = chain[-1].output
            _, channels, rows, columns = self.shapes[tensor]
            down, across = seen[tensor]
            field = max(down.side, across.side)
            whole = field >= max(height, width)
            parameters = sum(member.parameters for member in chain)
            layers.append(
                Layer(tensor, len(layers) + 1, op.kind, op.kernel, op.stride, channels, rows, columns,
                      None if whole else math.ceil(field), max(down.jump, across.jump), parameters, down, across)
            )  # fmt: skip
        return tuple(layers)

    @functools.cached_property
    def stages(self) -> tuple[Stage, ...]:
        """The layers, grouped by the size of their maps."""
        groups: dict[Pair, list[Layer]] = {}
        for layer in self.layers:
            groups.setdefault((layer.height, layer.width), []).append(layer)
        return tuple(Stage(tuple(layers)) for layers in groups.values())

    @functools.cached_property
    def parameters(self) -> int:
        """All learned numbers."""
        return sum(op.parameters for op in self.ops)

    @functools.cached_property
    def first_filters(self) -> np.ndarray | None:
        """The weights of the first convolution that sees three channels: float32 (channels, 3, rows, columns)."""
        return next((op.weight for op in self.ops if op.kind == "conv" and op.weight is not None), None)

    @functools.cached_property
    def first_input(self) -> str:
        """What the first convolution sees: the photos, or what a preparation inside the network makes of them."""
        return next((op.inputs[0] for op in self.ops if op.kind == "conv"), self.input)

    @functools.cached_property
    def head(self) -> Head | None:
        """The head, with its weights where it is average pooling and one linear layer; None without feature maps."""
        exact = self._exact_head()
        if exact is not None:
            return exact
        for op in reversed(self.ops):
            if op.kind not in ("global", "reshape") and self.is_maps(op.output) and self._is_cut(op.output):
                return Head(op.output)
        return None

    def _exact_head(self) -> Head | None:
        op, rows = self._last_linear()
        if op is None or op.weight is None:
            return None
        pooling = self._before(op.inputs[0])
        if pooling is None or pooling.kind != "global" or not pooling.mean or not self.is_maps(pooling.inputs[0]):
            return None
        features = pooling.inputs[0]
        if op.weight.shape[1] != self.shapes[features][1]:
            return None
        bias = op.bias if op.bias is not None else np.zeros(len(op.weight), np.float32)
        return Head(features, LinearHead(op.weight, bias, rows or (1,) * len(op.weight)), op.inputs[0])

    def _last_linear(self) -> tuple[Op | None, tuple[int, ...]]:
        """The linear op that the logits come from, and how many of its rows each logit merges; no rows: one each."""
        op = self._before(self.output)
        if op is None or op.kind == "linear":
            return op, ()
        merges = [self._before(name) for name in op.inputs] if op.kind == "concat" else []
        parts = [self._before(merge.inputs[0]) for merge in merges if merge is not None and merge.kind == "merge"]
        pieces = [part for part in parts if part is not None and part.kind == "part"]
        if not pieces or len(pieces) != len(op.inputs) or len({piece.inputs[0] for piece in pieces}) > 1:
            return None, ()
        linear = self._before(pieces[0].inputs[0])
        rows = tuple(self.shapes[piece.output][1] for piece in pieces)
        ends = [piece.start + count for piece, count in zip(pieces, rows, strict=True)]
        if linear is None or linear.kind != "linear" or [piece.start for piece in pieces] != [0, *ends[:-1]]:
            return None, ()
        return (linear, rows) if ends[-1] == self.shapes[linear.output][1] else (None, ())

    def _before(self, tensor: str) -> Op | None:
        """The op that computes `tensor`, reshapes passed over."""
        op = self._makers.get(tensor)
        while op is not None and op.kind == "reshape":
            op = self._makers.get(op.inputs[0])
        return op

    def is_maps(self, tensor: str) -> bool:
        """Whether `tensor` is (1, C, h, w) with more than one place."""
        shape = self.shapes.get(tensor, ())
        return len(shape) == 4 and shape[2] * shape[3] > 1

    def _is_cut(self, tensor: str) -> bool:
        """Whether every way from the photos to the logits leads through `tensor`."""
        reached = {self.input}
        for op in self.ops:
            if op.output != tensor and any(name in reached for name in op.inputs):
                reached.add(op.output)
        return self.output not in reached

    @functools.cached_property
    def _makers(self) -> dict[str, Op]:
        return {op.output: op for op in self.ops}

    @functools.cached_property
    def _users(self) -> dict[str, list[Op]]:
        users: dict[str, list[Op]] = defaultdict(list)
        for op in self.ops:
            for name in op.inputs:
                users[name].append(op)
        return users

    def with_elementwise(self, op: Op) -> list[Op]:
        """`op` and the normalisation and activation behind it."""
        chain = [op]
        while True:
            users = self._users[chain[-1].output]
            gate = next((user for user in users if user.kind == "mul"), None)
            if len(users) == 1 and users[0].kind in _ELEMENTWISE:
                chain.append(users[0])
            elif len(users) == 2 and gate and self._is_gated_by_itself(gate, chain[-1].output):
                chain.append(gate)  # x · sigmoid(x)
            else:
                return chain

    def _is_gated_by_itself(self, gate: Op, tensor: str) -> bool:
        others = [self._makers.get(name) for name in gate.inputs if name != tensor]
        return all(op is not None and op.kind == "activation" and op.inputs == (tensor,) for op in others)
