"""What is in an archive, by the rule of `model/photo_files.py` for folders: photos by their contents, the rest is counted."""

from __future__ import annotations

import io
import lzma
import os
import posixpath
import re
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NamedTuple

from model.formats import HEAD, begins_as_photo
from model.photo import MAX_BYTES
from model.photo_files import AGAIN, ARCHIVE, HIDDEN, NOT_PHOTOS, NOWHERE, SPECIAL, is_hidden, is_photo_name, shown
from model.photo_files import ARCHIVES as ARCHIVE_ENDINGS
from training.data.codepage import decode_names
from training.data.photos import DataError
from training.data.table_files import METADATA
from training.data.tree import Notes
from training.data.zip_names import ZipBytes, is_utf8, zip_name

OUTSIDE = "names that lead out of the archive"
REPLACED = "replaced by a later file of the same name"
LINK = "links, which zips keep as text"
NAMELESS = "files without a name"
NOT_UTF8 = "names that are not in UTF-8, as the archive says"
BAD_NAME = "names that are too long, or that folders have too"
DAMAGED = "damaged, or packed in a way that is not known"
LARGE = f"larger than {MAX_BYTES // 1_000_000} MB"
_NAME = 255  # bytes, as most disks take them
_PATH = 1000  # bytes: systems take about 4,000, and the folder to unpack into needs some of them
_CHUNK = 1_000_000  # bytes
_READING = (tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, RuntimeError, ValueError)
_ENCRYPTED = 0x1
_LINKS = 20  # that may follow each other


class Member(NamedTuple):
    """A photo in an archive.

    Attributes:
        name: its path, with forward slashes, which leads nowhere else. size: in bytes, and no more come. open: reads it.
    """

    name: str
    size: int
    open: Callable[[], IO[bytes]]

    def chunks(self) -> Iterator[bytes]:
        """Its bytes, a part at a time.

        Raises:
            DamagedError: they cannot be read.
        """
        try:
            with self.open() as file:
                while chunk := file.read(_CHUNK):
                    yield chunk
        except _READING:
            raise DamagedError from None


class _Entry(NamedTuple):
    """A file of an archive, its name as bytes where nothing says how it is written, and why it is left out, if it is."""

    name: str | bytes
    size: int
    open: Callable[[], IO[bytes]]
    reason: str | None = None


class EncryptedError(Exception):
    """The archive asks for a password."""


class DamagedError(Exception):
    """A file in an archive cannot be read; the others may."""


def is_archive(path: Path) -> bool:
    """Whether a file is a tar or zip archive, by its contents.

    Raises:
        DataError: it cannot be read.
    """
    try:
        return tarfile.is_tarfile(path) or zipfile.is_zipfile(path)
    except OSError as error:
        raise DataError(f"{shown(path)} cannot be read: {error.strerror or error}") from None


@contextmanager
def opened(path: Path, notes: Notes) -> Iterator[list[Member]]:
    """The photos in an archive, to be read inside the block.

    Args:
        notes: gets what is left out, and how the names were understood.

    Raises:
        EncryptedError: it asks for a password.
        tarfile.TarError, zipfile.BadZipFile, zlib.error, OSError, RuntimeError, ValueError: it is damaged, or of no known kind.
    """
    if tarfile.is_tarfile(path) or not zipfile.is_zipfile(path):
        with tarfile.open(path) as tar:
            yield _photos(_tar_entries(tar), notes)
    else:
        with ZipBytes(io.FileIO(path)) as content, zipfile.ZipFile(content) as file:
            yield _photos(_zip_entries(file, content.not_utf8 or frozenset()), notes)


def _photos(entries: list[_Entry], notes: Notes) -> list[Member]:
    unsure = [entry.name for entry in entries if isinstance(entry.name, bytes)]
    decoded, encoding = decode_names(unsure)
    if encoding:
        notes.say(f"the archive does not say how its names are written; they are taken as {encoding}")
    texts = iter(decoded)
    names = [next(texts) if isinstance(entry.name, bytes) else entry.name for entry in entries]
    if any("\\" in name for name in names):
        notes.say("backslashes in the archive's names are taken as separators of folders")
    members: dict[str, Member] = {}
    for name, entry in zip(names, entries, strict=True):
        path = _relative(name)
        if path is None:
            notes.left_out.add(OUTSIDE if name else NAMELESS, abridged(name) or "''")
            continue
        if reason := HIDDEN if is_hidden(path) else entry.reason or _why_not(path, entry):
            notes.left_out.add(reason, abridged(path))
            continue
        if path in members:
            notes.left_out.add(REPLACED, path)
        members[path] = Member(path, entry.size, entry.open)
    folders = {folder for path in members for folder in _folders(path)}
    for path in members:
        if path in folders:
            notes.left_out.add(BAD_NAME, path)
    return [member for path, member in members.items() if path not in folders]


