from __future__ import annotations

import asyncio
import threading

import numpy as np
import pytest

from model.classifier import Classifier
from tests.pictures import CAT
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
