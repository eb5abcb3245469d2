"""What the starter's choices are worth on sources that were left out: network, size, shape, head, and how neither is known.

    python -m benchmarks.choices build/starter/fit.tsv --weights ../shared/weights [--bodies models/bodies]

One view of at most 100 photos of each class of each source, float32 bodies, weight decay 0.01 (plain heads: 0.03). Each source
is answered by a head that was fitted to the others. `--weights` holds NAME-imagenet.safetensors for each network. The second
table asks how well photos of neither are told from cats and dogs: by a merged head with and without photos of neither, by a
plain one, by the energy of a plain head of cats and dogs (Liu et al. 2020), and by the distance to the nearest of their
features (Sun et al. 2022). `--bodies` holds what `training.unfreeze` kept: each group of sources is answered by a head on
the body that was trained without it, and by one on the frozen body.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path

import numpy as np
from scipy.special import logsumexp
from torch import nn

from benchmarks.machine import describe
from model.calibration import calibrate, shifted
from model.classifier import softmax
from model.config import Architecture, Config, Input
from model.head import LinearHead, fit
from model.save import export_onnx
from training.data.draw import by_source_and_class, draw_evenly
from training.data.photos import Photos
from training.data.sources import open_data
from training.fit.features import FeatureExtractor
from training.fit.head import weights_of
from training.fit.prior import prior
from training.fit.weights import pretrained
from training.quality import metrics
from training.quality.by_source import by_source

MOST = 100
NEIGHBOURS = 10
HEADER = "\n| network | input | head | mean over sources | worst source | all photos | log loss |" + f"\n{'|---' * 7}|"
TRIED = [
    ("tf_efficientnet_lite0", 224, "squish", 0.0), ("tf_efficientnet_lite0", 224, "pad", 0.0),
    ("tf_efficientnet_lite0", 224, "crop", 0.0), ("tf_efficientnet_lite0", 224, "crop", 0.75),
    ("tf_efficientnet_lite0", 256, "crop", 0.75), ("tf_efficientnet_lite2", 260, "crop", 0.75),
]  # fmt: skip
CHOSEN = ("tf_efficientnet_lite0", 256, "crop", 0.75)


def features_of(photos: Photos, choice: tuple[str, int, str, float], weights: Path) -> tuple[np.ndarray, LinearHead]:
    """Pooled features float32 (N, C), and the merged head of the network's own rows; weights: a file, or its folder."""
    arch, side, resize, keep = choice
    start = pretrained(arch, 3, str(weights if weights.is_file() else weights / f"{arch}-imagenet.safetensors"))
    size = Input(height=side, width=side, resize=resize, mean=start.mean, std=start.std, keep=keep)
    config = Config(
        format_version=1, name=arch, labels=photos.labels, input=size, temperature=1, training={}, metrics={}, versions={},
        architecture=Architecture(library=start.library, name=arch),
    )  # fmt: skip
    assert start.classifier is not None
    with tempfile.TemporaryDirectory() as scratch:
        body = Path(scratch) / "body.onnx"
        export_onnx(nn.Sequential(start.network[0], *list(start.network[1].children())[:2]), body, side, side)
        extract = FeatureExtractor(body, config, Path(scratch))
        return extract.views(photos, 1)[0].astype(np.float32), prior(start.classifier, photos.labels).head


