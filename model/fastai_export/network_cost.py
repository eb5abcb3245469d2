"""What a network would cost for one photo, counted on shapes alone, before any of it runs.

A multiplication is one of a large convolution or matrix product, of which a core makes some ten billion a second. What is
slower counts for as many as it takes the time of.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, Final

import torch
from torch.multiprocessing.reductions import StorageWeakRef
from torch.utils._python_dispatch import TorchDispatchMode

from model.fastai_export.allowed_layers import LayerError
from model.fastai_export.budget import Budget

_FEW: Final = 100
_SWEEP_BYTES: Final = 20_000_000  # that may have been let go of
_STEPS: Final = 400  # of an operation on shapes
_ELEMENT: Final = 10  # multiplications that reading or writing a number takes the time of
_LOOK: Final = 30  # the same, where numbers are looked at one by one
_NARROW: Final = 16  # channels in × channels out of a group, below which a convolution is slow
_SLOWER: Final = 8  # times
_WIDE: Final = 200  # pixels of a kernel
_HUGE: Final = 1000  # the same, and
_FAR: Final = 24  # pixels of padding or dilation: from there on nobody has written a fast convolution
_SLOWEST: Final = 30
_TRANSPOSED: Final = 4
_TAPS: Final = 16  # numbers that make one of a resized picture
_SORTED: Final = 20  # looks at a number while many are sorted
_SOLVED: Final = 30  # the constant of methods whose cost grows with the third power of a matrix's side
_MATRIX: Final = {"mm": 0, "addmm": 1, "bmm": 0, "baddbmm": 1, "addbmm": 1, "matmul": 0}  # which argument is the first factor
_ATTENTION: Final = ("scaled_dot_product", "flash_attention", "efficient_attention")
_ENCODERS: Final = ("_native_multi_head_attention", "_transformer_encoder_layer_fwd")
_POOLS: Final = ("max_pool", "avg_pool", "lp_pool", "fractional_max_pool")
_SORTS: Final = ("sort", "topk", "kthvalue", "median", "unique", "msort", "_fft", "fft", "mode")
_SOLVERS: Final = (
    "linalg",
    "_linalg",
    "svd",
    "inverse",
    "cholesky",
    "qr",
    "geqrf",
    "lu_",
    "matrix_exp",
    "eig",
    "pinverse",
    "det",
)
_NAMESPACES: Final = ("aten", "prims", "prim")


class Counting(TorchDispatchMode):
    """Within it, every operation is counted on the budget, and what it makes, as long as it is held.

    Args:
        max_bytes: of one tensor that is made of one photo.
    """

    def __init__(self, budget: Budget, max_bytes: int) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._budget = budget
        self._limit = max_bytes
        self._held: dict[StorageWeakRef, int] = {}
        self._bytes = self._kept = self._sweep_at = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self._budget.spend(_STEPS)
        namespace, _, name = func._schema.name.partition("::")
        if namespace not in _NAMESPACES and func._schema.name != "torchvision::deform_conv2d":
            raise LayerError(f"uses the operation {func._schema.name}, which no classifier needs")
        out = func(*args, **(kwargs or {}))
        if getattr(func, "is_view", False):  # of what is there already, as linear layers turn their weights
            return out
        made = list(_tensors(out))
        given = list(_tensors([*args, *(kwargs or {}).values()]))
        for tensor in made:
            self._hold(tensor)
        self._budget.multiply(_cost(name, list(args), given, made))
        if name in ("convolution", "_convolution"):
            self._budget.hold(self._bytes + _columns(args, made[0]))
        return out

    def _hold(self, tensor: torch.Tensor) -> None:
        count = tensor.numel() * tensor.element_size()
        if count > self._limit and not self._budget.trusted:
            raise LayerError(
                f"makes a tensor of shape {tuple(tensor.shape)} out of one photo; no classifier needs that much memory"
            )
        storage = StorageWeakRef(tensor.untyped_storage())  # type: ignore[no-untyped-call]
        if storage in self._held:  # changed in its place
            return
        self._held[storage] = count
        self._bytes += count
        if self._bytes > self._sweep_at or len(self._held) > 2 * self._kept + _FEW:
            self._held = {held: count for held, count in self._held.items() if not held.expired()}  # type: ignore[no-untyped-call]
            self._bytes, self._kept = sum(self._held.values()), len(self._held)
            self._sweep_at = self._bytes + _SWEEP_BYTES
        self._budget.hold(self._bytes)


def _cost(name: str, args: list[Any], given: list[torch.Tensor], made: list[torch.Tensor]) -> int:
    """The multiplications of one operation of PyTorch, by its name without `aten::`."""
    out = made[0].numel() if made else 0
    elements = _ELEMENT * sum(tensor.numel() for tensor in (*given, *made))
    first = given[0] if given else None
    if first is None or not made:
        return elements
    if name in ("convolution", "_convolution"):
        return elements + _convolution(args, out)
    if name == "deform_conv2d":
        return elements + _SLOWER * out * given[1].numel() // max(1, given[1].shape[0])
    if name in _MATRIX and len(args) > _MATRIX[name] + 1:
        a, b = args[_MATRIX[name]], args[_MATRIX[name] + 1]
        return elements + int(a.numel() * b.shape[-1])
    if name == "linear":
        return elements + first.numel() * given[1].shape[0]
    if any(word in name for word in _ATTENTION):
        return elements + 2 * first.numel() * given[1].shape[-2]
    if name in _ENCODERS:
        tokens = first.numel() // max(1, first.shape[-1])
        return elements + tokens * sum(t.numel() for t in given if t.ndim == 2) + 2 * tokens * first.numel()
    if "adaptive" in name or name.startswith("_adaptive"):
        return 4 * elements
    if any(word in name for word in _POOLS):
        return elements + _LOOK * out * _window(args, first)
    if "upsample" in name or "grid_sampl" in name:
        shrink = first.numel() // max(1, out)
        return elements + _LOOK * out * max(_TAPS, _TAPS * shrink)
    if "_trilinear" in name or name == "bilinear":
        return elements + _SLOWER * first.numel() // max(1, first.shape[-1]) * max(t.numel() for t in given)
    if "cdist" in name or "pdist" in name:
        return elements + _SLOWER * first.numel() * given[-1].shape[-2]
    if name.startswith(_SORTS):
        return _SORTED * elements
    if name.startswith(_SOLVERS):
        return elements + _SOLVED * sum(t.numel() * max(t.shape[-2:], default=1) for t in given)
    return elements


def _convolution(args: Any, out: int) -> int:
    source, weight, transposed, groups = args[0], args[1], bool(args[6]), int(args[8])
    products = (source.numel() if transposed else out) * weight.numel() // max(1, weight.shape[0])
    lanes = weight.shape[0] // max(1, groups) * weight.shape[1]
    kernel = math.prod(weight.shape[2:])
    is_odd = any(side >= _FAR for side in (*args[4], *args[5])) or kernel >= _HUGE
    if is_odd or (kernel >= _WIDE and any(step > 1 for step in args[5])):
        return int(products * _SLOWEST)
    return int(products * (_SLOWER if lanes < _NARROW else _TRANSPOSED if transposed else 1))


def _columns(args: Any, out: torch.Tensor) -> int:
    """Bytes that a convolution may lay the numbers of its windows out in, where it has to: if it is transposed or dilated."""
    source, weight, dilation, transposed, groups = args[0], args[1], args[5], bool(args[6]), int(args[8])
    if not transposed and all(step == 1 for step in dilation):
        return 0
    products = (source.numel() if transposed else out.numel()) * weight.numel() // max(1, weight.shape[0])
    return int(4 * products // max(1, weight.shape[0] // max(1, groups)))


def _window(args: list[Any], source: torch.Tensor) -> int:
    """How many numbers a pooling looks at for one that it gives: no more than there are."""
    kernel = args[1] if len(args) > 1 else ()
    sides = [kernel] if isinstance(kernel, int) else list(kernel) if isinstance(kernel, (list, tuple)) else []
    if len(sides) == 1:
        sides *= max(1, source.ndim - 2)
    if not sides:
        return 1
    return math.prod(max(1, min(int(side), most)) for side, most in zip(sides, source.shape[-len(sides) :], strict=False))


def _tensors(values: Any) -> Iterator[torch.Tensor]:
    if isinstance(values, torch.Tensor):
        yield values
    elif isinstance(values, (list, tuple)):
        for value in values:
            yield from _tensors(value)
