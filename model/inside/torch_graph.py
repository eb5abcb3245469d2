"""Looking inside a torch network: its operations as `model.inside.graph` has them, and any of its tensors for a photo."""

from __future__ import annotations

import dataclasses
import math
import weakref
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from model.errors import ModelError
from model.inside.graph import Graph, Kind, Op, Pair
from model.inside.learned import Learned, Rounding

_KINDS: dict[str, Kind] = {
    "conv2d": "conv", "max_pool2d": "pool", "avg_pool2d": "pool",
    "adaptive_avg_pool2d": "pool", "adaptive_max_pool2d": "pool", "mean": "pool", "amax": "pool",
    "batch_norm": "norm", "group_norm": "norm", "instance_norm": "norm", "layer_norm": "norm",
    "relu": "activation", "relu_": "activation", "relu6": "activation", "hardtanh": "activation", "hardtanh_": "activation",
    "leaky_relu": "activation", "leaky_relu_": "activation", "elu": "activation", "gelu": "activation", "silu": "activation",
    "hardswish": "activation", "hardsigmoid": "activation", "sigmoid": "activation", "mish": "activation",
    "tanh": "activation", "prelu": "activation", "selu": "activation", "celu": "activation", "softplus": "activation",
    "add": "add", "add_": "add", "__add__": "add", "__iadd__": "add", "__radd__": "add",
    "mul": "mul", "mul_": "mul", "__mul__": "mul", "__imul__": "mul", "__rmul__": "mul",
    "cat": "concat", "linear": "linear", "logsumexp": "merge",
    "flatten": "reshape", "view": "reshape", "reshape": "reshape", "squeeze": "reshape", "dropout": "reshape",
    "contiguous": "reshape", "feature_dropout": "reshape", "dropout2d": "reshape",
}  # fmt: skip

# of the functions whose constants can be asked for, without the first, which is what comes from the photos
_PARAMETERS = {
    "conv2d": ("weight", "bias", "stride", "padding", "dilation", "groups"),
    "batch_norm": ("running_mean", "running_var", "weight", "bias", "training", "momentum", "eps"),
}

_Change = Callable[[str, Tensor], Tensor]


