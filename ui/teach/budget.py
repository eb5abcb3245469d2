"""How much a visitor may have looked at: pixels within a minute."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

PER_MINUTE = 6_000_000_000  # pixels: 500 photos of 12 megapixels
LEAST = 1_000_000  # what a photo costs at least: the network takes as long for a small one


class Budget:
    """Pixels that fill up again all the time (a token bucket). What is under way may overdraw it; then it takes longer.

    Args:
        now: seconds, for tests.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._left, self._at = float(PER_MINUTE), now()
        self._lock = threading.Lock()

    def spend(self, pixels: int) -> None:
        """Count one photo."""
        with self._lock:
            self._fill()
            self._left -= max(pixels, LEAST)

    @property
    def wait(self) -> float:
        """Seconds until another photo may come; 0 where it may now."""
        with self._lock:
            self._fill()
            return max(0.0, (LEAST - self._left) * 60 / PER_MINUTE)

    @property
    def is_full(self) -> bool:
        """Whether it is as good as new."""
        with self._lock:
            self._fill()
            return self._left >= PER_MINUTE

    def _fill(self) -> None:
        now = self._now()
        self._left = min(float(PER_MINUTE), self._left + (now - self._at) * PER_MINUTE / 60)
        self._at = now
