"""Open every photo before training does: whatever is wrong with the data is said first, all of it at once."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image
from tqdm.auto import tqdm

from model.network import available_cores
from model.photo import PhotoError, open_photo
from training.data.duplicates import THUMBNAIL, fingerprint, near_duplicates
from training.data.photos import MANY_SOURCES, MIN_PER_CLASS, DataError, Photos, Splits, report, split, split_by_source
from training.data.shortcuts import Look, look_at

SHARE = 0.1  # of the photos, to validate on
_DIRECT_FORMATS = {"JPEG", "PNG"}
_ORIENTATION = 0x0112


@dataclass(frozen=True)
class Checked:
    """Photos that can be used, and what was seen of them.

    Attributes:
        photos: readable by training as they are: upright RGB, in no needless size.
        originals: where each was found; `photos` names a copy where the original had to be converted.
        sizes: int (N, 2), width and height as found, upright.
        groups: int (N,), the group of near-duplicates of each photo.
        looks: what else was seen of each, to find what might be learned in place of the classes.
        bad: a sentence for each photo that cannot be opened.
    """

    photos: Photos
    originals: tuple[Path, ...]
    sizes: np.ndarray
    groups: np.ndarray
    looks: tuple[Look, ...]
    bad: tuple[str, ...]


def check_photos(photos: Photos, size: int, cache: Path, skip_bad: bool = False) -> Checked:
    """Open every photo through `model.photo`, as serving will, and report all that cannot be used.

    Photos that training can read as they are stay where they are. The others (rotated by EXIF, much larger than
    needed, not RGB, HEIC...) get an upright RGB copy in `cache`, no smaller than twice the input on either side. Copies
    of an earlier run are used again.

    Args:
        size: the network's input side, in pixels.
        skip_bad: leave unusable photos out instead of stopping.

    Raises:
        DataError: some photos cannot be used, or leaving them out leaves too little of a class.
    """
    cache.mkdir(parents=True, exist_ok=True)

    def check(path: Path) -> _Seen | str:
        try:
            return _look(path, size, cache)
        except PhotoError as error:
            return f"{path}: {error}"

    with ThreadPoolExecutor(available_cores()) as pool:
        results = list(tqdm(pool.map(check, photos.paths), total=len(photos), desc="checking photos", unit="photo"))
    problems = [result for result in results if isinstance(result, str)]
    if problems and not skip_bad:
        advice = "mend or remove these photos, or pass --skip-bad to train without them"
        raise DataError(f"{report(problems)}\n{report([advice])}")
    kept = [index for index, result in enumerate(results) if not isinstance(result, str)]
    seen = [result for result in results if not isinstance(result, str)]
    originals = photos.take(kept)
    usable = replace(originals, paths=tuple(each.path for each in seen))
    short = [answer for answer in dict.fromkeys(photos.answers) if usable.counts().get(answer, 0) < MIN_PER_CLASS]
    if short:
        raise DataError(report([f"class {answer!r} has fewer than {MIN_PER_CLASS} usable photos" for answer in short]))
    hashes = np.array([each.hashed for each in seen], np.uint64)
    thumbnails = np.array([each.thumbnail for each in seen], np.uint8).reshape(-1, THUMBNAIL, THUMBNAIL, 3)
    return Checked(
        usable,
        originals.paths,
        np.array([each.size for each in seen]),
        near_duplicates(hashes, thumbnails),
        tuple(each.look for each in seen),
        tuple(problems),
    )


def check_splits(
    found: dict[str, Photos],
    size: int,
    cache: Path,
    valid: float | str | None,
    test: float,
    seed: int,
    skip_bad: bool = False,
) -> tuple[Checked, Splits, int]:
    """Check the photos of `sources.open_data`, and split what does not come split.

    Near-duplicates never lie on two sides: a random split keeps them together; where the data comes split, those that
    validation or test photos resemble are not trained on, and those that test photos resemble are not validated on.

    Args:
        valid, test: shares of what is still to be split, 0-1. Where `valid` is no number, whole sources are validated on, if
            there are three and more, else a tenth of the photos.

    Returns:
        What was seen of all photos, the splits, and how many photos were left out of them.

    Raises:
        DataError: see `check_photos` and `data.split`.
    """
    names = list(found)
    everything = Photos.joined(found.values(), found[names[0]].labels)
    where = {path: name for name, photos in found.items() for path in photos.paths}
    checked = check_photos(everything, size, cache, skip_bad)
    side = np.array([names.index(where[path]) for path in checked.originals])
    parts = {name: np.flatnonzero(side == index) for index, name in enumerate(names)}
    by_source = not isinstance(valid, float) and len(set(checked.photos.sources)) >= MANY_SOURCES
    share = valid if isinstance(valid, float) else SHARE
    if names == ["all"] and not by_source:
        return checked, split(checked.photos, share, seed, test, checked.groups), 0
    if by_source and "valid" not in names:
        kept = keep_test_aside(checked, frozenset(found["test"].paths if "test" in found else ()), test, seed)
        training, validation = split_by_source(kept.photos, share, seed)
        alike = np.isin(kept.groups, kept.groups[validation])
        own = [index for index in training if not alike[index]]
        parts_of = kept.photos.take(own), kept.photos.take(validation), kept.test
        return checked, Splits(*parts_of), kept.left_out + len(training) - len(own)
    left_out = 0
    for before, after in (("train", ("valid", "test")), ("valid", ("test",))):
        if before in parts:
            others = np.concatenate([checked.groups[parts[name]] for name in after if name in parts] or [np.empty(0, int)])
            keep = ~np.isin(checked.groups[parts[before]], others)
            left_out += int((~keep).sum())
            parts[before] = parts[before][keep]
    taken = {name: checked.photos.take(indices.tolist()) for name, indices in parts.items()}
    if "valid" in taken:
        splits = Splits(taken["train"], taken["valid"], taken.get("test"))
    else:
        splits = split(taken["train"], share, seed, 0, checked.groups[parts["train"]])._replace(test=taken["test"])
    for name, photos in zip(("train", "valid"), splits[:2], strict=True):
        wanted = photos.labels if name == "train" else photos.answers[:1] or ("all classes",)
        if lacking := [label for label in wanted if label not in photos.answers]:
            sentence = f"every photo of {', '.join(lacking)} in {name} is a near-duplicate of one in valid or test"
            raise DataError(report([sentence]))
    return checked, splits, left_out


class ToFold(NamedTuple):
    """Photos to fit to, with the group of near-duplicates of each, int (N,); photos to report on at the end, if any.

    `left_out` counts those that are in neither, since they resemble photos to report on.
    """

    photos: Photos
    groups: np.ndarray
    looks: tuple[Look, ...]
    test: Photos | None
    left_out: int


def keep_test_aside(checked: Checked, tested: frozenset[Path], share: float, seed: int) -> ToFold:
    """What there is to fit to, and to test on: the photos whose originals are `tested`, or a random `share`, 0-1, of all.

    Near-duplicates never lie on both sides.

    Raises:
        DataError: every photo of a class resembles one to test on.
    """
    if not tested and not share:
        return ToFold(checked.photos, checked.groups, checked.looks, None, 0)
    if tested:
        is_test = np.array([path in tested for path in checked.originals])
    else:
        drawn = set(split(checked.photos, share, seed, 0, checked.groups).validation.paths)
        is_test = np.array([path in drawn for path in checked.photos.paths])
    own = np.flatnonzero(~is_test & ~np.isin(checked.groups, checked.groups[is_test]))
    photos = checked.photos.take(own.tolist())
    if lacking := [label for label in photos.labels if label not in photos.answers]:
        raise DataError(report([f"every photo of {', '.join(lacking)} is a near-duplicate of one to test on"]))
    test = checked.photos.take(np.flatnonzero(is_test).tolist())
    left_out = int((~is_test).sum()) - len(own)
    return ToFold(photos, checked.groups[own], tuple(checked.looks[i] for i in own), test, left_out)


class _Seen(NamedTuple):
    """A path that training can read, the photo's size as found, its fingerprint, and what it is like."""

    path: Path
    size: tuple[int, int]
    hashed: int
    thumbnail: np.ndarray
    look: Look


def _look(path: Path, size: int, cache: Path) -> _Seen:
    """Open a photo, and lay a copy into `cache` where training could not read it.

    Raises:
        PhotoError: the photo cannot be opened.
    """
    upright = open_photo(path, at_least=(2 * size, 2 * size))
    hashed, thumbnail = fingerprint(upright)
    look = look_at(path, upright, size)
    with Image.open(path) as image:
        turned = image.getexif().get(_ORIENTATION, 1)
        found = image.size if turned < 5 else image.size[::-1]
        plain = image.format in _DIRECT_FORMATS and image.mode == "RGB" and turned == 1
        if plain and image.size == upright.size and "transparency" not in image.info:
            return _Seen(path, found, hashed, thumbnail, look)
    stat = path.stat()
    key = hashlib.sha256(f"{path.resolve()} {stat.st_mtime_ns} {stat.st_size} {size}".encode()).hexdigest()[:24]
    copy = cache / f"{key}.png"
    if not copy.is_file():
        temporary = copy.with_suffix(".part")
        upright.save(temporary, "PNG", compress_level=1)
        temporary.replace(copy)
    return _Seen(copy, found, hashed, thumbnail, look)
