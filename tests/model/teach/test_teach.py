from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from model.config import NEITHER
from model.teach.lesson import Lesson, LessonError
from model.teach.model import TaughtModel
from model.teach.teach import Taught, Teacher
from tests.model.teach.conftest import drawing
from tests.pictures import CAT, COFFEE


def rows_of(taught: Taught, label: str) -> tuple[np.ndarray, np.ndarray]:
    """Weights and biases of an answer's rows."""
    answer = [*taught.labels, NEITHER].index(label)
    start = sum(taught.head.rows[:answer])
    part = slice(start, start + taught.head.rows[answer])
    return taught.head.weight[part], taught.head.bias[part]


@pytest.fixture(scope="module")
def lesson(shown) -> Lesson:
    return Lesson(("mug", "bottle"), [*shown("mug", 10), *shown("bottle", 8)], [0] * 10 + [1] * 8)


@pytest.fixture(scope="module")
def taught(teacher, lesson) -> Taught:
    return teacher.teach(lesson)


def test_it_answers_pictures_it_has_not_seen_and_calls_the_rest_neither(body, taught):
    classifier = TaughtModel(body, taught).classifier
    shapes = [shape for shape in ("mug", "bottle") for _ in range(6)]
    new = [drawing(shape, 100 + number) for number, shape in enumerate(shapes)]
    assert [prediction.label for prediction in classifier.classify(new)] == shapes
    assert [prediction.label for prediction in classifier.classify([CAT, COFFEE])] == [NEITHER, NEITHER]


def test_a_heat_map_shows_where_the_thing_is(body, taught):
    model = TaughtModel(body, taught)
    prediction, heat_map = model.explainer.explain(model.classifier.open(drawing("mug", 200)))
    assert (prediction.label, heat_map.label, heat_map.method) == ("mug", "mug", "CAM")
    assert model.classifier.classify([drawing("mug", 200)])[0].probabilities == pytest.approx(prediction.probabilities)
    assert heat_map.heat().max() == pytest.approx(1)


def test_the_map_of_an_answer_adds_up_to_its_logit(body, taught):
    classifier = TaughtModel(body, taught).classifier
    batch = classifier.batch([classifier.prepare(drawing("mug", 201))])
    pooled, maps = body.look(batch)
    weight = taught.head.gradient(pooled[0])
    evidence = np.tensordot(weight, maps[0], 1).mean(axis=(1, 2))
    assert evidence == pytest.approx(weight @ pooled[0], rel=1e-3, abs=1e-3)


def test_the_order_of_photos_and_classes_changes_nothing(teacher, lesson, taught):
    shuffled = np.random.default_rng(0).permutation(len(lesson.examples)).tolist()
    other = Lesson(("bottle", "mug"), [lesson.examples[i] for i in shuffled], [1 - lesson.targets[i] for i in shuffled])
    again = teacher.teach(other)
    for label in ("mug", "bottle", NEITHER):
        for one, two in zip(rows_of(taught, label), rows_of(again, label), strict=True):
            assert np.array_equal(one, two)
    assert again.temperature == taught.temperature
    assert again.quality.held_back.right == taught.quality.held_back.right


def test_photos_of_neither_teach_neither(body, teacher, shown, lesson):
    with_balls = Lesson(lesson.labels, [*lesson.examples, *shown("ball", 10)], [*lesson.targets, *[2] * 10])
    taught = teacher.teach(with_balls)
    balls = [drawing("ball", 100 + number) for number in range(8)]
    answers = [prediction.label for prediction in TaughtModel(body, taught).classifier.classify(balls)]
    assert answers == [NEITHER] * 8
    assert taught.quality.neither == 10
    assert len(taught.quality.held_back.confusion) == 3


@pytest.mark.parametrize("without", ["knowledge", "background"])
def test_the_old_head_or_the_background_alone_know_neither_too(body, lesson, without):
    teacher = Teacher(body)
    setattr(teacher, without, None)
    taught = teacher.teach(lesson)
    assert taught.knows_neither
    shares = [p.as_dict()[NEITHER] for p in TaughtModel(body, taught).classifier.classify([CAT, COFFEE, drawing("mug", 1)])]
    assert min(shares[:2]) > 0.3
    assert shares[2] < 0.5


def test_with_neither_of_them_every_photo_is_one_of_the_classes(body, lesson):
    teacher = Teacher(body)
    teacher.knowledge = teacher.background = None
    taught = teacher.teach(lesson)
    assert not taught.knows_neither
    model = TaughtModel(body, taught).classifier
    assert model.config.answers == ("mug", "bottle")
    assert [p.label for p in model.classify([drawing("mug", 300), drawing("bottle", 301)])] == ["mug", "bottle"]
    assert [advice.code for advice in taught.quality.advice][:1] == ["no_background"]


def test_numbers_that_no_photo_gives_are_refused(teacher, lesson):
    vast = [dataclasses.replace(e, features=np.full_like(e.features, 65504)) for e in lesson.examples[:3]]
    with np.errstate(all="ignore"):
        try:
            taught = teacher.teach(Lesson(("mug", "vast"), [*lesson.examples[:5], *vast], [0] * 5 + [1] * 3))
        except LessonError as error:
            assert "beyond all measure" in str(error)
        else:
            assert np.isfinite(taught.head.weight).all()
