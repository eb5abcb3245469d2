from __future__ import annotations

import threading
from types import SimpleNamespace

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


class Inside:
    """Gives the logits of a network beside tensors of it, and records what was asked for."""

    def __init__(self, network: SlowNetwork):
        self.network = network
        self.graph = SimpleNamespace(output="logits")
        self.asked: list[tuple[int, tuple[str, ...]]] = []

    def run(self, batch: np.ndarray, tensors: list[str]) -> list[np.ndarray]:
        self.asked.append((len(batch), tuple(tensors)))
        values = {"logits": self.network.logits(batch), "maps": batch[:, :1], "pooled": batch.mean(axis=(2, 3))}
        return [values[name] for name in tensors]


@pytest.fixture
def network():
    return SlowNetwork()


@pytest.fixture
def inside(network):
    return Inside(network)


@pytest.fixture
def batcher(network, inside, classifier):
    batcher = Batcher(Classifier(network, classifier.config), SimpleNamespace(inside=inside), max_batch=4)
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


def test_who_wants_tensors_meets_who_wants_an_answer(network, inside, batcher):
    first = batcher.submit(photo(0))
    assert network.started.wait(10)
    plain = batcher.submit(photo(250))
    looked = [batcher.look(photo(20), ["maps"]), batcher.look(photo(200), ["logits", "pooled"])]
    network.go_on.set()
    assert (first.result(10).label, plain.result(10).label) == ("Dog", "Cat")
    [maps], [logits, pooled] = (future.result(10) for future in looked)
    assert inside.asked == [(3, ("logits", "maps", "pooled"))]
    assert network.sizes == [1, 3]
    assert (batcher.batches, batcher.photos) == (2, 4)
    assert maps.shape == (1, 1, SIZE.height, SIZE.width)
    assert maps.max() < 0 < pooled.min()  # each its own photo's
    assert logits[0, 0] == pytest.approx(pooled.mean(), abs=1e-4)


def test_where_nobody_wants_tensors_none_are_asked_for(network, inside, batcher):
    network.go_on.set()
    assert batcher.look(photo(0), ["maps"]).result(10)
    assert batcher.submit(photo(0)).result(10)
    assert inside.asked == [(1, ("logits", "maps"))]
    assert network.sizes == [1, 1]


def test_what_runs_a_network_itself_is_done_between_batches(network, batcher):
    first = batcher.submit(photo(0))
    assert network.started.wait(10)
    order: list[str] = []

    def work(name: str) -> str:
        order.append(f"{name} after {len(network.sizes)}")
        assert threading.current_thread().name == "batcher"
        if name == "broken":
            raise FloatingPointError(name)
        return name

    alone = [batcher.alone(lambda name=name: work(name)) for name in ("one", "broken", "two", "never")]
    assert alone.pop().cancel()
    plain = [batcher.submit(photo(value)) for value in range(6)]
    network.go_on.set()
    assert [future.result(10).label for future in (first, *plain)] == ["Dog"] * 7
    assert (alone[0].result(10), alone[2].result(10)) == ("one", "two")
    with pytest.raises(FloatingPointError, match="broken"):
        alone[1].result(10)
    assert network.sizes == [1, 4, 2]
    assert order == ["one after 2", "broken after 3", "two after 3"]


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
    futures = [batcher.submit(photo(i)) for i in range(3)] + [batcher.alone(lambda: None) for _ in range(2)]
    network.go_on.set()
    batcher.close()
    assert all(future.done() for future in futures)
