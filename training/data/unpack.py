"""What has to be unpacked: archives, datasets of fastai, of torchvision and of the Hub become folders, once, and are kept."""

from __future__ import annotations

import hashlib
import re
import shutil
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any

from tqdm.auto import tqdm

from model.formats import SUFFIXES
from model.whole import UNFINISHED
from training.data.dataset_rows import hub_rows, is_torchvision, suffix, torchvision_rows
from training.data.photos import DataError, check_disk, photos_below, subfolders

ARCHIVES = (".zip", ".tgz", ".tar.gz", ".tar", ".tar.bz2", ".tar.xz")
SPLITS = {"train": "train", "training": "train", "valid": "valid", "validation": "valid", "val": "valid", "test": "test"}


def split_folders(folder: Path) -> dict[str, Path]:
    """The folders of the splits that `folder` comes with: at least `train` and one of `valid` and `test`, or none."""
    folders = {SPLITS[inside.name.lower()]: inside for inside in subfolders(folder) if inside.name.lower() in SPLITS}
    return folders if "train" in folders and len(folders) > 1 else {}


def fastai_address(name: str) -> str | None:
    """Where fastai keeps the dataset `name` (`pets`, `imagenette_160`...), or None where it has none of that name."""
    from fastai.data.external import URLs

    address = getattr(URLs, name.upper(), None) if re.fullmatch(r"\w+", name) else None
    return address if isinstance(address, str) and address.endswith((".tgz", ".zip", ".tar.gz")) else None


def download_archive(url: str, unpacked: Path) -> Path:
    """Download and unpack an archive as fastai does (`untar_data`), and find the photos in it."""
    from fastai.data.external import untar_data

    unpacked.mkdir(parents=True, exist_ok=True)
    try:
        return _inner(Path(untar_data(url, base=str(unpacked.resolve()))))
    except Exception as error:  # the downloader raises what it likes
        raise DataError(f"{url} could not be downloaded and unpacked: {str(error) or type(error).__name__}") from None


def unpack(archive: Path, unpacked: Path) -> Path:
    """The contents of an archive, in a folder of their own."""
    stat = archive.stat()
    key = hashlib.sha256(f"{archive.resolve()} {stat.st_mtime_ns} {stat.st_size}".encode()).hexdigest()[:12]
    target = unpacked / f"{archive.name.split('.')[0]}-{key}"
    if not target.is_dir():
        try:
            with _opened(archive) as (members, size, extract):
                check_disk(unpacked, size)
                with _new_folder(target) as folder:
                    for member in tqdm(members, desc=f"unpacking {archive.name}", unit="file"):
                        extract(member, folder)
        except (tarfile.TarError, zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError) as error:
            raise DataError(f"{archive} cannot be unpacked: {error}") from None
    return _inner(target)


@contextmanager
def _opened(path: Path) -> Iterator[tuple[list[Any], int, Callable[[Any, Path], Any]]]:
    """A zip or tar archive as (members, bytes when unpacked, a function that unpacks one member safely)."""
    if path.suffix.lower() == ".zip":
        with zipfile.ZipFile(path) as file:
            entries = [entry for entry in file.infolist() if _wanted(entry.filename)]
            yield entries, sum(entry.file_size for entry in entries), file.extract
    else:
        with tarfile.open(path) as tar:
            members = [member for member in tar if member.isfile() and _wanted(member.name)]
            _check_end(tar)
            yield members, sum(member.size for member in members), lambda member, to: tar.extract(member, to, filter="data")


def _check_end(tar: tarfile.TarFile) -> None:
    """Raise `tarfile.ReadError` where the list of members ended at a damaged header: tarfile takes that for the end."""
    assert tar.fileobj is not None
    tar.fileobj.seek(tar.offset)
    if tar.fileobj.read(tarfile.BLOCKSIZE).strip(b"\0"):
        raise tarfile.ReadError("it is damaged, and what follows the damage cannot be found")


def _wanted(name: str) -> bool:
    """Photos alone are unpacked, and not the hidden files that some systems put beside them."""
    path = PurePosixPath(name)
    return path.suffix.lower() in SUFFIXES and not any(part.startswith((".", "__MACOSX")) for part in path.parts)


def _inner(folder: Path) -> Path:
    """The folder itself, or the only folder in it, as deep as that goes: archives wrap their contents."""
    while True:
        inside = [below for below in subfolders(folder) if photos_below(below)]
        if len(inside) != 1 or any(path.suffix.lower() in SUFFIXES for path in folder.iterdir()):
            return folder
        folder = inside[0]


def lay_out(name: str, unpacked: Path) -> Path:
    """Lay out a dataset that comes as rows as folders, the bytes of each photo as they are."""
    local = sorted(Path(name).rglob("*.parquet")) if Path(name).is_dir() else []
    stamps = [f"{path.resolve()} {path.stat().st_mtime_ns}" for path in local] or [name]
    target = unpacked / f"dataset-{hashlib.sha256(' '.join(stamps).encode()).hexdigest()[:12]}"
    if target.is_dir():
        return target if split_folders(target) else _inner(target)
    try:
        with _new_folder(target) as new:
            for split, total, rows in torchvision_rows(name, unpacked) if is_torchvision(name) else hub_rows(name):
                for index, (label, content) in enumerate(tqdm(rows, total=total, desc=f"{name}, {split}", unit="photo")):
                    folder = new / SPLITS.get(split, split) / (label.replace("/", "_").strip(". ") or "_")
                    folder.mkdir(parents=True, exist_ok=True)
                    (folder / f"{index:07d}{suffix(content)}").write_bytes(content)
    except OSError as error:
        raise DataError(f"the photos of {name} cannot be laid out as files: {error}") from None
    return target if split_folders(target) else _inner(target)


@contextmanager
def _new_folder(target: Path) -> Iterator[Path]:
    """A folder to fill, which becomes `target` when the block ends; if it fails, nothing is left."""
    partial = target.with_name(target.name + UNFINISHED)
    shutil.rmtree(partial, ignore_errors=True)  # of a run that was killed
    try:
        partial.mkdir(parents=True)
        yield partial
        partial.rename(target)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
