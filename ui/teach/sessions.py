"""The sessions of all who teach: opened, found again, and ended when nothing happens in them or there are too many."""

from __future__ import annotations

import math
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from model.classifier import Classifier
from ui.corrections.limit import Limit
from ui.request_photo import Refused
from ui.service import Ending, Gone
from ui.teach.budget import Budget
from ui.teach.lessons import Lessons, taught_in
from ui.teach.session import Session

if TYPE_CHECKING:
    from model.teach.model import TaughtModel

MAX_SESSIONS = 50
IDLE_MINUTES = 10
MAX_PER_CLIENT = 40  # a class at school comes from one address, but nobody ends all others' sessions
_AT_ONCE, _AT_ONCE_IN_ALL = 8, 32  # photos that are being sent or looked at, of a session and in all
_OPENED, _OPENED_IN_ALL = 30, 300  # sessions that may be opened within a minute, by one client and by all
_SWEEP_SECONDS = 30
_REMEMBERED = 1_000  # sessions that ended, and why
_SENTENCES: dict[Ending, str] = {
    "idle": f"This session ended because nothing happened in it for {IDLE_MINUTES} minutes. Its photos are gone: open another.",
    "full": f"This session ended because {MAX_SESSIONS} others are open and it had been idle the longest. Its photos are gone: "
    "open another.",
    "lost": "There is no such session here, or not any more. Open one with POST /api/teach/sessions.",
}


class Sessions:
    """Everything that is taught in this server, in bounded memory.

    Args:
        classifier: the model whose body is taught.
        now: seconds, for tests.

    Attributes:
        lessons: does the work.
    """

    def __init__(self, classifier: Classifier, now: Callable[[], float] = time.monotonic) -> None:
        self.lessons = Lessons(classifier)
        self._now = now
        self._open: OrderedDict[str, Session] = OrderedDict()  # the one that was used last comes last
        self._ended: OrderedDict[str, Ending] = OrderedDict()
        self._budgets: dict[str, Budget] = {}  # of clients that teach without a session
        self._opened = Limit(_OPENED, _OPENED_IN_ALL, now)
        self._under_way = 0
        self._lock = threading.RLock()
        self._sweeper: threading.Timer | None = None

    async def open(self, client: str, project: bytes = b"") -> Session:
        """A new session; empty, or with what is in the zip of a saved project.

        Raises:
            Refused: 429 where this client opens too many; as `Lessons.fill`.
            ModelError: the model that is served cannot be taught.
        """
        if not self._opened.take(client):
            raise Refused(429, "Too many sessions were opened within a minute. Wait a minute.", retry_after=60)
        session = Session(secrets.token_urlsafe(24), Budget(self._now), client)
        await self.lessons.prepare(session)
        if project:
            await self.lessons.fill(session, project)
        with self._lock:
            session.seen = self._now()
            self._end_idle()
            own = [token for token, each in self._open.items() if each.client == client]
            for token in own[: max(0, len(own) + 1 - MAX_PER_CLIENT)]:
                self._end(token, "full")
            self._open[session.token] = session
            while len(self._open) > MAX_SESSIONS:
                self._end(next(iter(self._open)), "full")
            self._plan_sweep()
        return session

    def get(self, token: str) -> Session:
        """The session of this token, which is thereby used.

        Raises:
            Gone: it has ended, or there never was one.
        """
        with self._lock:
            self._end_idle()
            session = self._open.get(token)
            if session is None:
                why = self._ended.get(token, "lost")
                raise Gone(_SENTENCES[why], why)
            session.seen = self._now()
            self._open.move_to_end(token)
            return session

    def close(self, token: str) -> None:
        """End a session because its visitor says so. Raises `Gone` as `get`."""
        with self._lock:
            self.get(token)
            self._end(token, "lost")

    def model(self, token: str) -> TaughtModel:
        """What was taught in a session.

        Raises:
            Gone: it has ended. Untaught: too few photos are in it.
        """
        return taught_in(self.get(token))

    def unlisted(self, client: str) -> Session:
        """A session for one request: nobody finds it, and it goes with the request."""
        self._budgets = {name: budget for name, budget in self._budgets.items() if not budget.is_full}
        return Session(secrets.token_urlsafe(24), self._budgets.setdefault(client, Budget(self._now)))

    @contextmanager
    def photo_place(self, session: Session) -> Iterator[None]:
        """A place for one photo of a session, while it is sent and looked at.

        Raises:
            Refused: 429 where as many as may be are under way, or the minute's pixels are used up; 503 where those of all are
            too many.
        """
        if session.under_way >= _AT_ONCE:
            raise Refused(429, f"{_AT_ONCE} photos of this session are under way. Wait for one of them.", retry_after=1)
        if wait := math.ceil(session.budget.wait):
            sentence = f"As many pixels as may be were sent within a minute. Go on in {wait} seconds."
            raise Refused(429, sentence, retry_after=wait)
        if self._under_way >= _AT_ONCE_IN_ALL:
            raise Refused(503, "Too many photos are being sent. Try again in a few seconds.", retry_after=2)
        session.under_way += 1
        self._under_way += 1
        try:
            yield
        finally:
            session.under_way -= 1
            self._under_way -= 1

    def _end_idle(self) -> None:
        while self._open:
            token, session = next(iter(self._open.items()))
            if session.seen + IDLE_MINUTES * 60 > self._now():
                return
            self._end(token, "idle")

    def _end(self, token: str, why: Ending) -> None:
        del self._open[token]
        self._ended[token] = why
        while len(self._ended) > _REMEMBERED:
            self._ended.popitem(last=False)

    def _plan_sweep(self) -> None:
        """Idle sessions end also where nobody comes any more."""
        if self._sweeper is None and self._open:
            self._sweeper = threading.Timer(_SWEEP_SECONDS, self._sweep)
            self._sweeper.daemon = True
            self._sweeper.start()

    def _sweep(self) -> None:
        with self._lock:
            self._sweeper = None
            self._end_idle()
            self._plan_sweep()
