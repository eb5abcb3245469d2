"""Whose piece of work is done next."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from typing import Any

import pytest

from ui import turns
from ui.turns import EXPENSIVE, Turns

SOON = 10  # seconds


class Day:
    """Work that waits until it is let go, and costs what it is told to."""

    def __init__(self, threads: int) -> None:
        self._cost = threading.local()
        self.now = 0.0
        self.turns = Turns("test", threads, spent=lambda: getattr(self._cost, "sum", 0.0), now=lambda: self.now)
        self.begun: list[str] = []
        self._news = threading.Condition()

    def put(self, visitor: str, name: str, cost: float = 0) -> tuple[threading.Event, Future[str]]:
        gate = threading.Event()

        def work() -> str:
            with self._news:
                self.begun.append(name)
                self._news.notify_all()
            assert gate.wait(SOON)
            self._cost.sum = getattr(self._cost, "sum", 0.0) + cost
            return name

        return gate, self.turns.put(visitor, work)

    def done(self, visitor: str, name: str, cost: float = 0) -> None:
        gate, future = self.put(visitor, name, cost)
        gate.set()
        assert future.result(SOON) == name

    def wait_for(self, *names: str) -> None:
        """Until these have begun, and no others."""
        with self._news:
            assert self._news.wait_for(lambda: set(self.begun) >= set(names), SOON), (names, self.begun)
        assert sorted(self.begun) == sorted(names)


def finish(*pieces: tuple[threading.Event, Future[Any]]) -> None:
    for gate, _ in pieces:
        gate.set()
    for _, future in pieces:
        future.result(SOON)


def test_who_is_new_has_one_piece_done_at_a_time():
    day = Day(threads=3)
    first, second, other = day.put("a", "a1"), day.put("a", "a2"), day.put("b", "b1")
    day.wait_for("a1", "b1")
    finish(first)
    day.wait_for("a1", "b1", "a2")
    finish(second, other)


def test_who_is_cheap_has_all_threads():
    day = Day(threads=3)
    day.done("a", "a0", EXPENSIVE / 2)
    pieces = [day.put("a", f"a{number}") for number in (1, 2, 3)]
    day.wait_for("a0", "a1", "a2", "a3")
    finish(*pieces)


def test_who_is_expensive_has_one_piece_done_at_a_time_until_he_is_not():
    day = Day(threads=3)
    day.done("a", "a0", 1.5 * EXPENSIVE)
    day.done("b", "b0")
    first, second, third = day.put("a", "a1", cost=0.001), day.put("a", "a2"), day.put("a", "a3")
    day.wait_for("a0", "b0", "a1")
    finish(first)
    day.wait_for("a0", "b0", "a1", "a2", "a3")
    finish(second, third)


def test_who_is_alone_has_all_threads_until_another_comes():
    day = Day(threads=3)
    day.done("b", "b0")
    day.now = 11
    day.done("a", "a0", 2 * EXPENSIVE)
    pieces = [day.put("a", f"a{number}", 2 * EXPENSIVE) for number in (1, 2, 3)]
    day.wait_for("b0", "a0", "a1", "a2", "a3")
    more = [day.put("a", "a4", 2 * EXPENSIVE), day.put("a", "a5", 2 * EXPENSIVE), day.put("b", "b1")]
    finish(*pieces)
    day.wait_for("b0", "a0", "a1", "a2", "a3", "a4", "b1")
    finish(*more)


def test_what_is_free_makes_nobody_cheap():
    day = Day(threads=3)
    day.done("a", "a0", 2 * EXPENSIVE)
    day.done("a", "a1", 0)
    day.done("b", "b0")
    first, second = day.put("a", "a2"), day.put("a", "a3")
    day.wait_for("a0", "a1", "b0", "a2")
    finish(first, second)


def test_one_thread_is_left_to_those_who_are_not_expensive():
    day = Day(threads=3)
    for visitor in "abc":
        day.done(visitor, f"{visitor}0", 2 * EXPENSIVE)
    expensive = [day.put(visitor, f"{visitor}1", 2 * EXPENSIVE) for visitor in "abc"]
    day.wait_for("a0", "b0", "c0", "a1", "b1")
    cheap = day.put("d", "d1")
    day.wait_for("a0", "b0", "c0", "a1", "b1", "d1")
    finish(cheap)
    finish(expensive[0])
    day.wait_for("a0", "b0", "c0", "a1", "b1", "d1", "c1")
    finish(*expensive)


def test_a_single_thread_does_what_is_expensive_too():
    day = Day(threads=1)
    for number in range(3):
        day.done("a", f"a{number}", 2 * EXPENSIVE)


def test_an_error_costs_too_and_the_thread_lives_on():
    day = Day(threads=1)
    with pytest.raises(ZeroDivisionError):
        day.turns.put("a", lambda: 1 // 0).result(SOON)
    day.done("a", "a1")


def test_what_waits_is_counted_until_it_is_done():
    day = Day(threads=1)
    gate, future = day.put("a", "a1")
    other = day.turns.put("a", lambda: None, size=70)
    assert day.turns.waiting == 70
    finish((gate, future))
    other.result(SOON)
    day.done("b", "b1")  # the bytes are given back before the next turn
    assert day.turns.waiting == 0


def test_visitors_are_forgotten_where_there_are_many(monkeypatch):
    monkeypatch.setattr(turns, "_REMEMBERED", 5)
    day = Day(threads=2)
    day.done("slow", "slow0", 2 * EXPENSIVE)
    for number in range(50):
        day.done(f"visitor {number}", str(number))
    assert len(day.turns._visitors) <= 6
    assert "slow" not in day.turns._visitors


def test_what_a_visitor_cost_is_forgiven_in_time():
    day = Day(threads=1)
    assert day.turns.owed_by("a") == 0
    for number in range(3):
        day.done("a", f"a{number}", 100)
    day.done("b", "b0", 1)
    assert day.turns.owed_by("a") == pytest.approx(300)
    assert day.turns.owed_by("b") == pytest.approx(1)
    day.now = 600
    assert day.turns.owed_by("a") == pytest.approx(200)
    assert day.turns.owed_by("b") == 0
