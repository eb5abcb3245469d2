"""How good a taught head is, as far as a few photos can tell, and what would make it better."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict

from model.calibration import wilson_interval
from model.config import NEITHER
from model.teach.examples import alike
from model.teach.learn import Learned, Photos, folds_of
from model.teach.lesson import Lesson
from model.teach.shortcuts import find_shortcuts

FEW = 10  # different photos of a class, below which more help most
UNBALANCED = 5  # times as many photos of one class as of another
SHOWN_WRONG = 24
CONFUSED = 0.25  # share of a class's photos that are taken for another, from which the two look the same to the model

Code = Literal[
    "few_photos", "unbalanced", "one_burst", "alike", "same_photos", "background", "file", "not_measured", "no_background"
]
_SENTENCES: dict[Code, str] = {
    "few_photos": "{label} has {n} different photos. Ten and more, in other places and light, make it much surer.",
    "unbalanced": "{label} has {n} different photos and {other} has {m}. Give them about as many.",
    "same_photos": "{n} photos of {label} show nearly the same as photos of {other}. Keep each in one class.",
    "one_burst": "All photos of {label} were taken in one go and show nearly the same. Take some in another place, from "
    "another side, another day.",
    "alike": "{label} and {other} look alike to the model: it takes {n} of {m} photos of {label} for {other}.",
    "background": "The edge of the picture alone tells the classes apart ({n} of {m} right): the model may learn the place "
    "instead of the thing. Take photos of all classes in the same places.",
    "file": "The kind and size of the files alone tell the classes apart ({n} of {m} right). Take all photos with the same "
    "device, in the same way.",
    "not_measured": "How good it is cannot be measured yet: hold the button again, elsewhere, or add photos, so that some of "
    "each class can be held back.",
    "no_background": "This model knows nothing of the rest of the world: without photos in 'neither', every photo is given to "
    "one of the classes.",
}


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Wrong(_Part):
    """A photo that is answered wrongly when it is held back. index: which one. probability: of that answer, 0-1."""

    index: int
    label: str
    answer: str
    probability: float


class HeldBack(_Part):
    """Answers to photos by heads that had seen neither them nor others of their burst.

    Attributes:
        right, of: photos; frames that show nearly the same count once, as the share of them that is right.
        accuracy: their share, 0-1. interval: of 95 % (Wilson 1927).
        confusion: a row for each class (and neither, where it was given photos), a column for each answer.
        wrong: the surest mistakes first, at most 24.
    """

    right: int
    of: int
    accuracy: float
    interval: tuple[float, float]
    confusion: tuple[tuple[int, ...], ...]
    wrong: tuple[Wrong, ...]


class Advice(_Part):
    """What would make it better. values: what the sentence names. text: the sentence, in English."""

    code: Code
    values: dict[str, str | int]
    text: str


class Quality(_Part):
    """What a page or a program says of a taught head.

    Attributes:
        labels: the classes. photos: how many of each. different: how many of these do not show nearly the same as another.
        neither: how many photos of neither. answers: what it answers, neither last where it knows that.
        seconds: how long it took. temperature, decay: what was chosen. held_back: None where a class has one burst only.
    """

    labels: tuple[str, ...]
    photos: tuple[int, ...]
    different: tuple[int, ...]
    neither: int
    answers: tuple[str, ...]
    seconds: float
    temperature: float
    decay: float
    held_back: HeldBack | None
    advice: tuple[Advice, ...]


def judge(lesson: Lesson, photos: Photos, pictures: np.ndarray, learned: Learned, seconds: float) -> Quality:
    """What can be said of what was learned.

    Args:
        photos: of the lesson. pictures: int (N,), the group of each among those that show nearly the same.
    """
    labels = lesson.labels
    counts = [int((photos.targets == k).sum()) for k in range(len(labels))]
    different = [len(np.unique(pictures[photos.targets == k])) for k in range(len(labels))]
    answers = (*labels, NEITHER) if learned.knows_neither else labels
    held_back = _held_back(photos, learned.held_back, answers, len(labels)) if learned.held_back is not None else None
    return Quality(
        labels=labels,
        photos=tuple(counts),
        different=tuple(different),
        neither=int((photos.targets == len(labels)).sum()),
        answers=answers,
        seconds=round(seconds, 3),
        temperature=learned.temperature,
        decay=learned.decay,
        held_back=held_back,
        advice=tuple(_advice(lesson, photos, pictures, different, counts, held_back, learned)),
    )


def _held_back(photos: Photos, probabilities: np.ndarray, answers: Sequence[str], classes: int) -> HeldBack:
    given = probabilities.argmax(axis=1)
    once = photos.weights  # frames that show nearly the same share one vote
    of = round(float(once.sum()))
    right = min(of, round(float(once[given == photos.targets].sum())))
    rows = sorted({*range(classes), *photos.targets.tolist()})
    confusion = tuple(
        tuple(int(((photos.targets == row) & (given == column)).sum()) for column in range(len(answers))) for row in rows
    )
    mistakes = [int(i) for i in np.flatnonzero(given != photos.targets)]
    mistakes.sort(key=lambda i: -float(probabilities[i].max()))
    wrong = tuple(
        Wrong(
            index=i,
            label=answers[photos.targets[i]],
            answer=answers[given[i]],
            probability=round(float(probabilities[i].max()), 4),
        )
        for i in mistakes[:SHOWN_WRONG]
    )
    low, high = wilson_interval(right, of)
    return HeldBack(
        right=right, of=of, accuracy=right / of, interval=(round(low, 4), round(high, 4)), confusion=confusion, wrong=wrong
    )


def _advice(
    lesson: Lesson,
    photos: Photos,
    pictures: np.ndarray,
    different: list[int],
    counts: list[int],
    held_back: HeldBack | None,
    learned: Learned,
) -> list[Advice]:
    labels, found = lesson.labels, []

    def say(code: Code, **values: str | int) -> None:
        found.append(Advice(code=code, values=values, text=_SENTENCES[code].format(**values)))

    if not learned.knows_neither:
        say("no_background")
    folds = folds_of(photos)
    for k, label in enumerate(labels):
        if len(np.unique(photos.groups[photos.targets == k])) < 2:
            say("one_burst", label=label)
    if held_back is None:
        say("not_measured")
    for label, n in zip(labels, different, strict=True):
        if n < FEW:
            say("few_photos", label=label, n=n)
    smallest, largest = min(range(len(labels)), key=different.__getitem__), max(range(len(labels)), key=different.__getitem__)
    if different[largest] >= UNBALANCED * different[smallest]:
        say("unbalanced", label=labels[smallest], n=different[smallest], other=labels[largest], m=different[largest])
    said = set()
    for k, label in enumerate(labels):
        for j in range(k):
            if common := np.intersect1d(pictures[photos.targets == k], pictures[photos.targets == j]).tolist():
                n = int(np.isin(pictures[photos.targets == k], common).sum())
                say("same_photos", label=label, other=labels[j], n=n)
                said.add(frozenset((j, k)))
    if held_back is not None:
        for k, label in enumerate(labels):
            row = held_back.confusion[k]
            rival = max((j for j in range(len(labels)) if j != k), key=row.__getitem__)
            if row[rival] >= max(2, CONFUSED * counts[k]) and frozenset((k, rival)) not in said:
                say("alike", label=label, other=labels[rival], n=row[rival], m=counts[k])
                said.add(frozenset((k, rival)))
    if folds is not None:
        own = photos.targets < len(labels)
        looks = [example.look for example, mine in zip(lesson.examples, own.tolist(), strict=True) if mine]
        for shortcut in find_shortcuts(looks, photos.targets[own], photos.groups[own], folds[own], len(labels)):
            say(shortcut.kind, n=shortcut.right, m=shortcut.of)
    return found


def pictures_of(features: np.ndarray, targets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Which photos show nearly the same, and what each of them weighs: int (N,), float (N,).

    Those of a group that lie in one class weigh as one photo together.
    """
    groups = alike(features)
    weights = np.zeros(len(targets))
    for target in np.unique(targets):
        own = targets == target
        _, which, sizes = np.unique(groups[own], return_inverse=True, return_counts=True)
        weights[own] = 1 / sizes[which]
    return groups, weights
