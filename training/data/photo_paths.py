"""The photos that a table names: paths from its own folder, or names that photos below that folder have."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from model.photo_files import is_photo_name, list_photos, shown
from training.data.photos import DataError
from training.data.same import same
from training.data.splits import meaning

ADDRESS = re.compile(r"\s*(https?|ftp|s3|gs|hf)://", re.IGNORECASE)
FEW_MISSING = 3


class Resolved(NamedTuple):
    """Files for the names of a table.

    Attributes:
        paths: a file for each name. sentences: how they were found, where that could be meant otherwise.
    """

    paths: tuple[Path, ...]
    sentences: tuple[str, ...]


def resolve(names: Sequence[str], places: Sequence[str], column: str, where: Path, folder: Path) -> Resolved:
    """Find the photos that a table names.

    A name is a path from the folder (or an absolute one), with slashes or backslashes. Where there is no such file, it is the
    end of the path of one photo below the folder, or that without its ending: `ID` of `train/ID.jpg`.

    Args:
        names: as the table has them, none empty. places: of each, as `line 7`. column: that they are in.
        where: the table or dataset. folder: that it lies in.

    Raises:
        DataError: addresses of the web, names without a file, and names that fit several.
    """
    check_no_address(names, f"the column {column} of {shown(where)}")
    paths: list[Path] = []
    below: _Below | None = None
    missing: list[str] = []
    several: list[str] = []
    by_name, example = 0, ""
    for name, place in zip(names, places, strict=True):
        path = folder / name
        if not is_file(path) and "\\" in name:
            path = folder / name.replace("\\", "/")
        if not is_file(path):
            below = below or _Below(folder)
            found = [] if Path(name).is_absolute() else below.ending_in(name, where.stem)
            if len(found) == 1:
                by_name, example = by_name + 1, shown(found[0])
            if len(found) > 1:
                told = ", ".join(map(shown, found[:3]))
                several.append(f"{shown(name)}, {place} of {shown(where)}, may be any of {len(found)} photos: {told}")
            elif not found:
                missing.append(f"{shown(path)} is named in {shown(where)} and does not exist")
            path = folder / found[0] if found else path
        paths.append(path)
    if problems := [*missing, *several]:
        raise DataError(*problems, advice=_advice(len(missing), len(names), column, folder) if len(problems) > 1 else None)
    sentence = f"{by_name:,} photos of {shown(where)} were found by the names in its column {column}, as {example}"
    return Resolved(tuple(paths), (sentence,) if by_name else ())


def check_no_address(names: Sequence[object], where: str) -> None:
    """Raise `DataError` where one of the names is an address on the web: training downloads no photos."""
    if address := next((name for name in names if isinstance(name, str) and ADDRESS.match(name)), None):
        raise DataError(
            f"{where} holds addresses of photos ({shown(address)}), and training downloads none: they may be gone or changed "
            "tomorrow. Download them once (img2dataset does, or wget -i), and put the files' paths into a column of a table"
        )


def looks_like_photos(held: Sequence[object]) -> bool:
    """Whether most of what a column holds are names or addresses of photos, by their endings."""
    given = [value for value in held if isinstance(value, str) and value.strip()]
    return bool(given) and 2 * sum(is_photo_name(value.strip()) for value in given) > len(given)


def _advice(missing: int, total: int, column: str, folder: Path) -> str | None:
    if not missing:
        return "Write paths that fit one photo each."
    advice = f"Paths are relative to {shown(folder)}, where the table lies"
    return (
        f"{advice}; {missing:,} of {total:,} in its column {column} lead nowhere." if missing >= FEW_MISSING else f"{advice}."
    )


def is_file(path: Path) -> bool:
    """Whether there is such a file; there is none with a name that cannot be."""
    try:
        return path.is_file()
    except (OSError, ValueError):  # too long, or with a zero in it
        return False


class _Below:
    """The photos below a folder, by their names and by their names without endings."""

    def __init__(self, folder: Path) -> None:
        self._by_name: dict[str, list[str]] = {}
        for path in list_photos(folder).names:
            name = PurePosixPath(path).name
            for key in {_alike(name), _alike(PurePosixPath(name).stem)}:
                self._by_name.setdefault(key, []).append(path)

    def ending_in(self, name: str, table: str) -> list[str]:
        """The photos whose paths end in `name`; of several, those in folders that the table is named after, or to train on."""
        wanted = [_alike(part) for part in name.replace("\\", "/").split("/") if part not in ("", ".")]
        if not wanted or ".." in wanted:
            return []
        fitting = []
        for path in self._by_name.get(wanted[-1], []):
            parts = [_alike(part) for part in PurePosixPath(path).parts]
            if parts[: -len(wanted)] + wanted[:-1] == parts[:-1]:
                fitting.append(path)
        if len(fitting) < 2:
            return fitting
        split = found.split if (found := meaning(table)) else "train"
        near = [path for path in fitting if any(_means(part, split) for part in PurePosixPath(path).parts[:-1])]
        return near or fitting


def _means(folder: str, split: str) -> bool:
    found = meaning(folder)
    return found is not None and found.split == split


def _alike(text: str) -> str:
    return same(text).casefold()
