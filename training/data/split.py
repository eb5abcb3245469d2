"""How photos are split to train on, to choose and stop by, and to report on: near-duplicates never lie on two sides."""

from __future__ import annotations

import random
from typing import NamedTuple

import numpy as np

from model.config import NEITHER
from training.data.photos import MANY_SOURCES, PARTS, DataError, Photos

SHARE = 0.1  # of the photos, to validate on


class Splits(NamedTuple):
    """Photos to train on, to choose and stop by, and to report on at the end (none if there is no test set)."""

    training: Photos
    validation: Photos
    test: Photos | None = None

    def by_name(self) -> dict[str, Photos | None]:
        """The same as train, valid and test."""
        return {"train": self.training, "valid": self.validation, "test": self.test}


def split_found(
    photos: Photos, came: np.ndarray, groups: np.ndarray, valid: float | str | None, test: float, seed: int
) -> tuple[Splits, int]:
    """The splits that photos came in, and of those that did not come split, new ones.

    A random split keeps near-duplicates together; where the data comes split, photos that resemble one to validate or to test
    on are not trained on, and those that resemble one to test on are not validated on.

    Args:
        came: str (N,), the split that each photo came in, of `Found.came`: all `train` where the data did not come split.
        groups: int (N,), of `duplicates.near_duplicates`.
        valid, test: shares of what is still to be split, 0-1. Where `valid` is no number, whole sources are validated on, if
            there are three and more, else a tenth of the photos.

    Returns:
        The splits, and how many photos were left out of them.

    Raises:
        DataError: see `split`; or all photos of a class resemble some to validate or to test on.
    """
    parts = {name: np.flatnonzero(came == name) for name in PARTS if (came == name).any()}
    share = valid if isinstance(valid, float) else SHARE
    if "valid" not in parts:
        if not isinstance(valid, float) and len(set(photos.sources)) >= MANY_SOURCES:
            return _whole_sources(photos, came, groups, share, test, seed)
        if "test" not in parts:
            return split(photos, share, seed, test, groups), 0
    left_out = 0
    for before, after in (("train", ("valid", "test")), ("valid", ("test",))):
        if before in parts:
            others = np.concatenate([groups[parts[name]] for name in after if name in parts] or [np.empty(0, int)])
            keep = ~np.isin(groups[parts[before]], others)
            left_out += int((~keep).sum())
            parts[before] = parts[before][keep]
    taken = {name: photos.take(indices.tolist()) for name, indices in parts.items()}
    if "valid" in taken:
        splits = Splits(taken["train"], taken["valid"], taken.get("test"))
    else:
        splits = split(taken["train"], share, seed, 0, groups[parts["train"]])._replace(test=taken["test"])
    for name, side in zip(PARTS, splits[:2], strict=False):
        wanted = side.labels if name == "train" else side.answers[:1] or ("all classes",)
        if lacking := [label for label in wanted if label not in side.answers]:
            raise DataError(f"every photo of {', '.join(lacking)} in {name} is a near-duplicate of one in valid or test")
    return splits, left_out


def _whole_sources(
    photos: Photos, came: np.ndarray, groups: np.ndarray, share: float, test: float, seed: int
) -> tuple[Splits, int]:
    own, tested, left_out = keep_test_aside(photos, came, groups, test, seed)
    rest, rest_groups = photos.take(own), groups[own]
    training, validation = split_by_source(rest, share, seed)
    alike = np.isin(rest_groups, rest_groups[validation])
    kept = [index for index in training if not alike[index]]
    splits = Splits(rest.take(kept), rest.take(validation), photos.take(tested) if tested else None)
    return splits, left_out + len(training) - len(kept)


def keep_test_aside(
    photos: Photos, came: np.ndarray, groups: np.ndarray, share: float, seed: int
) -> tuple[list[int], list[int], int]:
    """What there is to fit to, and to test on: the photos that came as `test`, or a random `share`, 0-1, of all.

    Near-duplicates never lie on both sides.

    Args:
        came, groups: see `split_found`.

    Returns:
        The indices of the photos to fit to, of those to test on, and how many are neither, since they resemble some to test on.

    Raises:
        DataError: every photo of a class resembles one to test on.
    """
    is_test = came == "test"
    if not is_test.any():
        if not share:
            return list(range(len(photos))), [], 0
        drawn = set(split(photos, share, seed, 0, groups).validation.paths)
        is_test = np.array([path in drawn for path in photos.paths])
    own = np.flatnonzero(~is_test & ~np.isin(groups, groups[is_test]))
    if lacking := sorted(set(photos.labels) - {photos.answers[index] for index in own}):
        raise DataError(f"every photo of {', '.join(lacking)} is a near-duplicate of one to test on")
    return own.tolist(), np.flatnonzero(is_test).tolist(), int((~is_test).sum()) - len(own)


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
        raise DataError(*problems)
    parts = [photos.take(sorted(side)) for side in sides]
    return Splits(parts[0], parts[1], parts[2] if test else None)


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
        raise DataError("no source can be left out: each has a class or a third of the photos alone; give a --valid share")
    return np.flatnonzero(~out).tolist(), np.flatnonzero(out).tolist()


def repeat_neither(photos: Photos, share: float) -> Photos:
    """Repeat the photos of neither so that they make up at least `share` of an epoch: they are usually few."""
    others = [i for i, answer in enumerate(photos.answers) if answer == NEITHER]
    if not others:
        return photos
    labelled = len(photos) - len(others)
    times = max(1, round(share / (1 - share) * labelled / len(others)))
    return photos.take([*range(len(photos)), *(others * (times - 1))])
