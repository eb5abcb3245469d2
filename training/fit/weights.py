"""Where a network's first weights come from."""

from __future__ import annotations

import copy
import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from model.architecture import build, imagenet_network, library_of, with_head
from model.config import Config, Library
from model.errors import ModelError, first_line, first_mismatch
from model.folder import CONFIG
from model.head import LinearHead
from training.fit.prior import classifier_of

Channels = tuple[float, float, float]
IMAGENET_MEAN: Channels = (0.485, 0.456, 0.406)
IMAGENET_STD: Channels = (0.229, 0.224, 0.225)


@dataclass(frozen=True)
class Start:
    """A network to train.

    Attributes:
        network: `Sequential(body, head)`.
        library: torchvision or timm.
        mean, std: of the pixels (0-1) per channel that its weights were trained with.
        classifier: the 1,000 rows of its old head, where the weights are those of an ImageNet classifier and its head is one
            linear layer (`training.fit.prior`); else None.
    """

    network: nn.Sequential
    library: Library
    mean: Channels
    std: Channels
    classifier: LinearHead | None = None


def pretrained(name: str, outputs: int, weights: str) -> Start:
    """A network to train: a fresh head on a body that has learned from other photos, or a whole one to train on.

    Args:
        name: an architecture of torchvision or timm.
        outputs: logits of the new head.
        weights: `imagenet` (the library downloads them), `none` (random), or a .safetensors or .pth file: a state dict
            of the library's network, or `model.safetensors` of a model folder, whose head is kept if it fits.

    Raises:
        ModelError: no such architecture or file, the file belongs to another network, or the download failed.
    """
    library = library_of(name)
    full: nn.Module | None = None
    if weights == "imagenet":
        try:
            full = imagenet_network(name, library, trained=True)
        except (OSError, RuntimeError) as error:  # URLError and the Hub client's errors; timm: an architecture without weights
            raise ModelError(
                f"the ImageNet weights of {name} could not be downloaded ({first_line(error)}); pass --weights FILE "
                "with a state dict of this network, or --weights none to start from random weights"
            ) from None
    elif weights != "none":
        state = _read(Path(weights))
        try:
            if all(key[:2] in ("0.", "1.") for key in state):  # a model folder's weights: body, and head if it fits
                return _start(_continued(build(name, outputs, library), state), library)
            full = imagenet_network(name, library)
            counters = {key for key in full.state_dict() if key.endswith("num_batches_tracked")}  # which some files leave out
            lacking, unexpected = full.load_state_dict(state, strict=False)
            if unexpected or set(lacking) - counters:
                full.load_state_dict(state)  # says what does not fit
        except RuntimeError as error:
            raise ModelError(f"--weights {weights} is not for {name}: {first_mismatch(error)}") from None
    if full is None:
        return _start(build(name, outputs, library), library)
    whole, linear = copy.deepcopy(full), last_linear(full)
    network = with_head(full, outputs)
    return _start(network, library, classifier_of(whole, network[0], linear))


def origin(weights: str) -> dict[str, Any]:
    """Where the weights come from, for a config: the name of their first source, and of the training in between."""
    try:
        before = Config.read(Path(weights).parent / CONFIG).training
    except ModelError:  # not a model folder of ours
        return {"weights": Path(weights).stem}
    return {"weights": before.get("weights", Path(weights).stem), "after": before}


def last_linear(network: nn.Module) -> nn.Linear | None:
    """The last linear layer of a whole network, in the order of its definition."""
    return next((layer for layer in reversed(list(network.modules())) if isinstance(layer, nn.Linear)), None)


def _start(network: nn.Sequential, library: Library, classifier: LinearHead | None = None) -> Start:
    described = getattr(network[0], "pretrained_cfg", {})  # timm's networks carry theirs
    mean, std = described.get("mean", IMAGENET_MEAN), described.get("std", IMAGENET_STD)
    return Start(network, library, mean, std, classifier)


def _continued(network: nn.Sequential, state: dict[str, torch.Tensor]) -> nn.Sequential:
    """`network` with the body of `state`, and its head if that has the same outputs."""
    body, head = network
    body.load_state_dict(_part(state, "0."))
    before = _part(state, "1.")
    if {name: w.shape for name, w in before.items()} == {name: w.shape for name, w in head.state_dict().items()}:
        head.load_state_dict(before)
    return network


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
    except pickle.UnpicklingError:  # torch's message ends in advice to run whatever is in the file
        raise ModelError(f"--weights {path} is not a state dict: it is damaged, or holds more than tensors") from None
    except Exception as error:  # archives raise many types
        raise ModelError(f"--weights {path} is not a state dict: {first_line(error)}") from None
