"""From folders of photos to checked lists of photos: what is wrong is said before training starts, all of it at once."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from tqdm.auto import tqdm

from model.config import NEITHER
from model.network import available_cores
from model.photo import PhotoError, open_photo

SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".avif", ".heic", ".heif", ".mpo"}
SHOWN_PROBLEMS = 20
MIN_PER_CLASS = 2
_DIRECT_FORMATS = {"JPEG", "PNG"}


class DataError(Exception):
    """Data that cannot be trained on. The message lists every problem that was found."""


@dataclass(frozen=True)
class Photos:
    """Photos and their labels, side by side.

    Attributes:
        paths: readable RGB photos, upright.
        answers: the label of each, or `neither`.
        labels: the classes in sorted order, without `neither`.
    """

    paths: tuple[Path, ...]
    answers: tuple[str, ...]
    labels: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.paths)

    def counts(self) -> dict[str, int]:
        """Photos per answer."""
        return dict(Counter(self.answers))

    def take(self, indices: Iterable[int]) -> Photos:
        """The photos at `indices`, with the same labels."""
        chosen = list(indices)
        return Photos(tuple(self.paths[i] for i in chosen), tuple(self.answers[i] for i in chosen), self.labels)


def find_photos(data: Path, neither: Path | None = None) -> Photos:
    """List a folder per class, and a folder of photos that show none of the classes.

    Raises:
        DataError: with all problems: a folder that is missing, no photos, fewer than two classes, a class with one photo.
    """
    problems: list[str] = []
    found: dict[str, list[Path]] = {}
    if not data.is_dir():
        problems.append(f"{data} is not a folder; --data names a folder that holds one folder of photos per class")
    else:
        found = {folder.name: _photos_below(folder) for folder in _subfolders(data)}
        if not found:
            problems.append(f"{data} holds no folders; put the photos of each class into a folder named after it")
        elif len(found) == 1:
            problems.append(f"{data} holds one class, {next(iter(found))!r}; a classifier needs at least two folders")
        if NEITHER in found:
            problems.append(f"{data / NEITHER} is not a class: pass it as --neither and move it out of {data}")
        for label, paths in found.items():
            if len(paths) < MIN_PER_CLASS:
                count = "no photos" if not paths else "only one photo"
                problems.append(f"class {label!r} has {count}; it needs one to train on and one to check against")
    others: list[Path] = []
    if neither is not None:
        others = _photos_below(neither) if neither.is_dir() else []
        if not neither.is_dir():
            problems.append(f"{neither} is not a folder; --neither names a folder of photos of other things")
        elif len(others) < MIN_PER_CLASS:
            problems.append(f"{neither} holds fewer than {MIN_PER_CLASS} photos")
    if problems:
        raise DataError(_report(problems))
    paths = [*(path for label in found for path in found[label]), *others]
    answers = [*(label for label in found for _ in found[label]), *(NEITHER for _ in others)]
    return Photos(tuple(paths), tuple(answers), tuple(found))


def find_splits(data: Path, neither: Path | None = None) -> list[Photos]:
    """The photos of `find_photos`; or two lists, to train and to validate on, where `data` holds train/ and valid/.

    `neither` may hold train/ and valid/ too; if not, all its photos are trained on.

    Raises:
        DataError: see `find_photos`, or valid/ has a class that train/ lacks.
    """
    if not ((data / "train").is_dir() and (data / "valid").is_dir()):
        return [find_photos(data, neither)]
    others: dict[str, Path | None] = {"train": neither, "valid": None}
    if neither is not None and (neither / "train").is_dir() and (neither / "valid").is_dir():
        others = {name: neither / name for name in ("train", "valid")}
    training, validation = (find_photos(data / name, others[name]) for name in ("train", "valid"))
    if unknown := sorted(set(validation.labels) - set(training.labels)):
        raise DataError(f"  - {data / 'valid'} has classes that {data / 'train'} lacks: {', '.join(unknown)}")
    return [training, validation]


def check_photos(photos: Photos, size: int, cache: Path, skip_bad: bool = False) -> Photos:
    """Open every photo through `model.photo`, as serving will, and report all that cannot be used.

    Photos that training can read as they are stay where they are. The others (rotated by EXIF, much larger than
    needed, not RGB, HEIC...) get an upright RGB copy in `cache`, no smaller than twice the input on either side.

    Args:
        size: the network's input side, in pixels.
        skip_bad: leave unusable photos out instead of stopping.

    Returns:
        The usable photos.

    Raises:
        DataError: some photos cannot be used, or leaving them out leaves too little of a class.
    """
    cache.mkdir(parents=True, exist_ok=True)

    def check(index: int) -> tuple[Path | None, str]:
        path = photos.paths[index]
        try:
            return _trainable(path, size, cache / f"{index:07d}.png"), ""
        except PhotoError as error:
            return None, f"{path}: {error}"

    with ThreadPoolExecutor(available_cores()) as pool:
        results = list(tqdm(pool.map(check, range(len(photos))), total=len(photos), desc="checking photos", unit="photo"))
    problems = [problem for path, problem in results if path is None]
    if problems and not skip_bad:
        problems.append("mend or remove these photos, or pass --skip-bad to train without them")
        raise DataError(_report(problems))
    if problems:
        print(f"left out {len(problems)} photos that cannot be opened:\n" + _report(problems))
    kept = [index for index, (path, _) in enumerate(results) if path is not None]
    usable = Photos(
        tuple(path for path, _ in results if path is not None), tuple(photos.answers[i] for i in kept), photos.labels
    )
    short = [answer for answer in dict.fromkeys(photos.answers) if usable.counts().get(answer, 0) < MIN_PER_CLASS]
    if short:
        raise DataError(_report([f"class {answer!r} has fewer than {MIN_PER_CLASS} usable photos" for answer in short]))
    return usable


def split(photos: Photos, valid: float, seed: int) -> tuple[Photos, Photos]:
    """Training and validation photos: a random split that keeps the share of every class.

    Args:
        valid: share of photos to validate on, 0-1; every class keeps at least one photo on either side.
    """
    import random

    draw = random.Random(seed)
    training: list[int] = []
    validation: list[int] = []
    for answer in dict.fromkeys(photos.answers):
        indices = [i for i, each in enumerate(photos.answers) if each == answer]
        draw.shuffle(indices)
        held = min(max(1, round(valid * len(indices))), len(indices) - 1)
        validation += indices[:held]
        training += indices[held:]
    return photos.take(sorted(training)), photos.take(sorted(validation))


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


def _trainable(path: Path, size: int, copy: Path) -> Path:
    """`path` itself if training can read it as it is, else an upright RGB copy.

    Raises:
        PhotoError: the photo cannot be opened.
    """
    upright = open_photo(path, at_least=(2 * size, 2 * size))
    with Image.open(path) as image:
        plain = image.format in _DIRECT_FORMATS and image.mode == "RGB" and image.getexif().get(0x0112, 1) == 1
        if plain and image.size == upright.size and "transparency" not in image.info:
            return path
    temporary = copy.with_suffix(".part")
    upright.save(temporary, "PNG", compress_level=1)
    temporary.replace(copy)
    return copy


def _subfolders(folder: Path) -> list[Path]:
    return sorted(each for each in folder.iterdir() if each.is_dir() and not each.name.startswith("."))


def _photos_below(folder: Path) -> list[Path]:
    return sorted(
        each
        for each in folder.rglob("*")
        if each.suffix.lower() in SUFFIXES and not each.name.startswith(".") and each.is_file()
    )


def _report(problems: Sequence[str]) -> str:
    shown = [f"  - {problem}" for problem in problems[:SHOWN_PROBLEMS]]
    if len(problems) > SHOWN_PROBLEMS:
        shown.append(f"  - and {len(problems) - SHOWN_PROBLEMS} more")
    return "\n".join(shown)
