"""An ONNX file is looked through before the engine sees it: what a network of ours has no use for is refused, in a sentence.

The engine reads other files that a network names, allocates what its constants claim, and runs what is constant before there
is any photo. So the file is scanned here, in linear time and without a copy of the weights, as protocol buffers lie on the
disk (https://protobuf.dev/programming-guides/encoding and onnx.proto). What only running shows, `model.onnx_trial` tries.
"""

from __future__ import annotations

import math
import mmap
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from model.errors import ModelError
from model.regular_file import open_regular

MOST_BYTES = 2_000_000_000  # what protocol buffers can be
MOST_NODES = 20_000  # the largest network of timm has some 4,000
MOST_FIELDS = 1_000_000  # of all messages together that are looked at
MOST_ATTRIBUTE = 4096  # elements of a list that an operation carries
LONGEST_NAME = 10_000  # bytes
LONGEST_SIDE = 1_000_000  # of a tensor
_POINTER = b"version http"  # how git-lfs pointers begin

# The operations of networks that look at photos, of opset 22 and before: each gives one tensor or a few, as large as its inputs
# and settings make it. Left out: loops, branches, sequences, texts, random numbers, and what calls other code.
_OPERATIONS = """
Abs Acos Acosh Add AffineGrid And ArgMax ArgMin Asin Asinh Atan Atanh Attention AveragePool BatchNormalization BitShift
BitwiseAnd BitwiseNot BitwiseOr BitwiseXor Cast CastLike Ceil Celu CenterCropPad Clip Compress Concat Constant
ConstantOfShape Conv ConvInteger ConvTranspose Cos Cosh CumSum DepthToSpace DequantizeLinear Div Dropout
DynamicQuantizeLinear Einsum Elu Equal Erf Exp Expand EyeLike Flatten Floor GRU Gather GatherElements GatherND Gelu Gemm
GlobalAveragePool GlobalLpPool GlobalMaxPool Greater GreaterOrEqual GridSample GroupNormalization HardSigmoid HardSwish
Hardmax Identity InstanceNormalization IsInf IsNaN LRN LSTM LayerNormalization LeakyRelu Less LessOrEqual Log LogSoftmax
LpNormalization LpPool MatMul MatMulInteger Max MaxPool MaxUnpool Mean MeanVarianceNormalization Min Mish Mod Mul Neg
NonZero Not OneHot Or PRelu Pad Pow QLinearConv QLinearMatMul QuantizeLinear RMSNormalization RNN Range Reciprocal ReduceL1
ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum ReduceSumSquare Relu Reshape
Resize ReverseSequence RoiAlign RotaryEmbedding Round ScatterElements ScatterND Selu Shape Shrink Sigmoid Sign Sin Sinh Size
Slice Softmax Softplus Softsign SpaceToDepth Split Sqrt Squeeze Sub Sum Swish Tan Tanh ThresholdedRelu Tile TopK Transpose
Trilu Unsqueeze Upsample Where Xor
"""
ALLOWED = frozenset(_OPERATIONS.split())

# Bits of one element of each type of a tensor (onnx.proto, TensorProto.DataType); texts are none.
_BITS = {1: 32, 2: 8, 3: 8, 4: 16, 5: 16, 6: 32, 7: 64, 9: 8, 10: 16, 11: 64, 12: 32, 13: 64, 14: 64, 15: 128, 16: 16,
         17: 8, 18: 8, 19: 8, 20: 8, 21: 4, 22: 4, 23: 4}  # fmt: skip


class _Broken(Exception):
    """What is wrong with the file; the message follows its name."""


@dataclass
class _Scan:
    """How much was looked at so far, for all messages of a file together."""

    data: mmap.mmap
    left: int = MOST_FIELDS
    nodes: int = 0

    def fields(self, start: int, end: int) -> Iterator[tuple[int, int, int, int]]:
        """(number, value, start, end) of each field: what is no integer has the value -1, and lies in data[start:end]."""
        at = start
        while at < end:
            self.left -= 1
            if self.left < 0:
                raise _Broken(f"has more than {MOST_FIELDS:,} fields")
            tag, at = self._number(at, end)
            kind, number = tag & 7, tag >> 3
            if not number:
                raise _Broken("is not a usable ONNX network: it is no protocol buffer")
            if kind == 0:
                value, at = self._number(at, end)
                yield number, value, at, at
                continue
            if kind == 2:
                size, at = self._number(at, end)
            elif kind in (1, 5):
                size = 8 if kind == 1 else 4
            else:
                raise _Broken("is not a usable ONNX network: it is no protocol buffer")
            if size > end - at:
                raise _Broken("is cut off: it ends before its contents do")
            yield number, -1, at, at + size
            at += size

    def _number(self, at: int, end: int) -> tuple[int, int]:
        value = shift = 0
        while True:
            if at >= end or shift > 63:
                raise _Broken("is not a usable ONNX network: it is no protocol buffer")
            byte = self.data[at]
            value |= (byte & 127) << shift
            at, shift = at + 1, shift + 7
            if byte < 128:
                return value, at

    def text(self, start: int, end: int, longest: int = 1000) -> str:
        """A name, for what is said about it."""
        return bytes(self.data[start : min(end, start + longest)]).decode("utf-8", "replace")


