"""What the server writes while it runs is bounded: for each client, in all, and by one traceback an hour of the same place.

Whatever a visitor can make the server say, a line or a traceback, he can make it say a million times: the disk fills, and
nobody finds anything in the log any more. Gradio and other libraries print as often as they log, so the streams count lines.
"""

from __future__ import annotations

import io
import logging
import math
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TextIO, cast

from model.errors import first_line
from ui.client import client

PER_CLIENT = 100  # lines a minute
IN_ALL = 500  # lines a minute
LONGEST = 500  # characters of a line
AGAIN_SECONDS = 3600  # between two tracebacks of the same place
_MOST_CLIENTS, _MOST_PLACES = 500, 500


class Lines:
    """How many lines each client may still cause within this minute. Safe to use from several threads.

    Args:
        now: seconds, for tests.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._since = now()
        self._written: dict[str, int] = {}
        self._left_out: dict[str, int] = {}
        self._lock = threading.Lock()

    def take(self, client: str) -> tuple[bool, list[str]]:
        """Whether one more line may be written for `client` now, and what is to be written before it."""
        with self._lock:
            before = self._summary() if self._now() - self._since >= 60 else []
            if client not in self._written and len(self._written) >= _MOST_CLIENTS:
                client = "others"
            written = self._written.get(client, 0)
            # what the app itself does, and what libraries do for clients in threads of their own, is bounded in all alone
            may = sum(self._written.values()) < IN_ALL and (written < PER_CLIENT or not client)
            counts = self._written if may else self._left_out
            counts[client] = counts.get(client, 0) + 1
            self._written.setdefault(client, 0)
            return may, before

    def end(self) -> list[str]:
        """What is to be written when nothing more comes."""
        with self._lock:
            return self._summary()

    def _summary(self) -> list[str]:
        clients = f"{len(self._left_out)} clients" if len(self._left_out) > 1 else "one client"
        left_out = sum(self._left_out.values())
        self._since, self._written, self._left_out = self._now(), {}, {}
        return [f"{left_out} more lines from {clients} were not written"] if left_out else []


class BoundedStream(io.TextIOBase):
    """A stream of text that takes no more lines than `Lines` allows, none of them longer than 500 characters."""

    def __init__(self, stream: TextIO, lines: Lines) -> None:
        self.stream = stream
        self._lines = lines
        self._may = True  # whether the line that is being written is one of those
        self._length = 0  # of that line so far
        self._lock = threading.RLock()

    def write(self, text: str) -> int:
        """Write what may be written of `text`."""
        with self._lock:
            for line in str(text).splitlines(keepends=True):
                if not self._length:
                    self._may, before = self._lines.take(client())
                    for summary in before:
                        self.stream.write(f"{summary}\n")
                is_end = line.endswith("\n")
                kept = line.rstrip("\n")[: max(0, LONGEST - self._length)]
                self._length = 0 if is_end else self._length + max(1, len(kept))
                if self._may:
                    self.stream.write(_writable(kept) + "\n" * is_end)
        return len(text)

    def flush(self) -> None:
        """Hand on what was written."""
        self.stream.flush()

    def close_lines(self) -> None:
        """Say what was left out."""
        for summary in self._lines.end():
            self.stream.write(f"{summary}\n")
        self.flush()

    def isatty(self) -> bool:
        """Whether a person reads it in a terminal."""
        return self.stream.isatty()

    def fileno(self) -> int:
        """The descriptor of the stream."""
        return self.stream.fileno()

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """Of the stream."""
        return self.stream.encoding


class OneLine:
    """Makes warnings and errors one line each, and leaves them the traceback where none of its place came within an hour."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._seen: dict[tuple[str, str, int], float] = {}

    def shorten(self, record: logging.LogRecord) -> None:
        """Change a record that is about to be logged."""
        if record.levelno < logging.WARNING:
            return
        record.msg, record.args = record.getMessage().strip().partition("\n")[0], ()
        error = record.exc_info[1] if record.exc_info else None
        while isinstance(error, BaseExceptionGroup):  # of a task group: what happened is within
            error = error.exceptions[0]
        if error is None:
            return
        frames = traceback.extract_tb(error.__traceback__)
        file, line = (frames[-1].filename, frames[-1].lineno or 0) if frames else ("", 0)
        kind = type(error).__name__
        if self._is_new((kind, file, line)):
            record.exc_info = (type(error), error, error.__traceback__)
        else:
            record.exc_info = record.exc_text = None
            record.msg += f": {kind} again, {file}:{line}: {first_line(error)}"

    def _is_new(self, place: tuple[str, str, int]) -> bool:
        if self._now() - self._seen.get(place, -math.inf) < AGAIN_SECONDS:
            return False
        if len(self._seen) >= _MOST_PLACES:
            self._seen.clear()
        self._seen[place] = self._now()
        return True


@contextmanager
def bounded_log() -> Iterator[None]:
    """While the block runs, what this process prints and logs is bounded."""
    lines, one_line = Lines(), OneLine()
    out, err, make = sys.stdout, sys.stderr, logging.getLogRecordFactory()
    bounded = {id(stream): BoundedStream(stream, lines) for stream in (out, err)}
    handlers = [(handler, handler.stream) for handler in _stream_handlers() if id(handler.stream) in bounded]

    def make_short(*args: Any, **more: Any) -> logging.LogRecord:
        record = make(*args, **more)
        try:
            one_line.shorten(record)
        except (TypeError, ValueError, KeyError):  # the arguments do not fit the text
            record.args = ()
        return record

    for handler, stream in handlers:
        handler.setStream(cast(TextIO, bounded[id(stream)]))
    sys.stdout, sys.stderr = cast(TextIO, bounded[id(out)]), cast(TextIO, bounded[id(err)])
    logging.setLogRecordFactory(make_short)  # of every handler, also of those that libraries add later
    try:
        yield
    finally:
        logging.setLogRecordFactory(make)
        sys.stdout, sys.stderr = out, err
        for handler, stream in handlers:
            handler.setStream(stream)
        bounded[id(err)].close_lines()


def _stream_handlers() -> list[logging.StreamHandler[TextIO]]:
    loggers = [logging.getLogger(), *(logging.getLogger(name) for name in list(logging.root.manager.loggerDict))]
    found = {id(handler): handler for logger in loggers for handler in logger.handlers}
    streams = [handler for handler in found.values() if isinstance(handler, logging.StreamHandler)]
    return [handler for handler in streams if "stream" in vars(handler)]  # others write to what sys.stderr is just then


def _writable(text: str) -> str:
    """The text without what would steer a terminal, or cannot be encoded."""
    return "".join(c if c.isprintable() or c == "\t" else c.encode("unicode_escape").decode() for c in text)