class TorchInside:
    """A torch network with its inner tensors within reach.

    Args:
        module: in evaluation mode, on the CPU; (N, 3, height, width) → (N, K). height, width: of the input in pixels.

    Raises:
        ModelError: what the network does cannot be followed.
    """

    def __init__(self, module: nn.Module, height: int, width: int) -> None:
        self._module = module
        blank = torch.zeros(1, 3, height, width)
        trace = _Trace(blank)
        logits = self._forward(blank, trace)
        output = trace.name_of(logits)
        if output is None:
            raise ModelError("this network cannot be looked into: its answer does not come from the photo by torch functions")
        self.graph = Graph(trace.ops, trace.input, output, trace.shapes)
        self._constants = trace.constants

    def run(self, batch: np.ndarray, tensors: Sequence[str]) -> list[np.ndarray]:
        """The values of `tensors` (of the logits too, if named) for a batch float32 (N, 3, height, width)."""
        values: dict[str, np.ndarray] = {self.graph.input: batch}

        def keep(name: str, tensor: Tensor) -> Tensor:
            if name in tensors:
                values[name] = tensor.detach().float().numpy().copy()  # the next layer may work in place
            return tensor

        photos = torch.from_numpy(batch)
        self._forward(photos, _Trace(photos, keep))
        return [values[name] for name in tensors]

    def learned(self, tensor: str) -> Learned | None:
        """What the convolution or batch normalisation that computes `tensor` has learned; None for anything else."""
        return _learned(*self._constants[tensor]) if tensor in self._constants else None

    def rounding(self, tensor: str) -> Rounding | None:
        """None: torch networks are not rounded."""
        return None

    def gradients(self, batch: np.ndarray, tensor: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Logits (1, K), maps (1, C, h, w) of `tensor`, and d logit / d map summed over its places (K, C): float32."""
        leaf: list[Tensor] = []  # where the gradients end

        def cut(name: str, maps: Tensor) -> Tensor:
            if name != tensor:
                return maps
            leaf.append(maps.detach().clone().requires_grad_())
            torch.set_grad_enabled(True)
            return leaf[0].clone()

        photos = torch.from_numpy(batch)
        logits = self._forward(photos, _Trace(photos, cut))
        maps = leaf[0]
        rows = [torch.autograd.grad(logit, maps, retain_graph=True)[0].sum((2, 3))[0] for logit in logits[0]]
        return logits.detach().float().numpy(), maps.detach().float().numpy(), torch.stack(rows).float().numpy()

    def _forward(self, photos: Tensor, trace: _Trace) -> Tensor:
        with torch.no_grad(), trace:
            logits: Tensor = self._module(photos)
        return logits


class _Trace(TorchFunctionMode):
    """Writes down what happens to the photos, and lets every result be changed on its way."""

    def __init__(self, photos: Tensor, change: _Change = lambda name, tensor: tensor) -> None:
        super().__init__()
        self.input = "photos"
        self.ops: list[Op] = []
        self.shapes: dict[str, tuple[int, ...]] = {self.input: tuple(photos.shape)}
        # what convolutions and batch normalisations were called with, by the name of their result
        self.constants: dict[str, tuple[str, dict[str, Any]]] = {}
        self._change = change
        # tensors are told by identity; one that is gone, and whose number another has taken, is told by its reference
        self._names: dict[int, tuple[str, weakref.ref[Tensor]]] = {}
        self._call(photos, self.input)

    def name_of(self, tensor: Tensor) -> str | None:
        """The name of a tensor that depends on the photos."""
        name, reference = self._names.get(id(tensor), (None, None))
        return name if reference is not None and reference() is tensor else None

    def _call(self, tensor: Tensor, name: str) -> None:
        self._names[id(tensor)] = (name, weakref.ref(tensor))

    def __torch_function__(
        self, function: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        given = [tensor for value in (*args, *kwargs.values()) for tensor in _tensors(value)]
        inputs = [name for tensor in given if (name := self.name_of(tensor)) is not None]
        before = tuple(given[0].shape) if given else ()
        result = function(*args, **kwargs)
        if not inputs:
            return result
        if not isinstance(result, Tensor):
            start = 0
            for part in _tensors(result):  # split, chunk: parts of what it was made of
                along = before[:1] + before[2:] == tuple(part.shape[:1] + part.shape[2:])
                self._call(part, self._write(Op("part" if along else "other", "part", tuple(inputs), "", start=start), part))
                start += part.shape[1] if along else 0
            return result
        called = getattr(function, "__name__", "?")
        kind = _kind(called, before, tuple(result.shape), len(inputs))
        parameters = sum(tensor.numel() for tensor in given if isinstance(tensor, nn.Parameter))
        mean = called in ("adaptive_avg_pool2d", "avg_pool2d", "mean")
        op = Op(kind, called, tuple(inputs), "", parameters=parameters, mean=mean)
        name = self._write(_with_settings(op, args, kwargs), result)
        if called in _PARAMETERS:
            self.constants[name] = called, dict(zip(_PARAMETERS[called], args[1:], strict=False)) | kwargs
        result = self._change(name, result)
        self._call(result, name)
        return result

    def _write(self, op: Op, result: Tensor) -> str:
        """Note an operation and the shape of its result; the name of the result."""
        name = f"{len(self.ops) + 1} {op.label}"
        self.shapes[name] = tuple(result.shape)
        self.ops.append(dataclasses.replace(op, output=name))
        return name


def _kind(called: str, before: tuple[int, ...], after: tuple[int, ...], inputs: int) -> Kind:
    kind = _KINDS.get(called, "other")
    if kind == "pool":
        if len(before) != 4 or before[2] * before[3] == 1:
            return "reshape" if math.prod(before) == math.prod(after) else "other"
        if math.prod(after) == math.prod(before[:2]):
            return "global"
        return "pool" if len(after) == 4 else "other"
    return "norm" if kind in ("add", "mul") and inputs == 1 else kind  # by a constant


def _with_settings(op: Op, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Op:
    """Kernel and weights, as far as operations of this kind have them."""
    if op.kind == "pool":
        values = dict(zip(("input", "kernel_size", "stride", "padding"), args, strict=False)) | kwargs
        kernel = _pair(values.get("kernel_size", 1))
        padding = _padding(values.get("padding", 0), kernel, (1, 1)) if "kernel_size" in values else op.padding
        return dataclasses.replace(op, kernel=kernel, stride=_pair(values.get("stride") or kernel), padding=padding)
    if op.label == "pad" and len(args) > 1 and len(args[1]) == 4:
        left, right, top, bottom = args[1]
        return dataclasses.replace(op, padding=(top, left, bottom, right))
    if op.kind == "activation":
        return dataclasses.replace(op, limits=_limits(op.label, args, kwargs))
    if op.kind not in ("conv", "linear"):
        return op
    values = dict(zip(("input", *_PARAMETERS["conv2d"]), args, strict=False)) | kwargs
    weight = values["weight"].detach().float().numpy()
    if op.kind == "linear":
        bias = values.get("bias")
        return dataclasses.replace(op, weight=weight, bias=None if bias is None else bias.detach().float().numpy())
    return dataclasses.replace(
        op, kernel=_pair(weight.shape[2:]), stride=_pair(values.get("stride", 1)), dilation=_pair(values.get("dilation", 1)),
        weight=weight if weight.shape[1] == 3 else None, groups=values.get("groups", 1),
        padding=_padding(values.get("padding", 0), weight.shape[2:], _pair(values.get("dilation", 1))),
    )  # fmt: skip


def _padding(given: Any, kernel: Sequence[int], dilation: Pair) -> tuple[int, int, int, int]:
    """Zeros at the top, left, bottom and right of a convolution's input."""
    if given == "same":
        rows, columns = ((side - 1) * step for side, step in zip(kernel, dilation, strict=True))
        return rows // 2, columns // 2, rows - rows // 2, columns - columns // 2
    rows, columns = (0, 0) if given == "valid" else _pair(given)
    return rows, columns, rows, columns


def _limits(called: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[float, float] | None:
    """What an activation keeps a value between, as `Op` has it."""
    if called in ("relu", "relu_"):
        return 0.0, math.inf
    if called == "relu6":
        return 0.0, 6.0
    if called not in ("hardtanh", "hardtanh_"):
        return None
    values = dict(zip(("input", "min_val", "max_val"), args, strict=False)) | kwargs
    return float(values.get("min_val", -1)), float(values.get("max_val", 1))


def _learned(called: str, values: dict[str, Any]) -> Learned | None:
    if called == "conv2d":
        weight, bias = _array(values["weight"]), _array(values.get("bias"))
        return Learned(weight, np.zeros(len(weight), np.float32) if bias is None else bias)
    mean, variance = _array(values.get("running_mean")), _array(values.get("running_var"))
    if values.get("training") or mean is None or variance is None:
        return None
    scale, shift = _array(values.get("weight")), _array(values.get("bias"))
    scale = (1 if scale is None else scale) / np.sqrt(variance + np.float32(values.get("eps", 1e-5)))
    return Learned(scale, (0 if shift is None else shift) - mean * scale)


def _array(tensor: Tensor | None) -> Any:
    return None if tensor is None else tensor.detach().float().numpy()


def _tensors(value: Any) -> list[Tensor]:
    if isinstance(value, Tensor):
        return [value]
    return [tensor for tensor in value if isinstance(tensor, Tensor)] if isinstance(value, (list, tuple)) else []


def _pair(sides: Any) -> Pair:
    return (int(sides), int(sides)) if isinstance(sides, int) else (int(sides[0]), int(sides[-1]))
