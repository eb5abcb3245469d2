"""Archives and datasets of fastai become folders, once, and are kept."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import shutil
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tqdm.auto import tqdm

from model.photo_files import ARCHIVE, LeftOut, shown
from model.whole import UNFINISHED, write_text
from training.data.archives import BAD_NAME, DAMAGED, DamagedError, EncryptedError, Member, abridged, is_archive, opened
from training.data.photos import DataError, check_disk
from training.data.tree import Notes

__all__ = ["ARCHIVES", "NO_ARCHIVES", "download", "fastai_address", "is_archive", "new_folder", "unpack"]
ARCHIVES = (".zip", ".tgz", ".tar.gz", ".tar", ".tar.bz2", ".tar.xz")
NO_ARCHIVES = (".7z", ".rar")  # that nothing here can read
_RULES = 3  # how photos are found in archives: what was unpacked by older rules is unpacked again
_BAD_NAMES = {errno.ENAMETOOLONG, errno.EINVAL, errno.EILSEQ, errno.ENOTDIR, errno.EISDIR, errno.EEXIST}
_NOT_ON_WINDOWS = re.compile(r'[<>:"|?*]')


def fastai_address(name: str) -> str | None:
    """Where fastai keeps the dataset `name` (`pets`, `imagenette_160`...), or None where it has none of that name."""
    from fastai.data.external import URLs

    address = getattr(URLs, name.upper(), None) if re.fullmatch(r"\w+", name) else None
    return address if isinstance(address, str) and address.endswith((".tgz", ".zip", ".tar.gz")) else None


def download(url: str, unpacked: Path) -> Path:
    """Download an archive as fastai does, and check it by the hash that fastai knows, if it knows one."""
    import fastai.data
    from fastdownload import FastDownload  # type: ignore[import-untyped]

    unpacked.mkdir(parents=True, exist_ok=True)
    try:
        client = FastDownload(base=str(unpacked.resolve()), module=fastai.data)
        return Path(client.download(url))
    except Exception as error:  # the downloader raises what it likes
        raise DataError(f"{url} could not be downloaded: {str(error) or type(error).__name__}") from None


def unpack(archive: Path, unpacked: Path, notes: Notes) -> Path:
    """The photos in an archive, in a folder of their own.

    Args:
        notes: gets what was left out, and how the names were understood: also where it was unpacked by an earlier run.

    Raises:
        DataError: it cannot be unpacked, or holds no photos.
    """
    status = archive.stat()
    stamp = f" {status.st_mtime_ns} {status.st_size} {_RULES}".encode()
    key = hashlib.sha256(os.fsencode(archive.resolve()) + stamp).hexdigest()[:12]
    target = unpacked / f"{archive.name.split('.')[0] or 'archive'}-{key}"
    beside = target.with_name(target.name + ".json")
    own = Notes()
    if target.is_dir():
        _read_notes(beside, own)
    else:
        _unpack(archive, target, beside, own)
    notes.add(own)
    return target


def _unpack(archive: Path, target: Path, beside: Path, notes: Notes) -> None:
    told = shown(archive)
    if not is_archive(archive):
        raise DataError(f"{told} cannot be unpacked: it is no archive, or it is damaged")
    try:
        with opened(archive, notes) as members:
            if not members:
                raise DataError(_without_photos(told, notes.left_out))
            check_disk(target.parent, sum(member.size for member in members))
            with new_folder(target) as folder:
                written = 0
                for member in tqdm(members, desc=f"unpacking {shown(archive.name)}", unit="file"):
                    if reason := _write(member, folder):
                        notes.left_out.add(reason, abridged(member.name))
                    else:
                        written += 1
                if not written:
                    raise DataError(_without_photos(told, notes.left_out))
                facts = {"left_out": notes.left_out.to_json(), "understood": notes.understood}
                write_text(beside, json.dumps(facts, indent=2, ensure_ascii=False) + "\n")
    except EncryptedError:
        raise DataError(f"{told} asks for a password; unpack it, and name the folder") from None
    except (tarfile.TarError, zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError) as error:
        raise DataError(f"{told} cannot be unpacked: {error}") from None


def _without_photos(archive: str, left_out: LeftOut) -> str:
    told = "; ".join([f"{archive} holds no photos", *left_out.sentences()])
    return f"{told}; unpack {archive}, and name the archives in it after --data" if ARCHIVE in left_out.counts else told


def _write(member: Member, folder: Path) -> str | None:
    """Write a photo where its name says; beside it where the disk takes two names for one (`a.jpg`, `A.jpg`).

    Returns:
        Why it is left out, if it is.

    Raises:
        OSError: the disk is full, or fails.
    """
    name = _NOT_ON_WINDOWS.sub("_", member.name) if os.name == "nt" else member.name
    target = folder / name
    number = 2
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        while target.exists():
            target = (folder / name).with_stem(f"{Path(name).stem} ({number})")
            number += 1
        file = target.open("xb")
    except OSError as error:
        if error.errno not in _BAD_NAMES:
            raise
        return BAD_NAME
    try:
        with file:
            for chunk in member.chunks():
                file.write(chunk)
    except DamagedError:
        target.unlink()
        return DAMAGED
    return None


def _read_notes(beside: Path, notes: Notes) -> None:
    facts: dict[str, Any] = json.loads(beside.read_text("utf-8"))
    notes.understood += facts["understood"]
    notes.left_out.update(LeftOut.from_json(facts["left_out"]))


@contextmanager
def new_folder(target: Path) -> Iterator[Path]:
    """A folder to fill, which becomes `target` when the block ends; if it fails, nothing is left."""
    partial = target.with_name(target.name + UNFINISHED)
    shutil.rmtree(partial, ignore_errors=True)  # of a run that was killed
    try:
        partial.mkdir(parents=True)
        yield partial
        partial.rename(target)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
