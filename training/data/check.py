"""Open every photo before training does: whatever is wrong with the data is said first, all of it at once."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from model.photo import PhotoError, open_photo
from model.whole import whole_file
from training.data.decode import map_ahead
from training.data.duplicates import THUMBNAIL, fingerprint, near_duplicates
from training.data.looks import Look, look_at
from training.data.photos import MIN_PER_CLASS, DataError, Found, Photos

_DIRECT_FORMATS = {"JPEG", "PNG"}
_ORIENTATION = 0x0112


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
    """

    photos: Photos
    originals: tuple[Path, ...]
    came: np.ndarray
    sizes: np.ndarray
    groups: np.ndarray
    looks: tuple[Look, ...]
    bad: tuple[str, ...]

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
            return f"{path}: {error}"

    results = list(map_ahead(check, photos.paths, "checking photos"))
    problems = [result for result in results if isinstance(result, str)]
    if problems and not skip_bad:
        raise DataError(*problems, advice="mend or remove these photos, or pass --skip-bad to train without them")
    kept = [index for index, result in enumerate(results) if not isinstance(result, str)]
    seen = [result for result in results if not isinstance(result, str)]
    originals = photos.take(kept)
    usable = replace(originals, paths=tuple(photo.path for photo in seen))
    short = [answer for answer in dict.fromkeys(photos.answers) if usable.counts().get(answer, 0) < MIN_PER_CLASS]
    if short:
        raise DataError(*(f"class {answer!r} has fewer than {MIN_PER_CLASS} usable photos" for answer in short))
    hashes = np.array([photo.hashed for photo in seen], np.uint64)
    thumbnails = np.array([photo.thumbnail for photo in seen], np.uint8).reshape(-1, THUMBNAIL, THUMBNAIL, 3)
    return Checked(
        usable,
        originals.paths,
        np.array(found.came())[kept],
        np.array([photo.size for photo in seen]),
        near_duplicates(hashes, thumbnails),
        tuple(photo.look for photo in seen),
        tuple(problems),
    )


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
        size_found = image.size if turned < 5 else image.size[::-1]
        plain = image.format in _DIRECT_FORMATS and image.mode == "RGB" and turned == 1
        if plain and image.size == upright.size and "transparency" not in image.info:
            return _Seen(path, size_found, hashed, thumbnail, look)
    stat = path.stat()
    key = hashlib.sha256(f"{path.resolve()} {stat.st_mtime_ns} {stat.st_size} {size}".encode()).hexdigest()[:24]
    copy = cache / f"{key}.png"
    if not copy.is_file():
        with whole_file(copy) as file:
            upright.save(file, "PNG", compress_level=1)
    return _Seen(copy, size_found, hashed, thumbnail, look)
