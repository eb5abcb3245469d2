"""Where the photos of all visitors wait and are worked on: places, and a few threads."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from model.decode.wall import seconds_spent
from model.network import available_cores
from ui.client import client
from ui.turns import Turns

OPENERS = max(2, available_cores())  # photos that are opened at once: one may always be somebody else's
BUDGET = 600  # seconds of a core, for one visitor's albums

Seen = TypeVar("Seen")


class Busy(Exception):
    """Too many photos are waiting already. The message is for the visitor."""


class Desk:
    """Where the photos of all visitors go: threads for which they take turns, and places for those that are under way.

    Args:
        max_waiting: photos that may be under way at once; one more raises `Busy`.
    """

    def __init__(self, max_waiting: int) -> None:
        self.max_waiting = max_waiting
        self._waiting = 0
        self._turns = Turns("photo", OPENERS, spent=seconds_spent)

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

    def check_budget(self) -> None:
        """Refuse the visitor who asks, where his photos took ten minutes of a core: of each hour, ten minutes are forgiven.

        Raises:
            Busy: it is so.
        """
        if self._turns.owed_by(client()) > BUDGET:
            raise Busy("Your photos have taken as much time as there is for one visitor. Go on in some minutes.")

    async def run(self, work: Callable[[], Seen]) -> Seen:
        """What `work` gives, on one of the threads, once it is the turn of the visitor who asks."""
        return await asyncio.wrap_future(self._turns.put(client(), work))
