"""Memory goes back to the system."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.running import ROOT

FREED = """
import ctypes, gc, threading, time
from pathlib import Path
from ui import frugal

def resident():
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024

frugal._SECONDS = 0.1
{begin}
held = [bytes(60_000) for _ in range(4000)]
kept = held[::50]  # in the middle of what is freed: the allocator keeps all of it
del held
gc.collect()
time.sleep(1)
print(resident())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's allocator")
def test_what_was_freed_is_given_back():
    def resident(begin: str) -> float:
        script = FREED.format(begin=begin)
        done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
        return float(done.stdout)

    without, with_it = resident(""), resident("frugal.give_memory_back()")
    if without < 150:
        pytest.skip("another allocator, which gives it back by itself")
    assert with_it < without - 100


def test_a_system_without_glibc_is_left_alone(monkeypatch):
    from ui import frugal

    monkeypatch.setattr(frugal.ctypes, "CDLL", lambda name: object())
    before = frugal.threading.active_count()
    frugal.give_memory_back()
    assert frugal.threading.active_count() == before
