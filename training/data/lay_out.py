"""Datasets that come as rows, laid out once as files: folders of splits and labels, and the bytes of photos as they are."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

from tqdm.auto import tqdm

from model.photo_files import LeftOut, is_hidden, shown
from training.data.columns import Columns
from training.data.dataset_rows import is_torchvision, rows_of, suffix, torchvision_rows
from training.data.label_values import clean
from training.data.listed import Listed, found_in
from training.data.photos import DataError, Found
from training.data.tree import Notes
from training.data.unpack import new_folder

INDEX = "dataset.json"  # the label of each file, exactly, since not every label can name a folder
_LONGEST = 60  # characters of a folder's name


def lay_out(name: str, unpacked: Path, columns: Columns) -> Found:
    """Lay out a dataset that comes as rows as files, or find it again.

    Args:
        name: of torchvision, of the Hub, or a file or folder of rows here. Photos that lie here as files stay where they are.

    Raises:
        DataError: see `rows_of`; the files cannot be written.
    """
    path = Path(name)
    local = [path] if path.is_file() else sorted(path.rglob("*")) if path.is_dir() else []
    stamps = [f"{file.resolve()} {file.stat().st_mtime_ns}" for file in local if file.is_file()] or [name]
    key = hashlib.sha256(repr((INDEX, stamps, columns)).encode("utf-8", "surrogateescape")).hexdigest()[:12]
    target = unpacked / f"dataset-{key}"
    try:
        if not target.is_dir():
            with new_folder(target) as new:
                _write(name, unpacked, columns, new)
        return _read(name, target)
    except OSError as error:
        raise DataError(f"the photos of {shown(name)} cannot be laid out as files: {error}") from None


def _write(name: str, unpacked: Path, columns: Columns, new: Path) -> None:
    notes = Notes()
    rows: list[tuple[str, str, str]] = []  # path, label and split
    folders: dict[str, str] = {}
    splits = torchvision_rows(name, unpacked) if is_torchvision(name) else rows_of(name, columns, notes)
    for split, total, photos in splits:
        for index, (label, photo) in enumerate(tqdm(photos, total=total, desc=f"{shown(name)}, {split}", unit="photo")):
            if isinstance(photo, Path):
                rows.append((str(photo.absolute()), label, split))
                continue
            folder = Path(folder_name(split, folders), folder_name(label, folders))
            (new / folder).mkdir(parents=True, exist_ok=True)
            file = folder / f"{index:07d}{suffix(photo)}"
            (new / file).write_bytes(photo)
            rows.append((str(file), clean(label), split))
    index_of = {"photos": rows, "left_out": notes.left_out.to_json(), "understood": notes.understood}
    (new / INDEX).write_text(json.dumps(index_of), "utf-8")


def _read(name: str, target: Path) -> Found:
    index = json.loads((target / INDEX).read_text("utf-8"))
    notes = Notes()
    notes.left_out.update(LeftOut.from_json(index["left_out"]))
    rows = [
        Listed(target / path, label, split, place=f"row {number}")
        for number, (path, label, split) in enumerate(index["photos"])
    ]
    return found_in(rows, shown(name), notes.left_out, index["understood"])


def folder_name(label: str, taken: dict[str, str]) -> str:
    """The folder for the photos of a label: its own name as far as that can name a folder, and no other label's.

    Args:
        taken: the folders of other labels; this one's is added.
    """
    if label not in taken:
        plain = re.sub(r'[/\\:*?"<>|\x00-\x1f]', "_", label)[:_LONGEST].strip(". ") or "_"
        plain = f"_{plain}" if is_hidden(plain) else plain
        others = {clean(name).casefold() for name in taken.values()}
        number, made = 1, plain
        while clean(made).casefold() in others:  # many disks take Cat and cat for one
            number += 1
            made = f"{plain} {number}"
        taken[label] = made
    return taken[label]
