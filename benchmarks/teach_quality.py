"""How good a head is that was taught by a few photos, beside Teachable Machine's recipe on the same photos."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file
from torch import nn
from torchvision.models import mobilenet_v2

from benchmarks.teach_photos import GROUPS, Task
from model.classifier import Classifier, softmax
from model.config import FORMAT_VERSION, Architecture, Config, Input
from model.head import LinearHead, fit
from model.network import OnnxNetwork
from model.save import export_onnx
from model.teach.background import Background
from model.teach.body import Body
from model.teach.examples import features_of
from model.teach.knowledge import Knowledge
from model.teach.learn import Photos, learn
from training.data.decode import logits_of, map_ahead
from training.data.draw import draw_evenly
from training.fit.prior import GROUPS as PETS
from training.fit.weights import IMAGENET_MEAN, IMAGENET_STD

ACCEPTED = 0.95
BACKGROUND_PHOTOS = 1_000
Answer = Callable[[np.ndarray], np.ndarray]  # features (N, C) → probabilities (N, K), or (N, K + 1) with neither
Teach = Callable[[np.ndarray, np.ndarray, int], Answer]


@dataclass(frozen=True)
class Result:
    """Shares, 0-1; nan where there is nothing to measure. accuracy: among the classes. all: neither counts as wrong.

    tested: photos of the classes.
    """

    accuracy: float
    all: float
    others: float
    alike: float
    tested: int


def body_features(body: Body, paths: Sequence[Path]) -> dict[Path, np.ndarray]:
    """float32 (C,) of each photo, rounded to float16 as the page keeps them."""
    rows = map_ahead(lambda path: features_of(body, path), paths, "features of the starter's body")
    return {path: row.astype(np.float32) for path, row in zip(paths, rows, strict=True)}


def mobilenet_features(weights: Path, paths: Sequence[Path], scratch: Path) -> dict[Path, np.ndarray]:
    """float32 (1280,) of each photo: the pooled features of MobileNetV2 at 224×224, centre crop, in float32."""
    network = mobilenet_v2()
    network.load_state_dict({name: tensor.float() for name, tensor in load_file(weights).items()}, strict=False)
    export_onnx(nn.Sequential(network.features, nn.AdaptiveAvgPool2d(1), nn.Flatten()), scratch / "mobilenet.onnx", 224, 224)
    config = Config(
        format_version=FORMAT_VERSION,
        name="MobileNetV2",
        labels=("any", "other"),
        input=Input(height=224, width=224, resize="crop", mean=IMAGENET_MEAN, std=IMAGENET_STD),
        temperature=1,
        architecture=Architecture(library="torchvision", name="mobilenet_v2"),
        training={},
        metrics={},
        versions={},
    )
    classifier = Classifier(OnnxNetwork(scratch / "mobilenet.onnx"), config)
    rows = logits_of(classifier, classifier.prepare, paths, "features of MobileNetV2")
    return dict(zip(paths, rows, strict=True))


def teachable_machine(features: np.ndarray, targets: np.ndarray, seed: int) -> Answer:
    """Its recipe: dense layers of 100 units (ReLU) and of one for each class; 50 epochs of Adam at 1e-3, batches of 16."""
    torch.manual_seed(seed)
    head = nn.Sequential(nn.Linear(features.shape[1], 100), nn.ReLU(), nn.Linear(100, int(targets.max()) + 1, bias=False))
    optimiser = torch.optim.Adam(head.parameters(), 1e-3)
    x, y = torch.from_numpy(features), torch.from_numpy(targets)
    for _ in range(50):
        for chosen in torch.randperm(len(y)).split(16):
            optimiser.zero_grad()
            nn.functional.cross_entropy(head(x[chosen]), y[chosen]).backward()
            optimiser.step()

    def answer(features: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            return head(torch.from_numpy(features)).softmax(1).numpy()

    return answer


def ours(knowledge: Knowledge | None, background: Background | None) -> Teach:
    """What the page does, with the knowledge and the background that it is given."""

    def teach(features: np.ndarray, targets: np.ndarray, seed: int) -> Answer:
        count = len(targets)
        photos = Photos(features, targets, np.ones(count), np.arange(count), int(targets.max()) + 1)
        learned = learn(photos, knowledge, background)
        return lambda features: softmax(learned.head.logits(features) / learned.temperature)

    return teach


def imagenet_head(weights: Path) -> LinearHead:
    """ImageNet's rows, merged as the starter merges them: cats, dogs, everything else."""
    tensors = {name: tensor.float().numpy() for name, tensor in load_file(weights).items()}
    groups = [*PETS["cat"]], [*PETS["dog"]]
    order = [*groups[0], *groups[1], *(i for i in range(1000) if i not in {*groups[0], *groups[1]})]
    rows = (len(groups[0]), len(groups[1]), 1000 - len(groups[0]) - len(groups[1]))
    return LinearHead(tensors["classifier.weight"][order], tensors["classifier.bias"][order], rows)


