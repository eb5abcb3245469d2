"""Which photos are to be scored: a folder of them, or a list of their paths."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import NamedTuple

from tqdm.auto import tqdm

from model.formats import FORMAT_NAMES, HEAD, begins_as_photo
from model.photo_files import ARCHIVES, LeftOut, is_photo_name, list_photos, shown
from training.data.photos import DataError


class Wanted(NamedTuple):
    """What is to be scored.

    Attributes:
        root: the folder that relative paths start at.
        paths: of a folder's photos, relative and sorted; of a list, as it has them.
        left_out: what a folder holds besides; nothing of a list is left out.
    """

    root: Path
    paths: list[str]
    left_out: LeftOut


def find_paths(photos: Path) -> Wanted:
    """The photos in a folder, by the rule of `model.photo_files`, or those that a list names.

    Raises:
        DataError: there is no such folder or list, it cannot be read, or it names no photos.
    """
    try:
        return _photos_below(photos) if photos.is_dir() else _listed(photos)
    except FileNotFoundError:
        raise DataError(f"there is no folder and no list {shown(photos)}") from None
    except OSError as error:
        raise DataError(f"{shown(photos)} cannot be read: {error.strerror}") from None


def _photos_below(folder: Path) -> Wanted:
    with tqdm(desc="looking for photos", unit="file", leave=False, delay=1) as bar:
        found = list_photos(folder, bar.update)
    if not found.names:
        besides = "; ".join(found.left_out.sentences()) or "it is empty"
        raise DataError(f"{shown(folder)} holds no photos ({FORMAT_NAMES}): {besides}")
    # sorted as plain text: a run that was begun before can go on
    return Wanted(folder.absolute(), sorted(found.names), found.left_out)


def _listed(file: Path) -> Wanted:
    with file.open("rb") as opened:
        head = opened.read(HEAD)
        if is_photo_name(file.name) or begins_as_photo(head):
            raise DataError(f"{shown(file)} is a photo, no folder and no list: `python -m model PHOTO` scores a single one")
        if file.name.lower().endswith(ARCHIVES):
            raise DataError(f"{shown(file)} is an archive: unpack it, and name the folder")
        data = head + (b"" if b"\0" in head else opened.read())
    if b"\0" in data:
        raise DataError(f"{shown(file)} is not a list of paths: save it as UTF-8 text with a path per line, or as .csv")
    text = data.decode("utf-8-sig", "surrogateescape")
    paths = _csv_paths(file, text) if file.suffix.lower() == ".csv" else _lines(text)
    if not paths:
        raise DataError(f"{shown(file)} names no photos: write a path per line")
    return Wanted(file.absolute().parent, paths, LeftOut())


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
                raise DataError(f"{shown(file)}, line {reader.line_num}: there is no path")
            else:
                paths.append(row[column])
    except csv.Error as error:
        raise DataError(f"{shown(file)}, line {reader.line_num}: {error}") from None
    return paths
