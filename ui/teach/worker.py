"""Work for those who teach, on a thread that steps back behind those who only want an answer."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections import OrderedDict, deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, NamedTuple, TypeVar

from ui.desk import Busy

MAX_WAITING = 200_000_000  # bytes of photos that wait, of all visitors together
_NICE = 10  # of 19: others come first, but what holds Python's lock still gets to the end of it soon

Result = TypeVar("Result")


class _Task(NamedTuple):
    work: Callable[[], Any]
    future: Future[Any]
    size: int


class Worker:
    """One thread of low priority. Visitors take turns: a piece of work of each, then the next of the first.

    Args:
        name: of the thread.
    """

    def __init__(self, name: str) -> None:
        self._turns: OrderedDict[str, deque[_Task]] = OrderedDict()
        self._waiting = 0
        self._news = threading.Condition()
        threading.Thread(target=self._run, name=name, daemon=True).start()

    async def do(self, visitor: str, work: Callable[[], Result], size: int = 0) -> Result:
        """What `work` gives, once it is this visitor's turn.

        Args:
            size: bytes that are held until then.

        Raises:
            Busy: 200 MB are held already; and whatever `work` raises.
        """
        future: Future[Result] = Future()
        with self._news:
            if size and self._waiting + size > MAX_WAITING:
                raise Busy("Too many photos are waiting to be looked at. Try again in a second.")
            self._waiting += size
            self._turns.setdefault(visitor, deque()).append(_Task(work, future, size))
            self._news.notify()
        return await asyncio.wrap_future(future)

    def _run(self) -> None:
        _step_back()
        while True:
            self._next_turn()

    def _next_turn(self) -> None:
        """One piece of work, to its end; nothing of it is kept."""
        with self._news:
            while not self._turns:
                self._news.wait()
            visitor, tasks = self._turns.popitem(last=False)
            task = tasks.popleft()
            if tasks:
                self._turns[visitor] = tasks  # behind all others
        result, problem = None, None
        if is_wanted := task.future.set_running_or_notify_cancel():
            try:
                result = task.work()
            except BaseException as error:  # whatever it was belongs to the visitor, and the thread must live on
                problem = error
        with self._news:
            self._waiting -= task.size
        if problem is not None:
            task.future.set_exception(problem)
        elif is_wanted:
            task.future.set_result(result)


def _step_back() -> None:
    """Lower the priority of this thread, where a thread has one of its own."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICE)
