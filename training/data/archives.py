"""What is in an archive, by the rule of `model/photo_files.py` for folders: photos by their contents, the rest is counted."""

from __future__ import annotations

import posixpath
import re
import stat
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NamedTuple

from model.formats import HEAD, begins_as_photo
from model.photo_files import AGAIN, ARCHIVE, HIDDEN, NOT_PHOTOS, NOWHERE, SPECIAL, is_hidden, is_photo_name
from model.photo_files import ARCHIVES as ARCHIVE_ENDINGS
from training.data.codepage import decode_names
from training.data.table_files import METADATA
from training.data.tree import Notes

OUTSIDE = "names that lead out of the archive"
REPLACED = "replaced by a later file of the same name"
LINK = "links, which zips keep as text"
_ENCRYPTED = 0x1
_UTF8 = 0x800
_UNICODE_PATH = b"\x75\x70"  # the id 0x7075 of Info-ZIP's extra field
_LINKS = 20  # that may follow each other


class Member(NamedTuple):
    """A photo in an archive.

    Attributes:
        name: its path, with forward slashes, which leads nowhere else. size: in bytes. open: reads it.
    """

    name: str
    size: int
    open: Callable[[], IO[bytes]]


class _Entry(NamedTuple):
    """A file of an archive, its name as bytes where nothing says how it is written, and why it is left out, if it is."""

    name: str | bytes
    size: int
    open: Callable[[], IO[bytes]]
    reason: str | None = None


class EncryptedError(Exception):
    """The archive asks for a password."""


def is_archive(path: Path) -> bool:
    """Whether a file is a tar or zip archive, by its contents."""
    return tarfile.is_tarfile(path) or zipfile.is_zipfile(path)


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
        with zipfile.ZipFile(path) as file:
            yield _photos(_zip_entries(file), notes)


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
        reason = OUTSIDE if path is None else HIDDEN if is_hidden(path) else entry.reason or _why_not(path, entry)
        if path is None or reason:
            notes.left_out.add(reason or OUTSIDE, path or name)
            continue
        if path in members:
            notes.left_out.add(REPLACED, path)
        members[path] = Member(path, entry.size, entry.open)
    return list(members.values())


def _relative(name: str) -> str | None:
    """A path with forward slashes that stays in its folder; None where it leads out of it."""
    path = re.sub(r"^[A-Za-z]:", "", name.replace("\\", "/").replace("\0", ""))
    path = posixpath.normpath(path.lstrip("/"))
    return None if path in (".", "..") or path.startswith("../") else path


def _why_not(path: str, entry: _Entry) -> str | None:
    """Why a file is left out; None where it is a photo, or says what photos show."""
    if is_photo_name(path) or posixpath.basename(path) in METADATA:
        return None
    with entry.open() as file:
        head = file.read(HEAD)
    if begins_as_photo(head):
        return None
    return ARCHIVE if path.lower().endswith(ARCHIVE_ENDINGS) else NOT_PHOTOS


def _zip_entries(file: zipfile.ZipFile) -> list[_Entry]:
    entries = []
    for info in file.infolist():
        name = _zip_name(info)
        if info.is_dir() or name[-1:] in ("\\", b"\\"):
            continue
        if info.flag_bits & _ENCRYPTED:
            raise EncryptedError
        is_link = stat.S_ISLNK(info.external_attr >> 16)
        entries.append(_Entry(name, info.file_size, lambda info=info: file.open(info), LINK if is_link else None))  # type: ignore[misc]
    return entries


def _zip_name(info: zipfile.ZipInfo) -> str | bytes:
    """A name: text where the archive says that it is Unicode, in either of the two ways there are."""
    if info.flag_bits & _UTF8:
        return info.orig_filename
    extra = info.extra
    while len(extra) >= 4:
        size = int.from_bytes(extra[2:4], "little")
        if extra[:2] == _UNICODE_PATH and size > 5:
            return extra[9 : 4 + size].decode("utf-8", "replace")
        extra = extra[4 + size :]
    return info.orig_filename.encode("cp437", "replace")  # as which zipfile read it


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
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw


def _check_end(tar: tarfile.TarFile) -> None:
    """Raise `tarfile.ReadError` where the list of members ended at a damaged header: tarfile takes that for the end."""
    assert tar.fileobj is not None
    tar.fileobj.seek(tar.offset)
    if tar.fileobj.read(tarfile.BLOCKSIZE).strip(b"\0"):
        raise tarfile.ReadError("it is damaged, and what follows the damage cannot be found")
