"""Where a network's first weights come from."""

from __future__ import annotations

import copy
import pickle
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
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
    state = read_weights(weights)
    if state is not None and of_a_folder(state):
        with fitting(name, weights):
            return _start(_continued(build(name, outputs, library), state), name, library)
    if weights == "none":
        return _start(build(name, outputs, library), name, library)
    full = whole_network(name, library, weights, state)
    whole, linear = copy.deepcopy(full), last_linear(full)
    network = with_head(full, outputs)
    return _start(network, name, library, classifier_of(whole, network[0], linear))


def whole_network(name: str, library: Library, weights: str, state: dict[str, torch.Tensor] | None) -> nn.Module:
    """The classifier of 1000 ImageNet classes, with its first weights.

    Args:
        weights: as `pretrained` takes it. state: of `read_weights`, of a whole network.

    Raises:
        ModelError: the file belongs to another network, or the download failed.
    """
    if weights == "imagenet":
        try:
            return imagenet_network(name, library, trained=True)
        except (OSError, RuntimeError) as error:  # URLError and the Hub client's errors; timm: an architecture without weights
            raise ModelError(
                f"the ImageNet weights of {name} could not be downloaded ({first_line(error)}); pass --weights FILE "
                "with a state dict of this network, or --weights none to start from random weights"
            ) from None
    network = imagenet_network(name, library)
    if state is not None:
        state = OrderedDict(state)
        state._metadata = network.state_dict()._metadata  # type: ignore[attr-defined]  # MNASNet asks for its version
        with fitting(name, weights):
            left_out = {key for key in network.state_dict() if key.endswith("num_batches_tracked")}  # by some files
            lacking, unexpected = network.load_state_dict(state, strict=False)
            if unexpected or set(lacking) - left_out:
                network.load_state_dict(state)  # says what does not fit
    return network


@contextmanager
def fitting(name: str, weights: str) -> Iterator[None]:
    """Turn what torch says of a state dict that does not fit into a `ModelError` that names the file."""
    try:
        yield
    except RuntimeError as error:
        raise ModelError(f"--weights {weights} is not for {name}: {first_mismatch(error)}") from None


def of_a_folder(state: dict[str, torch.Tensor]) -> bool:
    """Whether these are a model folder's weights: of a body, and of a head, which is kept where it fits."""
    return all(key[:2] in ("0.", "1.") for key in state)


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


def seen_by(body: nn.Module, name: str, library: Library) -> tuple[Channels, Channels, int]:
    """What its weights were trained on: mean and standard deviation of the pixels (0-1) per channel, and the photos' side."""
    if library == "torchvision":
        from torchvision.models import get_model_weights

        seen = get_model_weights(name).DEFAULT.transforms()
        return tuple(seen.mean), tuple(seen.std), seen.crop_size[0]
    told = getattr(body, "pretrained_cfg", {})  # timm's networks carry theirs
    return told.get("mean", IMAGENET_MEAN), told.get("std", IMAGENET_STD), told.get("input_size", (3, 224, 224))[-1]


def _start(network: nn.Sequential, name: str, library: Library, classifier: LinearHead | None = None) -> Start:
    mean, std, _ = seen_by(network[0], name, library)
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


def read_weights(weights: str) -> dict[str, torch.Tensor] | None:
    """The state dict that `weights` names, in float32; None where it names none: `imagenet` and `none`.

    Raises:
        ModelError: there is no such file, or it is no state dict.
    """
    if weights in ("imagenet", "none"):
        return None
    path = Path(weights)
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
