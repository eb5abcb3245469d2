"""Rows of a photo with its label and the name of its split become lists of photos, in the splits that training knows."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from model.config import NEITHER
from model.photo_files import LeftOut, shown
from training.data.photos import ONE_SOURCE, DataError, Found, Photos
from training.data.splits import meaning

NAMED_AGAIN = "photos that are named again"
NO_SPLIT = "photos without a split, where others have one"


class Listed(NamedTuple):
    """A row that can be used.

    Attributes:
        path: of the photo. label: of it. split: what the data calls the split that it comes in, empty where it has no names.
        source: where it comes from. place: of the row, for people, as `line 7`.
    """

    path: Path
    label: str
    split: str = ""
    source: str = ONE_SOURCE
    place: str = ""


def found_in(rows: Sequence[Listed], where: str, left_out: LeftOut, sentences: Sequence[str]) -> Found:
    """The photos of rows.

    Args:
        where: the table or dataset, for people. left_out: what is counted already; more is added.
        sentences: how it was read.

    Raises:
        DataError: there are none to train on, or photos with two labels.
    """
    parts, said = understand(dict.fromkeys(row.split for row in rows), where)
    kept: dict[str, list[Listed]] = {"train": []}
    for row in _once(rows, where, left_out):
        if part := parts[row.split]:
            kept.setdefault(part, []).append(row)
        else:
            left_out.add(f"photos of splits that are not used ({row.split})" if row.split else NO_SPLIT, row.path.name)
    if not kept["train"]:
        raise DataError(f"{where} has no row with a photo and its label: {'; '.join(left_out.sentences()) or 'it is empty'}")
    if any(row.label == NEITHER for listed in kept.values() for row in listed):
        said.append(f"{where} has the label {NEITHER}: it stands for photos of none of the other classes")
    photos = {part: _photos(listed) for part, listed in kept.items()}
    return Found(photos["train"], photos.get("valid"), photos.get("test"), left_out, (*sentences, *said))


def understand(names: Mapping[str, object] | Sequence[str], where: str) -> tuple[dict[str, str | None], list[str]]:
    """What the splits of some data are here: train, valid, test, or None for those that are not used; and how that was read."""
    parts: dict[str, str | None] = {name: found.split if (found := meaning(name)) else None for name in names}
    if set(parts) <= {""}:
        return dict.fromkeys(parts, "train"), []
    said = []
    if "train" not in parts.values():
        unknown = [name for name, part in parts.items() if part is None]
        chosen = unknown or [name for name, part in parts.items() if part == "valid"] or list(parts)
        parts |= dict.fromkeys(chosen, "train")
        told = ", ".join(name or "the rest" for name in chosen)
        said.append(f"{where} has no split called train: {told} is what is trained on, or split")
    if unused := [name for name, part in parts.items() if part is None and name]:
        said.append(f"{where} has splits that are not used: {', '.join(unused)}")
    for part in ("train", "valid", "test"):
        if len(same := [name for name, meant in parts.items() if meant == part]) > 1 and not said:
            said.append(f"{where}: {' and '.join(same)} together are {part}")
    return parts, said


def _once(rows: Sequence[Listed], where: str, left_out: LeftOut) -> list[Listed]:
    """The rows, each photo once.

    Raises:
        DataError: a photo has two labels.
    """
    first: dict[str, Listed] = {}
    problems = []
    for row in rows:
        before = first.setdefault(os.path.normpath(row.path), row)
        if before is row:
            continue
        if before.label != row.label:
            problems.append(
                f"{shown(row.path)} has two labels in {where}: {before.label} ({before.place}) and {row.label} ({row.place})"
            )
        left_out.add(NAMED_AGAIN, f"{row.path.name}, {row.place}")
    if problems:
        raise DataError(*problems)
    return list(first.values())


def _photos(rows: Sequence[Listed]) -> Photos:
    labels = tuple(sorted({row.label for row in rows} - {NEITHER}))
    return Photos(tuple(row.path for row in rows), tuple(row.label for row in rows), labels, tuple(row.source for row in rows))
