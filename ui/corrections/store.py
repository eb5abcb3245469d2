"""Photos with the labels that visitors gave them, in a folder that `training/` reads as data.

`Cat/3f2a….jpg`, one folder per label; beside them `corrections.jsonl`, a line for everything that was done.
"""

from __future__ import annotations

import errno
import hashlib
import io
import json
import logging
import os
import re
import secrets
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from model.errors import first_line
from model.photo import PhotoSource, open_photo
from model.whole import UNFINISHED, whole_file

LOG = "corrections.jsonl"
MAX_SIDE = 1024
UNDO_SECONDS = 600
_QUALITY = 90
_NO_FOLDER = re.compile(r'[<>:"/\\|?*]|^\.|^__MACOSX|[. ]$|^(con|prn|aux|nul|com\d|lpt\d)$', re.IGNORECASE)

logger = logging.getLogger(__name__)


class StoreFull(Exception):
    """The folder has reached its size."""


class CannotUndo(Exception):
    """The correction is not known any more, or too old."""


class CannotWrite(Exception):
    """The disk is full, or the folder cannot be written to any more: nothing has changed. The message is for the log."""


@dataclass
class _Correction:
    """One that can be undone: the file, its label, and when it was made (seconds, monotonic)."""

    name: str
    label: str
    made: float