def _folders(path: str) -> Iterator[str]:
    """The folders that a path leads through."""
    while path := posixpath.dirname(path):
        yield path


def abridged(path: str | os.PathLike[str]) -> str:
    """A path as it can be shown, without its middle where it is very long."""
    told = shown(path)
    return told if len(told) <= 200 else f"{told[:100]}…{told[-99:]}"


def _relative(name: str) -> str | None:
    """A path with forward slashes that stays in its folder; None where it leads out of it."""
    path = re.sub(r"^[A-Za-z]:", "", name.replace("\\", "/").replace("\0", ""))
    path = posixpath.normpath(path.lstrip("/"))
    return None if path in (".", "..") or path.startswith("../") else path


def _why_not(path: str, entry: _Entry) -> str | None:
    """Why a file is left out; None where it is a photo, or says what photos show."""
    encoded = os.fsencode(path)
    if len(encoded) > _PATH or any(len(part) > _NAME for part in encoded.split(b"/")):
        return BAD_NAME
    if posixpath.basename(path) in METADATA:
        return None
    if is_photo_name(path):
        return LARGE if entry.size > MAX_BYTES else None
    try:
        with entry.open() as file:
            head = file.read(HEAD)
    except _READING:
        return DAMAGED
    if begins_as_photo(head):
        return LARGE if entry.size > MAX_BYTES else None
    return ARCHIVE if path.lower().endswith(ARCHIVE_ENDINGS) else NOT_PHOTOS


def _zip_entries(file: zipfile.ZipFile, not_utf8: frozenset[int]) -> list[_Entry]:
    entries = []
    for place, info in enumerate(file.infolist()):
        name = zip_name(info)
        if name[-1:] in ("/", b"/", "\\", b"\\"):
            continue
        if info.flag_bits & _ENCRYPTED:
            raise EncryptedError
        reason = NOT_UTF8 if place in not_utf8 else LINK if stat.S_ISLNK(info.external_attr >> 16) else None
        entries.append(_Entry(name, info.file_size, lambda info=info: file.open(info), reason))  # type: ignore[misc]
    return entries


def _tar_entries(tar: tarfile.TarFile) -> list[_Entry]:
    members = {posixpath.normpath(member.name): member for member in tar}
    _check_end(tar)
    folders = {posixpath.dirname(name) for name in members}
    entries = []
    for member in tar.getmembers():
        if member.isdir():
            continue
        source: tarfile.TarInfo | None = member
        reason = None
        if member.islnk() or member.issym():
            source = _target(member, members)
            if source is None:
                is_folder = _link_path(member) in folders
                reason = AGAIN if is_folder else NOWHERE
            elif member.issym() and not is_hidden(posixpath.normpath(source.name)):
                reason = AGAIN
        elif not member.isfile():
            reason = SPECIAL
        if reason is None and source is not None and not source.isfile():
            reason = AGAIN if source.isdir() else SPECIAL
        size = source.size if source is not None else 0
        entries.append(_Entry(_tar_name(member.name), size, _reader(tar, source or member), reason))
    return entries


def _reader(tar: tarfile.TarFile, member: tarfile.TarInfo) -> Callable[[], IO[bytes]]:
    def read() -> IO[bytes]:
        file = tar.extractfile(member)
        if file is None:
            raise tarfile.ReadError(f"{member.name} cannot be read")
        return file

    return read


def _target(member: tarfile.TarInfo, members: dict[str, tarfile.TarInfo]) -> tarfile.TarInfo | None:
    """What a link in a tar leads to in the same tar; None where that is not in it, or nothing but links."""
    found: tarfile.TarInfo | None = member
    for _ in range(_LINKS):
        if found is None or not (found.islnk() or found.issym()):
            return found
        found = members.get(_link_path(found))
    return None


def _link_path(member: tarfile.TarInfo) -> str:
    """Where a link leads: symbolic links from their own folder, hard links from the top."""
    folder = posixpath.dirname(member.name) if member.issym() else ""
    return posixpath.normpath(posixpath.join(folder, member.linkname))


def _tar_name(name: str) -> str | bytes:
    """A name: text where it is UTF-8."""
    raw = name.encode("utf-8", "surrogateescape")
    return name if is_utf8(raw) else raw


def _check_end(tar: tarfile.TarFile) -> None:
    """Raise `tarfile.ReadError` where the list of members ended at a damaged header: tarfile takes that for the end."""
    assert tar.fileobj is not None
    tar.fileobj.seek(tar.offset)
    if tar.fileobj.read(tarfile.BLOCKSIZE).strip(b"\0"):
        raise tarfile.ReadError("it is damaged, and what follows the damage cannot be found")
