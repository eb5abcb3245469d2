"""Layers out of an inert pickle: modules of torch, torchvision, timm and fastai, and nothing else.

A class is made only if it is a `torch.nn.Module` that one of `LIBRARIES` defines under that very name, or that the caller
allowed by name. It is made without `__init__`, as pickle does, and given its attributes: numbers, text, containers,
tensors, other such layers. Whatever else stood among them (functions, code, classes, hooks) becomes an `Inert`, which
raises when it is used. What does run is the libraries' own code: a class's `__setstate__`, and its `forward` for an answer.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import logging
import sys
import warnings
from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import Any, Final

import numpy as np
import torch
from torch import nn

from model.errors import ModelError
from model.fastai_export.inert_pickle import Global, Object, shown
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

# Where layers may be defined: in these modules, or below them. Nothing else is imported for a file's sake.
LIBRARIES: Final = (
    "torch.nn.modules", "torchvision.models", "torchvision.ops", "timm.models", "timm.layers",
    "fastai.layers", "fastai.vision.models", "fastai.vision.learner",
)  # fmt: skip
# Layers that hold code, or whose __setstate__ loops as often as the file says. A caller may allow them by name.
_NOT_FROM: Final = ("torch.fx.", "torch.jit.", "torch.nn.modules.rnn")


class Flatten(nn.Module):
    """fastai's: (N, …) → (N, K), or everything into one dimension where `full`."""

    full: bool = False

    def forward(self, x: torch.Tensor) -> torch.Tensor:  # noqa: D102
        return x.view(-1) if self.full else x.view(x.size(0), -1)


class AdaptiveConcatPool2d(nn.Module):
    """fastai's: maximum and average side by side, (N, C, H, W) → (N, 2C, size, size)."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:  # noqa: D102
        parts: list[torch.Tensor] = [self.mp(x), self.ap(x)]  # type: ignore[operator]
        return torch.cat(parts, 1)


class AdaptiveMaxPool2d(nn.AdaptiveMaxPool2d):
    """torch's, which for a single pixel takes the maximum in a way that ONNX knows, too."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:  # noqa: D102
        return x.amax((-2, -1), keepdim=True) if self.output_size in (1, (1, 1)) else super().forward(x)


# The layers of the usual fastai head, so that it opens without fastai, whose import takes seconds.
_STAND_INS: Final[dict[str, type[nn.Module]]] = {
    "fastai.layers.Flatten": Flatten,
    "fastai.layers.AdaptiveConcatPool2d": AdaptiveConcatPool2d,
    "fastai.layers.ConvLayer": nn.Sequential,
    "fastai.layers.LinBnDrop": nn.Sequential,
    "torch.nn.modules.pooling.AdaptiveMaxPool2d": AdaptiveMaxPool2d,
}
# Plain functions of tensors that layers hold as attributes and call, by their names in torch.nn.functional.
_ACTIVATIONS: Final = (
    "relu", "relu6", "elu", "selu", "celu", "leaky_relu", "gelu", "silu", "mish", "hardswish", "hardsigmoid", "sigmoid", "tanh",
    "softmax", "log_softmax", "softplus", "normalize",
)  # fmt: skip
FUNCTIONS: Final = {
    **{f"torch.nn.functional.{name}": name for name in _ACTIVATIONS},
    "torch._C._nn.gelu": "gelu",
    "fastai.layers.swish": "silu",
    "fastai.layers.mish": "mish",
}
# where a class lives now that older versions defined elsewhere
_MOVED: Final = {
    "torchvision.models.mobilenet.MobileNetV2": "torchvision.models.mobilenetv2.MobileNetV2",
    "torchvision.models.mobilenet.InvertedResidual": "torchvision.models.mobilenetv2.InvertedResidual",
    "torchvision.models.mobilenet.ConvBNReLU": "torchvision.ops.misc.Conv2dNormActivation",
    "torchvision.models.mobilenetv2.ConvBNReLU": "torchvision.ops.misc.Conv2dNormActivation",
    "torchvision.models.mobilenetv2.ConvBNActivation": "torchvision.ops.misc.Conv2dNormActivation",
    "torchvision.models.mobilenetv3.ConvBNActivation": "torchvision.ops.misc.Conv2dNormActivation",
    "torchvision.models.efficientnet.ConvNormActivation": "torchvision.ops.misc.Conv2dNormActivation",
    "torchvision.ops.misc.ConvNormActivation": "torchvision.ops.misc.Conv2dNormActivation",
    "torchvision.models.mobilenetv3.SqueezeExcitation": "torchvision.ops.misc.SqueezeExcitation",
    "torchvision.models.efficientnet.SqueezeExcitation": "torchvision.ops.misc.SqueezeExcitation",
}
_MOVED_MODULES: Final = (
    ("timm.models.layers.", "timm.layers."),
    ("timm.models.efficientnet_blocks.", "timm.models._efficientnet_blocks."),
    ("timm.models.features.", "timm.models._features."),
)
# the network inside what was wrapped around it for training, by the name it has there
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
_MAX_FORWARD_BYTES: Final = 256_000_000  # of one tensor, for one photo


