"""Lists of photos with their labels and sources, and how they are split to train, validate and test.

A source is data of one origin and one format: a camera, a web site, a data set. What a model does on a source that it was
trained on says little about the next one.
"""

from __future__ import annotations

import os
import random
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from model.config import NEITHER

SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".avif", ".heic", ".heif", ".mpo"}
SHOWN_PROBLEMS = 20
MIN_PER_CLASS = 2
MANY_SOURCES = 3  # from which on whole sources are left out to choose by
ONE_SOURCE = "all photos"  # what the source is called where the data has one


class DataError(Exception):
    """Data that cannot be trained on. The message lists every problem that was found."""


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


class Splits(NamedTuple):
    """Photos to train on, to choose and stop by, and to report on at the end (none if there is no test set)."""

    training: Photos
    validation: Photos
    test: Photos | None = None

    def by_name(self) -> dict[str, Photos | None]:
        """The same as train, valid and test."""
        return {"train": self.training, "valid": self.validation, "test": self.test}


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
    found = {folder.name: photos_below(folder) for folder in subfolders(data) if not (neither and _same(folder, neither))}
    problems: list[str] = []
    if not found:
        problems.append(
            f"{data} holds no folders; put the photos of each class into a folder named after it, or take the labels "
            "from the file names with --label-from"
        )
    elif labels and not {*labels, NEITHER} & set(found):
        problems.append(f"{data} holds none of the classes {', '.join(labels)}, but {', '.join(found)}")
    elif whole and len(found.keys() - {NEITHER}) == 1:
        name = next(name for name in found if name != NEITHER)
        problems.append(f"{data} holds one class, {name!r}; a classifier needs at least two folders")
    if labels:
        found = {name: paths for name, paths in found.items() if name in (*labels, NEITHER)}
    return _labelled(found, neither, problems, whole)


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
    found: dict[str, list[Path]] = {}
    for path in photos_below(data):
        found.setdefault(label_of(path.name), []).append(path)
    nameless = found.pop("", [])
    problems = [f"{path}: its name gives no label by --label-from" for path in nameless]
    if not found and not nameless:
        problems.append(f"{data} holds no photos")
    elif whole and len(found) == 1:
        problems.append(f"by --label-from all photos in {data} are {next(iter(found))!r}; a classifier needs two classes")
    return _labelled(dict(sorted(found.items())), neither, problems, whole)


def _labelled(found: dict[str, list[Path]], neither: Path | None, problems: list[str], whole: bool) -> Photos:
    """`found` as one list, and the photos of neither behind it.

    Raises:
        DataError: there are problems already, or too few photos somewhere.
    """
    others = found.pop(NEITHER, [])
    for label, paths in found.items():
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
        raise DataError(report(problems))
    paths = [*(path for label in found for path in found[label]), *others]
    answers = [*(label for label in found for _ in found[label]), *(NEITHER for _ in others)]
    return Photos(tuple(paths), tuple(answers), tuple(found))


def check_classes(photos: Photos) -> Photos:
    """The photos, where there is enough of each class.

    Raises:
        DataError: fewer than two classes, or a class with one photo.
    """
    counts = photos.counts()
    problems = [problem for label in photos.labels for problem in _too_few(label, counts.get(label, 0))]
    if len(photos.labels) < 2:
        problems.append(f"all photos together have one class, {', '.join(photos.labels)}; a classifier needs at least two")
    if problems:
        raise DataError(report(problems))
    return photos


def _too_few(label: str, count: int) -> list[str]:
    if count >= MIN_PER_CLASS:
        return []
    return [
        f"class {label!r} has {'only one photo' if count else 'no photos'}; it needs one to train on and one to check against"
    ]


def split(photos: Photos, valid: float, seed: int, test: float = 0, groups: np.ndarray | None = None) -> Splits:
    """A random split that keeps the share of every class, and every group on one side.

    Args:
        valid: share of photos to validate on, 0-1; every class keeps at least one photo on every side.
        test: share of photos to keep aside for the final report, 0-1.
        groups: int (N,), of `duplicates.near_duplicates`; each photo on its own where it is None.

    Raises:
        DataError: a class has too few different photos for every side to get one.
    """
    draw = random.Random(seed)
    sides: tuple[list[int], list[int], list[int]] = ([], [], [])
    numbers = range(len(photos)) if groups is None else groups.tolist()
    of_class = dict(zip(numbers, photos.answers, strict=True))  # the class that a group is drawn with
    problems = []
    for answer in dict.fromkeys(photos.answers):
        members: dict[int, list[int]] = {}
        for index, group in enumerate(numbers):
            if of_class[group] == answer:
                members.setdefault(group, []).append(index)
        drawn = list(members.values())
        draw.shuffle(drawn)
        count = sum(len(group) for group in drawn)
        dealt = _deal(drawn, [max(1, round(valid * count)), *([max(1, round(test * count))] if test else [])])
        if not all(dealt):
            problems.append(
                f"class {answer!r} has {len(drawn)} different photo{'s' * (len(drawn) != 1)} (near-duplicates count as one), "
                f"and {len(dealt)} are needed to have one on every side of the split"
            )
        for side, groups_of_side in zip(sides, dealt, strict=False):
            side.extend(index for group in groups_of_side for index in group)
    if problems:
        raise DataError(report(problems))
    parts = [photos.take(sorted(side)) for side in sides]
    return Splits(parts[0], parts[1], parts[2] if test else None)


