"""Requests that arrive together are answered together: one call of the network for all that wait."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from queue import Empty, SimpleQueue

import numpy as np

from model.classifier import Classifier, Prediction

MAX_BATCH = 16


class Batcher:
    """Answers prepared photos in batches, on a thread of its own.

    Nothing waits for a batch to fill: a lone photo is run at once, and what arrives meanwhile forms the next batch.
    """

    def __init__(self, classifier: Classifier, max_batch: int = MAX_BATCH) -> None:
        self._classifier = classifier
        self._max_batch = max_batch
        self._waiting: SimpleQueue[tuple[np.ndarray, Future[Prediction]] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="batcher", daemon=True)
        self._thread.start()

    def submit(self, prepared: np.ndarray) -> Future[Prediction]:
        """Queue one photo from `Classifier.prepare`; the future gets its prediction, or the network's error."""
        future: Future[Prediction] = Future()
        self._waiting.put((prepared, future))
        return future

    def close(self) -> None:
        """Answer what is queued, then stop."""
        self._waiting.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (first := self._waiting.get()) is not None:
            batch = [first]
            stop = False
            while len(batch) < self._max_batch:
                try:
                    following = self._waiting.get_nowait()
                except Empty:
                    break
                if following is None:
                    stop = True
                    break
                batch.append(following)
            self._answer([(photo, future) for photo, future in batch if future.set_running_or_notify_cancel()])
            if stop:
                return

    def _answer(self, batch: list[tuple[np.ndarray, Future[Prediction]]]) -> None:
        if not batch:
            return
        try:
            predictions = self._classifier.predict([photo for photo, _ in batch])
        except Exception as error:  # whatever it was belongs to the callers, and the thread must live on
            for _, future in batch:
                future.set_exception(error)
            return
        for (_, future), prediction in zip(batch, predictions, strict=True):
            future.set_result(prediction)
