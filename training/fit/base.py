"""A base to keep frozen: any network of torchvision or timm, up to the features that its classifier reads."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn
from torchvision.models import DenseNet, VisionTransformer

from model.architecture import library_of, with_head
from model.config import Library
from model.errors import ModelError, first_line
from training.fit.weights import Channels, fitting, of_a_folder, read_weights, seen_by, whole_network


@dataclass(frozen=True)
class Base:
    """A network without its classifier.

    Attributes:
        body: float32 (N, 3, side, side), normalised → feature maps (N, width, h, w), or features (N, width).
        pool: what makes features (N, width) of these: the average of each map, where the body ends in maps; else nothing.
        width: features of a photo.
        name, library: of the network.
        mean, std: of the pixels (0-1) per channel that its weights were trained with.
        note: a sentence where the features are no averages of maps; else empty.
    """

    body: nn.Module
    pool: nn.Sequential
    width: int
    name: str
    library: Library
    mean: Channels
    std: Channels
    note: str


def named(base: str) -> tuple[Library, str]:
    """The library and the name of a network: `timm:resnet50`, `torchvision:resnet50`, or `resnet50`, which is torchvision's.

    Names are in lower case in both, and so `Xception` and `ResNet50` are known too.

    Raises:
        ModelError: there is no such network; with what is near.
    """
    wanted, colon, name = base.lower().rpartition(":")
    found = library_of(name)
    if not colon or wanted == found:
        return found, name
    if wanted == "timm":
        import timm

        if timm.is_model(name):
            return "timm", name
    elif wanted != "torchvision":
        raise ModelError(f"{base}: what stands before the colon is torchvision or timm, as in {found}:{name}")
    raise ModelError(f"{wanted} has no architecture {name!r}, but {found} has: {found}:{name}")


def pretrained_base(base: str, weights: str, side: int) -> Base:
    """A base with its first weights, for photos of `side` × `side` pixels.

    The features of nearly all networks are the averages of their last maps over all places. Where the library itself reads
    something else (the first token of a vision transformer), that is taken.

    Args:
        base: as `named` takes it.
        weights: as `training.fit.weights.pretrained` takes it.

    Raises:
        ModelError: no such network or file, the file belongs to another network, the download failed, the network has no
            features, or it does not take photos of this size.
    """
    library, name = named(base)
    state = read_weights(weights)
    if state is not None and of_a_folder(state):
        body = _body(whole_network(name, library, "none", None), name, library)
        with fitting(name, weights):
            body.load_state_dict({key[2:]: tensor for key, tensor in state.items() if key.startswith("0.")})
    else:
        body = _body(whole_network(name, library, weights, state), name, library)
    mean, std, its_side = seen_by(body, name, library)
    photos = torch.zeros(2, 3, side, side)
    try:
        with torch.inference_mode():
            seen = body.eval()(photos)
    except (RuntimeError, AssertionError, ValueError) as error:
        advice = f"give --size {its_side}" if its_side != side else "choose another --arch"
        raise ModelError(f"{name} takes no photos of {side}×{side} pixels; {advice} ({first_line(error)})") from None
    if not isinstance(seen, torch.Tensor) or seen.ndim not in (2, 4):
        raise ModelError(f"{name} has neither feature maps nor features of a whole photo; try xception or resnet50")
    pool = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten()) if seen.ndim == 4 else nn.Sequential()
    has_maps = seen.ndim == 4 or _makes_maps(body, photos)
    note = "" if has_maps else f"{name} has no feature maps to average: its features are what its own classifier reads"
    return Base(body, pool, seen.shape[1], name, library, mean, std, note)


def _body(network: nn.Module, name: str, library: Library) -> nn.Module:
    """A whole network without its classifier."""
    if library == "timm":
        if not hasattr(network, "reset_classifier"):
            raise ModelError(f"{name} has no classifier that could be taken away; try xception or resnet50")
        network.reset_classifier(0)  # type: ignore[operator]
        return network
    try:
        body: nn.Module = with_head(network, 1)[0]
    except ModelError:  # its maps are not the output of one of its parts: let it run as it is, to what it classifies by
        last, _ = list(network.named_children())[-1]
        setattr(network, last, nn.Identity())
        if hasattr(network, "transform_input"):  # GoogLeNet and Inception turn ImageNet's normalisation into their own
            network.transform_input = True  # type: ignore[assignment]
        return network
    if isinstance(network, DenseNet) and isinstance(body, nn.Sequential):
        body.append(nn.ReLU())  # its `forward` does this, before it averages
    return body


def _makes_maps(body: nn.Module, photos: torch.Tensor) -> bool:
    """Whether a body that gives features makes them of maps."""
    if not hasattr(body, "forward_features"):  # torchvision
        return not isinstance(body, VisionTransformer)
    with torch.inference_mode():
        maps = body.forward_features(photos)  # type: ignore[operator]
    maps = maps[0] if isinstance(maps, (list, tuple)) else maps
    return isinstance(maps, torch.Tensor) and maps.ndim == 4
