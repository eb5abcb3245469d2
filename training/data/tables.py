"""Tables of photos with their labels: those that `--data` names, and the metadata files that folders of the Hub have."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path, PurePath
from typing import Any, NamedTuple

from model.photo_files import NOT_PHOTOS, LeftOut, PhotoFiles, shown
from training.data.columns import IMAGES, Columns, Picked, pick, plain
from training.data.label_values import read_labels
from training.data.listed import Listed, found_in
from training.data.photo_paths import looks_like_photos, resolve
from training.data.photos import DataError, Found
from training.data.split_columns import read_splits
from training.data.splits import is_filler, plain_split
from training.data.table_files import METADATA, Table, read_file

NO_PHOTO = "rows that name no photo"
UNNAMED = "photos that no row names"


def read_table(file: Path, columns: Columns) -> Found:
    """The photos of a table: a row each, with the columns path, label, and perhaps source and split, or others like them.

    Raises:
        DataError: it cannot be read, there are no such columns, or photos that do not exist.
    """
    read = _read(file, columns, guess=True)
    return found_in(read.rows, shown(file), read.left_out, read.sentences)


def read_metadata(there: PhotoFiles, columns: Columns) -> tuple[Found | None, list[str]]:
    """The photos of a folder that has metadata files, as `datasets` calls them, in it or in its folders, and a sentence.

    Returns:
        None where there are no such files, or where they have no labels and folders do.

    Raises:
        DataError: see `read_table`; nothing says what the labels are.
    """
    folder = there.root
    files = [folder / name for name in there.others if PurePath(name).name in METADATA]
    if not files:
        return None, []
    named = ", ".join(shown(file.relative_to(folder)) for file in files)
    classes = {_class_of(name) for name in there.names} - {None}
    tables, unlabelled = _read_all(files, columns, guess=len(classes) < 2)
    if not tables:
        if len(classes) < 2 or columns.label:
            raise unlabelled[0]
        return None, [f"{unlabelled[0]}; so the folders in {shown(folder)} are the classes"]
    left_out = LeftOut()
    rows = _in_split_folders([row for table in tables for row in table.rows], folder)
    for table in tables:
        left_out.update(table.left_out)
    used = {os.path.normpath(row.path) for row in rows} | {
        os.path.normpath(path) for table in tables for path in table.unlabelled
    }
    for path in there.paths:
        if os.path.normpath(path) not in used:
            left_out.add(UNNAMED, path.relative_to(folder))
    there.left_out.take_back(NOT_PHOTOS, [shown(file.relative_to(folder)) for file in files])
    left_out.update(there.left_out)
    said = [sentence for table in tables for sentence in table.sentences]
    said += [f"{error}; the photos that it names are left aside" for error in unlabelled]
    if len(classes) > 1:
        said.append(f"the labels are those of {named}, not the folders' names (--label-from folder takes these)")
    return found_in(rows, shown(folder), left_out, said), []


class _NoLabels(DataError):
    """A table without a column of labels."""


class _Read(NamedTuple):
    """The rows of a table.

    Attributes:
        rows: those with a photo and a label. unlabelled: the photos of the others. left_out: counts them.
    """

    rows: list[Listed]
    unlabelled: list[Path]
    left_out: LeftOut
    sentences: list[str]


def _read_all(files: Sequence[Path], columns: Columns, guess: bool) -> tuple[list[_Read], list[_NoLabels]]:
    """The tables that have labels, and what is wrong with the others."""
    tables, unlabelled = [], []
    for file in files:
        try:
            tables.append(_read(file, columns, guess))
        except _NoLabels as error:
            unlabelled.append(error)
    return tables, unlabelled


def _read(file: Path, columns: Columns, guess: bool) -> _Read:
    table = read_file(file)
    where = shown(file)
    if not table.lines:
        raise DataError(f"{where} has no rows: a header (path and label, say) and a line for each photo are expected")
    image, sentence = _image_column(table, columns, where)
    rest = {name: held for name, held in table.columns.items() if name != image}
    splits = read_splits(rest, where, len(table.lines), columns.label)
    sentences = [*table.sentences, *([sentence] if sentence else []), *splits.sentences]
    aside = {image, "source", *splits.aside} - {columns.label}
    try:
        others = {name: held for name, held in table.columns.items() if name not in aside}
        labels = read_labels(others, columns.label, list(table.columns), where, file.parent, guess)
    except DataError as error:
        raise _NoLabels(*error.problems, advice=error.advice) from None
    left_out = LeftOut()
    if odd := [line for line, value in zip(table.lines, table.columns[image], strict=True) if isinstance(value, (dict, list))]:
        held = f"the column {image} of {where} holds a record or a list"
        raise DataError(f"{held} (line {odd[0]}), where the path of one photo is expected: write the path as a text")
    names = [_text(value) for value in table.columns[image]]
    for line in (line for line, name in zip(table.lines, names, strict=True) if not name):
        left_out.add(NO_PHOTO, f"line {line}")
    given = [row for row, name in enumerate(names) if name]
    places = [f"line {line}" for line in table.lines]
    found = resolve([names[row] for row in given], [places[row] for row in given], image, file, file.parent)
    sources = [_text(value) or file.stem for value in table.columns.get("source", [None] * len(names))]
    rows, unlabelled = [], []
    for row, path in zip(given, found.paths, strict=True):
        label = labels.texts[row]
        if label is None:
            left_out.add(labels.missing[row], f"{names[row]}, {places[row]}")
            unlabelled.append(path)
        else:
            rows.append(Listed(path, label, splits.names[row], sources[row], places[row]))
    return _Read(rows, unlabelled, left_out, [*sentences, *found.sentences, *labels.sentences])


def _image_column(table: Table, columns: Columns, where: str) -> Picked:
    like_photos = [name for name, held in table.columns.items() if looks_like_photos(held)]
    known = [name for name in table.columns if plain(name) in IMAGES.names and name != columns.label]
    return pick(IMAGES, columns.image, like_photos or known, list(table.columns), where)


def _text(value: Any) -> str:
    return "" if value is None else str(value).strip()


def _class_of(name: str) -> str | None:
    """The name of the folder that a photo lies in; None where its folders are `train`, `images` and the like."""
    folders = [part for part in PurePath(name).parts[:-1] if not is_filler(part)]
    return folders[-1] if folders else None


def _in_split_folders(rows: Sequence[Listed], folder: Path) -> list[Listed]:
    """The rows, with the folders of splits that their photos lie in, where all of them lie in such folders."""
    splits = []
    for row in rows:
        relative = PurePath(os.path.relpath(row.path, folder)).parts[:-1]
        splits.append(row.split or next((part for part in relative if plain_split(part)), ""))
    if not all(splits):
        return list(rows)
    return [row._replace(split=split) for row, split in zip(rows, splits, strict=True)]