class CorrectionStore:
    """A folder of corrections that never grows beyond its size. Safe to use from several threads of one process.

    The same photo is kept once; a later label for it takes the place of an earlier one, and undoing brings that back.

    Args:
        folder: made where it is missing.
        labels: the answers that may be given; those that cannot be names of folders are left out of `labels`.
        max_bytes: of all files in the folder together, and of those that are kept elsewhere.

    Attributes:
        elsewhere: bytes that count too.

    Raises:
        ValueError: the folder cannot be written to, or no label is left.
    """

    def __init__(self, folder: Path, labels: Iterable[str], max_bytes: int) -> None:
        self.folder = folder
        self.labels = usable_labels(labels)
        self.max_bytes = max_bytes
        self.elsewhere = 0
        self._lock = threading.Lock()
        self._receipts: dict[str, _Correction] = {}
        self._before: dict[str, str | None] = {}  # the label that a file had before those corrections
        if not self.labels:
            raise ValueError("no label of this model can be the name of a folder, so corrections cannot be kept")
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for unfinished in folder.glob(f"*/.*{UNFINISHED}"):
                unfinished.unlink()
            with (folder / LOG).open("ab+") as log:
                if log.tell() and log.seek(-1, os.SEEK_END) >= 0 and log.read(1) != b"\n":
                    log.write(b"\n")  # a line that was cut off stays alone
        except OSError as error:
            raise ValueError(f"corrections cannot be kept in {folder}: {error.strerror}") from None

    def add(self, photo: PhotoSource, label: str, about: Mapping[str, Any]) -> str:
        """Keep a photo under a label.

        Args:
            photo: untrusted; it is stored upright, as JPEG of at most 1024 pixels a side, without metadata.
            label: one of `labels`.
            about: what else goes into its line of the log, as JSON.

        Returns:
            A receipt, by which it can be undone for ten minutes.

        Raises:
            ValueError: there is no such label.
            StoreFull: there is no room for it.
            CannotWrite: the disk has none, or the folder is gone; the store is as it was.
            model.photo.PhotoError: the photo cannot be used.
        """
        if label not in self.labels:
            raise ValueError(f"{label!r} is not a label that corrections can have")
        content = encode(photo)
        name = f"{hashlib.sha256(content).hexdigest()[:32]}.jpg"
        receipt = secrets.token_urlsafe(16)
        line = self._line("add", name, label, {**about, "id": receipt[:8]})
        with self._lock, self._or_cannot_write():
            self._forget_old()
            self.folder.mkdir(parents=True, exist_ok=True)  # somebody may have removed it meanwhile
            current = self.label_of(name)
            needed = len(line) + (len(content) if current is None else 0)
            if self.size() + self.elsewhere + needed > self.max_bytes:
                raise StoreFull
            if current is None:
                self._write(self.folder / label / name, content)
            else:
                self._move(name, current, label)
            try:
                self._append(line)
            except OSError:
                self._put_back(name, label, current)
                self._leave_no_empty(label)
                raise
            self._before.setdefault(name, current)
            self._receipts[receipt] = _Correction(name, label, time.monotonic())
        return receipt

    def undo(self, receipt: str) -> None:
        """Take a correction back: the photo gets the label that it had before, or is deleted.

        Raises:
            CannotUndo: it was made more than ten minutes ago, or is undone already.
            CannotWrite: the folder cannot be written to; it can be tried again.
        """
        with self._lock, self._or_cannot_write():
            self._forget_old()
            undone = self._receipts.get(receipt)
            if undone is None:
                raise CannotUndo
            others = [other.label for key, other in self._receipts.items() if other.name == undone.name and key != receipt]
            label = others[-1] if others else self._before[undone.name]
            current = self.label_of(undone.name)
            if current is not None:
                self._put_back(undone.name, current, label)
            del self._receipts[receipt]
            if not others:
                del self._before[undone.name]
            try:
                self._append(self._line("undo", undone.name, label, {"id": receipt[:8]}))
            except OSError as error:  # a full disk keeps nobody from taking a photo back
                logger.warning("a correction was taken back, but %s cannot say so: %s", LOG, first_line(error))

    def size(self) -> int:
        """Bytes of all files in the folder."""
        return sum(entry.stat(follow_symlinks=False).st_size for entry in _files_in(self.folder))

    def label_of(self, name: str) -> str | None:
        """The label under which a file lies, or None where there is no such file."""
        return next((label for label in self.labels if (self.folder / label / name).is_file()), None)

    def undoable(self) -> set[str]:
        """Names of the files that somebody may still undo."""
        with self._lock:
            self._forget_old()
            return {correction.name for correction in self._receipts.values()}

    def _forget_old(self) -> None:
        oldest = time.monotonic() - UNDO_SECONDS
        self._receipts = {key: correction for key, correction in self._receipts.items() if correction.made > oldest}
        open_names = {correction.name for correction in self._receipts.values()}
        self._before = {name: label for name, label in self._before.items() if name in open_names}

    @contextmanager
    def _or_cannot_write(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise CannotWrite(f"{self.folder}: {error.strerror or first_line(error)}") from None

    def _write(self, path: Path, content: bytes) -> None:
        path.parent.mkdir(exist_ok=True)
        try:
            with whole_file(path) as file:
                file.write(content)
        except OSError:
            self._leave_no_empty(path.parent.name)
            raise

    def _leave_no_empty(self, label: str) -> None:
        """Take the folder of a label away, where nothing is in it."""
        with suppress(OSError):
            (self.folder / label).rmdir()

    def _move(self, name: str, old: str, new: str) -> None:
        if old != new:
            (self.folder / new).mkdir(exist_ok=True)
            (self.folder / old / name).replace(self.folder / new / name)

    def _put_back(self, name: str, label: str, before: str | None) -> None:
        """Give a file the label that it had before; delete it where it had none."""
        if before is None:
            (self.folder / label / name).unlink(missing_ok=True)
        else:
            self._move(name, label, before)

    def _line(self, action: str, name: str, label: str | None, about: Mapping[str, Any]) -> bytes:
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        record = {"time": now, "action": action, "file": name, "label": label, **about}
        return json.dumps(record, ensure_ascii=False).encode() + b"\n"

    def _append(self, line: bytes) -> None:
        """One write of a whole line: a crash leaves no half of it between others, and a full disk nothing of it."""
        with (self.folder / LOG).open("ab", buffering=0) as log:
            end = log.tell()
            try:
                if log.write(line) != len(line):  # the system writes what there is room for
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                os.fsync(log.fileno())
            except OSError:
                log.truncate(end)
                raise


def _files_in(folder: Path) -> Iterator[os.DirEntry[str]]:
    """The files in a folder and in the folders in it; links are not followed."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from _files_in(Path(entry.path))
            elif entry.is_file(follow_symlinks=False):
                yield entry


def usable_labels(labels: Iterable[str]) -> tuple[str, ...]:
    """The labels that can be names of folders on every system, and do not differ by upper and lower case alone."""
    usable: dict[str, str] = {}
    for label in labels:
        if label.isprintable() and label.strip() == label != "" and len(label) <= 100 and not _NO_FOLDER.search(label):
            usable.setdefault(label.casefold(), label)
    return tuple(usable.values())


def encode(photo: PhotoSource) -> bytes:
    """An untrusted photo, upright, as JPEG of at most 1024 pixels a side and without metadata (place, time, camera).

    Raises:
        model.photo.PhotoError: the photo cannot be used.
    """
    image = open_photo(photo, at_least=(MAX_SIDE, MAX_SIDE))
    image.thumbnail((MAX_SIDE, MAX_SIDE))
    clean = Image.frombytes("RGB", image.size, image.tobytes())  # what came with the file stays behind
    buffer = io.BytesIO()
    clean.save(buffer, "JPEG", quality=_QUALITY)
    return buffer.getvalue()
