"""Tables that lie beside photos or in their folders, which may say better than the folders' names what the photos show."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from model.photo_files import NOT_PHOTOS, LeftOut, PhotoFiles, shown
from training.data.photos import DataError
from training.data.same import same
from training.data.table_files import METADATA, TABLES, read_file

_DEEP = 2  # folders in folders that are looked into
_TRIED = 10  # tables that are read
_LARGEST = 50_000_000  # bytes of one
_TOLD = 3


def tables_in(folder: Path) -> list[str]:
    """A sentence where a table lies in a folder that may say what its photos show."""
    files = sorted(file for file in folder.iterdir() if file.suffix.lower() in TABLES and file.name not in METADATA)
    told = " or ".join(shown(file) for file in files[:_TOLD])
    return [f"there is a table beside the photos: --data {told} takes the labels from it"] if files else []


def naming_tables(there: PhotoFiles) -> list[str]:
    """A sentence where tables in a folder, or in its folders, name most of their rows after photos that lie there."""
    files = [file for file in _tables(there) if file.stat().st_size <= _LARGEST][:_TRIED]
    if not files:
        return []
    names = {_key(name) for name in there.names}
    found = [file for file in files if _names_photos(file, names)]
    if not found:
        return []
    told = " and ".join(map(shown, found[:_TOLD])) + (" and others" if len(found) > _TOLD else "")
    tables = f"there is a table {told} that names" if len(found) == 1 else f"there are tables {told} that name"
    return [f"{tables} these photos; --data {shown(found[0])} takes its labels"]


def packed_tables(left_out: LeftOut, archive: str) -> list[str]:
    """A sentence where an archive holds a table, which is not unpacked with its photos.

    Args:
        left_out: of the archive, with examples. archive: its name, for people.
    """
    examples = [example for entry in left_out.to_json() if entry["reason"] == NOT_PHOTOS for example in entry["examples"]]
    if not (tables := [example for example in examples if example.lower().endswith(TABLES)]):
        return []
    told = " and ".join(tables)
    return [
        f"{archive} holds {told} beside its photos: if that says what they show, unpack {archive}, and --data "
        f"{PurePosixPath(tables[0]).name} takes its labels"
    ]


def _tables(there: PhotoFiles) -> list[Path]:
    """The tables in a folder and in those in it, the nearest first."""
    tables = [name for name in there.others if name.lower().endswith(TABLES) and PurePosixPath(name).name not in METADATA]
    return [there.root / name for name in sorted(tables, key=lambda name: name.count("/")) if name.count("/") <= _DEEP]


def _names_photos(file: Path, photos: Collection[str]) -> bool:
    try:
        columns = read_file(file).columns
    except DataError:
        return False
    return len(columns) > 1 and any(_are_names(held, photos) for held in columns.values())


def _are_names(held: Sequence[Any], photos: Collection[str]) -> bool:
    """Whether most of a column are names of photos, and few come again, as labels do."""
    names = {_key(str(value)) for value in held if isinstance(value, (str, int)) and str(value).strip()}
    return 2 * len(names) > len(held) and 2 * sum(name in photos for name in names) > len(names) > 1


def _key(path: str) -> str:
    """The name of a photo without folders and ending, as it is compared."""
    return same(PurePosixPath(path.strip().replace("\\", "/")).stem).casefold()