def check_onnx(path: Path) -> None:
    """Refuse what no network of a model folder is.

    Raises:
        ModelError: it is no file, no ONNX, or has in it what is not run here; the message names the file and what it is.
    """
    try:
        file = open_regular(path)
    except FileNotFoundError:
        raise ModelError(f"{path} is missing: a model folder needs it") from None
    with file:
        size = os.fstat(file.fileno()).st_size
        try:
            if not size:
                raise _Broken("is empty")
            if file.read(len(_POINTER)) == _POINTER:
                raise _Broken("is a git-lfs pointer, not the network: run `git lfs pull`")
            if size > MOST_BYTES:
                raise _Broken(f"is larger than {MOST_BYTES // 1_000_000_000} GB, which no ONNX file is")
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
                _check_model(_Scan(data), size)
        except _Broken as broken:
            raise ModelError(f"{path} {broken}") from None
        except (OSError, ValueError) as error:  # what says that it is a file, and is none, as some of /proc
            raise ModelError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}") from None


def _check_model(scan: _Scan, size: int) -> None:
    graphs = 0
    for number, _, start, end in scan.fields(0, size):
        if number == 7:
            graphs += 1
            _check_graph(scan, start, end)
        elif number == 8:
            _check_domain(scan, start, end)
        elif number in (20, 25):
            raise _Broken(
                f"has {'steps of training' if number == 20 else 'functions of its own'} in it, which are not run here"
            )
    if graphs != 1:
        raise _Broken("is not a usable ONNX network: it has no graph, or several")


def _check_graph(scan: _Scan, start: int, end: int) -> None:
    for number, _, first, last in scan.fields(start, end):
        if number == 1:
            _check_node(scan, first, last)
        elif number == 5:
            _check_tensor(scan, first, last)
        elif number in (11, 12):
            _check_value(scan, first, last)
        elif number == 15:
            raise _Broken("has sparse weights, which are not read here")


def _check_domain(scan: _Scan, start: int, end: int) -> None:
    """An operator set that is named and not used is nothing: ours name some."""
    for number, value, _, _ in scan.fields(start, end):
        if number == 2 and value > 1000:
            raise _Broken(f"wants version {value} of the operations, which nobody knows")


def _check_node(scan: _Scan, start: int, end: int) -> None:
    scan.nodes += 1
    if scan.nodes > MOST_NODES:
        raise _Broken(f"has more than {MOST_NODES:,} operations")
    operation = domain = ""
    for number, _, first, last in scan.fields(start, end):
        if number == 4:
            operation = scan.text(first, last)
        elif number == 7:
            domain = scan.text(first, last)
        elif number == 5:
            _check_attribute(scan, first, last)
        elif number in (1, 2, 3) and last - first > LONGEST_NAME:
            raise _Broken(f"has a name of more than {LONGEST_NAME:,} bytes")
    if domain not in ("", "ai.onnx"):
        raise _Broken(f"has the operation {operation[:60]!r} of {domain[:60]!r}, which is not run here: only those of ONNX are")
    if operation not in ALLOWED:
        raise _Broken(f"has the operation {operation[:60]!r}, which is not run here")


def _check_attribute(scan: _Scan, start: int, end: int) -> None:
    elements = 0
    for number, _, first, last in scan.fields(start, end):
        if number == 5:
            _check_tensor(scan, first, last)
        elif number in (6, 11):
            raise _Broken("has a network within an operation, as loops and branches have, which are not run here")
        elif number in (10, 22, 23):
            raise _Broken("has lists of tensors, or sparse ones, in an operation, which are not read here")
        elif number in (7, 8, 9):
            elements += max(1, last - first)
    if elements > 10 * MOST_ATTRIBUTE:  # bytes: a number has at most ten
        raise _Broken(f"has an operation with a list of more than {MOST_ATTRIBUTE:,} numbers")


def _check_tensor(scan: _Scan, start: int, end: int) -> None:
    sides: list[int] = []
    kind, name, stored, numbers = 0, "", 0, 0
    for number, value, first, last in scan.fields(start, end):
        match number:
            case 1:
                sides += [value] if value >= 0 else _packed(scan, first, last)
            case 2:
                kind = value
            case 8:
                name = scan.text(first, last)
            case 9:
                stored = last - first
            case 4 | 5 | 7 | 10 | 11:
                numbers += max(1, last - first)
            case 13 | 14 if value:
                raise _Broken(f"keeps the weights {name[:60]!r} in another file, and only what is in it is read")
    if kind not in _BITS:
        raise _Broken(f"has the constant {name[:60]!r}, which is neither numbers nor truth values")
    if len(sides) > 16 or any(side > LONGEST_SIDE * 1000 for side in sides):
        raise _Broken(f"has the constant {name[:60]!r} with sides of {sides[:8]}")
    elements = math.prod(sides)
    if stored != (elements * _BITS[kind] + 7) // 8 if stored else elements > numbers:
        raise _Broken(f"has the constant {name[:60]!r} of {elements:,} elements, and not the bytes for them")


def _packed(scan: _Scan, start: int, end: int) -> list[int]:
    numbers: list[int] = []
    while start < end and len(numbers) < 20:
        value, start = scan._number(start, end)
        numbers.append(value)
    return numbers


def _check_value(scan: _Scan, start: int, end: int) -> None:
    """What goes in or comes out: numbers, with sides that are known or named, none of them without end."""
    for number, _, first, last in scan.fields(start, end):
        if number != 2:
            continue
        for kind, _, tensor, tensor_end in scan.fields(first, last):
            if kind != 1:
                raise _Broken("takes or gives something else than a tensor")
            for what, _, shape, shape_end in scan.fields(tensor, tensor_end):
                if what != 2:
                    continue
                for _, _, side, side_end in scan.fields(shape, shape_end):
                    for name, value, _, _ in scan.fields(side, side_end):
                        if name == 1 and not 0 < value <= LONGEST_SIDE:
                            raise _Broken(f"takes or gives a tensor with a side of {value}")
