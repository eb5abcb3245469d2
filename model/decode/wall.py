"""Photos are opened behind a wall: in processes with a clock and a bound on their memory, which are replaced when they die.

Decoders are code in C that reads what strangers made. Behind the wall the worst that a photo can do is to end a process that
holds nothing: its environment has no secrets, bytes go in, and numbers and pixels come out.

A pool of our own: `concurrent.futures` cannot end a task, and what can (Pebble, say) is built on `multiprocessing`, which
imports the main module into every process; for the app that is Gradio, for a notebook or a script of `training/` the training.
"""

from __future__ import annotations

import os
import sys
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from model.decode.frames import Lost
from model.decode.process import Job, Opened, Process

SECONDS = 2.0  # of decoding, per photo
MEMORY = 300_000_000  # bytes, per photo

_LEAST = 1e-6  # seconds: clocks of processor time may tick in hundredths

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
        self._idle: deque[Process] = deque()
        for _ in range(workers):
            self._add()
        self._busy: set[Process] = set()
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
        self._idle.appendleft(Process(self._command))  # the others are ready before it is

    def _take(self) -> Process:
        with self._news:
            while not self._idle and not self._closing.is_set():
                self._news.wait()
            if self._closing.is_set():
                raise RuntimeError("The wall is closed.")
            worker = self._idle.pop()
            if worker.has_ended:  # by whom ever, it was not for a photo of this visitor
                worker.end()
                worker = Process(self._command)
            self._busy.add(worker)
            return worker

    def _give_back(self, worker: Process, is_spoiled: bool) -> None:
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


def _forget() -> None:
    """In a process that was forked: its parent's processes are not for it."""
    _standing.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
