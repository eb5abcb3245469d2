"""A zip from a stranger: its entries are read into memory one by one; nothing is unpacked to disk, no name is a path."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path, PurePosixPath

from model.photo import MAX_BYTES, PhotoError

MAX_ENTRIES = 5_000
MAX_UNPACKED = 200_000_000
_ENTRY = b"PK\x01\x02"  # what every entry of the directory at a zip's end begins with
_BEGINNINGS = (b"PK\x03\x04", b"PK\x05\x06")
_COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED = 1
_LITTER = {"thumbs.db", "desktop.ini"}
_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError, RuntimeError, IndexError)


class ArchiveError(PhotoError):
    """A zip, or an entry of one, that cannot be used. The message is for the visitor and says what to do."""


def is_archive(path: Path) -> bool:
    """Whether a file begins as a zip does."""
    with path.open("rb") as file:
        return file.read(4) in _BEGINNINGS


class Archive:
    """The files in a zip, in its order, without folders and what systems add (`__MACOSX`, `.DS_Store`, `Thumbs.db`).

    Raises:
        ArchiveError: it is damaged or empty, or has more than 5,000 entries.
    """

    def __init__(self, path: Path) -> None:
        # before the directory is read: a zip of 20 MB can list 400,000 entries, which take a gigabyte as objects
        if path.read_bytes().count(_ENTRY) > MAX_ENTRIES:
            raise ArchiveError(f"This zip has more than {MAX_ENTRIES:,} entries. Make several smaller ones.")
        try:
            self._zip = zipfile.ZipFile(path)
        except _DAMAGE:
            raise ArchiveError("This zip is damaged or cut off. Make it again.") from None
        self.entries = [entry for entry in self._zip.infolist() if not entry.is_dir() and not _is_litter(entry.filename)]
        self._left = MAX_UNPACKED
        if not self.entries:
            raise ArchiveError("This zip is empty: there are no photos in it.")

    def read(self, entry: zipfile.ZipInfo) -> bytes:
        """The contents of one of `entries`, read no further than one byte above the limit for photos.

        Raises:
            ArchiveError: encrypted, damaged, packed in an unusual way, named as if it lay outside of the zip, or all that
                was read so far is more than 200 MB.
        """
        name = entry.filename.replace("\\", "/")
        if name.startswith("/") or ":" in name[:2] or ".." in PurePosixPath(name).parts:
            raise ArchiveError("Its name leads out of the zip. Pack the photos again.")
        if entry.flag_bits & _ENCRYPTED:
            raise ArchiveError("It is encrypted. Make a zip without a password.")
        if entry.compress_type not in _COMPRESSIONS:
            raise ArchiveError("It is packed in an unusual way. Make an ordinary zip (method 'deflate').")
        if self._left <= 0:
            raise ArchiveError(f"Unpacked, this zip is larger than {MAX_UNPACKED // 1_000_000} MB. Make several smaller ones.")
        self._left -= min(max(entry.file_size, entry.compress_size), MAX_BYTES)  # no more than that is read or made of it
        try:
            with self._zip.open(entry) as file:
                return file.read(MAX_BYTES + 1)
        except _DAMAGE:
            raise ArchiveError("It is damaged. Make the zip again.") from None


def _is_litter(name: str) -> bool:
    parts = PurePosixPath(name.replace("\\", "/")).parts
    hidden = any(part.startswith(".") and part != ".." for part in parts)
    return hidden or "__MACOSX" in parts or (bool(parts) and parts[-1].lower() in _LITTER)
