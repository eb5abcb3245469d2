"""From a request to an answer: photos are opened on a few threads and meet in one batch, those to be explained, too."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

import numpy as np
from PIL import Image
from threadpoolctl import threadpool_limits

from model.batching import Batcher
from model.classifier import Classifier, Prediction
from model.errors import ModelError
from model.inside.explain import Explainer, HeatMap
from model.photo import PhotoSource
from model.resize import fit
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
        desk, batcher: shared by all models of this server.
        served: explains the network that `batcher` runs, of which the model may be another head.
    """

    def __init__(self, classifier: Classifier, explainer: Explainer, desk: Desk, batcher: Batcher, served: Explainer) -> None:
        self.classifier = classifier
        self.explainer = explainer
        self.desk = desk
        self.batcher = batcher
        self._served = served

    @property
    def max_waiting(self) -> int:
        """Photos that may be under way at once, of all models together."""
        return self.desk.max_waiting

    async def answer(self, photo: PhotoSource) -> Prediction:
        """The prediction for one untrusted photo; photos that arrive together are answered in one call of the network.

        Raises:
            Busy: `max_waiting` photos are under way.
            model.photo.PhotoError: the photo cannot be used.
        """
        with self.desk.place():
            prepared, tensors = await self.desk.run(lambda: (self.classifier.prepare(photo), self._served.tensors))
            values = await asyncio.wrap_future(self.batcher.look(prepared, tensors))
        return self.classifier.predictions(self.explainer.evidence(values).logits)[0]

    async def explain(self, photo: PhotoSource, label: str | None = None) -> tuple[Prediction, HeatMap]:
        """The prediction, and where in the photo the evidence for `label` lies (by default, for the answer).

        Raises:
            Busy, model.photo.PhotoError: as `answer`.
            ValueError: the model has no such label.
            model.errors.ModelError: this network cannot be explained.
        """

        def found(image: Image.Image, prediction: Prediction, heat_map: HeatMap | ModelError) -> tuple[Prediction, HeatMap]:
            if isinstance(heat_map, ModelError):
                raise heat_map
            return prediction, heat_map

        return await self.show(photo, label, found)

    async def show(
        self, photo: PhotoSource, label: str | None, at: Callable[[Image.Image, Prediction, HeatMap | ModelError], Seen]
    ) -> Seen:
        """What a function, on a thread of its own, makes of the upright photo, its prediction and what explains it.

        Where the network cannot be explained, it is given the error that says why in place of the heat map.

        Raises:
            Busy, model.photo.PhotoError, ValueError: as `explain`; and whatever `at` raises.
        """

        explainer = self.explainer

        def open_photo() -> tuple[Image.Image, np.ndarray, tuple[str, ...] | ModelError]:
            image = self.classifier.open(photo)
            explainer.check_label(label)
            prepared = fit(image, self.classifier.config.input)
            try:
                return image, prepared, self._served.tensors
            except ModelError as error:
                return image, prepared, error

        with self.desk.place():
            image, prepared, tensors = await self.desk.run(open_photo)
            if isinstance(tensors, ModelError):
                error, prediction = tensors, await asyncio.wrap_future(self.batcher.submit(prepared))
                return await self.desk.run(lambda: at(image, prediction, error))
            if tensors:
                values = await asyncio.wrap_future(self.batcher.look(prepared, tensors))
                return await self.desk.run(lambda: at(image, *explainer.heat_map(explainer.evidence(values), image, label)))
            batch = self.classifier.batch([prepared])
            evidence = await asyncio.wrap_future(self.batcher.alone(lambda: explainer.gradients(batch)))
            return await self.desk.run(lambda: at(image, *explainer.heat_map(evidence, image, label)))

    async def look(self, photo: PhotoSource, at: Callable[[Image.Image], Seen]) -> Seen:
        """What a function, on a thread of its own, makes of one untrusted photo.

        Raises:
            Busy, model.photo.PhotoError: as `answer`; and whatever `at` raises.
        """
        with self.desk.place():
            return await self.desk.run(lambda: at(self.classifier.open(photo)))


class Service(Answers):
    """The answers of the model that is served, and of those that visitors teach.

    Args:
        classifier: the model that answers.
        max_waiting: photos that may be under way at once; one more raises `Busy`.
        sessions: in which visitors teach; None where they cannot.
    """

    def __init__(self, classifier: Classifier, max_waiting: int = 64, sessions: Sessions | None = None) -> None:
        # products of small matrices: threads that wait for a core that the network is at take a hundred times as long
        threadpool_limits(1, "blas")
        explainer = Explainer(classifier)
        super().__init__(classifier, explainer, Desk(max_waiting), Batcher(classifier, explainer), explainer)
        self.sessions = sessions

    async def answer(self, photo: PhotoSource) -> Prediction:
        """As `Answers.answer`; also where the network cannot be looked into."""
        with self.desk.place():
            prepared = await self.desk.run(lambda: self.classifier.prepare(photo))
            return await asyncio.wrap_future(self.batcher.submit(prepared))

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
        return Answers(taught.classifier, taught.explainer, self.desk, self.batcher, self.explainer)
