from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from tests.pictures import quadrants
from training.data import DataError, check_disk, check_photos, find_photos, find_splits, repeat_neither, split


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


def test_a_split_on_disk_is_kept(tmp_path):
    make(tmp_path / "data" / "train", {"a": 3, "b": 3})
    make(tmp_path / "data" / "valid", {"a": 2, "b": 2})
    make(tmp_path / "other", {"train": 4, "valid": 2})
    training, validation = find_splits(tmp_path / "data", tmp_path / "other")
    assert training.counts() == {"a": 3, "b": 3, "neither": 4}
    assert validation.counts() == {"a": 2, "b": 2, "neither": 2}
    training, validation = find_splits(tmp_path / "data")
    assert "neither" not in training.counts()
    make(tmp_path / "data" / "valid", {"c": 2})
    with pytest.raises(DataError, match="lacks: c"):
        find_splits(tmp_path / "data")


def test_without_a_split_there_is_one_list(tmp_path):
    data = make(tmp_path / "data", {"a": 3, "b": 3})
    assert find_splits(data) == [find_photos(data)]


def test_a_missing_folder(tmp_path):
    with pytest.raises(DataError, match="nowhere is not a folder"):
        find_photos(tmp_path / "nowhere")


def test_corrupt_photos_are_all_named_before_training(tmp_path):
    data = make(tmp_path / "data", {"a": 4, "b": 4})
    (data / "a" / "0.jpg").write_bytes(b"%PDF")
    (data / "b" / "1.jpg").write_bytes((data / "b" / "2.jpg").read_bytes()[:300])
    found = find_photos(data)
    with pytest.raises(DataError) as caught:
        check_photos(found, 32, tmp_path / "cache")
    assert "0.jpg: This is a PDF" in str(caught.value)
    assert "1.jpg" in str(caught.value)
    assert "--skip-bad" in str(caught.value)
    assert check_photos(found, 32, tmp_path / "cache", skip_bad=True).counts() == {"a": 3, "b": 3}


def test_a_class_that_loses_all_its_photos_is_an_error(tmp_path):
    data = make(tmp_path / "data", {"a": 2, "b": 2})
    (data / "a" / "0.jpg").write_bytes(b"")
    with pytest.raises(DataError, match="class 'a' has fewer than 2 usable photos"):
        check_photos(find_photos(data), 32, tmp_path / "cache", skip_bad=True)


def test_photos_that_training_would_misread_get_an_upright_rgb_copy(tmp_path):
    data = make(tmp_path / "data", {"a": 2, "b": 2})
    turned = Image.Exif()
    turned[0x0112] = 6
    quadrants().save(data / "a" / "turned.jpg", exif=turned)
    quadrants().convert("RGBA").save(data / "a" / "clear.png")
    quadrants(2000, 1000).save(data / "a" / "large.jpg")
    checked = check_photos(find_photos(data), 32, tmp_path / "cache")
    copied = [path for path in checked.paths if path.is_relative_to(tmp_path / "cache")]
    assert len(copied) == 3
    sizes = []
    for path in copied:
        with Image.open(path) as image:
            assert image.mode == "RGB"
            sizes.append(image.size)
    assert max(max(size) for size in sizes) <= 256
    assert (48, 64) in sizes  # turned upright


def test_the_split_is_stratified_seeded_and_complete(tmp_path):
    photos = find_photos(make(tmp_path / "data", {"a": 40, "b": 10, "c": 2}))
    training, validation = split(photos, 0.2, seed=1)
    assert validation.counts() == {"a": 8, "b": 2, "c": 1}
    assert set(training.paths) | set(validation.paths) == set(photos.paths)
    assert not set(training.paths) & set(validation.paths)
    assert split(photos, 0.2, seed=1) == (training, validation)
    assert split(photos, 0.2, seed=2) != (training, validation)


def test_few_photos_of_neither_are_repeated(tmp_path):
    data = make(tmp_path / "data", {"a": 40, "b": 40})
    photos = find_photos(data, make(tmp_path, {"other": 5}) / "other")
    assert repeat_neither(photos, 0.2).counts() == {"a": 40, "b": 40, "neither": 20}
    assert repeat_neither(find_photos(data), 0.2).counts() == {"a": 40, "b": 40}


def test_a_full_disk_is_said_before_training(tmp_path):
    check_disk(tmp_path / "not" / "yet", 1)
    with pytest.raises(DataError, match="MB free"):
        check_disk(tmp_path, 10**18)
