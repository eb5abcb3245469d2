from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from model.classifier import Classifier, Prediction
from model.errors import ModelError
from model.inside.explain import Explainer, HeatMap
from model.network import TorchNetwork
from model.teach.body import Body
from model.teach.examples import observe
from model.teach.lesson import Lesson
from model.teach.model import TaughtModel
from model.teach.teach import Teacher
from tests.model.teach.conftest import drawing
from tests.pictures import CAT, COFFEE
from tests.running import run_alone
from ui.desk import Busy
from ui.service import Service


class Gate:
    """A network that waits until it is let go."""

    def __init__(self):
        self.open = threading.Event()

    def logits(self, batch: np.ndarray) -> np.ndarray:
        assert self.open.wait(10)
        return np.zeros((len(batch), 3), np.float32)


def test_one_photo_too_many_is_turned_away_and_the_others_are_answered(classifier):
    gate = Gate()
    service = Service(Classifier(gate, classifier.config), max_waiting=3)

    async def visit() -> list[object]:
        waiting = [asyncio.create_task(service.answer(CAT)) for _ in range(3)]
        await asyncio.sleep(0)
        with pytest.raises(Busy, match="Try again"):
            await service.answer(CAT)
        gate.open.set()
        answered = await asyncio.gather(*waiting)
        return [*answered, await service.answer(CAT)]

    assert len(run_alone(visit())) == 4


def test_a_bad_photo_frees_its_place(classifier):
    service = Service(classifier, max_waiting=1)

    async def visit() -> str:
        for _ in range(3):
            with pytest.raises(ValueError, match="not a photo"):
                await service.answer(b"nothing")
        return (await service.answer(CAT)).label

    assert run_alone(visit()) == "Cat"


def together(service: Service, *asked: Coroutine[Any, Any, Any]) -> list[Any]:
    """What is asked for, where all photos wait before the first is answered."""
    held = threading.Event()

    async def visit() -> list[Any]:
        service.batcher.alone(lambda: held.wait(60))
        tasks = [asyncio.create_task(each) for each in asked]
        try:
            async with asyncio.timeout(60):
                while service.batcher._waiting.qsize() < len(asked) and not all(task.done() for task in tasks):
                    await asyncio.sleep(0.01)
        finally:
            held.set()
        return await asyncio.gather(*tasks)

    return run_alone(visit())


def is_same(found: tuple[Prediction, HeatMap], expected: tuple[Prediction, HeatMap]) -> None:
    (prediction, heat_map), (plain, alone) = found, expected
    assert prediction.probabilities == pytest.approx(plain.probabilities, abs=1e-4)
    assert (heat_map.label, heat_map.method, heat_map.box, heat_map.merged) == (
        alone.label,
        alone.method,
        alone.box,
        alone.merged,
    )
    assert heat_map.values == pytest.approx(alone.values, abs=1e-3)
    assert heat_map.strongest == pytest.approx(alone.strongest, abs=1e-3)


def test_explained_photos_and_plain_ones_meet_in_one_batch(classifier):
    service = Service(classifier)
    asked = [(CAT, None), (COFFEE, None), (CAT, "Dog"), (COFFEE, "Cat")]
    found = together(service, *(service.explain(*each) for each in asked), *(service.answer(CAT) for _ in range(3)))
    assert (service.batcher.batches, service.batcher.photos) == (1, 7)
    alone = Explainer(classifier)
    for given, answer in zip(asked, found, strict=False):
        is_same(answer, alone.explain(classifier.open(given[0]), given[1]))
    assert [answer.label for answer in found[4:]] == ["Cat"] * 3


def test_what_visitors_teach_is_answered_in_the_same_batch(classifier):
    body = Body(classifier, threads=1)
    shapes = ["mug", "bottle"] * 4
    examples = [observe(body, drawing(shape, number)) for number, shape in enumerate(shapes)]
    model = TaughtModel(body, Teacher(body).teach(Lesson(("mug", "bottle"), examples, [0, 1] * 4)))
    service = Service(classifier, sessions=SimpleNamespace(model=lambda token: model))
    mug = drawing("mug", 200)
    taught = service.of("a token")
    answer, explained, served = together(service, taught.answer(mug), taught.explain(mug, "bottle"), service.explain(CAT))
    assert (service.batcher.batches, service.batcher.photos) == (1, 3)
    assert answer.label == "mug"
    assert answer.probabilities == pytest.approx(model.classifier.classify([mug])[0].probabilities, abs=1e-4)
    is_same(explained, model.explainer.explain(model.classifier.open(mug), "bottle"))
    assert served[1].label == "Cat"


def test_gradients_are_taken_for_one_photo_at_a_time(classifier, monkeypatch):
    import torch
    from torch import nn

    torch.manual_seed(0)
    head = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3)]
    deeper = Classifier(TorchNetwork(nn.Sequential(nn.Conv2d(3, 4, 9, 8), nn.ReLU(), *head)), classifier.config)
    service = Service(deeper)
    running, most, gradients = 0, 0, service.explainer.gradients

    def counted(batch):
        nonlocal running, most
        running += 1
        most = max(most, running)
        try:
            return gradients(batch)
        finally:
            running -= 1

    monkeypatch.setattr(service.explainer, "gradients", counted)
    found = together(service, *(service.explain(CAT) for _ in range(4)), service.answer(CAT))
    assert most == 1
    for answer in found[:4]:
        is_same(answer, Explainer(deeper).explain(deeper.open(CAT)))
    assert found[0][1].method == "Grad-CAM"
    assert found[0][0].probabilities == pytest.approx(found[4].probabilities, abs=1e-5)


def test_without_an_explanation_there_is_the_answer_and_the_reason(classifier):
    gate = Gate()
    gate.open.set()
    service = Service(Classifier(gate, classifier.config))

    async def visit() -> tuple[tuple[int, int], str, ModelError]:
        with pytest.raises(ModelError, match="Gate cannot be looked into"):
            await service.explain(CAT)
        return await service.show(CAT, None, lambda image, prediction, found: (image.size, prediction.label, found))

    size, label, reason = run_alone(visit())
    assert (size, label) == (classifier.open(CAT).size, "Cat")
    assert "Gate cannot be looked into" in str(reason)


def test_a_label_that_the_model_does_not_have_is_refused_before_the_network_runs(classifier):
    service = Service(classifier)

    async def visit() -> None:
        with pytest.raises(ValueError, match="no answer 'Bird'"):
            await service.explain(CAT, "Bird")

    run_alone(visit())
    assert service.batcher.photos == 0
