"""How often visitors may do something: a limit for each of them, and one for all together."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class Limit:
    """How often something may happen within a minute: for each client, and in all.

    Args:
        now: seconds, for tests.
    """

    def __init__(self, per_client: int, in_all: int, now: Callable[[], float] = time.monotonic) -> None:
        self._per_client, self._in_all, self._now = per_client, in_all, now
        self._times: list[tuple[float, str]] = []
        self._lock = threading.Lock()

    def take(self, client: str) -> bool:
        """Whether it may happen once more now; if so, it is counted."""
        with self._lock:
            since = self._now() - 60
            self._times = [(at, name) for at, name in self._times if at > since]
            if len(self._times) >= self._in_all or sum(name == client for _, name in self._times) >= self._per_client:
                return False
            self._times.append((self._now(), client))
            return True
