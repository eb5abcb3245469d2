from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.training.data.test_photos import make, sourced
from training.data.folders import find_photos
from training.data.photos import DataError, Found, Photos
from training.data.split import Splits, repeat_neither, split, split_by_source, split_found


def test_the_split_is_stratified_seeded_and_complete(tmp_path):
    photos = find_photos(make(tmp_path / "data", {"a": 40, "b": 10, "c": 2}))
    training, validation, test = split(photos, 0.2, seed=1)
    assert test is None
    assert validation.counts() == {"a": 8, "b": 2, "c": 1}
    assert set(training.paths) | set(validation.paths) == set(photos.paths)
    assert not set(training.paths) & set(validation.paths)
    assert split(photos, 0.2, seed=1)[:2] == (training, validation)
    assert split(photos, 0.2, seed=2)[:2] != (training, validation)


def test_few_photos_of_neither_are_repeated(tmp_path):
    data = make(tmp_path / "data", {"a": 40, "b": 40})
    photos = find_photos(data, make(tmp_path, {"other": 5}) / "other")
    assert repeat_neither(photos, 0.2).counts() == {"a": 40, "b": 40, "neither": 20}
    assert repeat_neither(find_photos(data), 0.2).counts() == {"a": 40, "b": 40}


def numbered(counts: dict[str, int]) -> Photos:
    answers = tuple(label for label, count in counts.items() for _ in range(count))
    return Photos(tuple(Path(str(index)) for index in range(len(answers))), answers, tuple(counts))


def test_three_sides():
    photos = numbered({"a": 50, "b": 10, "c": 3})
    splits = split(photos, 0.2, seed=3, test=0.2)
    assert [part.counts() for part in splits] == [
        {"a": 30, "b": 6, "c": 1},
        {"a": 10, "b": 2, "c": 1},
        {"a": 10, "b": 2, "c": 1},
    ]
    paths = [path for part in splits for path in part.paths]
    assert sorted(paths) == sorted(photos.paths)


def test_groups_stay_together():
    photos = numbered({"a": 60, "b": 60})
    groups = np.arange(120) // 3
    splits = split(photos, 0.25, seed=5, test=0.25, groups=groups)
    seen = [{int(path.name) // 3 for path in part.paths} for part in splits]
    assert not seen[0] & seen[1] | seen[0] & seen[2] | seen[1] & seen[2]
    assert [len(part) for part in splits] == [60, 30, 30]


def test_a_group_too_large_for_a_side_is_trained_on():
    photos = numbered({"a": 20, "b": 20})
    groups = np.array([0] * 15 + list(range(1, 26)))
    for seed in range(5):
        training, validation, _ = split(photos, 0.2, seed=seed, groups=groups)
        assert set(range(15)) <= {int(path.name) for path in training.paths}
        assert validation.counts() == {"a": 4, "b": 4}


def test_a_class_of_one_photo_saved_many_times():
    with pytest.raises(DataError, match="class 'a' has 1 different photo "):
        split(numbered({"a": 5, "b": 5}), 0.2, seed=0, groups=np.array([0] * 5 + [1, 2, 3, 4, 5]))


def photos_named(name: str, count: int) -> Photos:
    return Photos(tuple(Path(f"{name}{i}") for i in range(2 * count)), ("a", "b") * count, ("a", "b"))


def dealt(found: Found, valid: float) -> Splits:
    """Split without any near-duplicates."""
    photos = found.everything
    splits, left_out = split_found(photos, np.array(found.came()), np.arange(len(photos)), valid, 0, 1)
    assert left_out == 0
    return splits


def test_what_does_not_come_split_is_split():
    everything = dealt(Found(photos_named("p", 50)), 0.2)
    assert [len(part) for part in everything[:2]] == [80, 20]
    assert everything.test is None
    given = Found(photos_named("t", 30), photos_named("v", 10), photos_named("s", 5))
    assert dealt(given, 0.2) == (given.train, given.valid, given.test)
    drawn = dealt(Found(photos_named("t", 30), test=photos_named("s", 5)), 0.5)
    assert [len(part) for part in drawn] == [30, 30, 10]
    assert not set(drawn.training.paths) & set(drawn.validation.paths)


def test_whole_sources_are_validated_on():
    photos = sourced({f"s{i}": {"a": 5, "b": 5} for i in range(6)} | {"rare": {"neither": 4}})
    for seed in range(5):
        training, validation = split_by_source(photos, 0.1, seed)
        assert sorted(training + validation) == list(range(64))
        sides = [set(photos.take(side).sources) for side in (training, validation)]
        assert not sides[0] & sides[1]
        assert "rare" in sides[0]  # it alone has neither
        assert len(validation) == 10
    with pytest.raises(DataError, match="no source can be left out"):
        split_by_source(sourced({"x": {"a": 5}, "y": {"b": 5}, "z": {"neither": 5}}), 0.1, 0)
