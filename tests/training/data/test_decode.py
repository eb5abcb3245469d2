from __future__ import annotations

import threading
import time

import numpy as np
import pytest

from tests.training.colours import colours, paint
from training.data.decode import batched, logits_of, map_ahead


def test_results_come_in_the_order_of_the_items():
    def late(item: int) -> int:
        time.sleep(0.002 * (item % 3))
        return -item

    assert list(map_ahead(late, range(40), ahead=7)) == [-item for item in range(40)]
    assert list(map_ahead(late, [])) == []


def test_no_more_results_are_kept_than_ahead_says():
    begun: list[int] = []
    results = map_ahead(lambda item: begun.append(item), range(100), ahead=6)
    assert begun == []  # nothing is done before it is asked for
    for taken in range(1, 20):
        next(results)
        time.sleep(0.001)
        assert len(begun) <= taken + 6
    results.close()
    assert len(begun) < 100


def test_the_next_items_are_worked_on_while_one_is_looked_at():
    second = threading.Event()
    results = map_ahead(lambda item: second.set() if item == 1 else None, range(3), ahead=2)
    next(results)
    assert second.wait(5)
    results.close()


def test_what_is_raised_for_an_item_is_raised_in_its_place_and_ends_the_rest():
    begun: list[int] = []

    def broken(item: int) -> int:
        begun.append(item)
        if item == 3:
            raise ValueError("item 3")
        return item

    results = map_ahead(broken, range(1000), ahead=4)
    assert [next(results) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(ValueError, match="item 3"):
        next(results)
    assert len(begun) < 20


def test_progress_is_shown_only_where_it_has_a_name(capfd):
    list(map_ahead(str, range(3)))
    assert capfd.readouterr().err == ""
    list(map_ahead(str, range(3), "reading", "picture"))
    assert "reading: 100%" in capfd.readouterr().err


def test_batches_have_one_size_but_the_last():
    assert list(batched(range(7), 3)) == [[0, 1, 2], [3, 4, 5], [6]]
    assert list(batched([], 3)) == []


def test_logits_of_photos_are_those_of_one_photo_at_a_time(tmp_path):
    paint(tmp_path, "red", 40)
    paths = sorted(tmp_path.iterdir())
    classifier = colours()
    together = logits_of(classifier, classifier.prepare, paths)
    assert (together.shape, together.dtype) == ((40, 3), np.float32)
    alone = np.concatenate([classifier.logits([classifier.prepare(path)]) for path in paths])
    assert together == pytest.approx(alone)
    assert logits_of(classifier, classifier.prepare, paths, dtype=np.float16).dtype == np.float16