def split_by_source(photos: Photos, valid: float, seed: int) -> tuple[list[int], list[int]]:
    """The indices of the photos to train on, and of those of whole sources to validate on, about a share `valid`, 0-1.

    Sources are drawn at random; one that alone has a class is trained on.

    Raises:
        DataError: every source is needed to have all classes.
    """
    sources = np.array(photos.sources)
    answers = np.array(photos.answers)
    out = np.zeros(len(photos), bool)
    for source in np.random.default_rng(seed).permutation(np.unique(sources)):
        without = ~out & (sources != source)
        if set(answers[without]) == set(answers) and (out | (sources == source)).mean() <= max(2 * valid, 0.34):
            out |= sources == source
        if out.mean() >= valid:
            break
    if not out.any():
        raise DataError(
            report(["no source can be left out: each has a class or a third of the photos alone; give a --valid share"])
        )
    return np.flatnonzero(~out).tolist(), np.flatnonzero(out).tolist()


def split_found(found: dict[str, Photos], valid: float, seed: int, per_class: int | None = None) -> Splits:
    """The splits that `sources.open_data` found; what is to validate on is drawn from the rest where it is not one of them.

    Args:
        per_class: how many photos of each class to draw, at most, from each split but the test photos.

    Raises:
        DataError: see `split`.
    """
    if per_class:
        found = {name: photos if name == "test" else _draw(photos, per_class, seed) for name, photos in found.items()}
    if "all" in found:
        return split(found["all"], valid, seed)
    if "valid" in found:
        return Splits(found["train"], found["valid"], found.get("test"))
    return split(found["train"], valid, seed)._replace(test=found["test"])


def _draw(photos: Photos, per_class: int, seed: int) -> Photos:
    """At most `per_class` photos of each answer, drawn at random, in their order."""
    draw = random.Random(seed)
    of_class: dict[str, list[int]] = {}
    for index, answer in enumerate(photos.answers):
        of_class.setdefault(answer, []).append(index)
    return photos.take(sorted(i for members in of_class.values() for i in draw.sample(members, min(per_class, len(members)))))


def _deal(groups: list[list[int]], targets: list[int]) -> list[list[list[int]]]:
    """Groups to train on, then those of each side that wants so many photos; a group too large for a side is trained on."""
    dealt: list[list[list[int]]] = [[] for _ in [0, *targets]]
    room = [0, *targets]
    for group in groups:
        side = next((side for side in range(1, len(room)) if len(group) <= room[side]), 0)
        room[side] -= len(group)
        dealt[side].append(group)
    for part in dealt:
        if not part and len(largest := max(dealt, key=len)) > 1:
            part.append(largest.pop(min(range(len(largest)), key=lambda index: len(largest[index]))))
    return dealt


def repeat_neither(photos: Photos, share: float) -> Photos:
    """Repeat the photos of neither so that they make up at least `share` of an epoch: they are usually few."""
    others = [i for i, answer in enumerate(photos.answers) if answer == NEITHER]
    if not others:
        return photos
    labelled = len(photos) - len(others)
    times = max(1, round(share / (1 - share) * labelled / len(others)))
    return photos.take([*range(len(photos)), *(others * (times - 1))])


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
    return sorted(each for each in folder.iterdir() if each.is_dir() and not each.name.startswith((".", "__MACOSX")))


def photos_below(folder: Path) -> list[Path]:
    """The files anywhere below a folder whose names end as photos do, sorted, without hidden ones."""
    return sorted(
        each
        for each in folder.rglob("*")
        if each.suffix.lower() in SUFFIXES and not each.name.startswith(".") and each.is_file()
    )


def report(problems: Sequence[str]) -> str:
    """Problems as the lines of a list, the first 20 of them."""
    shown = [f"  - {problem}" for problem in problems[:SHOWN_PROBLEMS]]
    if len(problems) > SHOWN_PROBLEMS:
        shown.append(f"  - and {len(problems) - SHOWN_PROBLEMS} more")
    return "\n".join(shown)
