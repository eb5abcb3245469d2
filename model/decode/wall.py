"""Photos are opened behind a wall: in processes with a clock and a bound on their memory, which are replaced when they die.

Decoders are code in C that reads what strangers made. Behind the wall the worst that a photo can do is to end a process that
holds nothing: its environment has no secrets, bytes go in, and numbers and pixels come out.

A pool of our own, after measuring: `concurrent.futures` cannot end a task; Pebble can, and a photo costs 1.9 ms there. What is
built on `multiprocessing` imports the main module into every process, which for the app is Gradio, and for a notebook or a
script of `training/` the training itself.
"""

from __future__ import annotations

import math
import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import BufferedReader, FileIO
from pathlib import Path
from typing import Literal, NamedTuple, cast

from PIL import Image

from model.decode.facts import PhotoFacts
from model.decode.frames import Lost, Said, receive, send
from model.formats import MAX_MEGAPIXELS
from model.own_limits import STRUCK
from model.photo_problems import PhotoError, PhotoFormatError, PhotoTooLarge

SECONDS = 2.0  # of decoding, per photo
MEMORY = 300_000_000  # bytes, per photo

_ROOT = Path(__file__).resolve().parents[2]
_PIPE = 1 << 20  # bytes: of Linux' pipes, which hold 64 kB by default
_KEPT = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT", "TEMP", "TMP")
_FRUGAL = {  # one thread; and memory that stays for the next photo until there is none for a while
    "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "1", "MALLOC_MMAP_THRESHOLD_": "33554432",
    "MALLOC_TRIM_THRESHOLD_": "268435456",
}  # fmt: skip
_ERRORS = {error.__name__: error for error in (PhotoError, PhotoFormatError, PhotoTooLarge)}
_TOO_LONG = {-int(getattr(signal, name)) for name in STRUCK if hasattr(signal, name)}
_LEAST = 1e-6  # seconds: clocks of processor time may tick in hundredths
_ENDED_BY_SYSTEM = -9  # by Linux, where memory runs out
_QUANTIZATION = PhotoFacts._fields.index("quantization")

Job = Literal["open", "facts", "examine"]

_spent = threading.local()
_standing: list[Wall] = []  # the same wall, once for each who wants it


def standing() -> Wall | None:
    """The wall that photos of this process are opened behind, if any."""
    return _standing[-1] if _standing else None


@contextmanager
def behind_wall(workers: int, patience: float = 1) -> Iterator[None]:
    """Within it, `model.photo` opens photos behind a wall: the one that stands already, or a new one.

    Args:
        workers, patience: see `Wall`.
    """
    wall = standing() or Wall(workers, patience=patience)
    _standing.append(wall)
    try:
        yield
    finally:
        if wall in _standing:  # not in a process that was forked meanwhile
            _standing.remove(wall)
            if not _standing:
                wall.close()


def seconds_spent() -> float:
    """Seconds of processor time behind walls, so far, that photos took which this thread asked for: each takes more than 0."""
    return float(getattr(_spent, "seconds", 0.0))


class Wall:
    """Processes that open photos, as many as asked for. Safe to use from several threads.

    Args:
        workers: how many processes.
        seconds: of processor time per photo, where the system can count them.
        patience: how many times as long a photo may take by the clock on the wall.
        memory: bytes per photo, on Linux.
    """

    def __init__(self, workers: int, seconds: float = SECONDS, patience: float = 1, memory: int = MEMORY) -> None:
        self._command = [sys.executable, "-m", "model.decode.worker", str(seconds), str(seconds * patience), str(memory)]
        self._processor_seconds, self._seconds = seconds, seconds * patience
        self._news = threading.Condition()
        self._idle: deque[_Process] = deque()
        for _ in range(workers):
            self._add()
        self._busy: set[_Process] = set()
        self._closing = threading.Event()
        threading.Thread(target=self._watch, name="wall", daemon=True).start()

    def ask(self, job: Job, format: str, data: bytes, at_least: tuple[int, int] | None = None) -> Opened:
        """Have a photo opened.

        Args:
            job: which function of `model.photo` it is.
            format: as Pillow calls it. data: an encoded photo.
            at_least: (height, width), see `model.photo.open_photo`.

        Raises:
            PhotoError: as they do; or the photo takes too long, needs too much memory, or brings its decoder down.
            RuntimeError: the processes do not start.
        """
        worker, opened = self._take(), None
        try:
            opened = worker.ask({"job": job, "at_least": at_least}, data)
        except (Lost, OSError):
            problem = worker.why_lost(format)
        finally:
            self._give_back(worker, is_spoiled=opened is None or opened.is_last)
        spent = max(_LEAST, opened.seconds) if opened else self._processor_seconds
        _spent.seconds = seconds_spent() + spent
        if opened is None:
            raise problem
        if opened.problem is not None:
            raise opened.problem
        return opened

    def close(self) -> None:
        """End the processes, those that are at work too."""
        with self._news:
            self._closing.set()
            workers = [*self._idle, *self._busy]
            self._idle.clear()
            self._news.notify_all()
        for worker in workers:
            worker.end()

    def _add(self) -> None:
        self._idle.appendleft(_Process(self._command))  # the others are ready before it is

    def _take(self) -> _Process:
        with self._news:
            while not self._idle and not self._closing.is_set():
                self._news.wait()
            if self._closing.is_set():
                raise RuntimeError("The wall is closed.")
            worker = self._idle.pop()
            if worker.has_ended:  # by whom ever, it was not for a photo of this visitor
                worker.end()
                worker = _Process(self._command)
            self._busy.add(worker)
            return worker

    def _give_back(self, worker: _Process, is_spoiled: bool) -> None:
        if is_spoiled:
            worker.end()
        with self._news:
            self._busy.discard(worker)
            if self._closing.is_set():
                return
            if is_spoiled:
                self._add()
            else:
                self._idle.append(worker)
            self._news.notify()

    def _watch(self) -> None:
        """End what is late and does not end itself: where the system has no clocks, or a decoder was made to stop them."""
        while not self._closing.wait(self._seconds / 4):
            with self._news:
                busy = list(self._busy)
            for worker in busy:
                worker.end_if_late(self._seconds * 1.25)


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


class _Process:
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


def _forget() -> None:
    """In a process that was forked: its parent's processes are not for it."""
    _standing.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
