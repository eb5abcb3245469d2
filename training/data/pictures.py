"""Small pictures: split, then read into memory as a visitor's photo is read, and never decoded again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from model.config import Input
from model.photo import PhotoError, open_photo
from model.photo_files import LeftOut, shown
from model.resize import fit, open_for
from training.data.decode import map_ahead
from training.data.draw import draw_evenly
from training.data.duplicates import THUMBNAIL, fingerprint, near_duplicates
from training.data.photos import DataError, Found, Photos, to_train_on
from training.data.split import Splits, split_found

MAX_BYTES = 6_000_000_000
BAD = "photos that cannot be opened"


def draw_pictures(found: Found, seed: int, per_class: int | None) -> Found:
    """At most `per_class` pictures of each class, from each split but the test pictures; all where it is None."""
    if not per_class:
        return found
    drawn = {
        name: photos.take(draw_evenly(photos.answers, seed, per_stratum=per_class))
        for name, photos in found.parts.items()
        if name != "test"
    }
    return replace(found, train=drawn["train"], valid=drawn.get("valid"))


def without_bad(found: Found) -> Found:
    """The pictures that can be opened; the others are counted in its `left_out`.

    Raises:
        DataError: what is left of those to train on is too little of a class.
    """
    notes = LeftOut()
    notes.update(found.left_out)
    kept = {name: photos_without_bad(photos, notes) for name, photos in found.parts.items()}
    if problems := to_train_on(kept["train"], "what can be opened"):
        raise DataError(*problems, *notes.sentences())
    return replace(found, train=kept["train"], valid=kept.get("valid") or None, test=kept.get("test") or None, left_out=notes)


def photos_without_bad(photos: Photos, left_out: LeftOut) -> Photos:
    """The photos that can be opened, all of them once; the others are counted."""

    def problem_of(path: Path) -> str:
        try:
            open_photo(path, at_least=(2 * THUMBNAIL, 2 * THUMBNAIL))
        except PhotoError as error:
            return f"{shown(path)}: {error}"
        return ""

    problems = list(map_ahead(problem_of, photos.paths, "looking for photos that cannot be opened", "photo"))
    for problem in filter(None, problems):
        left_out.add(BAD, problem)
    return photos.take([index for index, problem in enumerate(problems) if not problem])


def split_as_the_source(found: Found) -> Splits:
    """The splits of many lessons: the pictures to test on are those to validate on, and all others are trained on.

    Args:
        found: with pictures to test on. Near-duplicates stay where they are.
    """
    others = [photos for name, photos in found.parts.items() if name != "test"]
    return Splits(Photos.joined(others, found.train.labels), found.parts["test"])


def split_pictures(found: Found, valid: float, seed: int) -> tuple[Splits, int]:
    """The splits that pictures came in, or new ones; near-duplicates lie on one side: see `split.split_found`.

    Args:
        valid: share of the pictures to validate on, 0-1, where they do not come so.

    Returns:
        The splits, and how many pictures were left out of them.

    Raises:
        DataError: see `split_found`; or some pictures cannot be opened, and all of these are named.
    """
    photos = found.everything
    hashes = np.empty(len(photos), np.uint64)
    thumbnails = np.empty((len(photos), THUMBNAIL, THUMBNAIL, 3), np.uint8)

    def look(index: int, path: Path) -> None:
        hashes[index], thumbnails[index] = fingerprint(open_photo(path, at_least=(2 * THUMBNAIL, 2 * THUMBNAIL)))

    _for_all(photos, look, "looking for near-duplicates")
    return split_found(photos, np.array(found.came()), near_duplicates(hashes, thumbnails), valid, 0, seed)


def read_pictures(photos: Photos, size: Input, description: str) -> tuple[torch.Tensor, torch.Tensor]:
    """Pictures and their targets.

    Returns:
        uint8 (N, 3, height, width), 0-255, and int64 (N,), the index of each picture's answer among the labels.

    Raises:
        DataError: the pictures do not fit into memory, or some cannot be opened; all of these are named.
    """
    if (needed := len(photos) * size.height * size.width * 3) > MAX_BYTES:
        raise DataError(
            f"{len(photos):,} pictures of {size.width}×{size.height} need {needed / 1e9:.0f} GB of memory; choose a "
            "smaller --size, or train with training.fine_tune, which reads them batch by batch"
        )
    pixels = np.empty((len(photos), size.height, size.width, 3), np.uint8)

    def read(index: int, path: Path) -> None:
        pixels[index] = fit(open_for(path, size), size)

    _for_all(photos, read, description)
    targets = torch.tensor([photos.labels.index(answer) for answer in photos.answers])
    return torch.from_numpy(pixels).permute(0, 3, 1, 2), targets


def _for_all(photos: Photos, work: Callable[[int, Path], None], description: str) -> None:
    """Do something with the number and the path of each photo, in threads.

    Raises:
        DataError: some cannot be opened; all of these are named.
    """

    def one(numbered: tuple[int, Path]) -> str:
        try:
            work(*numbered)
        except PhotoError as error:
            return f"{shown(numbered[1])}: {error}"
        return ""

    done = map_ahead(one, list(enumerate(photos.paths)), description, "picture")
    problems = [problem for problem in done if problem]
    if problems:
        raise DataError(*problems, advice="mend or remove these pictures, or pass --skip-bad to go on without them")
