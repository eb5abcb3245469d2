"""Train the body too, on a GPU, and measure on sources that were left out whether that helps.

    python -m training.unfreeze --data PHOTOS... --labels Cat Dog --arch tf_efficientnet_lite0 --out models/bodies

The sources are dealt into groups. Each group is left out once: a network is trained on the others, and the photos of the
group are answered. First with every learning rate of `--rates`, where 0 leaves the body frozen; then, with the best of the
others and for longer, the networks that are kept: `without-N.safetensors` for group N, and `all.safetensors`, trained on every
photo. They are state dicts of the library's own network with its 1,000 ImageNet classes, so that `training.head --weights`
goes on from them as from any other; `bodies.json` says which sources each has not seen.

The head is that of `training/fit/prior.py`: ImageNet's rows, merged. All photos lie in the GPU's memory as 256×256 pixels,
and are cropped, flipped, shrunk and enlarged there, alike for every class. With `--weights none` a network starts from random
numbers.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from model.architecture import imagenet_network, linear_of, with_rows
from model.config import NEITHER, Input
from model.errors import ModelError
from model.photo import PhotoError, open_photo
from model.resize import fit
from model.save import save_weights
from training.data.decode import map_ahead
from training.data.photos import DataError, Photos
from training.data.sources import open_data
from training.fit.prior import CLASSES, Prior, prior
from training.fit.weights import Start, last_linear, pretrained
from training.options import at_least_one, at_least_two, option, parse, side
from training.quality.by_source import by_source
from training.quality.machine import trainer

STORED = 256  # side of the photos in memory
BATCH = 128
HEAD_LR, BIAS_LR = 1e-4, 2e-2  # the old head moves little; how often each answer comes, it has to learn anew
WARM_UP = 0.15  # share of the steps in which the learning rate rises
ALL = "all"


@dataclass(frozen=True)
class Data:
    """Photos on the device: pictures uint8 (N, 3, 256, 256), targets int (N,), the weight of each in the loss (N,)."""

    photos: Photos
    answers: tuple[str, ...]
    pictures: torch.Tensor
    targets: torch.Tensor
    weights: torch.Tensor


def read(photos: Photos, device: torch.device) -> Data:
    """Open all photos, and move them to the device.

    Raises:
        PhotoError: one cannot be opened.
    """
    stored = Input(height=STORED, width=STORED, resize="crop", mean=(0, 0, 0), std=(1, 1, 1))

    def one(path: Path) -> np.ndarray:
        return fit(open_photo(path, at_least=(STORED, STORED)), stored)

    every = list(map_ahead(one, photos.paths, "reading photos"))
    answers = (*photos.labels, NEITHER)
    pairs = [f"{source}/{answer}" for source, answer in zip(photos.sources, photos.answers, strict=True)]
    _, which, counts = np.unique(pairs, return_inverse=True, return_counts=True)
    return Data(
        photos,
        answers,
        torch.from_numpy(np.stack(every)).permute(0, 3, 1, 2).contiguous().to(device),
        torch.tensor([answers.index(answer) for answer in photos.answers], device=device),
        torch.tensor(1 / np.sqrt(counts[which]), dtype=torch.float32, device=device),
    )


def views(pictures: torch.Tensor, side: int) -> torch.Tensor:
    """uint8 (N, 3, S, S) → float32 (N, 3, side, side), 0-255: each cropped and flipped at random, the batch in one format."""
    count, device = len(pictures), pictures.device

    def uniform(low: float, high: float) -> torch.Tensor:
        return torch.empty(count, device=device).uniform_(low, high)

    area, stretch = uniform(0.4, 1).sqrt(), uniform(-0.14, 0.14).exp()
    width, height = (area * stretch).clamp(max=1), (area / stretch).clamp(max=1)
    x, y = ((1 - size) * uniform(-1, 1) for size in (width, height))
    flip, zero = torch.where(uniform(0, 1) < 0.5, -1.0, 1.0), torch.zeros(count, device=device)
    matrix = torch.stack([torch.stack([width * flip, zero, x], 1), torch.stack([zero, height, y], 1)], 1)
    grid = F.affine_grid(matrix, [count, 3, side, side], align_corners=False)
    seen = F.grid_sample(pictures.float(), grid, mode="bilinear", padding_mode="reflection", align_corners=False)
    if np.random.random() < 0.6:  # as a smaller photo that was enlarged again
        small = int(np.exp(np.random.uniform(np.log(80), np.log(side))))
        kernel = "bilinear" if np.random.random() < 0.5 else "bicubic"
        seen = F.interpolate(F.interpolate(seen, small, mode=kernel, antialias=True), side, mode=kernel)
    return (seen * uniform(0.8, 1.25)[:, None, None, None]).clamp(0, 255)


def train(
    start: Start, beginning: Prior | None, data: Data, own: torch.Tensor, rate: float, epochs: int, size: int, seed: int
) -> nn.Sequential:
    """The network trained on the photos `own`, int (M,), its body at the learning rate `rate`."""
    torch.manual_seed(seed)
    np.random.seed(seed)
    device = data.pictures.device
    network = with_rows(start.network, beginning.head) if beginning else start.network
    network.to(device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    body = network[0]
    linear = linear_of(network)
    groups = [
        {"params": [linear.weight], "lr": HEAD_LR if beginning else rate, "weight_decay": 0.0},
        {"params": [linear.bias], "lr": BIAS_LR if beginning else rate, "weight_decay": 0.0},
    ]
    if rate:
        groups.append({"params": list(body.parameters()), "lr": rate, "weight_decay": 0.01 if beginning else 0.05})
    body.requires_grad_(bool(rate))
    optimiser = torch.optim.AdamW(groups)
    steps = max(2, epochs * (len(own) // BATCH))
    rates = [HEAD_LR if beginning else rate, BIAS_LR if beginning else rate, *([rate] if rate else [])]
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, rates, steps, pct_start=WARM_UP, cycle_momentum=False)
    mean, std = (torch.tensor(values, device=device).view(3, 1, 1) * 255 for values in (start.mean, start.std))
    order = torch.empty(0, dtype=torch.long, device=device)
    for _ in range(steps):
        if len(order) < min(BATCH, len(own)):
            order = own[torch.randperm(len(own), device=device)]
        batch, order = order[:BATCH], order[BATCH:]
        network.train()
        if beginning:
            body.eval()  # batch norms keep their statistics
        inputs = (views(data.pictures[batch], size) - mean) / std
        with torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda"):
            logits = network(inputs.contiguous(memory_format=torch.channels_last))
        losses = F.cross_entropy(logits.float(), data.targets[batch], reduction="none")
        loss = (losses * data.weights[batch]).sum() / data.weights[batch].sum()
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        schedule.step()
    network.eval()
    return network


def answer(network: nn.Sequential, start: Start, data: Data, chosen: torch.Tensor, size: int) -> torch.Tensor:
    """Logits float32 (M, K) of the photos `chosen`, int (M,), as they are."""
    device = data.pictures.device
    mean, std = (torch.tensor(values, device=device).view(3, 1, 1) * 255 for values in (start.mean, start.std))
    batches = []
    with torch.inference_mode(), torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda"):
        for batch in torch.split(chosen, 256):
            whole = F.interpolate(data.pictures[batch].float(), size, mode="bilinear", antialias=True)
            batches.append(network(((whole - mean) / std).contiguous(memory_format=torch.channels_last)).float())
    return torch.cat(batches)


def deal(sources: Sequence[str], groups: int) -> dict[str, int]:
    """The group of each source: the largest sources first, each to the group with the fewest photos."""
    names, counts = np.unique(np.array(sources), return_counts=True)
    room, dealt = np.zeros(groups), {}
    for index in np.argsort(-counts, kind="stable"):
        dealt[str(names[index])] = int(room.argmin())
        room[dealt[str(names[index])]] += counts[index]
    return dealt


def as_imagenet(network: nn.Sequential, beginning: Prior, arch: str, start: Start, path: Path) -> None:
    """Write the network as the library's own, with its rows back in the order of ImageNet's classes."""
    whole = imagenet_network(arch, start.library)
    linear = last_linear(whole)
    assert linear is not None
    rows = linear_of(network)
    order = torch.tensor([index for classes in beginning.like.values() for index in classes])
    rest = torch.tensor([index for index in range(CLASSES) if index not in set(order.tolist())])
    order = torch.cat([order, rest])
    with torch.no_grad():
        linear.weight[order], linear.bias[order] = rows.weight.cpu(), rows.bias.cpu()
    state = whole.state_dict()
    tuned = {name: value.cpu() for name, value in network[0].state_dict().items()}
    prefix = "" if set(tuned) <= set(state) else "features."
    whole.load_state_dict({**state, **{prefix + name: value for name, value in tuned.items()}})
    save_weights(whole, path)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What can be chosen."""

    data: tuple[str, ...] = option(help="sources, as training.head takes them")
    neither: tuple[Path, ...] = option((), "folders of photos of other things", metavar="FOLDER")
    labels: tuple[str, ...] = option((), "take these classes alone (default: all folders)", metavar="CLASS")
    arch: str = option("tf_efficientnet_lite0", "an architecture of torchvision or timm")
    weights: str = option("imagenet", "imagenet, none, or a state dict file")
    size: int = option(224, "side of the network's input", check=side)
    rates: tuple[float, ...] = option((0.0, 1e-5, 3e-5, 1e-4), "learning rates of the body, to try; 0 leaves it frozen")
    groups: int = option(5, "of sources", check=at_least_two)
    epochs: int = option(5, "while trying", check=at_least_one)
    last_epochs: int = option(10, "of the networks that are kept", check=at_least_one)
    out: Path | None = option(None, "a folder for the networks (default: measure only)", metavar="FOLDER")