def left_out(
    x: np.ndarray, targets: np.ndarray, photos: Photos, start: LinearHead, decay: float, fitted: np.ndarray
) -> tuple[np.ndarray, list[tuple[np.ndarray, np.ndarray, LinearHead]]]:
    """Logits (N, K) of each source by a head fitted to the photos `fitted`, bool (N,), of the others; and the heads."""
    sources = np.array(photos.sources)
    logits = np.zeros((len(x), len(start.rows)), np.float32)
    heads = []
    for source in np.unique(sources):
        out = sources == source
        own = ~out & fitted
        weights = weights_of(photos.take(np.flatnonzero(own).tolist()))
        head = fit(x[own], targets[own], weights, start, decay)
        logits[out] = head.logits(x[out])
        heads.append((out, own, head))
    return logits, heads


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table")
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--bodies", type=Path)
    arguments = parser.parse_args()
    photos = open_data(arguments.table, Path("data")).train
    photos = photos.take(draw_evenly(by_source_and_class(photos), seed=0, per_stratum=MOST))
    answers = (*photos.labels, "neither")
    targets = np.array([answers.index(answer) for answer in photos.answers])
    everything, uniform = np.full(len(photos), True), weights_of(photos)
    print(HEADER)

    def print_row(choice: tuple[str, int, str, float], head: str, logits: np.ndarray) -> None:
        temperature, shift = calibrate(logits, targets, uniform, neither=True)
        figures = by_source(softmax(shifted(logits, shift) / temperature), targets, photos.sources, 2)
        shape = f"{choice[2]} {choice[3]:g}" if choice[3] else choice[2]
        print(
            f"| {choice[0]} | {choice[1]}, {shape} | {head} | {figures.mean_accuracy:.2%} | {figures.worst_accuracy:.1%} "
            f"({figures.worst}) | {figures.accuracy:.2%} | {figures.log_loss:.4f} |",
            flush=True,
        )

    for choice in TRIED:
        x, start = features_of(photos, choice, arguments.weights)
        logits, _ = left_out(x, targets, photos, start, 0.01, everything)
        print_row(choice, "merged", logits)
        if choice == CHOSEN:
            kept_x, kept_start, kept = x, start, logits
    plain, _ = left_out(kept_x, targets, photos, LinearHead.blank(3, kept_x.shape[1]), 0.03, everything)
    print_row(CHOSEN, "plain", plain)

    pets = targets < 2
    alone, _ = left_out(kept_x, targets, photos, kept_start, 0.01, pets)
    two, heads = left_out(kept_x, targets, photos, LinearHead.blank(2, kept_x.shape[1]), 0.03, pets)
    unit = kept_x / np.linalg.norm(kept_x, axis=1, keepdims=True)
    distance = np.zeros(len(kept_x))
    for out, own, _ in heads:
        distance[out] = -np.sort(unit[out] @ unit[own].T, axis=1)[:, -NEIGHBOURS]
    print("\n| neither is known by | AUROC | accepted when 95 % of cats and dogs are |\n|---|---|---|")
    for name, score in {
        "the merged head, fitted to photos of neither too": softmax(kept)[:, 2],
        "the merged head, without a photo of neither": softmax(alone)[:, 2],
        "a plain head, fitted to photos of neither too": softmax(plain)[:, 2],
        "energy of a plain head of cats and dogs": -logsumexp(two, axis=1),
        f"distance to the {NEIGHBOURS}th nearest cat or dog": distance,
    }.items():
        own, other = score[pets], score[~pets]
        print(f"| {name} | {metrics.auroc(own, other):.4f} | {metrics.false_accepts(own, other):.2%} |", flush=True)
    if arguments.bodies:
        facts = json.loads((arguments.bodies / "bodies.json").read_text("utf-8"))
        group = np.array([facts["groups"][source] for source in photos.sources])
        by_body = {"frozen": np.zeros((len(photos), 3), np.float32), "trained": np.zeros((len(photos), 3), np.float32)}
        for number in np.unique(group):
            trained = features_of(photos, CHOSEN, arguments.bodies / f"without-{number}.safetensors")
            for name, (x, start) in {"frozen": (kept_x, kept_start), "trained": trained}.items():
                own, out = group != number, group == number
                weights = weights_of(photos.take(np.flatnonzero(own).tolist()))
                head = fit(x[own], targets[own], weights, start, 0.01)
                by_body[name][out] = head.logits(x[out])
        print(HEADER)
        for name, logits in by_body.items():
            print_row(CHOSEN, f"merged, on the {name} body, {len(np.unique(group))} groups of sources", logits)
    print(f"\n{len(photos):,} photos of {len(set(photos.sources))} sources. {describe('onnxruntime', 'timm', 'numpy')}")


if __name__ == "__main__":
    main()
