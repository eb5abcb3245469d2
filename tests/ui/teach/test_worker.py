from __future__ import annotations

import asyncio
import os
import sys
import threading

import pytest

from tests.running import run_alone
from ui.desk import Busy
from ui.teach import worker
from ui.teach.worker import Worker


def test_visitors_take_turns():
    done: list[str] = []
    gate = threading.Event()

    async def visit() -> None:
        busy = Worker("test")
        first = asyncio.create_task(busy.do("somebody", lambda: gate.wait(10)))
        work = [busy.do(visitor, lambda name=f"{visitor}{n}": done.append(name)) for visitor in "abc" for n in range(3)]
        waiting = [asyncio.create_task(each) for each in work]
        await asyncio.sleep(0.05)  # all of them are in the queue
        gate.set()
        await asyncio.gather(first, *waiting)

    run_alone(visit())
    assert done == ["a0", "b0", "c0", "a1", "b1", "c1", "a2", "b2", "c2"]


def test_an_error_belongs_to_its_visitor_and_the_thread_lives_on():
    async def visit() -> str:
        busy = Worker("test")
        with pytest.raises(ZeroDivisionError):
            await busy.do("a", lambda: 1 // 0)
        return await busy.do("a", lambda: threading.current_thread().name)

    assert run_alone(visit()) == "test"


def test_what_waits_is_bounded_and_frees_its_place(monkeypatch):
    monkeypatch.setattr(worker, "MAX_WAITING", 100)
    gate = threading.Event()

    async def visit() -> int:
        busy = Worker("test")
        waiting = [asyncio.create_task(busy.do("a", lambda: gate.wait(10), 50)) for _ in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(Busy, match="Try again"):
            await busy.do("b", lambda: 1, 1)
        without = asyncio.create_task(busy.do("b", lambda: 2))  # holds no photo
        await asyncio.sleep(0)
        gate.set()
        await asyncio.gather(*waiting)
        return await without + await busy.do("b", lambda: 1, 100)

    assert run_alone(visit()) == 3


def test_a_visitor_who_left_is_passed_over():
    done: list[str] = []
    gate = threading.Event()

    async def visit() -> None:
        busy = Worker("test")
        first = asyncio.create_task(busy.do("a", lambda: gate.wait(10)))
        left = asyncio.create_task(busy.do("b", lambda: done.append("left")))
        await asyncio.sleep(0)
        left.cancel()
        await asyncio.sleep(0)
        gate.set()
        await first
        await busy.do("c", lambda: done.append("stayed"))

    run_alone(visit())
    assert done == ["stayed"]


@pytest.mark.skipif(sys.platform != "linux", reason="threads have priorities of their own on Linux")
def test_it_steps_back_behind_everybody_else():
    async def visit() -> int:
        return await Worker("test").do("a", lambda: os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))

    assert run_alone(visit()) > os.getpriority(os.PRIO_PROCESS, 0)
