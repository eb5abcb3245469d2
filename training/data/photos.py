"""Lists of photos with their labels and sources, found in folders.

A source is data of one origin and one format: a camera, a web site, a data set. What a model does on a source that it was
trained on says little about the next one.
"""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from model.config import NEITHER
from model.photo_files import LeftOut, shown

SHOWN_PROBLEMS = 20
MIN_PER_CLASS = 2
MANY_SOURCES = 3  # from which on whole sources are left out to choose by
PARTS = ("train", "valid", "test")  # the splits that data may come in
NOT_ASKED_FOR = "of other classes than those of --labels"
ONE_SOURCE = "all photos"  # what the source is called where the data has one


class DataError(Exception):
    """Data that cannot be trained on, or measured on.

    Args:
        problems: what is wrong, a sentence each. One is told as it is; of several, the first 20 are told as a list. Names in
            them may be no UTF-8.
        advice: what to do about all of them.
    """

    def __init__(self, *problems: str, advice: str | None = None) -> None:
        self.problems = tuple(
            problem.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace") for problem in problems
        )
        super().__init__(*self.problems)
        self.advice = advice

    def __str__(self) -> str:
        told = bulleted([*self.problems[:SHOWN_PROBLEMS], *self._more()])
        return self.problems[0] if len(self.problems) == 1 and not self.advice else f"\n{told}"

    def _more(self) -> Iterator[str]:
        if (more := len(self.problems) - SHOWN_PROBLEMS) > 0:
            yield f"and {more} more"
        if self.advice:
            yield self.advice


@dataclass(frozen=True)
class Photos:
    """Photos, their labels and their sources, side by side.

    Attributes:
        paths: readable RGB photos, upright.
        answers: the label of each, or `neither`.
        labels: the classes in sorted order, without `neither`.
        sources: where each comes from; one source for all where nothing is given.
    """

    paths: tuple[Path, ...]
    answers: tuple[str, ...]
    labels: tuple[str, ...]
    sources: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        names = {source: shown(source) for source in set(self.sources)}  # folders have them, which may be no UTF-8
        sources = tuple(names[source] for source in self.sources) or (ONE_SOURCE,) * len(self.paths)
        object.__setattr__(self, "sources", sources)

    def __len__(self) -> int:
        return len(self.paths)

    def counts(self) -> dict[str, int]:
        """Photos per answer."""
        return dict(Counter(self.answers))

    def by_source(self) -> dict[str, dict[str, int]]:
        """Photos per answer of each source, the sources in order of their names."""
        pairs = Counter(zip(self.sources, self.answers, strict=True))
        return {
            source: {answer: count for (other, answer), count in sorted(pairs.items()) if other == source}
            for source in sorted(set(self.sources))
        }

    def take(self, indices: Iterable[int]) -> Photos:
        """The photos at `indices`, with the same labels."""
        chosen = list(indices)
        paths = tuple(self.paths[i] for i in chosen)
        answers = tuple(self.answers[i] for i in chosen)
        return Photos(paths, answers, self.labels, tuple(self.sources[i] for i in chosen))

    @classmethod
    def joined(cls, parts: Iterable[Photos], labels: Sequence[str] | None = None) -> Photos:
        """All photos of the parts, one part after the other.

        Args:
            labels: the classes; by default those of the parts together.
        """
        every = list(parts)
        names = labels if labels is not None else sorted({label for part in every for label in part.labels})
        return cls(
            tuple(path for part in every for path in part.paths),
            tuple(answer for part in every for answer in part.answers),
            tuple(names),
            tuple(source for part in every for source in part.sources),
        )


@dataclass(frozen=True)
class Found:
    """The photos that `--data` names, in the splits that they come in.

    Attributes:
        train: all photos, where they do not come split.
        valid, test: None where they do not come so.
        left_out: what lies there and is not used, counted.
        understood: sentences on how the data was read, where that could be meant otherwise.
    """

    train: Photos
    valid: Photos | None = None
    test: Photos | None = None
    left_out: LeftOut = field(default_factory=LeftOut, compare=False)
    understood: tuple[str, ...] = field(default=(), compare=False)

    @property
    def remarks(self) -> list[str]:
        """The sentences of both, for the terminal."""
        return [*self.understood, *self.left_out.sentences()]

    @property
    def parts(self) -> dict[str, Photos]:
        """The splits there are, by their names in `PARTS`."""
        every = zip(PARTS, (self.train, self.valid, self.test), strict=True)
        return {name: photos for name, photos in every if photos is not None}

    @property
    def everything(self) -> Photos:
        """The photos of all splits, one after the other."""
        return Photos.joined(self.parts.values(), self.train.labels)

    def came(self) -> list[str]:
        """The split of each photo of `everything`."""
        return [name for name, photos in self.parts.items() for _ in range(len(photos))]

    @property
    def to_measure(self) -> Photos:
        """The photos that tell the most about a model: those to test on, else to validate on, else all."""
        return self.test or self.valid or self.train


def to_train_on(photos: Photos, where: str, by_name: bool = False) -> list[str]:
    """What is wrong with photos to train on, a sentence each: names that cannot be shown, fewer than two classes or photos.

    Photos to validate and to test on need nothing of this.

    Args:
        photos: its labels are the classes, those without photos too. where: they come from.
        by_name: whether the file names gave the labels.
    """
    counts = photos.counts()
    problems = [problem for label in photos.labels for problem in name_problems(label)]
    problems += [problem for label in photos.labels for problem in _too_few(label, counts.get(label, 0))]
    if by_name and len(photos.labels) == 1:
        problems.append(
            f"by --label-from all photos in {where} are {photos.labels[0]!r}; a classifier needs at least two classes"
        )
    elif len(photos.labels) < 2:
        held = f"one class, {shown(photos.labels[0])!r}" if photos.labels else f"photos of {NEITHER} alone"
        problems.append(f"{where} holds {held}; a classifier needs at least two folders, one for each class")
    return problems


def name_problems(label: str) -> list[str]:
    """What is wrong with the name of a class, as sentences: it has to be text that can be shown on one line."""
    if shown(label) != label and any("\ud800" <= letter <= "\udfff" for letter in label):
        return [f"class {shown(label)} has a name that is no UTF-8 and cannot be shown; rename the folder, or it in its table"]
    if not label.isprintable() or label != label.strip() or "|" in label:
        return [f"class {label!r} has a name that cannot be shown; use letters, digits and spaces between them"]
    return []


def _too_few(label: str, count: int) -> list[str]:
    if count >= MIN_PER_CLASS:
        return []
    return [
        f"class {label!r} has {'only one photo' if count else 'no photos'}; it needs one to train on and one to check against"
    ]


def check_disk(folder: Path, needed: int) -> None:
    """Raise `DataError` where the disk under `folder` has less than `needed` bytes free, or it cannot be written to."""
    existing = next(parent for parent in [folder.absolute(), *folder.absolute().parents] if parent.exists())
    if not os.access(existing, os.W_OK):
        raise DataError(f"{existing} cannot be written to; choose another --out")
    free = shutil.disk_usage(existing).free
    if free < needed:
        raise DataError(f"{existing} has {free / 1e6:.0f} MB free, and {needed / 1e6:.0f} MB are needed; free some space")


def bulleted(sentences: Iterable[str]) -> str:
    """Sentences as the lines of a list."""
    return "\n".join(f"  - {sentence}" for sentence in sentences)
