from __future__ import annotations

import dataclasses

import pytest

from model.teach.examples import observe
from model.teach.lesson import Lesson, LessonError
from tests.model.teach.conftest import drawing


def codes(taught) -> list[str]:
    return [advice.code for advice in taught.quality.advice]


def test_held_back_photos_are_counted_with_an_interval(teacher, shown):
    taught = teacher.teach(Lesson(("mug", "bottle"), [*shown("mug", 12), *shown("bottle", 12)], [0] * 12 + [1] * 12))
    held_back = taught.quality.held_back
    assert held_back.of == 24
    assert held_back.right >= 22
    assert held_back.interval[0] < held_back.accuracy <= held_back.interval[1] <= 1
    assert sum(map(sum, held_back.confusion)) == 24
    assert sum(held_back.confusion[i][i] for i in range(2)) == held_back.right
    assert len(held_back.wrong) == 24 - held_back.right


def test_a_wrong_label_is_among_the_mistakes(teacher, shown):
    examples = [*shown("mug", 12), *shown("bottle", 12)]
    taught = teacher.teach(Lesson(("mug", "bottle"), examples, [1] + [0] * 11 + [1] * 12))
    wrong = {mistake.index: mistake for mistake in taught.quality.held_back.wrong}
    assert wrong[0].label == "bottle"
    assert wrong[0].answer == "mug"


def test_frames_of_one_burst_are_not_parted_and_weigh_once(teacher, body, shown):
    frames = [observe(body, drawing("mug", 1), burst="held") for _ in range(9)]
    taught = teacher.teach(Lesson(("mug", "bottle"), [*frames, *shown("bottle", 9)], [0] * 9 + [1] * 9))
    assert taught.quality.photos == (9, 9)
    assert taught.quality.different[0] == 1
    assert taught.quality.held_back is None
    assert {"one_burst", "not_measured", "unbalanced"} <= set(codes(taught))


def test_two_bursts_can_be_held_back_in_turn(teacher, body, shown):
    frames = [observe(body, drawing("mug", number), burst=f"hold {number % 2}") for number in range(8)]
    taught = teacher.teach(Lesson(("mug", "bottle"), [*frames, *shown("bottle", 8)], [0] * 8 + [1] * 8))
    assert taught.quality.held_back is not None
    assert "one_burst" not in codes(taught)


def test_few_and_unbalanced_photos_are_remarked(teacher, shown):
    taught = teacher.teach(Lesson(("mug", "bottle"), [*shown("mug", 3), *shown("bottle", 20)], [0] * 3 + [1] * 20))
    few = next(advice for advice in taught.quality.advice if advice.code == "few_photos")
    assert few.values == {"label": "mug", "n": 3}
    assert "unbalanced" in codes(taught)


def test_classes_of_the_same_thing_are_said_to_look_alike(teacher, shown):
    taught = teacher.teach(Lesson(("one", "other"), shown("mug", 24), [0, 0, 1, 1] * 6))
    assert "alike" in codes(taught)


def test_classes_told_apart_by_their_files_are_remarked(teacher, shown):
    examples = [*shown("mug", 12), *shown("bottle", 12, format="PNG", size=(200, 320))]
    found = codes(teacher.teach(Lesson(("mug", "bottle"), examples, [0] * 12 + [1] * 12)))
    assert "file" in found
    assert "background" not in found


def test_classes_told_apart_by_the_edge_are_remarked(teacher, shown):
    examples = [*shown("mug", 12), *shown("bottle", 12)]
    edges = [dataclasses.replace(e.look, edge=e.look.edge // 8 + (200 if i < 12 else 0)) for i, e in enumerate(examples)]
    painted = [dataclasses.replace(e, look=look) for e, look in zip(examples, edges, strict=True)]
    assert "background" in codes(teacher.teach(Lesson(("mug", "bottle"), painted, [0] * 12 + [1] * 12)))
    assert "background" not in codes(teacher.teach(Lesson(("mug", "bottle"), examples, [0] * 12 + [1] * 12)))


@pytest.mark.parametrize(
    ("labels", "counts", "words"),
    [
        (("mug",), (5,), "at least 2 classes"),
        (("mug", "Mug"), (3, 3), "Two classes are called"),
        (("mug", "cup"), (3, 2), "'cup' has 2 photos"),
        (("mug", "Neither"), (3, 3), "means: none of the classes"),
        (("mug", ""), (3, 3), "needs a name"),
        (("mug", "a\nb"), (3, 3), "in one line"),
        (("mug", "x" * 41), (3, 3), "longer than 40"),
    ],
)
def test_what_cannot_be_taught_is_said(shown, labels, counts, words):
    examples = shown("mug", 3) * 2
    targets = [index for index, count in enumerate(counts) for _ in range(count)]
    with pytest.raises(LessonError, match=words):
        Lesson(labels, (examples * 2)[: len(targets)], targets)


def test_the_same_photos_in_two_classes_are_said_once(teacher, shown):
    both = shown("mug", 4)
    examples = [*both, *shown("mug", 8, first=50), *both, *shown("bottle", 8)]
    taught = teacher.teach(Lesson(("mug", "bottle"), examples, [0] * 12 + [1] * 12))
    same = [advice for advice in taught.quality.advice if advice.code == "same_photos"]
    assert [advice.values for advice in same] == [{"label": "bottle", "other": "mug", "n": 4}]


def test_names_of_emoji_that_are_joined_are_names(shown):
    family = "👨‍👩‍👧"
    assert Lesson((family, "mug"), shown("mug", 6), [0] * 3 + [1] * 3).labels[0] == family
