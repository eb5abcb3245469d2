"""From photos of new classes to a head for them: `teach`."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
from threadpoolctl import threadpool_limits

from model.config import NEITHER
from model.head import LinearHead
from model.teach.background import Background
from model.teach.body import Body
from model.teach.examples import together
from model.teach.knowledge import Knowledge
from model.teach.learn import Learned, Photos, learn
from model.teach.lesson import Lesson, LessonError
from model.teach.quality import Quality, judge, pictures_of


@dataclass(frozen=True)
class Taught:
    """A head for new classes.

    Attributes:
        labels: the classes. head: their rows, and those of neither behind them where it knows that.
        temperature: of its logits. quality: how good it is, as far as the photos can tell.
    """

    labels: tuple[str, ...]
    head: LinearHead
    temperature: float
    quality: Quality

    @property
    def knows_neither(self) -> bool:
        """Whether it has an answer for everything else."""
        return len(self.head.rows) > len(self.labels)


class Teacher:
    """Teaches heads for one body. Safe to use from several threads.

    Raises:
        ModelError: the file of the background is damaged.
    """

    def __init__(self, body: Body) -> None:
        config = body.classifier.config
        self.body = body
        self.knowledge = Knowledge.of(body.head, has_neither=config.answers[-1] == NEITHER)
        self.background = Background.read(body.folder, body.key, body.channels)

    def teach(self, lesson: Lesson) -> Taught:
        """The head that a lesson gives: the same for the same photos, in whatever order they and the classes come.

        Raises:
            LessonError: the fit does not end in numbers.
        """
        # one thread: the matrices are small, and threads that wait for each other's core take ten times as long
        with threadpool_limits(1, "blas"):
            return self._teach(lesson)

    def _teach(self, lesson: Lesson) -> Taught:
        started = time.perf_counter()
        classes = sorted(range(len(lesson.labels)), key=lesson.labels.__getitem__)
        inner = {label: number for number, label in enumerate(classes)} | {len(classes): len(classes)}
        order = sorted(range(len(lesson.examples)), key=lambda i: (inner[lesson.targets[i]], lesson.examples[i].digest))
        examples = [lesson.examples[i] for i in order]
        targets = np.array([inner[lesson.targets[i]] for i in order])
        features = np.stack([example.features for example in examples]).astype(np.float32)
        pictures, weights = pictures_of(features, targets)
        groups = together(examples, pictures)
        learned = learn(_balanced(Photos(features, targets, weights, groups, len(classes))), self.knowledge, self.background)
        if not np.isfinite(learned.head.weight).all():
            raise LessonError("Nothing can be learned from these photos: their numbers are beyond all measure.")
        learned = _in_order(learned, [classes.index(label) for label in range(len(classes))])
        back = np.argsort(order)
        photos = Photos(features[back], np.array(lesson.targets), weights[back], groups[back], len(classes))
        held_back = learned.held_back[back] if learned.held_back is not None else None
        learned = Learned(learned.head, learned.temperature, learned.decay, held_back, learned.knows_neither)
        quality = judge(lesson, photos, pictures[back], learned, time.perf_counter() - started)
        return Taught(lesson.labels, learned.head, learned.temperature, quality)


def _balanced(photos: Photos) -> Photos:
    """The same, where each class weighs as the root of its photos."""
    weights = photos.weights.copy()
    for target in np.unique(photos.targets):
        own = photos.targets == target
        weights[own] /= np.sqrt(weights[own].sum())
    return Photos(photos.features, photos.targets, weights, photos.groups, photos.classes)


def _in_order(learned: Learned, order: list[int]) -> Learned:
    """The same with its classes in another order. order: which of them comes first, second and so on."""
    answers = [*order, *([len(order)] if learned.knows_neither else [])]
    starts = np.cumsum([0, *learned.head.rows])
    rows = np.concatenate([np.arange(starts[answer], starts[answer + 1]) for answer in answers])
    head = LinearHead(learned.head.weight[rows], learned.head.bias[rows], tuple(learned.head.rows[a] for a in answers))
    held_back = learned.held_back[:, answers] if learned.held_back is not None else None
    return Learned(head, learned.temperature, learned.decay, held_back, learned.knows_neither)
