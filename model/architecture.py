"""The network a config names: a body from torchvision or timm, average pooling, dropout and one linear layer.

The plain head is on purpose: it fine-tunes as well as a deep one here, quantises well, and gives exact class activation
maps (Zhou et al. 2016). Only training and torch-backed networks come here; serving an ONNX file never imports torch.
"""

from __future__ import annotations

import difflib
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING

from model.config import Library
from model.errors import ModelError
from model.head import LinearHead

if TYPE_CHECKING:
    from torch import nn

DROPOUT = 0.2
_ADVICE = "try resnet34, resnet50 or mobilenet_v2"


def build(name: str, outputs: int, library: Library = "torchvision", rows: Sequence[int] | None = None) -> nn.Sequential:
    """A network with random weights: `Sequential(body, head)`, float32 (N, 3, H, W) → (N, outputs), as fastai lays it out.

    Args:
        rows: how many rows of the linear layer each output merges (`model.head.LinearHead`); one each by default.

    Raises:
        ModelError: the library has no such architecture, or its body cannot be told from its head.
    """
    return with_head(imagenet_network(name, library), outputs, rows)


def library_of(name: str) -> Library:
    """The library that has the architecture `name`: torchvision where both have it.

    Raises:
        ModelError: neither has it, or it is in timm and timm is not installed.
    """
    import torchvision

    known = torchvision.models.list_models(module=torchvision.models)
    if name in known:
        return "torchvision"
    try:
        import timm
    except ImportError:
        raise ModelError(f"torchvision has no architecture {name!r}, and timm is not installed; {_ADVICE}") from None
    if timm.is_model(name):
        return "timm"
    alike = " or ".join(difflib.get_close_matches(name, {*known, *timm.list_models()}, 3))
    advice = f"did you mean {alike}?" if alike else _ADVICE
    raise ModelError(f"torchvision and timm have no architecture {name!r}; {advice}")


def imagenet_network(name: str, library: Library, trained: bool = False) -> nn.Module:
    """The classifier of 1000 ImageNet classes; where it is `trained`, the library downloads its weights.

    Raises:
        ModelError: the library has no such architecture, or is not installed.
        OSError: the weights cannot be downloaded.
    """
    if library == "export":
        raise ModelError(
            f"{name} came out of a fastai export and cannot be built anew: only its model.onnx and the export have it"
        )
    if library == "script":
        raise ModelError(f"{name} is a class of a training script: build it there, and load its model.safetensors into it")
    network: nn.Module
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # remarks on how a network used to be called or initialised
        if library == "torchvision":
            import torchvision

            if name not in torchvision.models.list_models(module=torchvision.models):
                raise ModelError(f"torchvision has no architecture {name!r}; {_ADVICE}")
            network = torchvision.models.get_model(name, weights="DEFAULT" if trained else None)
            return network
        try:
            import timm
        except ImportError:
            raise ModelError(f"{name} is an architecture of timm, which is not installed: pip install timm") from None
        if not timm.is_model(name):
            raise ModelError(f"timm has no architecture {name!r}; {_ADVICE}")
        network = timm.create_model(name, pretrained=trained)
        return network


def with_head(network: nn.Module, outputs: int, rows: Sequence[int] | None = None) -> nn.Sequential:
    """The body of an ImageNet classifier under a fresh head of `outputs` logits, merged from `rows` each (see `build`).

    Raises:
        ModelError: the body cannot be told from the head, or gives no feature maps.
    """
    import torch
    from torch import nn

    parts = dict(network.named_children())
    if hasattr(network, "reset_classifier"):  # timm's own way to ask for the body
        network.reset_classifier(0, "")  # type: ignore[operator]
        body: nn.Module = network
    elif "features" in parts:
        body = parts["features"]
    elif "avgpool" in parts:
        names = list(parts)
        body = nn.Sequential(*(parts[name] for name in names[: names.index("avgpool")]))
    else:
        raise ModelError(f"{type(network).__name__} has no body that ends before a pooling layer; {_ADVICE}")
    try:
        with torch.inference_mode():
            maps = body.eval()(torch.zeros(1, 3, 64, 64))
    except (RuntimeError, AssertionError, ValueError):  # a fixed input size: the body is no plain convolutional one
        maps = torch.zeros(0)
    if maps.ndim != 4 or maps.shape[1] <= maps.shape[3]:
        raise ModelError(f"{type(network).__name__} does not end in feature maps (N, channels, h, w); {_ADVICE}")
    return nn.Sequential(body, _head(nn.Linear(maps.shape[1], sum(rows) if rows else outputs), rows)).train()


def _head(linear: nn.Linear, rows: Sequence[int] | None) -> nn.Sequential:
    """Average pooling, dropout and a linear layer, whose rows are merged where there are `rows`."""
    from torch import nn

    head = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(DROPOUT), linear)
    if rows:
        from model.torch_merge import Merge

        head.append(Merge(rows))
    return head


def with_rows(network: nn.Sequential, head: LinearHead) -> nn.Sequential:
    """A network of `build` under the rows of `head`; its body is the same object."""
    import torch
    from torch import nn

    linear = nn.Linear(head.weight.shape[1], len(head.weight))
    linear.load_state_dict({"weight": torch.from_numpy(head.weight), "bias": torch.from_numpy(head.bias)})
    return nn.Sequential(network[0], _head(linear, head.rows if head.is_merged else None))


def linear_of(network: nn.Sequential) -> nn.Linear:
    """The linear layer of a network of `build`."""
    from torch import nn

    return next(layer for layer in network[1].children() if isinstance(layer, nn.Linear))