class LayerError(ModelError):
    """A network that cannot be put together; the message names the layer and the way out."""


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
        allow: layer classes beside those of `LIBRARIES`: `mypkg.MyLayer`, or `name.in.File=mypkg.MyLayer` for a class
            that lived elsewhere when the file was written. Their modules are imported, which runs them.
    """

    def __init__(self, file: TorchFile, allow: Iterable[str] = ()) -> None:
        self.file = file
        self._remarks: dict[str, None] = {}
        self._allowed = {name: place or name for name, _, place in (entry.partition("=") for entry in allow)}
        self._made: dict[int, Any] = {}
        self._parameters: dict[int, nn.Parameter] = {}
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
        module: nn.Module = cls.__new__(cls)
        state = self._state(value, cls, where, depth)
        try:
            module.__setstate__(state)  # type: ignore[no-untyped-call]
        except Exception as error:  # a library's own code, on attributes that may come from another version of it
            reason = str(error).partition("\n")[0]
            raise LayerError(f"{self.file.path}: {where} ({shown(name)}) does not accept its attributes: {reason}") from None
        for key, default in _defaults(cls).items():  # type: ignore[arg-type]  # what this version of the library has and the file's had not
            if not hasattr(module, key):
                vars(module)[key] = default
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
            return _imported(self._allowed[name])
        if name in _STAND_INS:
            return _STAND_INS[name]
        moved = _MOVED.get(name, name)
        for old, new in _MOVED_MODULES:
            moved = moved.replace(old, new) if moved.startswith(old) else moved
        home, _, short = moved.rpartition(".")
        root = next((root for root in LIBRARIES if home == root or home.startswith(f"{root}.")), None)
        if root:
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")  # what a library remarks while it is imported
                    importlib.import_module(root)
            except ImportError:
                library = root.partition(".")[0]
                raise LayerError(
                    f"{self.file.path} has layers of {library}, which is not installed: pip install {library}"
                ) from None
            found = vars(sys.modules[home]).get(short) if home in sys.modules else None
            if _is_allowed(found):
                return found  # type: ignore[return-value]
        if not name:
            raise LayerError(f"{self.file.path}: {where} is {described(value)}, not a layer")
        advice = name if not name.startswith("__main__.") else f"{name}=mypkg.{short}"
        raise LayerError(
            f"{self.file.path} has a layer of the unknown class {shown(name)} ({where}). If it is yours, "
            f'and importable here, allow it: allow=["{shown(advice)}"], or --allow {shown(advice)} on the command line'
        )

    def _state(self, value: Object, cls: type[nn.Module], where: str, depth: int) -> dict[str, Any]:
        given = attributes(value)
        state: dict[str, Any] = {}
        self._spend(len(given))
        for key, item in given.items():
            if not isinstance(key, str) or key.startswith("__") or key == "_compiled_call_impl":
                continue
            if key.endswith("_hooks") or "_hooks_" in key:
                if mapping(item) and "state_dict" not in key:
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
        found = mapping(value)
        if found is None or not all(isinstance(name, str) for name in found):
            raise LayerError(f"{self.file.path}: {where} has {what} that are no named parts")
        self._spend(len(found))
        return found

    def _spend(self, count: int) -> None:
        self._attributes += count
        if self._attributes > _MAX_ATTRIBUTES:
            raise LayerError(f"{self.file.path} gives its layers more than {_MAX_ATTRIBUTES:,} attributes; no classifier does")

    def _tensor(self, value: Any, where: str, name: str) -> torch.Tensor | None:
        if value is None:
            return None
        found = self._numbers(value)
        if found is None:
            raise LayerError(f"{self.file.path}: {where}.{name} is {described(value)}, not a tensor")
        return found

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


def _is_allowed(found: Any) -> bool:
    """Whether this is a layer class of `LIBRARIES` that holds no code."""
    if not (isinstance(found, type) and issubclass(found, nn.Module) and found.__module__.startswith(LIBRARIES)):
        return False
    return not any(base.__module__.startswith(_NOT_FROM) for base in found.__mro__)


@functools.cache
def _defaults(cls: type[nn.Module]) -> dict[str, Any]:
    """The plain defaults of a layer's settings."""
    settings = inspect.signature(cls.__init__).parameters
    plain = {name: each.default for name, each in settings.items() if each.default is not each.empty}
    return {name: default for name, default in plain.items() if isinstance(default, (int, float, str, type(None)))}


