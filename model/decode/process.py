"""A process that opens photos, from outside: how it is started and asked, what it may answer, and what its end means."""

from __future__ import annotations

import math
import os
import signal
import subprocess
import time
from contextlib import suppress
from io import BufferedReader, FileIO
from pathlib import Path
from typing import Literal, NamedTuple, cast

from PIL import Image

from model.decode.facts import PhotoFacts
from model.decode.frames import Lost, Said, receive, send
from model.formats import MAX_MEGAPIXELS
from model.own_limits import STRUCK
from model.photo_problems import PhotoError, PhotoFormatError, PhotoTooLarge

_ROOT = Path(__file__).resolve().parents[2]
_PIPE = 1 << 20  # bytes: of Linux' pipes, which hold 64 kB by default
_KEPT = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT", "TEMP", "TMP")
_FRUGAL = {  # one thread; and much of the memory goes back after each photo
    "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "1", "MALLOC_MMAP_THRESHOLD_": "33554432",
    "MALLOC_TRIM_THRESHOLD_": "16000000",
}  # fmt: skip
_ERRORS = {error.__name__: error for error in (PhotoError, PhotoFormatError, PhotoTooLarge)}
_TOO_LONG = {-int(getattr(signal, name)) for name in STRUCK if hasattr(signal, name)}
_ENDED_BY_SYSTEM = -9  # by Linux, where memory runs out
_QUANTIZATION = PhotoFacts._fields.index("quantization")

Job = Literal["open", "facts", "examine"]


class Opened(NamedTuple):
    """What a process said of a photo.

    Attributes:
        problem: why it cannot be used.
        photo: of mode RGB, facts, readable, rows: see `model.photo.Examined`; as far as they were asked for.
        seconds: of processor time. is_last: whether the process ends now.
    """

    problem: PhotoError | None
    photo: Image.Image | None
    facts: PhotoFacts | None
    readable: bool
    rows: float | None
    seconds: float
    is_last: bool


def _understood(said: Said, pixels: bytes, has_photo: bool) -> Opened:
    """What a process answers.

    Raises:
        Lost: it makes no sense.
    """
    try:
        problem, photo, facts, rows = None, None, None, said.get("rows")
        if error := said.get("error"):
            kind, code, values = error
            values = {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}
            problem = _ERRORS[kind](code, **values)
        elif has_photo:
            width, height = said["size"]
            photo = Image.frombytes("RGB", (width, height), pixels)
        if (found := said.get("facts")) is not None:
            facts = PhotoFacts(*found)._replace(quantization=tuple(found[_QUANTIZATION]))
        if not 0 <= (seconds := float(said["seconds"])) < math.inf:
            raise ValueError
        return Opened(problem, photo, facts, said.get("readable") is True, rows and float(rows), seconds, bool(said["last"]))
    except (LookupError, TypeError, ValueError):
        raise Lost from None


class Process:
    """One process that opens photos."""

    def __init__(self, command: list[str]) -> None:
        environment = {name: os.environ[name] for name in _KEPT if name in os.environ} | _FRUGAL
        self._process = subprocess.Popen(
            command, bufsize=0, cwd=_ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self._to = cast(FileIO, self._process.stdin)
        self._from = BufferedReader(cast(FileIO, self._process.stdout))
        for pipe in (self._to, self._from):
            _widen(pipe.fileno())
        self._is_ready = self._is_late = False
        self._since: float | None = None  # of the monotonic clock, while it has a photo

    def ask(self, asked: Said, data: bytes) -> Opened:
        """What the process answers.

        Raises:
            Lost, OSError: it died, or was ended for being late, or makes no sense.
            RuntimeError: it does not start.
        """
        if not self._is_ready:
            try:
                receive(self._from, 0)
            except (Lost, OSError):
                raise RuntimeError("The process that opens photos does not start; what it printed says why.") from None
            self._is_ready = True
        self._since = time.monotonic()
        send(self._to, asked, [data], len(data))
        said, pixels = receive(self._from, 3 * MAX_MEGAPIXELS * 1_000_000)
        self._since = None
        return _understood(said, pixels, asked["job"] != "facts")

    @property
    def has_ended(self) -> bool:
        """Whether the process is gone, which it tells only where it was ready once: one that does not start says why."""
        return self._is_ready and self._process.poll() is not None

    def why_lost(self, format: str) -> PhotoError:
        """What the end of the process says of the photo that it had."""
        status = None
        with suppress(subprocess.TimeoutExpired):  # it lives, and says what makes no sense
            status = self._process.wait(1)
        if self._is_late or status in _TOO_LONG:
            return PhotoError("too_long")
        if status == _ENDED_BY_SYSTEM:
            return PhotoTooLarge("memory")
        return PhotoError("damaged", format=format)

    def end(self) -> None:
        """End the process, and wait until it is gone."""
        self._process.kill()
        self._process.wait()
        self._to.close()
        self._from.close()

    def end_if_late(self, seconds: float) -> None:
        """End the process where it has had its photo for more than so many seconds."""
        if self._since is not None and time.monotonic() - self._since > seconds:
            self._is_late = True
            self._process.kill()


def _widen(pipe: int) -> None:
    """Let a pipe hold more, where the system has it: a photo goes through in fewer turns."""
    with suppress(ImportError, AttributeError, OSError):
        import fcntl

        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE)
