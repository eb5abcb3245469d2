"""Lists of photos with their labels and sources, found in folders.

A source is data of one origin and one format: a camera, a web site, a data set. What a model does on a source that it was
trained on says little about the next one.
"""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from model.config import NEITHER
from model.formats import SUFFIXES

SHOWN_PROBLEMS = 20
MIN_PER_CLASS = 2
MANY_SOURCES = 3  # from which on whole sources are left out to choose by
PARTS = ("train", "valid", "test")  # the splits that data may come in
ONE_SOURCE = "all photos"  # what the source is called where the data has one


class DataError(Exception):
    """Data that cannot be trained on, or measured on.

    Args:
        problems: what is wrong, a sentence each. One is told as it is; of several, the first 20 are told as a list.
        advice: what to do about all of them.
    """

    def __init__(self, *problems: str, advice: str | None = None) -> None:
        super().__init__(*problems)
        self.problems = problems
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
        if not self.sources:
            object.__setattr__(self, "sources", (ONE_SOURCE,) * len(self.paths))

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
    """

    train: Photos
    valid: Photos | None = None
    test: Photos | None = None

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


def find_photos(data: Path, neither: Path | None = None, labels: Sequence[str] = (), whole: bool = True) -> Photos:
    """List a folder per class, and a folder of photos that show none of the classes: `neither`, or the one of that name.

    Args:
        labels: the classes to take; other folders are left aside. All by default.
        whole: whether this is all the data there is; a part of it may lack classes.

    Raises:
        DataError: with all problems: a folder that is missing, no photos, fewer than two classes, a class with one photo.
    """
    if not data.is_dir():
        return _labelled(
            {}, neither, [f"{data} is not a folder; --data names a folder that holds one folder of photos per class"], whole
        )
    paths_of = {folder.name: photos_below(folder) for folder in subfolders(data) if not (neither and _same(folder, neither))}
    problems: list[str] = []
    if not paths_of:
        problems.append(
            f"{data} holds no folders; put the photos of each class into a folder named after it, or take the labels "
            "from the file names with --label-from"
        )
    elif labels and not {*labels, NEITHER} & set(paths_of):
        problems.append(f"{data} holds none of the classes {', '.join(labels)}, but {', '.join(paths_of)}")
    elif whole and len(classes := sorted(paths_of.keys() - {NEITHER})) < 2:
        held = f"one class, {classes[0]!r}" if classes else f"photos of {NEITHER} alone"
        problems.append(f"{data} holds {held}; a classifier needs at least two folders, one for each class")
    if labels:
        paths_of = {name: paths for name, paths in paths_of.items() if name in (*labels, NEITHER)}
    return _labelled(paths_of, neither, problems, whole)


def _same(folder: Path, other: Path) -> bool:
    return folder.resolve() == other.resolve()


def photos_by_name(data: Path, label_of: Callable[[str], str], neither: Path | None = None, whole: bool = True) -> Photos:
    """List the photos anywhere below a folder, labelled by their file names.

    Args:
        label_of: the label of a file name, empty where it has none.
        whole: see `find_photos`.

    Raises:
        DataError: with all problems: names without a label, fewer than two classes, a class with one photo.
    """
    paths_of: dict[str, list[Path]] = {}
    for path in photos_below(data):
        paths_of.setdefault(label_of(path.name), []).append(path)
    nameless = paths_of.pop("", [])
    problems = [f"{path}: its name gives no label by --label-from" for path in nameless]
    if not paths_of and not nameless:
        problems.append(f"{data} holds no photos")
    elif whole and len(paths_of) == 1:
        problems.append(f"by --label-from all photos in {data} are {next(iter(paths_of))!r}; a classifier needs two classes")
    return _labelled(dict(sorted(paths_of.items())), neither, problems, whole)


def _labelled(paths_of: dict[str, list[Path]], neither: Path | None, problems: list[str], whole: bool) -> Photos:
    """The photos of every label as one list, and the photos of neither behind it.

    Raises:
        DataError: there are problems already, or too few photos somewhere.
    """
    others = paths_of.pop(NEITHER, [])
    for label, paths in paths_of.items():
        if not label.isprintable() or label != label.strip() or "|" in label:
            problems.append(f"class {label!r} has a name that cannot be shown; use letters, digits and spaces between them")
        if whole:
            problems += _too_few(label, len(paths))
    if neither is not None:
        others = [*others, *(photos_below(neither) if neither.is_dir() else [])]
        if not neither.is_dir():
            problems.append(f"{neither} is not a folder; --neither names a folder of photos of other things")
        elif len(others) < MIN_PER_CLASS:
            problems.append(f"{neither} holds fewer than {MIN_PER_CLASS} photos")
    if problems:
        raise DataError(*problems)
    paths = [*(path for label in paths_of for path in paths_of[label]), *others]
    answers = [*(label for label in paths_of for _ in paths_of[label]), *(NEITHER for _ in others)]
    return Photos(tuple(paths), tuple(answers), tuple(paths_of))


def check_classes(photos: Photos, wanted: Sequence[str] = ()) -> Photos:
    """The photos, where there is enough of each class.

    Args:
        wanted: the classes that were asked for, if any were.

    Raises:
        DataError: fewer than two classes, or a class with one photo.
    """
    if wanted and not photos.labels:
        raise DataError(f"none of the folders is one of the classes {', '.join(wanted)}")
    counts = photos.counts()
    problems = [problem for label in photos.labels for problem in _too_few(label, counts.get(label, 0))]
    if len(photos.labels) < 2:
        problems.append(f"all photos together have one class, {', '.join(photos.labels)}; a classifier needs at least two")
    if problems:
        raise DataError(*problems)
    return photos


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


def subfolders(folder: Path) -> list[Path]:
    """The folders in a folder, sorted, without hidden ones."""
    return sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith((".", "__MACOSX")))


def photos_below(folder: Path) -> list[Path]:
    """The files anywhere below a folder whose names end as photos do, sorted, without hidden ones."""
    return sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in SUFFIXES and not path.name.startswith(".") and path.is_file()
    )


def bulleted(sentences: Iterable[str]) -> str:
    """Sentences as the lines of a list."""
    return "\n".join(f"  - {sentence}" for sentence in sentences)
