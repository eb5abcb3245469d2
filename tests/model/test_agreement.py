"""Two versions of a model are compared on drawn pictures."""

from __future__ import annotations

import numpy as np
import pytest

from model import Classifier
from model.agreement import drawn_photos, largest_differences
from tests.exports.files import IS_CAT


class Shifted:
    """A network whose first logit is larger than that of another one."""

    def __init__(self, network, by: float) -> None:
        self.network, self.by = network, by

    def logits(self, batch: np.ndarray) -> np.ndarray:
        logits = self.network.logits(batch)
        logits[:, 0] += self.by
        return logits


def test_the_drawn_pictures_are_always_the_same_and_tell_networks_apart():
    photos = drawn_photos()
    assert len({photo.shape for photo in photos}) == 8
    assert all(photo.dtype == np.uint8 for photo in photos)
    assert all(np.array_equal(one, other) for one, other in zip(photos, drawn_photos(), strict=True))
    values = [prediction.probabilities[0] for prediction in Classifier.load(IS_CAT).classify(photos)]
    assert max(values) - min(values) > 0.01


def test_differences_are_those_of_probabilities_and_of_logits(classifier):
    prepared = [classifier.prepare(photo) for photo in drawn_photos()[:3]]
    assert largest_differences(classifier, classifier, prepared) == (0, 0)
    other = Classifier(Shifted(classifier.network, 0.5), classifier.config)
    logits = np.concatenate([classifier.logits([photo]) for photo in prepared])
    changed = classifier.probabilities(logits + np.array([0.5, 0, 0])) - classifier.probabilities(logits)
    probability, logit = largest_differences(classifier, other, prepared)
    assert probability == pytest.approx(np.abs(changed).max(), rel=1e-3)
    assert logit == pytest.approx(0.5 / np.abs(logits).max(), rel=1e-3)
