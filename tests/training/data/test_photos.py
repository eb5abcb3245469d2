from __future__ import annotations

from pathlib import Path

import pytest

from tests.pictures import quadrants
from training.data.folders import find_photos
from training.data.photos import DataError, Photos, check_disk


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


def test_a_full_disk_is_said_before_training(tmp_path):
    check_disk(tmp_path / "not" / "yet", 1)
    with pytest.raises(DataError, match="MB free"):
        check_disk(tmp_path, 10**18)


@pytest.mark.parametrize("label", ["a\tb", "x|y", "\x1b[31m"])
def test_names_that_cannot_be_shown_are_refused(tmp_path, label):
    with pytest.raises(DataError, match="has a name that cannot be shown"):
        find_photos(make(tmp_path / "data", {label: 2, "fine": 2}))


def sourced(counts: dict[str, dict[str, int]]) -> Photos:
    rows = [(s, a) for s, answers in counts.items() for a, count in answers.items() for _ in range(count)]
    paths = tuple(Path(f"{index}.jpg") for index in range(len(rows)))
    return Photos(paths, tuple(a for _, a in rows), ("a", "b"), tuple(s for s, _ in rows))


def test_photos_know_their_sources():
    photos = sourced({"x": {"a": 2}, "y": {"b": 1}})
    assert photos.by_source() == {"x": {"a": 2}, "y": {"b": 1}}
    assert photos.take([2]).sources == ("y",)
    assert Photos.joined([photos, photos.take([0])]).by_source() == {"x": {"a": 3}, "y": {"b": 1}}
    assert set(Photos((Path("1"), Path("2")), ("a", "a"), ("a",)).sources) == {"all photos"}
