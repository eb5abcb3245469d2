"""Which classes may become layers: those of torch, torchvision, timm and fastai, and nothing else.

A class is found only if it is a `torch.nn.Module` that one of `LIBRARIES` defines under the very name that the file gives, or
the caller names it.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import sys
import warnings
from pathlib import Path
from typing import Any, Final, TypeGuard

import torch
from torch import nn

from model.errors import ModelError, Option, first_line

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
# Where a class lives now that older versions defined elsewhere
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


class LayerError(ModelError):
    """A network that cannot be put together; the message names the layer and the way out."""


def library_class(name: str, path: Path) -> type[nn.Module] | None:
    """The class of `LIBRARIES` that an export calls `name`, or what stands in for it here; None where there is none.

    Args:
        path: of the export, for an error.

    Raises:
        LayerError: its library is not installed.
    """
    if name in _STAND_INS:
        return _STAND_INS[name]
    name = _MOVED.get(name, name)
    for old, new in _MOVED_MODULES:
        name = name.replace(old, new) if name.startswith(old) else name
    home, _, short = name.rpartition(".")
    root = next((root for root in LIBRARIES if home == root or home.startswith(f"{root}.")), None)
    if root is None:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what a library remarks while it is imported
            importlib.import_module(root)
    except ImportError:
        library = root.partition(".")[0]
        raise LayerError(f"{path} has layers of {library}, which is not installed: pip install {library}") from None
    cls = vars(sys.modules[home]).get(short) if home in sys.modules else None
    return cls if _is_allowed(cls) else None


def callers_class(place: str) -> type[nn.Module]:
    """A layer class that the caller allowed by name: its module is imported, which runs it.

    Raises:
        LayerError: there is no such class, or it is not one of layers.
    """
    module, _, name = place.rpartition(".")
    try:
        cls = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise LayerError(
            f"the allowed layer {place} cannot be imported: {first_line(error)}; install it, or correct ",
            Option("allow", (place,)),
        ) from None
    if not (isinstance(cls, type) and issubclass(cls, nn.Module)):
        raise LayerError(
            f"the allowed {place} is not a layer, a class derived from torch.nn.Module: name another than ",
            Option("allow", (place,)),
        )
    return cls


def _is_allowed(cls: Any) -> TypeGuard[type[nn.Module]]:
    """Whether this is a layer class of `LIBRARIES` that holds no code."""
    if not (isinstance(cls, type) and issubclass(cls, nn.Module) and cls.__module__.startswith(LIBRARIES)):
        return False
    return not any(base.__module__.startswith(_NOT_FROM) for base in cls.__mro__)


@functools.cache
def setting_defaults(cls: type[nn.Module]) -> dict[str, Any]:
    """The plain defaults of a layer's settings."""
    settings = inspect.signature(cls.__init__).parameters
    plain = {name: setting.default for name, setting in settings.items() if setting.default is not setting.empty}
    return {name: default for name, default in plain.items() if isinstance(default, (int, float, str, type(None)))}
