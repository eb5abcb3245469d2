"""Work for those who teach, on a thread that steps back behind those who only want an answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from ui.desk import Busy
from ui.turns import Result, Turns

MAX_WAITING = 200_000_000  # bytes of photos that wait, of all visitors together
_NICE = 10  # of 19: others come first, but what holds Python's lock still gets to the end of it soon


class Worker:
    """One thread of low priority, for which visitors take turns.

    Args:
        name: of the thread.
    """

    def __init__(self, name: str) -> None:
        self._turns = Turns(name, nice=_NICE)

    async def do(self, visitor: str, work: Callable[[], Result], size: int = 0) -> Result:
        """What `work` gives, once it is this visitor's turn.

        Args:
            size: bytes that are held until then.

        Raises:
            Busy: 200 MB are held already; and whatever `work` raises.
        """
        if size and self._turns.waiting + size > MAX_WAITING:
            raise Busy("Too many photos are waiting to be looked at. Try again in a second.")
        return await asyncio.wrap_future(self._turns.put(visitor, work, size))
