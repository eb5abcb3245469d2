"""Which photos are to be scored: a folder of them, or a list of their paths."""

from __future__ import annotations

import csv
import io
import os
from pathlib import Path

from tqdm.auto import tqdm

from model.formats import SUFFIXES
from training.data.photos import DataError


def find_paths(photos: Path) -> tuple[Path, list[str]]:
    """The folder that paths are relative to, and the paths: of a folder's photos, sorted, or of a list, in its order.

    Raises:
        DataError: there is no such folder or list, it cannot be read, or it names no photos.
    """
    if photos.is_dir():
        paths, others = _photos_below(photos)
        if not paths:
            known = ", ".join(sorted(SUFFIXES))
            raise DataError(f"{photos} holds no photos ({known}), only {others} other files")
        return photos.absolute(), paths
    if photos.suffix.lower() in SUFFIXES:
        raise DataError(f"{photos} is no folder and no list of paths; `python -m model PHOTO` scores a single photo")
    try:
        data = photos.read_bytes()
    except FileNotFoundError:
        raise DataError(f"there is no folder and no list {photos}") from None
    except OSError as error:
        raise DataError(f"{photos} cannot be read: {error.strerror}") from None
    if b"\0" in data:
        raise DataError(f"{photos} is not a list of paths: save it as UTF-8 text with a path per line, or as .csv")
    text = data.decode("utf-8-sig", "surrogateescape")
    paths = _csv_paths(photos, text) if photos.suffix.lower() == ".csv" else _lines(text)
    if not paths:
        raise DataError(f"{photos} names no photos: write a path per line")
    return photos.absolute().parent, paths


def _photos_below(folder: Path) -> tuple[list[str], int]:
    """Paths relative to `folder`, with forward slashes, and the number of other files. Linked folders are not entered."""

    def refuse(error: OSError) -> None:
        raise DataError(f"the folder {error.filename} cannot be listed: {error.strerror}")

    paths: list[str] = []
    others = 0
    with tqdm(desc="looking for photos", unit="file", leave=False, delay=1) as bar:
        for parent, _, names in os.walk(folder, onerror=refuse):
            below = Path(parent).relative_to(folder).as_posix()
            photos = [name for name in names if Path(name).suffix.lower() in SUFFIXES and not name.startswith(".")]
            paths += photos if below == "." else [f"{below}/{name}" for name in photos]
            others += len(names) - len(photos)
            bar.update(len(names))
    return sorted(paths), others


def _lines(text: str) -> list[str]:
    # not splitlines: a file name may hold characters that it takes for the end of a line
    return [line for line in (raw.removesuffix("\r") for raw in text.split("\n")) if line]


def _csv_paths(file: Path, text: str) -> list[str]:
    reader = csv.reader(io.StringIO(text, newline=""))
    paths: list[str] = []
    column = 0
    try:
        for number, row in enumerate(row for row in reader if row):
            cells = [cell.strip().lower() for cell in row]
            if number == 0 and "path" in cells:
                column = cells.index("path")
            elif len(row) <= column or not row[column]:
                raise DataError(f"{file}, line {reader.line_num}: there is no path")
            else:
                paths.append(row[column])
    except csv.Error as error:
        raise DataError(f"{file}, line {reader.line_num}: {error}") from None
    return paths
