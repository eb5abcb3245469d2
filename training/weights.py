"""Where a network's first weights come from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import nn

from model.architecture import build, torchvision_network, with_head
from model.config import Config, ModelError
from model.folder import CONFIG


def pretrained(name: str, outputs: int, weights: str) -> nn.Sequential:
    """A network to train: a fresh head on a body that has learned from other photos, or a whole one to train on.

    Args:
        name: torchvision architecture.
        outputs: logits of the new head.
        weights: `imagenet` (torchvision downloads them), `none` (random), or a .safetensors or .pth file: a state dict
            of the torchvision network, or `model.safetensors` of a model folder, whose head is kept if it fits.

    Raises:
        ModelError: no such file, the file belongs to another network, or the download failed.
    """
    if weights == "none":
        return build(name, outputs)
    if weights == "imagenet":
        try:
            return with_head(torchvision_network(name, "DEFAULT"), outputs)
        except OSError as error:  # URLError is one
            raise ModelError(
                f"the ImageNet weights of {name} could not be downloaded ({error}); pass --weights FILE with a state "
                "dict of this network, or --weights none to start from random weights"
            ) from None
    state = _read(Path(weights))
    try:
        if all(key[:2] in ("0.", "1.") for key in state):  # a model folder's weights: body, and head if it fits
            network = build(name, outputs)
            network[0].load_state_dict(_part(state, "0."))
            if {k: v.shape for k, v in _part(state, "1.").items()} == {k: v.shape for k, v in network[1].state_dict().items()}:
                network[1].load_state_dict(_part(state, "1."))
            return network
        full = torchvision_network(name)
        full.load_state_dict(state)
    except RuntimeError as error:
        first = str(error).splitlines()[1:2]
        raise ModelError(f"--weights {weights} is not for {name}: {' '.join(first).strip()}") from None
    return with_head(full, outputs)


def origin(weights: str) -> dict[str, Any]:
    """Where the weights come from, for a config: the name of their first source, and of the training in between."""
    config_path = Path(weights).parent / CONFIG
    if weights in ("none", "imagenet") or not config_path.is_file():
        return {"weights": Path(weights).stem}
    before = Config.read(config_path).training
    return {"weights": before.get("weights", Path(weights).stem), "after": before}


def _part(state: dict[str, torch.Tensor], prefix: str) -> dict[str, torch.Tensor]:
    return {key.removeprefix(prefix): value for key, value in state.items() if key.startswith(prefix)}


def _read(path: Path) -> dict[str, torch.Tensor]:
    """A state dict in float32."""
    try:
        if path.suffix == ".safetensors":
            from safetensors.torch import load_file

            state = load_file(path)
        else:
            state = torch.load(path, map_location="cpu", weights_only=True)
        return {name: w.float() if w.is_floating_point() else w for name, w in state.items()}
    except FileNotFoundError:
        raise ModelError(f"--weights {path}: there is no such file (other values: imagenet, none)") from None
    except Exception as error:  # unpicklers and archives raise many types
        raise ModelError(f"--weights {path} is not a state dict: {str(error).splitlines()[0]}") from None
