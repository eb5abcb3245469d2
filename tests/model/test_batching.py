from __future__ import annotations

import threading

import numpy as np
import pytest

from model.batching import Batcher
from model.classifier import Classifier
from model.config import Config
from model.source import STARTER


class SlowNetwork:
    """Records batch sizes; the first call waits until the test lets it go."""

    def __init__(self):
        self.sizes: list[int] = []
        self.started = threading.Event()
        self.go_on = threading.Event()

    def logits(self, batch: np.ndarray) -> np.ndarray:
        self.sizes.append(len(batch))
        self.started.set()
        assert self.go_on.wait(10)
        if np.isnan(batch).any():
            raise FloatingPointError("broken")
        mean = batch.mean(axis=(1, 2, 3))
        return np.stack([mean, -mean, 0 * mean], axis=1)


@pytest.fixture
def network():
    return SlowNetwork()


@pytest.fixture
def batcher(network, classifier):
    batcher = Batcher(Classifier(network, classifier.config), max_batch=4)
    yield batcher
    network.go_on.set()
    batcher.close()


SIZE = Config.read(STARTER / "config.json").input


def photo(value: int) -> np.ndarray:
    return np.full((SIZE.height, SIZE.width, 3), value, np.uint8)


def test_what_waits_together_is_answered_together(network, batcher):
    futures = [batcher.submit(photo(0))]
    assert network.started.wait(10)
    futures += [batcher.submit(photo(30 * i)) for i in range(1, 7)]
    network.go_on.set()
    predictions = [future.result(10) for future in futures]
    assert network.sizes == [1, 4, 2]
    assert [p.label for p in predictions] == ["Dog"] * 5 + ["Cat"] * 2  # darker than the mean, lighter than it


def test_an_error_reaches_the_caller_and_the_batcher_lives_on(network, batcher, monkeypatch):
    network.go_on.set()
    monkeypatch.setattr(batcher._classifier, "_shift", np.float32(np.nan))
    with pytest.raises(FloatingPointError):
        batcher.submit(photo(0)).result(10)
    monkeypatch.setattr(batcher._classifier, "_shift", np.float32(0))
    assert batcher.submit(photo(200)).result(10).label == "Cat"


def test_a_cancelled_photo_is_not_computed(network, batcher):
    first = batcher.submit(photo(0))
    assert network.started.wait(10)
    cancelled = batcher.submit(photo(1))
    assert cancelled.cancel()
    network.go_on.set()
    assert first.result(10)
    assert batcher.submit(photo(2)).result(10)
    assert sum(network.sizes) == 2


def test_closing_answers_what_is_queued(network, classifier):
    batcher = Batcher(Classifier(network, classifier.config))
    futures = [batcher.submit(photo(i)) for i in range(3)]
    network.go_on.set()
    batcher.close()
    assert all(future.done() for future in futures)
