"""Open every photo before training does: whatever is wrong with the data is said first, all of it at once."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image
from tqdm.auto import tqdm

from model.network import available_cores
from model.photo import PhotoError, open_photo
from training.data import MIN_PER_CLASS, DataError, Photos, Splits, report, split
from training.duplicates import THUMBNAIL, fingerprint, near_duplicates

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
        bad: a sentence for each photo that cannot be opened.
    """

    photos: Photos
    originals: tuple[Path, ...]
    sizes: np.ndarray
    groups: np.ndarray
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

    def check(path: Path) -> tuple[Path | None, str, tuple[int, int], int, np.ndarray | None]:
        try:
            return _look(path, size, cache)
        except PhotoError as error:
            return None, f"{path}: {error}", (0, 0), 0, None

    with ThreadPoolExecutor(available_cores()) as pool:
        results = list(tqdm(pool.map(check, photos.paths), total=len(photos), desc="checking photos", unit="photo"))
    problems = [problem for path, problem, *_ in results if path is None]
    if problems and not skip_bad:
        advice = "mend or remove these photos, or pass --skip-bad to train without them"
        raise DataError(f"{report(problems)}\n{report([advice])}")
    kept = [index for index, result in enumerate(results) if result[0] is not None]
    usable = Photos(
        tuple(path for path, *_ in results if path is not None), tuple(photos.answers[i] for i in kept), photos.labels
    )
    short = [answer for answer in dict.fromkeys(photos.answers) if usable.counts().get(answer, 0) < MIN_PER_CLASS]
    if short:
        raise DataError(report([f"class {answer!r} has fewer than {MIN_PER_CLASS} usable photos" for answer in short]))
    hashes = np.array([results[i][3] for i in kept], np.uint64)
    thumbnails = np.array([results[i][4] for i in kept], np.uint8).reshape(-1, THUMBNAIL, THUMBNAIL, 3)
    return Checked(
        usable,
        tuple(photos.paths[i] for i in kept),
        np.array([results[i][2] for i in kept]),
        near_duplicates(hashes, thumbnails),
        tuple(problems),
    )


def check_splits(
    found: dict[str, Photos], size: int, cache: Path, valid: float, test: float, seed: int, skip_bad: bool = False
) -> tuple[Checked, Splits, int]:
    """Check the photos of `sources.open_data`, and split what does not come split.

    Near-duplicates never lie on two sides: a random split keeps them together; where the data comes split, those that
    validation or test photos resemble are not trained on, and those that test photos resemble are not validated on.

    Args:
        valid, test: shares of what is still to be split, 0-1.

    Returns:
        What was seen of all photos, the splits, and how many photos were left out of them.

    Raises:
        DataError: see `check_photos` and `data.split`.
    """
    names = list(found)
    labels = found[names[0]].labels
    everything = Photos(
        tuple(path for photos in found.values() for path in photos.paths),
        tuple(answer for photos in found.values() for answer in photos.answers),
        labels,
    )
    where = {path: name for name, photos in found.items() for path in photos.paths}
    checked = check_photos(everything, size, cache, skip_bad)
    side = np.array([names.index(where[path]) for path in checked.originals])
    parts = {name: np.flatnonzero(side == index) for index, name in enumerate(names)}
    if names == ["all"]:
        return checked, split(checked.photos, valid, seed, test, checked.groups), 0
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
        splits = split(taken["train"], valid, seed, 0, checked.groups[parts["train"]])._replace(test=taken["test"])
    for name, photos in zip(("train", "valid"), splits[:2], strict=True):
        wanted = photos.labels if name == "train" else photos.answers[:1] or ("all classes",)
        if lacking := [label for label in wanted if label not in photos.answers]:
            sentence = f"every photo of {', '.join(lacking)} in {name} is a near-duplicate of one in valid or test"
            raise DataError(report([sentence]))
    return checked, splits, left_out


def _look(path: Path, size: int, cache: Path) -> tuple[Path, str, tuple[int, int], int, np.ndarray]:
    """A path that training can read, no problem, the photo's size, and its fingerprint.

    Raises:
        PhotoError: the photo cannot be opened.
    """
    upright = open_photo(path, at_least=(2 * size, 2 * size))
    hashed, thumbnail = fingerprint(upright)
    with Image.open(path) as image:
        turned = image.getexif().get(_ORIENTATION, 1)
        found = image.size if turned < 5 else image.size[::-1]
        plain = image.format in _DIRECT_FORMATS and image.mode == "RGB" and turned == 1
        if plain and image.size == upright.size and "transparency" not in image.info:
            return path, "", found, hashed, thumbnail
    stat = path.stat()
    key = hashlib.sha256(f"{path.resolve()} {stat.st_mtime_ns} {stat.st_size} {size}".encode()).hexdigest()[:24]
    copy = cache / f"{key}.png"
    if not copy.is_file():
        temporary = copy.with_suffix(".part")
        upright.save(temporary, "PNG", compress_level=1)
        temporary.replace(copy)
    return copy, "", found, hashed, thumbnail
