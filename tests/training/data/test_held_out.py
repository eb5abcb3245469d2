"""Photos to validate and to test on: rules for photos to train on do not apply, and those without labels are left aside."""

from __future__ import annotations

import numpy as np
import pytest

from tests.training.data.folders import classes, counts, lay, read, refusal
from training.data.check import check_photos
from training.data.photos import DataError
from training.data.split import split_found

TWO = {"cat": 2, "dog": 2}
BY_NAME = r"^([A-Za-z]+)[._]"


@pytest.mark.parametrize("folders", [
    {"test": 3},
    {"test/unknown": 3},
    {"test/test": 3},
    {"test1/images/all": 3},
    {"test_stg1": 3},
    {"val/x": 3},
])  # fmt: skip
def test_without_labels(tmp_path, folders):
    found = read(lay(tmp_path / "data", {**classes("train"), **folders}))
    assert counts(found) == {"train": TWO}
    assert found.left_out.counts == {"without labels, though meant to measure on": 3}
    assert any("is left aside: no folder in it is named after a class" in remark for remark in found.remarks)


@pytest.mark.parametrize(("test", "words"), [
    ({"test/x": 2, "test/y": 2}, "test/ has classes that the training set lacks: x, y"),
    ({"test/cat": 2, "test/y": 2}, "lacks: y"),
    ({"test/Cat": 2, "test/Dog": 2}, "lacks: Cat, Dog; Cat is written cat there; Dog is written dog there"),
    ({"test/CAT": 2}, "CAT is written cat there"),
])  # fmt: skip
def test_unknown_classes_are_refused(tmp_path, test, words):
    assert words in refusal(lay(tmp_path / "data", {**classes("train"), **test}))


@pytest.mark.parametrize(("valid", "expected", "remark"), [
    ({"val/cat": 1, "val/dog": 1}, {"cat": 1, "dog": 1}, "one photo of cat, dog"),
    ({"val/cat": 2, "val/dog": 0}, {"cat": 2}, "no photos of dog"),
    ({"val/cat": 1}, {"cat": 1}, "no photos of dog"),
    ({"val/val/cat": 2}, {"cat": 2}, "no photos of dog"),
    ({"val/cat/front": 1, "val/cat/side": 1}, {"cat": 2}, "no photos of dog"),
])  # fmt: skip
def test_what_would_be_too_little_to_train_on(tmp_path, valid, expected, remark):
    found = read(lay(tmp_path / "data", {**classes("train"), **valid}))
    assert counts(found) == {"train": TWO, "valid": expected}
    assert found.valid.labels == ("cat", "dog")
    assert any(remark in told for told in found.remarks)


def test_one_photo_to_validate_on_passes_the_check(tmp_path):
    found = read(lay(tmp_path / "data", {**classes("train"), "val/cat": 1}))
    checked = check_photos(found, 64, tmp_path / "cache")
    assert checked.came.tolist().count("valid") == 1
    found = read(lay(tmp_path / "other", {**classes("train"), "val/cat": 1}))
    for path in found.train.paths[:1]:
        path.write_bytes(b"no photo")
    with pytest.raises(DataError, match="class 'cat' has fewer than 2 usable photos"):
        check_photos(found, 64, tmp_path / "cache", skip_bad=True)


def test_an_empty_folder_to_test_on(tmp_path):
    found = read(lay(tmp_path / "data", {**classes("train"), "test": 0}))
    assert counts(found) == {"train": TWO}
    assert found.remarks == ["test/ holds no photos"]


def test_a_test_set_of_neither_alone(tmp_path):
    found = read(lay(tmp_path / "data", {**classes("train"), "test/neither": 2}))
    assert counts(found) == {"train": TWO}
    assert found.remarks == ["the test set is left aside: it shows none of the classes"]


def by_name(root, *names):
    lay(root, {name.rpartition("/")[0]: 0 for name in names})
    for name in names:
        (root / name).write_bytes((lay(root.with_name("one"), {".": 1}) / "0.jpg").read_bytes())
    return root


def test_names_without_labels_to_test_on(tmp_path):
    train = [f"train/{label}.{index}.jpg" for label in ("cat", "dog") for index in range(2)]
    found = read(by_name(tmp_path / "data", *train, "test1/1.jpg", "test1/2.jpg"), label_from=BY_NAME)
    assert counts(found) == {"train": TWO}
    assert any("test1/ is left aside: no name gives a label" in remark for remark in found.remarks)
    assert "lacks: Cat; Cat is written cat there" in refusal(
        by_name(tmp_path / "other", *train, "test/Cat.1.jpg", "test/Cat.2.jpg"), label_from=BY_NAME
    )


def test_classes_that_are_not_asked_for_are_counted(tmp_path):
    found = read(lay(tmp_path / "data", {**classes("train", "test"), "train/fox": 2, "test/fox": 2}), labels=["cat", "dog"])
    assert counts(found) == {"train": TWO, "test": TWO}
    assert found.left_out.counts == {"of other classes than those of --labels": 4}
    names = [f"{label}_{index}.jpg" for label in ("cat", "dog", "fox") for index in range(2)]
    found = read(by_name(tmp_path / "names", *names), label_from=BY_NAME, labels=["cat", "dog"])
    assert counts(found) == {"train": TWO}
    assert found.left_out.counts == {"of other classes than those of --labels": 2}


def test_photos_of_neither_in_a_split_that_the_classes_lack(tmp_path):
    data = lay(tmp_path / "data", classes("train", "test"))
    others = lay(tmp_path / "others", {"train/a": 3, "val/a": 2, "testing/a": 2})
    found = read(data, neither=others)
    assert counts(found) == {"train": {**TWO, "neither": 3}, "test": {**TWO, "neither": 2}}
    assert found.left_out.counts == {"of neither, in a split that the classes do not come in": 2}


def test_a_split_with_one_photo_is_split_as_it_came(tmp_path):
    found = read(lay(tmp_path / "data", {**classes("train"), "val/cat": 1}))
    splits, _ = split_found(found.everything, np.array(found.came()), np.arange(5), None, 0, 1)
    assert splits.validation.counts() == {"cat": 1}
