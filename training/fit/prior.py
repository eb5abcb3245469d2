"""What a network knew before: the rows of its old head as the start of a new one.

A network of ImageNet tells 1,000 classes apart. Of five rows it has for cats, 118 for dogs and 877 for everything else, one
head can be made that answers *Cat*, *Dog* or *neither* at once: the rows of each answer are merged by log-sum-exp
(`model.head.LinearHead`). That is a far better start than random numbers, above all for what is *neither*: nobody has photos
of everything else, but the old head has seen 877 kinds of it. A label that is like nothing in ImageNet gets a row of its
own, and everything in ImageNet is then what it has to be told from.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from model.config import NEITHER
from model.errors import ModelError
from model.head import LinearHead

CLASSES = 1000
# what no class of ImageNet is called, since it has many kinds of it
GROUPS = {"cat": range(281, 286), "dog": range(151, 269)}


@dataclass(frozen=True)
class Prior:
    """A head before it is fitted.

    Attributes:
        head: of the answers, in their order.
        like: the ImageNet classes that each label starts from, by number; none for a label of its own kind.
    """

    head: LinearHead
    like: dict[str, list[int]]


def imagenet_classes() -> list[tuple[str, tuple[str, ...]]]:
    """WordNet id and names of the 1,000 classes, in the order of their numbers; from timm."""
    from timm.data import ImageNetInfo

    known = ImageNetInfo()
    return [
        (known.index_to_label_name(index), tuple(known.index_to_description(index).split(", "))) for index in range(CLASSES)
    ]


def parse_like(options: Sequence[str]) -> dict[str, list[int]]:
    """Numbers of ImageNet classes by label, from `Cat=281-285` or `Mug=coffee mug,n03063599,504`.

    Raises:
        ModelError: an option of another form, or a class that ImageNet does not have.
    """
    classes_of: dict[str, list[int]] = {}
    for option in options:
        label, equals, classes = option.partition("=")
        if not equals or not label.strip():
            raise ModelError(f"--like {option} has no label: write LABEL=CLASSES, as in Cat=281-285")
        classes_of[label.strip()] = sorted(
            {index for part in classes.split(",") if part.strip() for index in _numbers(part.strip())}
        )
    return classes_of


def _numbers(part: str) -> list[int]:
    """The classes that a number, a range, a WordNet id or a name stands for."""
    if match := re.fullmatch(r"(\d+)(?:\s*[-–]\s*(\d+))?", part):
        first, last = int(match[1]), int(match[2] or match[1])
        if not first <= last < CLASSES:
            raise ModelError(f"--like: ImageNet's classes have the numbers 0 to {CLASSES - 1}, not {part}")
        return list(range(first, last + 1))
    named = [
        index
        for index, (wordnet, names) in enumerate(imagenet_classes())
        if part.lower() in (wordnet, *(name.lower() for name in names))
    ]
    if not named:
        raise ModelError(f"--like: ImageNet has no class {part!r}; give a number, a WordNet id or a name, as in 281-285")
    return named


def classes_like(label: str) -> list[int]:
    """The ImageNet classes that a label names: by a name of theirs in singular or plural, by WordNet id, or as cat and dog."""
    word = label.strip().lower().replace("_", " ")
    words = {word, word.removesuffix("s"), word.removesuffix("es")}
    for name, group in GROUPS.items():
        if name in words:
            return list(group)
    return [
        index for index, (wordnet, names) in enumerate(imagenet_classes()) if words & {wordnet, *(n.lower() for n in names)}
    ]


def prior(
    classifier: LinearHead, labels: Sequence[str], like: Mapping[str, Sequence[int]] | None = None, neither: bool = True
) -> Prior:
    """The start of a head for `labels`, and for neither behind them, from the head of an ImageNet classifier.

    Args:
        classifier: 1,000 rows. like: classes by label, where a label's name does not say it; an empty list: none.
        neither: whether to keep the classes that are like no label, as neither.

    Raises:
        ModelError: `like` names a label that is not there, or two labels claim one class.
    """
    given = dict(like or {})
    if unknown := sorted(given.keys() - set(labels)):
        raise ModelError(f"--like names {', '.join(unknown)}, but the labels are {', '.join(labels)}")
    chosen = {label: sorted(given.get(label, classes_like(label))) for label in labels}
    owner: dict[int, str] = {}
    for label, classes in chosen.items():
        for index in classes:
            if index in owner:
                raise ModelError(
                    f"both {owner[index]} and {label} are like the ImageNet class {index}, {imagenet_classes()[index][1][0]}; "
                    f"say which with --like {label}=CLASSES"
                )
            owner[index] = label
    groups = list(chosen.values())
    if neither:
        groups.append([index for index in range(CLASSES) if index not in owner])
    width = classifier.weight.shape[1]
    own = LinearHead(np.zeros((1, width), np.float32), np.zeros(1, np.float32), (1,))  # of a label like nothing
    parts = [LinearHead(classifier.weight[g], classifier.bias[g], (len(g),)) if g else own for g in groups]
    head = LinearHead(
        np.concatenate([part.weight for part in parts]),
        np.concatenate([part.bias for part in parts]),
        tuple(part.rows[0] for part in parts),
    )
    return Prior(head, chosen)


def classifier_of(network: nn.Module, body: nn.Module, linear: nn.Linear | None) -> LinearHead | None:
    """The rows of a whole network's classifier, where its logits are one linear layer on the average of its last maps.

    Args:
        network: float32 (N, 3, H, W) → (N, 1000). body: the same up to its last maps. linear: its last layer.

    Returns:
        None where the classifier is of another kind: it is tried on noise.
    """
    if linear is None or linear.out_features != CLASSES:
        return None
    noise = torch.rand(2, 3, 128, 128, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        expected = network.eval()(noise)
        maps = body.eval()(noise)
        if maps.ndim != 4 or maps.shape[1] != linear.in_features:
            return None
        found = linear(maps.mean((2, 3)))
    if not torch.allclose(found, expected, rtol=1e-3, atol=1e-3):
        return None
    bias = linear.bias if linear.bias is not None else torch.zeros(CLASSES)
    return LinearHead(linear.weight.detach().numpy().copy(), bias.detach().numpy().copy(), (1,) * CLASSES)


def answers_of(labels: Sequence[str], head: LinearHead) -> tuple[str, ...]:
    """The labels, and neither where the head has rows for it."""
    return (*labels, NEITHER) if len(head.rows) > len(labels) else tuple(labels)
