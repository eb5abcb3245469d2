"""Threads for which visitors take turns: a piece of work of each, then the next of the first."""

from __future__ import annotations

import math
import os
import sys
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar

EXPENSIVE = 0.05  # seconds: half a photo of a phone
_QUIET = 10  # seconds after which a visitor counts as gone
_FORGIVEN = 1 / 6  # seconds of cost per second
_REMEMBERED = 1000  # visitors who wait for nothing

Result = TypeVar("Result")


class _Task(NamedTuple):
    work: Callable[[], Any]
    future: Future[Any]
    size: int


@dataclass
class _Visitor:
    """What is known of one.

    Attributes:
        running: pieces of work that are begun.
        cost: of the last one that was not free, in seconds, or half of the one before; None before there was one.
        owes: seconds of all of them, `at` that moment, less what was forgiven.
    """

    tasks: deque[_Task] = field(default_factory=deque)
    running: int = 0
    cost: float | None = None
    owes: float = 0.0
    at: float = 0.0

    @property
    def is_expensive(self) -> bool:
        return self.cost is not None and self.cost >= EXPENSIVE

    def owed(self, now: float) -> float:
        return max(0.0, self.owes - (now - self.at) * _FORGIVEN)

    def pay(self, cost: float, now: float) -> None:
        if cost or self.cost is None:  # what is free says nothing of the next piece
            self.cost = max(cost, (self.cost or 0) / 2)
        self.owes, self.at = self.owed(now) + cost, now


class Turns:
    """Threads that do the work of all visitors, each in turn.

    Who never had anything done has one piece done at a time. While there are others, so has he whose last piece of work was
    expensive, and of several threads, one is left to those who are not known to be expensive.

    Args:
        name: of the threads. threads: how many.
        nice: how far they step back behind others, 0-19, where threads have a priority of their own.
        spent: what the thread that calls it has spent so far, in seconds; the difference is the cost of a piece of work.
        now: seconds, for tests.
    """

    def __init__(
        self,
        name: str,
        threads: int = 1,
        nice: int = 0,
        spent: Callable[[], float] = lambda: 0.0,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._spent, self._nice, self._now = spent, nice, now
        self._visitors: OrderedDict[str, _Visitor] = OrderedDict()  # whose turn it is
        self._most_expensive = max(1, threads - 1)
        self._news = threading.Condition()
        self._last, self._last_at, self._other_at = "", -math.inf, -math.inf  # who came last, and when; and one before him
        self.waiting = 0  # bytes
        for _ in range(threads):
            threading.Thread(target=self._run, name=name, daemon=True).start()

    def put(self, visitor: str, work: Callable[[], Result], size: int = 0) -> Future[Result]:
        """Have something done once it is this visitor's turn.

        Args:
            size: bytes that are held until then, and count as `waiting`.
        """
        future: Future[Result] = Future()
        with self._news:
            if visitor != self._last:
                self._last, self._other_at = visitor, self._last_at
            self._last_at = self._now()
            self.waiting += size
            self._visitors.setdefault(visitor, _Visitor()).tasks.append(_Task(work, future, size))
            self._news.notify()
        return future

    def owed_by(self, visitor: str) -> float:
        """What the work of a visitor has cost lately, in seconds: of each hour, ten minutes are forgiven."""
        with self._news:
            known = self._visitors.get(visitor)
            return known.owed(self._now()) if known else 0.0

    def _run(self) -> None:
        if self._nice and sys.platform == "linux":
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), self._nice)
        while True:
            self._next_turn()

    def _next_turn(self) -> None:
        """One piece of work, to its end; nothing of it is kept."""
        with self._news:
            while (visitor := self._whose_turn()) is None:
                self._news.wait()
            task = visitor.tasks.popleft()
            visitor.running += 1
        result, problem, before = None, None, self._spent()
        if is_wanted := task.future.set_running_or_notify_cancel():
            try:
                result = task.work()
            except BaseException as error:  # whatever it was belongs to the visitor, and the thread must live on
                problem = error
        with self._news:
            self.waiting -= task.size
            visitor.running -= 1
            if is_wanted:
                visitor.pay(self._spent() - before, self._now())
            self._forget()
            self._news.notify_all()  # who may begin now depends on what it cost
        if problem is not None:
            task.future.set_exception(problem)
        elif is_wanted:
            task.future.set_result(result)

    def _whose_turn(self) -> _Visitor | None:
        """The visitor whose next piece of work begins, who then goes behind all others."""
        expensive = sum(visitor.running for visitor in self._visitors.values() if visitor.is_expensive)
        for name, visitor in self._visitors.items():
            if not visitor.tasks or (visitor.running and visitor.cost is None):
                continue
            if visitor.is_expensive and (visitor.running or expensive >= self._most_expensive) and not self._is_alone(name):
                continue
            self._visitors.move_to_end(name)
            return visitor
        return None

    def _is_alone(self, visitor: str) -> bool:
        """Whether nobody else came lately."""
        return self._now() - (self._other_at if visitor == self._last else self._last_at) > _QUIET

    def _forget(self) -> None:
        """Let go of visitors who have nothing to do, the longest ago first, where there are many."""
        if len(self._visitors) > _REMEMBERED:
            idle = [name for name, visitor in self._visitors.items() if not visitor.tasks and not visitor.running]
            for name in idle[: len(self._visitors) - _REMEMBERED]:
                del self._visitors[name]
