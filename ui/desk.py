"""Where the photos of all visitors wait and are worked on: places, and a few threads."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from model.network import available_cores

Seen = TypeVar("Seen")


class Busy(Exception):
    """Too many photos are waiting already. The message is for the visitor."""


class Desk:
    """Where the photos of all visitors go: a few threads, and places for those that are under way.

    Args:
        max_waiting: photos that may be under way at once; one more raises `Busy`.
    """

    def __init__(self, max_waiting: int) -> None:
        self.max_waiting = max_waiting
        self._waiting = 0
        self._openers = ThreadPoolExecutor(available_cores(), thread_name_prefix="photo")

    @contextmanager
    def place(self) -> Iterator[None]:
        """One of the `max_waiting` places."""
        if self._waiting >= self.max_waiting:
            raise Busy("Too many photos are waiting for an answer. Try again in a few seconds.")
        self._waiting += 1
        try:
            yield
        finally:
            self._waiting -= 1

    async def run(self, work: Callable[[], Seen]) -> Seen:
        """What `work` gives, on one of the threads."""
        return await asyncio.get_running_loop().run_in_executor(self._openers, work)
