from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.pictures import quadrants
from training.data.photos import DataError, Photos, check_disk, find_photos, repeat_neither, split, split_by_source, split_found


def make(root: Path, counts: dict[str, int]) -> Path:
    for label, count in counts.items():
        (root / label).mkdir(parents=True)
        for index in range(count):
            quadrants().save(root / label / f"{index}.jpg")
    return root


def test_a_folder_per_class(tmp_path):
    data = make(tmp_path / "data", {"b": 3, "a": 2})
    (data / "notes.txt").write_text("not a photo")
    (data / "a" / ".hidden.jpg").write_bytes(b"")
    photos = find_photos(data, make(tmp_path, {"other": 4}) / "other")
    assert photos.labels == ("a", "b")
    assert photos.counts() == {"a": 2, "b": 3, "neither": 4}


def test_all_problems_are_reported_at_once(tmp_path):
    data = make(tmp_path / "data", {"alone": 1, "empty": 0, "fine": 2, "neither": 2})
    with pytest.raises(DataError) as caught:
        find_photos(data, tmp_path / "nowhere")
    for words in ("'alone' has only one photo", "'empty' has no photos", "--neither", "nowhere is not a folder"):
        assert words in str(caught.value)
    assert "'fine'" not in str(caught.value)


@pytest.mark.parametrize(("counts", "words"), [({}, "no folders"), ({"one": 3}, "one class, 'one'")])
def test_too_few_classes(tmp_path, counts, words):
    (tmp_path / "data").mkdir()
    with pytest.raises(DataError, match=words):
        find_photos(make(tmp_path / "data", counts))


def test_a_missing_folder(tmp_path):
    with pytest.raises(DataError, match="nowhere is not a folder"):
        find_photos(tmp_path / "nowhere")


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


def test_a_full_disk_is_said_before_training(tmp_path):
    check_disk(tmp_path / "not" / "yet", 1)
    with pytest.raises(DataError, match="MB free"):
        check_disk(tmp_path, 10**18)


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


@pytest.mark.parametrize("label", ["a\tb", "red ", "x|y", "\x1b[31m"])
def test_names_that_cannot_be_shown_are_refused(tmp_path, label):
    with pytest.raises(DataError, match="has a name that cannot be shown"):
        find_photos(make(tmp_path / "data", {label: 2, "fine": 2}))


def test_what_was_found_is_split_where_it_is_not():
    def photos(name, count):
        return Photos(tuple(Path(f"{name}{i}") for i in range(2 * count)), ("a", "b") * count, ("a", "b"))

    everything = split_found({"all": photos("p", 50)}, 0.2, 1)
    assert [len(part) for part in everything[:2]] == [80, 20]
    assert everything.test is None
    given = {"train": photos("t", 30), "valid": photos("v", 10), "test": photos("s", 5)}
    assert split_found(given, 0.2, 1) == (given["train"], given["valid"], given["test"])
    drawn = split_found({"train": photos("t", 30), "test": photos("s", 5)}, 0.5, 1)
    assert [len(part) for part in drawn] == [30, 30, 10]
    assert not set(drawn.training.paths) & set(drawn.validation.paths)


def test_so_many_of_each_class():
    photos = Photos(tuple(Path(str(i)) for i in range(30)), ("a",) * 20 + ("b",) * 10, ("a", "b"))
    test = Photos(photos.paths, photos.answers, photos.labels)
    few = split_found({"train": photos, "test": test}, 0.5, 1, per_class=12)
    assert {a: few.training.counts()[a] + few.validation.counts()[a] for a in "ab"} == {"a": 12, "b": 10}
    assert few.test == test
    assert split_found({"all": photos}, 0.5, 1, 4) != split_found({"all": photos}, 0.5, 2, 4)


def sourced(counts: dict[str, dict[str, int]]) -> Photos:
    rows = [(s, a) for s, answers in counts.items() for a, count in answers.items() for _ in range(count)]
    paths = tuple(Path(f"{index}.jpg") for index in range(len(rows)))
    return Photos(paths, tuple(a for _, a in rows), ("a", "b"), tuple(s for s, _ in rows))


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


def test_photos_know_their_sources():
    photos = sourced({"x": {"a": 2}, "y": {"b": 1}})
    assert photos.by_source() == {"x": {"a": 2}, "y": {"b": 1}}
    assert photos.take([2]).sources == ("y",)
    assert Photos.joined([photos, photos.take([0])]).by_source() == {"x": {"a": 3}, "y": {"b": 1}}
    assert set(numbered({"a": 3}).sources) == {"all photos"}
