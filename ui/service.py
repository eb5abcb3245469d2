"""From a request to an answer: photos are opened on a few threads and meet in one batch."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from PIL import Image

from model.batching import Batcher
from model.classifier import Classifier, Prediction
from model.inside.explain import Explainer, HeatMap
from model.network import available_cores
from model.photo import PhotoSource

Seen = TypeVar("Seen")


class Busy(Exception):
    """Too many photos are waiting already. The message is for the visitor."""


class Service:
    """Answers photos for any number of concurrent requests.

    Args:
        classifier: the model that answers.
        max_waiting: photos that may be under way at once; one more raises `Busy`.
    """

    def __init__(self, classifier: Classifier, max_waiting: int = 64) -> None:
        self.classifier = classifier
        self.max_waiting = max_waiting
        self.explainer = Explainer(classifier)
        self._waiting = 0
        self._batcher = Batcher(classifier)
        self._openers = ThreadPoolExecutor(available_cores(), thread_name_prefix="photo")

    async def answer(self, photo: PhotoSource) -> Prediction:
        """The prediction for one untrusted photo.

        Raises:
            Busy: `max_waiting` photos are under way.
            model.photo.PhotoError: the photo cannot be used.
        """
        with self._place():
            loop = asyncio.get_running_loop()
            prepared = await loop.run_in_executor(self._openers, self.classifier.prepare, photo)
            return await asyncio.wrap_future(self._batcher.submit(prepared))

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

        def work() -> Seen:
            return at(self.classifier.open(photo))

        with self._place():
            return await asyncio.get_running_loop().run_in_executor(self._openers, work)

    @contextmanager
    def _place(self) -> Iterator[None]:
        """One of the `max_waiting` places."""
        if self._waiting >= self.max_waiting:
            raise Busy("Too many photos are waiting for an answer. Try again in a few seconds.")
        self._waiting += 1
        try:
            yield
        finally:
            self._waiting -= 1
