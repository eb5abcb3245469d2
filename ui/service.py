"""From a request to an answer: photos are opened on a few threads and meet in one batch."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

from PIL import Image

from model.batching import Batcher
from model.classifier import Classifier, Prediction
from model.inside.explain import Explainer, HeatMap
from model.photo import PhotoSource
from ui.desk import Desk, Seen

if TYPE_CHECKING:
    from ui.teach.sessions import Sessions

Ending = Literal["idle", "full", "lost"]


class Untaught(Exception):
    """There is no model in a session yet, or not any more. The message is for programs."""


class Gone(Exception):
    """What a visitor taught is not there, or not any more. The message is for programs.

    Attributes:
        why: `idle` or `full` where the server ended its session, else `lost`.
    """

    def __init__(self, sentence: str, why: Ending) -> None:
        super().__init__(sentence)
        self.why = why


class Answers:
    """The answers of one model, for any number of concurrent requests.

    Args:
        classifier: the model. explainer: of the same.
        desk: shared by all models of this server.
    """

    def __init__(self, classifier: Classifier, explainer: Explainer, desk: Desk) -> None:
        self.classifier = classifier
        self.explainer = explainer
        self._desk = desk

    @property
    def max_waiting(self) -> int:
        """Photos that may be under way at once, of all models together."""
        return self._desk.max_waiting

    async def answer(self, photo: PhotoSource) -> Prediction:
        """The prediction for one untrusted photo.

        Raises:
            Busy: `max_waiting` photos are under way.
            model.photo.PhotoError: the photo cannot be used.
        """
        with self._desk.place():
            return await self._desk.run(lambda: self.classifier.classify([photo])[0])

    async def explain(self, photo: PhotoSource, label: str | None = None) -> tuple[Prediction, HeatMap]:
        """The prediction, and where in the photo the evidence for `label` lies (by default, for the answer).

        Raises:
            Busy, model.photo.PhotoError: as `answer`.
            ValueError: the model has no such label.
            model.errors.ModelError: this network cannot be explained.
        """
        return await self.look(photo, lambda image: self.explainer.explain(image, label))

    async def look(self, photo: PhotoSource, at: Callable[[Image.Image], Seen]) -> Seen:
        """What a function, on a thread of its own, makes of one untrusted photo.

        Raises:
            Busy, model.photo.PhotoError: as `answer`; and whatever `at` raises.
        """
        with self._desk.place():
            return await self._desk.run(lambda: at(self.classifier.open(photo)))


class Service(Answers):
    """The answers of the model that is served, and of those that visitors teach.

    Args:
        classifier: the model that answers.
        max_waiting: photos that may be under way at once; one more raises `Busy`.
        sessions: in which visitors teach; None where they cannot.
    """

    def __init__(self, classifier: Classifier, max_waiting: int = 64, sessions: Sessions | None = None) -> None:
        super().__init__(classifier, Explainer(classifier), Desk(max_waiting))
        self.sessions = sessions
        self._batcher = Batcher(classifier)

    async def answer(self, photo: PhotoSource) -> Prediction:
        """As `Answers.answer`; photos that arrive together are answered in one call of the network."""
        with self._desk.place():
            prepared = await self._desk.run(lambda: self.classifier.prepare(photo))
            return await asyncio.wrap_future(self._batcher.submit(prepared))

    def of(self, token: str) -> Answers:
        """The answers of what was taught in the session of this token; of the model that is served where it is empty.

        Raises:
            Gone: there is no such session any more.
            Untaught: there is one, but too few photos are in it.
        """
        if not token:
            return self
        if self.sessions is None:
            raise Gone("Nobody teaches models here.", "lost")
        taught = self.sessions.model(token)
        return Answers(taught.classifier, taught.explainer, self._desk)
