"""Layers out of an inert pickle: modules of torch, torchvision, timm and fastai, and nothing else.

A class is used only if `allowed_layers` has it, or the caller allowed it by name. A layer is made without `__init__`, as pickle
does, and given its attributes: numbers, text, containers, tensors, other such layers. Whatever else stood among them
(functions, code, classes, hooks) becomes an `Inert`, which raises when it is used. What does run is the libraries' own code:
a class's `__setstate__`, and its `forward` for an answer.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import Any, Final

import numpy as np
import torch
from torch import nn

from model.errors import Option, first_line
from model.fastai_export.allowed_layers import FUNCTIONS, LayerError, callers_class, library_class, setting_defaults
from model.fastai_export.budget import spend
from model.fastai_export.inert_tree import Global, Object, shown
from model.fastai_export.inert_values import (
    as_path,
    attributes,
    class_name,
    described,
    is_layer,
    mapping,
    name_of,
    scalar,
    sequence,
)
from model.fastai_export.torch_file import TorchFile
from model.fastai_export.weight_hooks import compute_weights, weight_hooks

# The network inside what was wrapped around it for training, by the name it has there
_WRAPPERS: Final = {
    "torch.nn.parallel.data_parallel.DataParallel": "module",
    "torch.nn.parallel.distributed.DistributedDataParallel": "module",
    "torch.optim.swa_utils.AveragedModel": "module",
    "torch._dynamo.eval_frame.OptimizedModule": "_orig_mod",
}
_MAX_DEPTH: Final = 200
_MAX_LAYERS: Final = 100_000  # counting a layer as often as it is used
_MAX_REMARKS: Final = 100
_MAX_ATTRIBUTES: Final = 500_000  # a network of 5,000 layers has about 150,000
_MAX_BITS: Final = 64  # of a number that is an attribute
_STEPS_FOR_A_LAYER: Final = 100
_STEPS_FOR_A_USE: Final = 20  # of a layer that is used in many places


class Inert:
    """What stood where a function, a class or code was: it does nothing, and says so when it is used."""

    def __init__(self, what: str) -> None:
        self.what = what

    def __call__(self, *args: object, **kwargs: object) -> Any:  # noqa: D102
        raise LayerError(f"calls {self.what}, which came with the file and is not run")

    def __repr__(self) -> str:
        return f"<{self.what}, not run>"


class Builder:
    """Puts a network together from the inert objects of one file.

    Args:
        file: where the tensors' numbers are.
        allow: layer classes of the caller's own; see `model.fastai_export.options.ExportOptions`.
    """

    def __init__(self, file: TorchFile, allow: Iterable[str] = ()) -> None:
        self.file = file
        self._remarks: dict[str, None] = {}
        self._allowed = {name: place or name for name, _, place in (entry.partition("=") for entry in allow)}
        self._made: dict[int, Any] = {}
        self._parameters: dict[int, nn.Parameter] = {}
        self._float: dict[int, torch.Tensor] = {}  # tensors of layers, by the id of what they were made of
        self._sizes: dict[int, int] = {}  # how many layers a layer is, by its id
        self._attributes = 0
        self._open: set[int] = set()
        self._used: set[str] = set()

    def network(self, value: Any) -> nn.Module:
        """The network that `value` describes, in evaluation mode, float32, on the CPU, without gradients.

        Raises:
            LayerError: a layer is of an unknown class, or its attributes make no sense.
        """
        try:
            module = self._layer(value, "the network", 0)
        except RecursionError:
            raise LayerError(f"{self.file.path} nests its layers too deeply") from None
        for name in self._allowed.keys() - self._used:
            self._remark(f"no layer is of the class {shown(name)}, which you allowed")
        spend(_STEPS_FOR_A_USE * self._sizes[id(module)])
        return module.eval().float().requires_grad_(False)

    @property
    def remarks(self) -> list[str]:
        """What was left out on the way, one sentence each."""
        return list(self._remarks)

    def _layer(self, value: Any, where: str, depth: int) -> nn.Module:
        if id(value) in self._open:
            raise LayerError(f"{self.file.path}: {where} contains itself")
        if depth > _MAX_DEPTH:
            raise LayerError(f"{self.file.path} nests its layers more than {_MAX_DEPTH} deep")
        if not isinstance(value, Object):
            raise LayerError(f"{self.file.path}: {where} is {described(value)}, not a layer")
        if id(value) in self._made:
            return self._made[id(value)]  # type: ignore[no-any-return]
        name = class_name(value)
        if name in _WRAPPERS:
            inside = mapping(attributes(value).get("_modules")) or {}
            inner = inside.get(_WRAPPERS[name], value.args[0] if value.args else None)  # torch.compile's is an argument
            return self._layer(inner, where, depth + 1)
        cls = self._class(value, name, where)
        by_new = value.is_new and value.args in ((), (value.function,))
        if not by_new and not name_of(value.function).startswith(("copyreg.", "copy_reg.")):
            raise LayerError(f"{self.file.path}: {where} is made by a call of {shown(name)}, and calls are not run")
        self._open.add(id(value))
        spend(_STEPS_FOR_A_LAYER)
        module: nn.Module = cls.__new__(cls)
        state = self._state(value, cls, where, depth)
        try:
            module.__setstate__(state)  # type: ignore[no-untyped-call]
        except Exception as error:  # a library's own code, on attributes that may come from another version of it
            reason = first_line(error)
            raise LayerError(f"{self.file.path}: {where} ({shown(name)}) does not accept its attributes: {reason}") from None
        for key, default in setting_defaults(cls).items():  # type: ignore[arg-type]
            if not hasattr(module, key):  # this version of the library has it, and the file's had not
                vars(module)[key] = default
        compute_weights(module, weight_hooks(attributes(value).get("_forward_pre_hooks")), f"{self.file.path}: {where}")
        self._open.discard(id(value))
        self._made[id(value)] = module
        size = 1 + sum(self._sizes[id(child)] for child in module._modules.values() if child is not None)
        if size > _MAX_LAYERS:
            raise LayerError(f"{self.file.path} uses the same layers over and over, {size:,} in all; no classifier does")
        self._sizes[id(module)] = size
        return module

    def _class(self, value: Any, name: str, where: str) -> type[nn.Module]:
        if name in self._allowed:
            self._used.add(name)
            return callers_class(self._allowed[name])
        cls = library_class(name, self.file.path)
        if cls is not None:
            return cls
        if not name:
            raise LayerError(f"{self.file.path}: {where} is {described(value)}, not a layer")
        advice = name if not name.startswith("__main__.") else f"{name}=mypkg.{name.rpartition('.')[2]}"
        raise LayerError(
            f"{self.file.path} has a layer of the unknown class {shown(name)} ({where}). If it is yours, and importable here, "
            "allow it: ", Option("allow", (shown(advice),)),
        )  # fmt: skip

    def _state(self, value: Object, cls: type[nn.Module], where: str, depth: int) -> dict[str, Any]:
        given = attributes(value)
        state: dict[str, Any] = {}
        self._spend(len(given))
        for key, item in given.items():
            if not isinstance(key, str) or key.startswith("__") or key == "_compiled_call_impl":
                continue
            if key.endswith("_hooks") or "_hooks_" in key:
                own = len(weight_hooks(item)) if key == "_forward_pre_hooks" else 0  # those are computed in `_layer`
                if len(mapping(item) or {}) > own and "state_dict" not in key:
                    self._remark(f"hooks on {where} ({class_name(value)}) are not run")
                state[key] = OrderedDict()
            elif key == "_modules":
                children = self._named(item, where, "_modules")
                state[key] = {
                    name: None
                    if child is None
                    else self._layer(child, f"{where}.{shown(name)}".removeprefix("the network."), depth + 1)
                    for name, child in children.items()
                }
            elif key in ("_parameters", "_buffers"):
                make = self._parameter if key == "_parameters" else self._tensor
                state[key] = {name: make(item, where, name) for name, item in self._named(item, where, key).items()}
            elif callable(getattr(cls, key, None)):
                self._remark(f"{where} ({class_name(value)}) had its method {shown(key)} replaced; the library's own is used")
            else:
                state[key] = self._plain(item, where, depth)
        if not all(isinstance(state.get(key), dict) for key in ("_modules", "_parameters", "_buffers")):
            raise LayerError(f"{self.file.path}: {where} ({shown(class_name(value))}) is no whole layer")
        state["_backward_hooks"] = OrderedDict()  # nn.Module.__setstate__ expects what every version has written
        state["_non_persistent_buffers_set"] = {
            name for name in sequence(given.get("_non_persistent_buffers_set")) or () if isinstance(name, str)
        }
        state["training"] = False
        return state

    def _named(self, value: Any, where: str, what: str) -> dict[str, Any]:
        parts = mapping(value)
        if parts is None or not all(isinstance(name, str) for name in parts):
            raise LayerError(f"{self.file.path}: {where} has {what} that are no named parts")
        self._spend(len(parts))
        return parts

    def _spend(self, count: int) -> None:
        self._attributes += count
        if self._attributes > _MAX_ATTRIBUTES:
            raise LayerError(f"{self.file.path} gives its layers more than {_MAX_ATTRIBUTES:,} attributes; no classifier does")

    def _tensor(self, value: Any, where: str, name: str) -> torch.Tensor | None:
        if value is None:
            return None
        tensor = self._numbers(value)
        if tensor is None:
            raise LayerError(f"{self.file.path}: {where}.{name} is {described(value)}, not a tensor")
        if id(value) not in self._float:  # once: many layers may share it
            self._float[id(value)] = tensor.float() if tensor.is_floating_point() else tensor
        return self._float[id(value)]

    def _parameter(self, value: Any, where: str, name: str) -> nn.Parameter | None:
        """The same parameter for the same object: layers may share one."""
        if id(value) not in self._parameters:
            tensor = self._tensor(value, where, name)
            if tensor is None:
                return None
            self._parameters[id(value)] = nn.Parameter(tensor, requires_grad=False)
        return self._parameters[id(value)]

    def _numbers(self, value: Any) -> torch.Tensor | None:
        if id(value) not in self._made:
            numbers = self.file.array(value)
            if numbers is None:
                return None
            self._made[id(value)] = torch.from_numpy(np.array(numbers, dtype=numbers.dtype.newbyteorder("=")))
        made = self._made[id(value)]
        return made if isinstance(made, torch.Tensor) else None

    def _plain(self, value: Any, where: str, depth: int) -> Any:
        """An attribute: what it is where it is plain, a layer or a tensor; an `Inert` where it is anything else."""
        if isinstance(value, int) and value.bit_length() > _MAX_BITS:
            raise LayerError(f"{self.file.path}: {where} has a number of more than {_MAX_BITS} bits; no classifier does")
        if value is None or isinstance(value, (str, int, float, bool, bytes)):
            return value
        if isinstance(value, Global):
            return self._function(value)
        if id(value) in self._made:
            return self._made[id(value)]
        if depth > _MAX_DEPTH or id(value) in self._open:
            raise LayerError(f"{self.file.path}: {where} has attributes that are nested too deeply or contain themselves")
        if is_layer(value):
            return self._layer(value, where, depth + 1)
        self._open.add(id(value))
        made = self._container(value, where, depth + 1)
        self._open.discard(id(value))
        self._made[id(value)] = made
        return made

    def _container(self, value: Any, where: str, depth: int) -> Any:
        pairs = mapping(value)
        if pairs is not None:
            return {key: self._plain(item, where, depth) for key, item in pairs.items() if isinstance(key, (str, int))}
        members = sequence(value)
        if members is not None:
            made = [self._plain(member, where, depth) for member in members]
            if isinstance(value, list):
                return made
            return (
                {part for part in made if isinstance(part, (str, int))} if isinstance(value, (set, frozenset)) else tuple(made)
            )
        if isinstance(value, Object):
            tensor = self._numbers(value)
            if tensor is not None:
                return tensor
            if name_of(value) == "torch.device":
                return torch.device("cpu")
            if name_of(value) == "timm.layers.format.Format" and len(value.args) == 1 and isinstance(value.args[0], str):
                return self._timm_format(value.args[0])
            for plain in (scalar(value), as_path(value)):
                if plain is not None:
                    return plain
        return Inert(described(value))

    def _function(self, value: Global) -> Any:
        name = str(value)
        if name in FUNCTIONS:
            function: Callable[..., torch.Tensor] = getattr(nn.functional, FUNCTIONS[name])
            return function
        if value.module == "torch" and isinstance(getattr(torch, value.name, None), torch.dtype):
            return getattr(torch, value.name)
        return Inert(shown(name))

    def _timm_format(self, text: str) -> Any:
        try:
            from timm.layers import Format

            return Format(text)
        except (ImportError, ValueError):
            return Inert("timm.layers.format.Format")

    def _remark(self, sentence: str) -> None:
        if len(self._remarks) < _MAX_REMARKS:
            self._remarks.setdefault(sentence)
