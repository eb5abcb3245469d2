from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from model import PhotoError
from model.classifier import softmax
from tests.pictures import CAT, COFFEE, needs_photos, photos, quadrants


def test_a_cat_is_a_cat_and_a_coffee_cup_is_neither(classifier):
    cat, coffee = classifier.classify([CAT, COFFEE])
    assert (cat.label, cat.is_neither) == ("Cat", False)
    assert (coffee.label, coffee.is_neither) == ("neither", True)
    assert cat.probability == max(cat.probabilities)


def test_probabilities_cover_every_answer_and_sum_to_one(classifier):
    prediction = classifier.classify([quadrants()])[0]
    assert prediction.answers == ("Cat", "Dog", "neither")
    assert sum(prediction.probabilities) == pytest.approx(1, abs=1e-9)
    assert list(prediction.as_dict().values()) == sorted(prediction.probabilities, reverse=True)


def test_no_photos_give_no_predictions(classifier):
    assert classifier.classify([]) == []


def test_a_photo_gets_the_same_answer_alone_and_in_a_batch(classifier):
    pictures = [CAT, COFFEE, *(quadrants(200 + 10 * i, 200) for i in range(38))]  # more than one batch
    together = classifier.classify(pictures)
    alone = [classifier.classify([picture])[0] for picture in pictures]
    assert len(together) == 40
    for one, other in zip(together, alone, strict=True):
        assert one.probabilities == pytest.approx(other.probabilities, abs=1e-6)


def test_threads_do_not_disturb_each_other(classifier):
    pictures = [CAT, COFFEE, quadrants(), quadrants(300, 200)] * 8
    expected = [classifier.classify([picture])[0].probabilities for picture in pictures]
    with ThreadPoolExecutor(8) as pool:
        found = [result[0].probabilities for result in pool.map(lambda picture: classifier.classify([picture]), pictures)]
    assert np.allclose(found, expected, atol=1e-6)


def test_a_bad_photo_is_a_photo_error(classifier):
    with pytest.raises(PhotoError):
        classifier.classify([CAT, b"not a photo"])


def test_prepared_photos_are_normalised_as_the_config_says(classifier):
    size = classifier.config.input
    batch = classifier.batch([classifier.prepare(np.full((50, 50, 3), 255, np.uint8))])
    assert batch.shape == (1, 3, size.height, size.width)
    assert batch.dtype == np.float32
    expected = (1 - np.array(size.mean)) / np.array(size.std)
    assert np.allclose(batch[0, :, 0, 0], expected, atol=1e-5)


def test_temperature_softens_without_changing_the_label(classifier):
    from model import Classifier

    warm = classifier.config.model_copy(update={"temperature": classifier.config.temperature * 3})
    soft = Classifier(classifier.network, warm).classify([CAT])[0]
    sharp = classifier.classify([CAT])[0]
    assert soft.label == sharp.label
    assert soft.probability < sharp.probability


def test_softmax_survives_large_logits():
    assert softmax(np.array([[1e4, 0, -1e4]], np.float32)).tolist() == [[1, 0, 0]]


@needs_photos
def test_real_cats_and_dogs(classifier):
    for label in ("Cat", "Dog"):
        found = [prediction.label for prediction in classifier.classify(photos(label, 100))]
        assert found.count(label) >= 96
