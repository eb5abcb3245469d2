"""Can these classes be told apart without looking at the thing? By the edge of the picture, or by the file's format.

What is measured is how often a classifier that sees nothing else is right on photos that were held back. For training, with
hundreds of photos, `training.data.shortcuts` looks closer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from model.calibration import wilson_interval
from model.head import LinearHead, fit_on_top
from model.teach.examples import Look

Kind = Literal["background", "file"]
DECAY = 0.1
FEWEST = 8  # groups of photos of a class, below which chance looks like a shortcut
TELLING = 0.4  # how far from chance (0) to always (1) the lower bound of its accuracy must be


@dataclass(frozen=True)
class Shortcut:
    """What tells the classes apart. right, of: photos that were held back."""

    kind: Kind
    right: int
    of: int


def find_shortcuts(
    looks: Sequence[Look], targets: np.ndarray, groups: np.ndarray, folds: np.ndarray, classes: int
) -> list[Shortcut]:
    """What tells classes apart that should not, most telling first.

    Args:
        looks: of each photo. targets: int (N,), below `classes`. groups: int (N,). folds: int (N,), what is held back together.
    """
    counts = [len(np.unique(groups[targets == target])) for target in range(classes)]
    if min(counts) < FEWEST:
        return []
    kinds: dict[Kind, np.ndarray] = {"background": _edges(looks), "file": _files(looks)}
    found = [Shortcut(kind, _right(properties, targets, folds, classes), len(targets)) for kind, properties in kinds.items()]
    chance = float(np.bincount(targets, minlength=classes).max()) / len(targets)
    telling = [each for each in found if (wilson_interval(each.right, each.of)[0] - chance) / max(1e-6, 1 - chance) >= TELLING]
    return sorted(telling, key=lambda each: -each.right)


def _right(properties: np.ndarray, targets: np.ndarray, folds: np.ndarray, classes: int) -> int:
    right = 0
    for fold in np.unique(folds):
        out = folds == fold
        own, mean, spread = properties[~out], properties[~out].mean(axis=0), properties[~out].std(axis=0)
        counts = np.bincount(targets[~out], minlength=classes)
        weights = 1 / counts[targets[~out]]
        scale = np.where(spread > 1e-6, spread, 1)
        base = np.zeros((len(own), classes), np.float32)
        head: LinearHead = fit_on_top((own - mean) / scale, base, targets[~out], weights / weights.sum(), DECAY)
        right += int((head.logits((properties[out] - mean) / scale).argmax(axis=1) == targets[out]).sum())
    return right


def _edges(looks: Sequence[Look]) -> np.ndarray:
    return np.stack([look.edge.ravel() for look in looks]).astype(np.float32) / 255


def _files(looks: Sequence[Look]) -> np.ndarray:
    formats = sorted({look.format for look in looks})
    rows = [
        [
            *(look.format == name for name in formats),
            np.log(look.width),
            np.log(look.height),
            look.width / look.height,
            np.log(look.bytes / (look.width * look.height)),
        ]
        for look in looks
    ]
    return np.array(rows, np.float32)
