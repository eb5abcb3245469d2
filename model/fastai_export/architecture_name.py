"""The name of the architecture that an inert network looks like, for people: `resnet34`, `mobilenet_v2`, `xresnet50`."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

from model.fastai_export.inert_tree import walk
from model.fastai_export.inert_values import attributes, is_layer, mapping, name_of

_RESNETS = {
    ("BasicBlock", (2, 2, 2, 2)): "18",
    ("BasicBlock", (3, 4, 6, 3)): "34",
    ("Bottleneck", (3, 4, 6, 3)): "50",
    ("Bottleneck", (3, 4, 23, 3)): "101",
    ("Bottleneck", (3, 8, 36, 3)): "152",
}
_MAX_BLOCKS = 100  # in a stage
_PLAIN = ("torch.nn.modules.", "fastai.layers.", "torchvision.ops.", "timm.layers.", "fastai.vision.learner.")


def architecture_name(network: Any) -> str:
    """What `network` is, as far as its classes tell; `custom network` where they do not."""
    parts = [part for part in walk(network) if is_layer(part)]
    for part in parts:
        for key in ("pretrained_cfg", "default_cfg"):
            settings = attributes(part).get(key)
            name = (mapping(settings) or attributes(settings)).get("architecture") if settings is not None else None
            if isinstance(name, str) and re.fullmatch(r"[\w.-]{1,80}", name):
                return f"timm {name}"
    names = [name_of(part) for part in parts]
    blocks = _blocks_per_stage(parts)
    if blocks in _RESNETS and any(name.startswith("torchvision.models.resnet.") for name in names):
        return f"resnet{_RESNETS[blocks]}"
    homes = Counter(name.rpartition(".")[0] for name in names if name and not name.startswith(_PLAIN))
    for home, _ in homes.most_common():
        match = re.fullmatch(r"(?:torchvision|timm|fastai\.vision)\.models\.(?:\w+\.)?(\w+)", home)
        if match:
            return _spelt(match[1])
    return "custom network"


def _blocks_per_stage(parts: list[Any]) -> tuple[str, tuple[int, ...]]:
    """The kind of residual block, and how many of them each stage has, in order of their width."""
    kind, stages = "", []
    for part in parts:
        children = _children(part)
        kinds = {name_of(child).rpartition(".")[2] for child in children}
        if name_of(part).endswith("Sequential") and len(kinds) == 1 and kinds <= {"BasicBlock", "Bottleneck"}:
            kind = kinds.pop()
            stages.append((_width(children[-1]), len(children)))
    return kind, tuple(count for _, count in sorted(stages))


def _children(part: Any) -> list[Any]:
    """The layers right below a layer, where there are as few as a stage of blocks has."""
    layers = mapping(attributes(part).get("_modules")) or {}
    return list(layers.values()) if len(layers) <= _MAX_BLOCKS else []


def _width(block: Any) -> int:
    """The channels of a block's first convolution."""
    convolution = next((layer for layer in _children(block) if name_of(layer) == "torch.nn.modules.conv.Conv2d"), None)
    channels = attributes(convolution).get("out_channels")
    return channels if isinstance(channels, int) else 0


def _spelt(module: str) -> str:
    return {"mobilenet": "mobilenet_v2", "mobilenetv2": "mobilenet_v2", "mobilenetv3": "mobilenet_v3"}.get(module, module)