def tuned_head(start: LinearHead, photos: Mapping[Path, np.ndarray], data: Path, group: int) -> LinearHead:
    """The starter's head as it would be had it never seen the sources of a group: tuned on the other ones."""
    labels = {"Cat": 0, "Dog": 1, "neither": 2}
    kept = [path for path in photos if path.parent.name in labels and source_of(path, data) not in GROUPS[group]]
    pairs = [f"{source_of(path, data)}/{path.parent.name}" for path in kept]
    _, which, counts = np.unique(pairs, return_inverse=True, return_counts=True)
    weights = 1 / np.sqrt(counts[which])
    targets = np.array([labels[path.parent.name] for path in kept])
    return fit(np.stack([photos[path] for path in kept]), targets, weights / weights.sum(), start, 0.01)


def source_of(path: Path, data: Path) -> str:
    """Its folder in photos/; CIFAR-10 and the other places by their own names."""
    photos = data / "photos"
    if path.is_relative_to(photos):
        return path.relative_to(photos).parts[0]
    return path.relative_to(data).parts[0] if path.is_relative_to(data) else "CIFAR-10"


def background_without(task: Task, photos: Mapping[Path, np.ndarray], data: Path) -> Background:
    """A background of sources of which no photo is in the task."""
    barred = {source_of(path, data) for path in task.photos}
    kept = [path for path in photos if source_of(path, data) not in barred and path.parent.name != "hard"]
    strata = [(source_of(path, data), path.parent.name) for path in kept]
    chosen = [kept[i] for i in draw_evenly(strata, 0, BACKGROUND_PHOTOS)]
    names = sorted({source_of(path, data) for path in chosen})
    sources = np.array([names.index(source_of(path, data)) for path in chosen])
    return Background(np.stack([photos[path] for path in chosen]).astype(np.float16), sources, "")


def try_out(task: Task, photos: Mapping[Path, np.ndarray], teach: Teach, per_class: int, draws: int) -> list[Result]:
    """Teach photos drawn at random, and answer the others; once for each draw."""

    def of(paths: Sequence[Path]) -> np.ndarray:
        return np.stack([photos[path] for path in paths])

    results = []
    for seed in range(draws):
        dice = np.random.default_rng(seed)
        shown: list[Path] = []
        tested: list[Path] = []
        targets, truth = [], []
        for index, paths in enumerate(task.classes):
            count = min(per_class, len(paths) if task.test else len(paths) // 2)
            own = [paths[i] for i in dice.choice(len(paths), count, replace=False)]
            rest = task.test[index] if task.test else [path for path in paths if path not in set(own)]
            shown, tested = [*shown, *own], [*tested, *rest]
            targets, truth = [*targets, *[index] * len(own)], [*truth, *[index] * len(rest)]
        answer = teach(of(shown), np.array(targets), seed)
        found, right, classes = answer(of(tested)), np.array(truth), len(task.classes)
        least = np.quantile(_acceptance(found, classes), 1 - ACCEPTED)
        accepted = [
            float((_acceptance(answer(of(paths)), classes) >= least).mean()) if paths else float("nan")
            for paths in (task.others, task.alike)
        ]
        results.append(
            Result(
                float((found[:, :classes].argmax(axis=1) == right).mean()),
                float((found.argmax(axis=1) == right).mean()),
                *accepted,
                len(right),
            )
        )
    return results


def _acceptance(probabilities: np.ndarray, classes: int) -> np.ndarray:
    """How much a photo is one of the classes: 1 - p(neither), or the largest probability where there is no neither."""
    accepted: np.ndarray = 1 - probabilities[:, -1] if probabilities.shape[1] > classes else probabilities.max(axis=1)
    return accepted
