"""Which part of the photo the values of feature maps depend on.

The arithmetic is that of Araujo et al. 2019, "Computing receptive fields of convolutional neural networks".
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from model.inside.graph import Op

Padding = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Field:
    """What the values of maps see along one axis of the photo, in input pixels.

    Attributes:
        start: where the part begins that the first value sees; below 0 where it reaches beyond the photo.
        side: how much each value sees; infinite where that is everything.
        jump: from the part of one value to that of its neighbour.
    """

    start: float
    side: float
    jump: float

    def of(self, place: int) -> tuple[float, float]:
        """Begin and end of the part that the value at `place` sees."""
        if math.isinf(self.side):
            return -math.inf, math.inf
        begin = self.start + place * self.jump
        return begin, begin + self.side

    def behind(self, kernel: int, stride: int, dilation: int, before: int) -> Field:
        """After a convolution or pooling; `before`: how many zeros stand before the first value."""
        reach = (kernel - 1) * dilation
        return Field(self.start - before * self.jump, self.side + reach * self.jump, self.jump * stride)


Fields = tuple[Field, Field]  # down and across


def fields(ops: Sequence[Op], photos: str) -> dict[str, Fields]:
    """What the values of every tensor see, down and across, for the operations that start at the tensor `photos`."""
    seen: dict[str, Fields] = {photos: (Field(0, 1, 1), Field(0, 1, 1))}
    for op in ops:
        known = [seen[name] for name in op.inputs if name in seen]
        if known:
            down, across = ([pair[axis] for pair in known] for axis in (0, 1))
            seen[op.output] = _behind(op, down, 0), _behind(op, across, 1)
    return seen


def _behind(op: Op, inputs: list[Field], axis: int) -> Field:
    """What a value of the op's result sees along an axis."""
    # a gate of one value per channel sees the whole photo; what it gates still sees its own part
    field = min(inputs, key=lambda each: each.side) if op.kind == "mul" else _together(inputs)
    if op.kind in ("global", "linear"):
        return Field(-math.inf, math.inf, field.jump)
    return field.behind(op.kernel[axis], op.stride[axis], op.dilation[axis], op.padding[axis])


def _together(inputs: list[Field]) -> Field:
    """What values see that are made of one value of each input."""
    start, jump = min(field.start for field in inputs), max(field.jump for field in inputs)
    end = max(field.of(0)[1] for field in inputs)
    return Field(start, end - start, jump)
