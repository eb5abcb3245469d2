from __future__ import annotations

from collections import Counter
from pathlib import Path

from training.data.draw import by_source_and_class, draw_by_share, draw_evenly
from training.data.photos import Photos

CLASSES = "a" * 60 + "b" * 30 + "c" * 3


def drawn(indices: list[int]) -> dict[str, int]:
    assert indices == sorted(set(indices))
    return Counter(CLASSES[index] for index in indices)


def test_every_stratum_gets_its_share_and_at_least_so_many():
    assert drawn(draw_by_share(CLASSES, 31, seed=0)) == {"a": 20, "b": 10, "c": 1}
    assert drawn(draw_by_share(CLASSES, 31, seed=0, least=2)) == {"a": 20, "b": 10, "c": 2}
    assert drawn(draw_by_share(CLASSES, 3, seed=0, least=5)) == {"a": 5, "b": 5, "c": 3}
    assert draw_by_share(CLASSES, 1000, seed=0) == list(range(93))


def test_an_even_draw_takes_as_many_of_each_stratum_as_it_has():
    assert drawn(draw_evenly(CLASSES, seed=0, count=23)) == {"a": 10, "b": 10, "c": 3}
    assert drawn(draw_evenly(CLASSES, seed=0, per_stratum=12)) == {"a": 12, "b": 12, "c": 3}
    assert drawn(draw_evenly(CLASSES, seed=0, count=5, per_stratum=2)) == {"a": 2, "b": 2, "c": 1}
    assert draw_evenly(CLASSES, seed=0) == list(range(93))


def test_a_draw_goes_by_the_seed_alone():
    for draw in (lambda seed: draw_by_share(CLASSES, 20, seed), lambda seed: draw_evenly(CLASSES, seed, count=20)):
        assert draw(1) == draw(1)
        assert draw(1) != draw(2)


def test_what_is_left_over_goes_to_any_stratum():
    last = Counter(CLASSES[index] for seed in range(60) for index in draw_evenly(CLASSES, seed, count=1))
    assert last["a"] > last["b"] > 0  # in the order in which photos were drawn, and not always to the first


def test_nothing_is_drawn_from_nothing():
    assert draw_by_share([], 5, seed=0) == draw_evenly([], seed=0, count=5) == []


def test_a_stratum_is_a_class_of_a_source():
    photos = Photos(tuple(map(Path, "1234")), ("a", "b", "a", "a"), ("a", "b"), ("x", "x", "y", "x"))
    assert by_source_and_class(photos) == [("x", "a"), ("x", "b"), ("y", "a"), ("x", "a")]