def main() -> None:
    """Try the rates, and keep networks of the best."""
    settings = parse(Settings, "unfreeze", __doc__)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        found = open_data(settings.data, Path("data"), None, settings.neither, settings.labels)
        print("\n".join(found.remarks))
        data = read(found.train, device)
        pretrained(settings.arch, len(data.answers), settings.weights)
    except (DataError, ModelError, PhotoError) as error:
        raise SystemExit(f"Cannot train: {error}") from None
    group_of = deal(data.photos.sources, settings.groups)
    group = torch.tensor([group_of[source] for source in data.photos.sources], device=device)
    targets = data.targets.cpu().numpy()

    def run(own: torch.Tensor, rate: float, epochs: int, seed: int) -> tuple[nn.Sequential, Start, Prior | None]:
        start = pretrained(settings.arch, len(data.answers), settings.weights)
        beginning = prior(start.classifier, data.photos.labels) if start.classifier else None
        return train(start, beginning, data, own, rate, epochs, settings.size, seed), start, beginning

    def left_out(rate: float, epochs: int, keep: Path | None = None) -> float:
        """Print how good the answers for left-out sources are; their log loss."""
        started = time.perf_counter()
        logits = torch.zeros(len(targets), len(data.answers), device=device)
        for number in range(settings.groups):
            network, start, beginning = run(torch.nonzero(group != number)[:, 0], rate, epochs, number)
            out = torch.nonzero(group == number)[:, 0]
            logits[out] = answer(network, start, data, out, settings.size)
            if keep and beginning:
                as_imagenet(network, beginning, settings.arch, start, keep / f"without-{number}.safetensors")
        result = by_source(logits.double().softmax(1).cpu().numpy(), targets, data.photos.sources, len(data.answers) - 1)
        print(
            f"| {f'{rate:g}' if rate else 'frozen'} | {epochs} | {result.accuracy:.2%} | {result.mean_accuracy:.2%} "
            f"| {result.worst_accuracy:.2%} ({result.worst}) | {result.log_loss:.4f} "
            f"| {time.perf_counter() - started:.0f} |",
            flush=True,
        )
        return result.log_loss

    print("| learning rate of the body | epochs | accuracy | mean over sources | worst source | log loss | seconds |")
    print("|---|---|---|---|---|---|---|")
    losses = {rate: left_out(rate, settings.epochs) for rate in settings.rates}
    if settings.out:
        settings.out.mkdir(parents=True, exist_ok=True)
        best = min((rate for rate in settings.rates if rate), key=losses.__getitem__)
        left_out(best, settings.last_epochs, settings.out)
        network, start, beginning = run(torch.arange(len(targets), device=device), best, settings.last_epochs, 0)
        if beginning:
            as_imagenet(network, beginning, settings.arch, start, settings.out / f"{ALL}.safetensors")
        facts = {"arch": settings.arch, "rate": best, "epochs": settings.last_epochs, "groups": group_of}
        (settings.out / "bodies.json").write_text(json.dumps(facts, indent=2) + "\n", "utf-8")
    print(
        f"\n{settings.arch}, {len(targets):,} photos of {len(group_of)} sources in {settings.groups} groups, one seed, "
        f"{trainer()}, torch {torch.__version__}"
    )


if __name__ == "__main__":
    main()
