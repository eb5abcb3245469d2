"""What is to be taught: photos, and which class each of them shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from model.config import NEITHER

if TYPE_CHECKING:
    from model.teach.examples import Example


MIN_CLASSES = 2
MIN_PHOTOS = 3  # of a class
LONGEST_NAME, LONGEST_BURST = 40, 64  # characters
JOINER = "\u200d"  # invisible, and what families of emoji are made with


class LessonError(ValueError):
    """Nothing can be learned from this. The message says what is missing."""


@dataclass(frozen=True)
class Lesson:
    """Photos and what they show.

    Attributes:
        labels: the classes, K of them, without neither.
        examples: N photos. targets: of each the index of its class; K for one of neither.

    Raises:
        LessonError: too few classes or photos, or names that cannot be told apart.
    """

    labels: tuple[str, ...]
    examples: Sequence[Example]
    targets: Sequence[int]

    def __post_init__(self) -> None:
        if len(self.labels) < MIN_CLASSES:
            raise LessonError(f"Give photos of at least {MIN_CLASSES} classes, each in a folder or under a name of its own.")
        for label in self.labels:
            check_name(label)
        folded = [label.casefold() for label in self.labels]
        if twice := next((label for label in self.labels if folded.count(label.casefold()) > 1), None):
            raise LessonError(f"Two classes are called {twice!r}: give one of them another name.")
        for index, label in enumerate(self.labels):
            count = sum(target == index for target in self.targets)
            if count < MIN_PHOTOS:
                raise LessonError(f"The class {label!r} has {count} photos; give it at least {MIN_PHOTOS}.")


def check_name(name: str) -> str:
    """A name that a class may have.

    Raises:
        LessonError: it is empty, too long, not text in one line, or stands for neither.
    """
    if not name or name != " ".join(name.split()) or not name.replace(JOINER, "").isprintable():
        raise LessonError(f"A class needs a name of visible characters in one line, not {name[:LONGEST_NAME]!r}.")
    if len(name) > LONGEST_NAME:
        raise LessonError(f"The name {name[:LONGEST_NAME]!r}… is longer than {LONGEST_NAME} characters: shorten it.")
    if name.casefold() == NEITHER:
        raise LessonError(f"{NEITHER!r} means: none of the classes. Put such photos into the class that is there for them.")
    return name
