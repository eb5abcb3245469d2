"""Open every photo before training does: whatever is wrong with the data is said first, all of it at once."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from model.photo import PhotoError, examine_photo
from model.photo_files import shown
from model.whole import whole_file
from training.data.decode import map_ahead
from training.data.duplicates import THUMBNAIL, fingerprint, near_duplicates
from training.data.looks import Look, look_at
from training.data.photos import MIN_PER_CLASS, DataError, Found, Photos


@dataclass(frozen=True)
class Checked:
    """Photos that can be used, and what was seen of them.

    Attributes:
        photos: readable by training as they are: upright RGB, in no needless size.
        originals: where each was found; `photos` names a copy where the original had to be converted.
        came: str (N,), the split that each came in, of `Found.came`.
        sizes: int (N, 2), width and height as found, upright.
        groups: int (N,), the group of near-duplicates of each photo.
        looks: what else was seen of each, to find what might be learned in place of the classes.
        bad: a sentence for each photo that cannot be opened.
        damaged: the photos, as they can be shown, whose files end early or are broken, with all or nearly all of their pixels.
    """

    photos: Photos
    originals: tuple[Path, ...]
    came: np.ndarray
    sizes: np.ndarray
    groups: np.ndarray
    looks: tuple[Look, ...]
    bad: tuple[str, ...]
    damaged: tuple[str, ...] = ()

    def take(self, indices: Sequence[int]) -> Checked:
        """The same of the photos at `indices`."""
        chosen = np.array(indices, int)
        return Checked(
            self.photos.take(indices),
            tuple(self.originals[i] for i in indices),
            self.came[chosen],
            self.sizes[chosen],
            self.groups[chosen],
            tuple(self.looks[i] for i in indices),
            self.bad,
            self.damaged,
        )


def check_photos(found: Found, size: int, cache: Path, skip_bad: bool = False) -> Checked:
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
    photos = found.everything
    cache.mkdir(parents=True, exist_ok=True)

    def check(path: Path) -> _Seen | str:
        try:
            return _look(path, size, cache)
        except PhotoError as error:
            return f"{shown(path)}: {error}"

    results = list(map_ahead(check, photos.paths, "checking photos"))
    problems = [result for result in results if isinstance(result, str)]
    if problems and not skip_bad:
        raise DataError(*problems, advice="mend or remove these photos, or pass --skip-bad to train without them")
    kept = [index for index, result in enumerate(results) if not isinstance(result, str)]
    seen = [result for result in results if not isinstance(result, str)]
    originals = photos.take(kept)
    usable = replace(originals, paths=tuple(photo.path for photo in seen))
    came = np.array(found.came())[kept]
    to_train_on = Counter(answer for answer, split in zip(usable.answers, came, strict=True) if split == "train")
    if short := [answer for answer in dict.fromkeys(found.train.answers) if to_train_on[answer] < MIN_PER_CLASS]:
        told = (f"class {answer!r} has fewer than {MIN_PER_CLASS} usable photos" for answer in short)
        raise DataError(*told, *problems)
    hashes = np.array([photo.hashed for photo in seen], np.uint64)
    thumbnails = np.array([photo.thumbnail for photo in seen], np.uint8).reshape(-1, THUMBNAIL, THUMBNAIL, 3)
    return Checked(
        usable,
        originals.paths,
        came,
        np.array([photo.size for photo in seen]),
        near_duplicates(hashes, thumbnails),
        tuple(photo.look for photo in seen),
        tuple(problems),
        tuple(shown(path) for path, photo in zip(originals.paths, seen, strict=True) if photo.is_damaged),
    )


class _Seen(NamedTuple):
    """A path that training can read, the photo's size as found, its fingerprint, what it is like, and whether it is damaged."""

    path: Path
    size: tuple[int, int]
    hashed: int
    thumbnail: np.ndarray
    look: Look
    is_damaged: bool


def _look(path: Path, size: int, cache: Path) -> _Seen:
    """Open a photo, and lay a copy into `cache` where training could not read it.

    Raises:
        PhotoError: the photo cannot be opened.
    """
    upright, facts, readable, rows = examine_photo(path, at_least=(2 * size, 2 * size))
    seen = _Seen(path, (facts.width, facts.height), *fingerprint(upright), look_at(upright, facts, size), rows is not None)
    if readable and upright.size == seen.size:
        return seen
    stat = path.stat()
    name = b"%s %d %d %d" % (os.fsencode(path.resolve()), stat.st_mtime_ns, stat.st_size, size)
    copy = cache / f"{hashlib.sha256(name).hexdigest()[:24]}.png"
    if not copy.is_file():
        with whole_file(copy) as file:
            upright.save(file, "PNG", compress_level=1)
    return seen._replace(path=copy)
