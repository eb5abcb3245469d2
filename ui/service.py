"""From a request to an answer: photos are opened on a few threads and meet in one batch."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

from model.batching import Batcher
from model.classifier import Classifier, Prediction
from model.network import available_cores
from model.photo import PhotoSource


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
        self._waiting = 0
        self._batcher = Batcher(classifier)
        self._openers = ThreadPoolExecutor(available_cores(), thread_name_prefix="photo")

    async def answer(self, photo: PhotoSource) -> Prediction:
        """The prediction for one untrusted photo.

        Raises:
            Busy: `max_waiting` photos are under way.
            model.photo.PhotoError: the photo cannot be used.
        """
        if self._waiting >= self.max_waiting:
            raise Busy("Too many photos are waiting for an answer. Try again in a few seconds.")
        self._waiting += 1
        try:
            loop = asyncio.get_running_loop()
            prepared = await loop.run_in_executor(self._openers, self.classifier.prepare, photo)
            return await asyncio.wrap_future(self._batcher.submit(prepared))
        finally:
            self._waiting -= 1
