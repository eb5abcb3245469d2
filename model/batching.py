"""Requests that arrive together are answered together: one call of the network for all that wait."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

import numpy as np

from model.classifier import Classifier, Prediction
from model.inside.explain import Explainer

MAX_BATCH = 16
Made = TypeVar("Made")


@dataclass(frozen=True, slots=True)
class _Photo:
    """A prepared photo, and what is wanted of it: the prediction, or the values of tensors where some are named."""

    prepared: np.ndarray
    tensors: tuple[str, ...]
    future: Future[Any]


@dataclass(frozen=True, slots=True)
class _Alone:
    """Work that keeps the cores busy by itself."""

    work: Callable[[], Any]
    future: Future[Any]


class Batcher:
    """Answers prepared photos in batches, on a thread of its own: whoever asks, one network runs at a time, on all cores.

    Nothing waits for a batch to fill: a lone photo is run at once, and what arrives meanwhile forms the next batch.

    Args:
        classifier: the model that answers. explainer: of the same; by default, one of its own.

    Attributes:
        batches, photos: how many were answered so far.
    """

    def __init__(self, classifier: Classifier, explainer: Explainer | None = None, max_batch: int = MAX_BATCH) -> None:
        self.batches = self.photos = 0
        self._classifier = classifier
        self._explainer = explainer or Explainer(classifier)
        self._max_batch = max_batch
        self._waiting: SimpleQueue[_Photo | _Alone | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="batcher", daemon=True)
        self._thread.start()

    def submit(self, prepared: np.ndarray) -> Future[Prediction]:
        """Queue one photo from `Classifier.prepare`; the future gets its prediction, or the network's error."""
        future: Future[Prediction] = Future()
        self._waiting.put(_Photo(prepared, (), future))
        return future

    def look(self, prepared: np.ndarray, tensors: Sequence[str]) -> Future[list[np.ndarray]]:
        """Queue one photo; the future gets the values (1, ...) of these tensors of the network, as `Inside.run` has them.

        It meets the photos from `submit` in one batch. Where nobody in a batch asks for tensors, none are given out.
        """
        future: Future[list[np.ndarray]] = Future()
        self._waiting.put(_Photo(prepared, tuple(tensors), future))
        return future

    def alone(self, work: Callable[[], Made]) -> Future[Made]:
        """Queue what runs a network itself; the future gets what `work` gives. Between two batches, one is done."""
        future: Future[Made] = Future()
        self._waiting.put(_Alone(work, future))
        return future

    def close(self) -> None:
        """Answer what is queued, then stop."""
        self._waiting.put(None)
        self._thread.join()

    def _run(self) -> None:
        alone: deque[_Alone] = deque()
        is_open = True
        while is_open or alone:
            batch: list[_Photo] = []
            while is_open and len(batch) < self._max_batch:
                try:
                    following = self._waiting.get(block=not batch and not alone)
                except Empty:
                    break
                if following is None:
                    is_open = False
                elif isinstance(following, _Alone):
                    alone.append(following)
                else:
                    batch.append(following)
            self._answer([photo for photo in batch if photo.future.set_running_or_notify_cancel()])
            if alone:
                self._do(alone.popleft())

    def _answer(self, batch: list[_Photo]) -> None:
        if not batch:
            return
        self.batches += 1
        self.photos += len(batch)
        try:
            results = self._results(batch)
        except Exception as error:  # whatever it was belongs to the callers, and the thread must live on
            for photo in batch:
                photo.future.set_exception(error)
            return
        for photo, result in zip(batch, results, strict=True):
            photo.future.set_result(result)

    def _results(self, batch: list[_Photo]) -> list[Any]:
        inputs = self._classifier.batch([photo.prepared for photo in batch])
        tensors = list(dict.fromkeys(name for photo in batch for name in photo.tensors))
        if not tensors:
            return self._classifier.predictions(self._classifier.network.logits(inputs))
        inside = self._explainer.inside
        logits = inside.graph.output
        names = list(dict.fromkeys([logits, *tensors]))
        values = dict(zip(names, inside.run(inputs, names), strict=True))
        predictions = self._classifier.predictions(values[logits])
        return [[values[name][row : row + 1] for name in photo.tensors] or predictions[row] for row, photo in enumerate(batch)]

    def _do(self, alone: _Alone) -> None:
        if not alone.future.set_running_or_notify_cancel():
            return
        try:
            result = alone.work()
        except Exception as error:  # as above
            alone.future.set_exception(error)
        else:
            alone.future.set_result(result)
