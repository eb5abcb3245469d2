"""Weights that torch's own hooks compute before each answer: weight_norm, spectral_norm and pruning, as they were before 2.0.

The hooks of a file are not run. What these three compute is written down here, once, so that a layer answers with the weight
that it has, and not with the one it had when it last answered.
"""

from __future__ import annotations

from typing import Any, Final

import torch
from torch import nn

from model.fastai_export.allowed_layers import LayerError
from model.fastai_export.budget import spend
from model.fastai_export.inert_tree import shown
from model.fastai_export.inert_values import attributes, class_name, mapping, scalar

_NORM: Final = "torch.nn.utils.weight_norm.WeightNorm"
_SPECTRAL: Final = "torch.nn.utils.spectral_norm.SpectralNorm"
_PRUNE: Final = "torch.nn.utils.prune."
_TORCHS: Final = "torch.nn.utils."


def weight_hooks(hooks: Any) -> list[Any]:
    """Those of a layer's `_forward_pre_hooks` that are torch's own and compute weights."""
    found = mapping(hooks) or {}
    spend(len(found))
    return [hook for hook in found.values() if class_name(hook).startswith(_TORCHS)]


def compute_weights(module: nn.Module, hooks: list[Any], where: str) -> None:
    """Give `module` the weights that `hooks` would compute in evaluation mode, as parameters in place of the last ones.

    Raises:
        LayerError: what they are computed of is not there, or does not fit together.
    """
    for hook in hooks:
        kind, given = class_name(hook), attributes(hook)
        name = given.get("_tensor_name" if kind.startswith(_PRUNE) else "name")
        try:
            weight = _weight(module, kind, str(name), given)
        except (AttributeError, TypeError, ValueError, RuntimeError, IndexError):
            raise LayerError(
                f"{where} has its weight computed by {shown(kind)} before each answer, of what the file does not hold as torch "
                "writes it; export the learner again without it, as torch.nn.utils.remove_weight_norm, remove_spectral_norm "
                "and prune.remove do"
            ) from None
        vars(module).pop(str(name), None)
        module._parameters[str(name)] = nn.Parameter(weight, requires_grad=False)


def _weight(module: nn.Module, kind: str, name: str, given: Any) -> torch.Tensor:
    if kind.startswith(_PRUNE):
        original, mask = _tensor(module, f"{name}_orig"), _tensor(module, f"{name}_mask")
        _check_fits(mask, original)
        return original * mask
    dim = given.get("dim", 0)
    if dim is not None and type(scalar(dim)) is not int:
        raise ValueError("a dimension that is no number")
    if kind == _NORM:
        direction, size = _tensor(module, f"{name}_v"), _tensor(module, f"{name}_g")
        others = [axis for axis in range(direction.ndim) if dim not in (None, -1) and axis != dim % direction.ndim]
        length = torch.linalg.vector_norm(direction, dim=others or None, keepdim=bool(others))
        _check_fits(length, direction)
        _check_fits(size, direction)
        scaled: torch.Tensor = direction * (size / length)
        return scaled
    if kind == _SPECTRAL:
        weight = _tensor(module, f"{name}_orig")
        spend(weight.numel() // 1000)
        rows = weight.movedim(dim, 0).flatten(1)
        return weight / torch.dot(_tensor(module, f"{name}_u"), rows @ _tensor(module, f"{name}_v"))
    raise ValueError("an unknown hook")


def _check_fits(factor: torch.Tensor, weight: torch.Tensor) -> None:
    """Refuse a product that is larger than the weight: two long tensors can make a huge one.

    Raises:
        ValueError: it is.
    """
    spend(weight.numel() // 1000)
    if torch.broadcast_shapes(factor.shape, weight.shape) != weight.shape:  # type: ignore[no-untyped-call]
        raise ValueError("factors that make the weight larger")


def _tensor(module: nn.Module, name: str) -> torch.Tensor:
    """A parameter or buffer, float32."""
    found = getattr(module, name)
    if not isinstance(found, torch.Tensor):
        raise TypeError("no tensor")
    return found.detach().float()
