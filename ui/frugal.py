"""Memory that was freed goes back to the system, where glibc keeps it.

It keeps several arenas per core, one for each of the first threads, and what is free in the middle of one stays until asked
for: 650 MB where 520 do (`benchmarks/memory_under_load.py`).
"""

from __future__ import annotations

import ctypes
import os
import sys
import threading
import time

from model.own_limits import trim_memory

_ARENA_MAX = -8  # M_ARENA_MAX of malloc.h
_ARENAS = 2
_SECONDS = 10  # between two times that memory is given back, which takes 20 ms where there is much, and no lock of Python's


def give_memory_back() -> None:
    """From now on, where this process runs on glibc; to be called before there are threads. MALLOC_ARENA_MAX is respected."""
    libc = ctypes.CDLL(None) if sys.platform == "linux" else None
    if libc is None or not hasattr(libc, "mallopt") or not hasattr(libc, "malloc_trim"):
        return
    if "MALLOC_ARENA_MAX" not in os.environ:
        libc.mallopt(_ARENA_MAX, _ARENAS)

    def trim() -> None:
        while True:
            time.sleep(_SECONDS)
            trim_memory()

    threading.Thread(target=trim, name="memory", daemon=True).start()
