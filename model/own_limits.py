"""What a process does to itself: clocks that end it and a bound on memory, for a stranger's file; and memory goes back."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from pathlib import Path

STRUCK = ("SIGPROF", "SIGALRM")  # the signals of the clocks


def set_clocks(processor: float, clock: float) -> None:
    """The system ends this process in so many seconds, of processor time and on the wall; 0 stops a clock.

    Windows has no such clocks: there, whoever waits for this process ends it.
    """
    if os.name == "posix":
        for name in STRUCK:
            signal.signal(getattr(signal, name), signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_PROF, processor)
        signal.setitimer(signal.ITIMER_REAL, clock)


def address_space() -> int:
    """Bytes of addresses that this process has; 0 where the system does not say."""
    try:
        return int(Path("/proc/self/statm").read_text("ascii").split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        return 0


def bound_memory(most: int) -> int:
    """Let this process have no more than `most` bytes of addresses, less where the system says so; -1 for no bound.

    Returns:
        What it could have before, to set it back.
    """
    try:
        import resource
    except ImportError:  # Windows has no such bound
        return -1
    before, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (most if hard < 0 else hard if most < 0 else min(most, hard), hard))
    return before


def trim_memory() -> None:
    """What was freed goes back to the system, where glibc keeps it."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    if trim is not None:
        trim(0)