def _imported(place: str) -> type[nn.Module]:
    """A layer class that the caller named."""
    module, _, name = place.rpartition(".")
    try:
        found = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise LayerError(f"the allowed layer {place} cannot be imported: {error}") from None
    if not (isinstance(found, type) and issubclass(found, nn.Module)):
        raise LayerError(f"the allowed {place} is not a layer: not a class derived from torch.nn.Module")
    return found


def count_outputs(network: nn.Module, height: int, width: int, name: str) -> int:
    """How many logits the network gives for one photo. It is tried on shapes alone first, so that memory stays bounded.

    Raises:
        LayerError: it calls what was not run, needs another input, or more memory than a classifier does.
    """
    from torch._subclasses.fake_tensor import FakeTensorMode

    class Bounded(torch.utils._python_dispatch.TorchDispatchMode):  # type: ignore[no-untyped-call]
        def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            out = func(*args, **(kwargs or {}))
            for tensor in out if isinstance(out, (tuple, list)) else (out,):
                if isinstance(tensor, torch.Tensor) and tensor.numel() * tensor.element_size() > _MAX_FORWARD_BYTES:
                    raise LayerError(
                        f"makes a tensor of shape {tuple(tensor.shape)} out of one photo; no classifier needs that much memory"
                    )
            return out

    log = logging.getLogger("torch._subclasses.fake_tensor")
    level = log.level
    log.setLevel(logging.CRITICAL)  # what it would print is raised, too
    try:
        with torch.inference_mode(False), torch.no_grad(), FakeTensorMode(allow_non_fake_inputs=True), Bounded():  # type: ignore[no-untyped-call]
            network(torch.zeros(1, 3, height, width))
        with torch.inference_mode():
            logits = network(torch.zeros(1, 3, height, width))
    except LayerError as error:
        raise LayerError(f"{name}: its network {error}") from None
    except Exception as error:  # whatever the layers raise on what they were given
        reason = str(error).partition("\n")[0][:200] or type(error).__name__
        raise LayerError(
            f"{name}: its network cannot answer for a photo of {width}×{height}: {reason}. If it was made "
            "with other versions of its libraries, this can be why"
        ) from None
    finally:
        log.setLevel(level)
    if not isinstance(logits, torch.Tensor) or logits.ndim != 2 or logits.shape[0] != 1:
        given = f"of shape {tuple(logits.shape)}" if isinstance(logits, torch.Tensor) else f"a {type(logits).__name__}"
        raise LayerError(f"{name}: its network gives {given} for one photo, not one row of logits, so it is no classifier")
    return int(logits.shape[1])
