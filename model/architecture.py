"""The network a config names: a torchvision body, average pooling, dropout and one linear layer.

The plain head is on purpose: it fine-tunes as well as a deep one here, quantises well, and gives exact class activation
maps (Zhou et al. 2016). Only training and torch-backed networks come here; serving an ONNX file never imports torch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from model.config import ModelError

if TYPE_CHECKING:
    from torch import nn

DROPOUT = 0.2
_ADVICE = "try resnet34, resnet50 or mobilenet_v2"


def build(name: str, outputs: int) -> nn.Sequential:
    """A network with random weights: `Sequential(body, head)`, float32 (N, 3, H, W) → (N, outputs), as fastai lays it out.

    Raises:
        ModelError: torchvision has no such architecture, or its body cannot be told from its head.
    """
    return with_head(torchvision_network(name), outputs)


def torchvision_network(name: str, weights: str | None = None) -> nn.Module:
    """The classifier of 1000 ImageNet classes. With `weights="DEFAULT"` torchvision downloads its trained weights.

    Raises:
        ModelError: torchvision has no such architecture.
    """
    import torchvision

    if name not in torchvision.models.list_models(module=torchvision.models):
        raise ModelError(f"torchvision has no architecture {name!r}; {_ADVICE}")
    network: nn.Module = torchvision.models.get_model(name, weights=weights)
    return network


def with_head(network: nn.Module, outputs: int) -> nn.Sequential:
    """The body of a torchvision classifier under a fresh head of `outputs` logits.

    Raises:
        ModelError: the body cannot be told from the head.
    """
    import torch
    from torch import nn

    parts = dict(network.named_children())
    if "features" in parts:
        body = parts["features"]
    elif "avgpool" in parts:
        names = list(parts)
        body = nn.Sequential(*(parts[name] for name in names[: names.index("avgpool")]))
    else:
        raise ModelError(f"{type(network).__name__} has no body that ends before a pooling layer; {_ADVICE}")
    with torch.inference_mode():
        channels = body.eval()(torch.zeros(1, 3, 64, 64)).shape[1]
    head = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(DROPOUT), nn.Linear(channels, outputs))
    return nn.Sequential(body, head).train()
