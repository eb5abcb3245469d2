"""Memory that was freed goes back to the system: glibc keeps it in as many arenas as there are threads, several per core."""

from __future__ import annotations

import ctypes
import os
import sys

_ARENA_MAX = -8  # M_ARENA_MAX of malloc.h
_ARENAS = 2


def use_few_arenas() -> None:
    """Bound the arenas of this process to two, where it runs on glibc and MALLOC_ARENA_MAX says nothing else."""
    if sys.platform == "linux" and "MALLOC_ARENA_MAX" not in os.environ:
        mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # other C libraries have none
        if mallopt is not None:
            mallopt(_ARENA_MAX, _ARENAS)
