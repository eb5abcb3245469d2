"""Folders that plainly mean test or validation are not trained on in silence: beside classes, in them, or without train."""

from __future__ import annotations

import pytest

from tests.training.data.folders import classes, counts, lay, read, refusal

TWO = {"cat": 2, "dog": 2}
BESIDE = "in a folder called test or validation beside the classes"


@pytest.mark.parametrize(("places", "splits"), [
    (("test",), {"test"}),
    (("val", "test"), {"valid", "test"}),
    (("Validation set",), {"valid"}),
    (("test/images",), {"test"}),
])  # fmt: skip
def test_splits_beside_classes(tmp_path, places, splits):
    data = lay(tmp_path / "data", {"cat": 4, "dog": 3, **classes(*places)})
    found = read(data)
    assert counts(found) == {"train": {"cat": 4, "dog": 3}, **dict.fromkeys(splits, TWO)}
    assert "cat/ and dog/ beside is what is trained on; --layout classes takes all" in found.remarks[0]
    assert len(read(data, layout="classes").train.labels) == 2 + len(places)


@pytest.mark.parametrize("test", [{"test": 3}, {"Test": 3}, {"test/images": 3}, {"val/x": 2, "val/y": 1}])
def test_a_split_without_labels_beside_classes(tmp_path, test):
    data = lay(tmp_path / "data", {**TWO, **test})
    found = read(data)
    assert counts(found) == {"train": TWO}
    assert found.left_out.counts == {BESIDE: 3}
    assert "is left aside: no folder in it is named after a class beside it; --layout classes takes it" in found.remarks[0]
    assert len(read(data, layout="classes").train.labels) == 3


def test_one_split_with_labels_and_one_without_beside_classes(tmp_path):
    found = read(lay(tmp_path / "data", {**TWO, **classes("val"), "test": 3}))
    assert counts(found) == {"train": TWO, "valid": TWO}
    assert found.left_out.counts == {BESIDE: 3}


def test_two_folders_are_classes_whatever_they_are_called(tmp_path):
    found = read(lay(tmp_path / "data", {"test": 2, "control": 2}))
    assert counts(found) == {"train": {"control": 2, "test": 2}}
    assert "test/ is taken as a class, as control/ beside" in found.remarks[0]


def test_splits_beside_classes_in_each_source(tmp_path):
    found = read(lay(tmp_path / "data", classes("home", "home/test", "web", "web/test")))
    assert {split: photos.by_source() for split, photos in found.parts.items()} == {
        split: {"home": TWO, "web": TWO} for split in ("train", "test")
    }


@pytest.mark.parametrize(("names", "splits"), [
    (("dataset", "test"), {"test"}),
    (("dataset/images", "val", "test"), {"valid", "test"}),
    (("eğitim", "doğrulama", "test"), {"valid", "test"}),
    (("treino", "validação", "teste"), {"valid", "test"}),
    (("addestramento", "convalida", "prova"), {"valid", "test"}),
    (("trening", "walidacja", "testowy"), {"valid", "test"}),
    (("학습", "검증", "시험"), {"valid", "test"}),
    (("trainng", "vaild", "tset"), {"valid", "test"}),
    (("whatever", "vaild", "tset"), {"valid", "test"}),
])  # fmt: skip
def test_one_folder_beside_splits_is_trained_on(tmp_path, names, splits):
    found = read(lay(tmp_path / "data", classes(*names)))
    assert counts(found) == {"train": TWO, **dict.fromkeys(splits, TWO)}
    assert set(found.train.sources) == {"all photos"}
    assert f"{names[-1]}/ is the test set" in found.remarks[0]


@pytest.mark.parametrize(("names", "told"), [
    (("val", "test"), "test/ and val/ are meant to measure on, and nothing is there to train on"),
    (("home", "street", "test"), "home/, street/ and test/ hold folders of the same names, and test/ is meant to measure on"),
    (("home/train", "home/test", "web/train", "web/test", "val"), "and val/ is meant to measure on"),
])  # fmt: skip
def test_nothing_plain_to_train_on_is_refused(tmp_path, names, told):
    data = lay(tmp_path / "data", classes(*names))
    message = refusal(data)
    assert told in message
    assert all(way in message for way in ("rename", "--layout sources", "--layout classes"))
    assert len(set(read(data, layout="sources").train.sources)) > 1


def test_all_but_the_split_is_trained_on_where_names_give_labels(tmp_path):
    data = lay(tmp_path / "data", {"one": 2, "two": 2, "test": 2})
    found = read(data, label_from="^([01])")
    assert counts(found) == {"train": {"0": 2, "1": 2}, "test": {"0": 1, "1": 1}}
    assert "test/ is the test set" in found.remarks[0]
    assert counts(read(data, label_from="^([01])", layout="classes")) == {"train": {"0": 3, "1": 3}}


SPLIT_DOG = {"dog/train": 2, "dog/test": 2}


@pytest.mark.parametrize(("folders", "parts", "left_out", "remark"), [
    ({"cat/train": 2, "cat/test": 2, **SPLIT_DOG, "dog/extra": 3}, {"train": TWO, "test": TWO}, 3, "called train in dog/"),
    ({"cat/train": 2, "cat/test": 2, **SPLIT_DOG, "dog/more": 1, "cat/more": 1}, {"train": TWO, "test": TWO}, 2, "cat/ and"),
    ({"cat": 2, **SPLIT_DOG}, {"train": TWO, "test": {"dog": 2}}, 0, "cat/ has none for test or validation: all is trained on"),
    ({"cat": 1, "cat/train": 2, "cat/test": 2, **SPLIT_DOG}, {"train": TWO, "test": TWO}, 1, "called train in cat/"),
    ({"cat": 2, "cat/test": 2, "dog": 2}, {"train": TWO, "test": {"cat": 2}}, 0, "the folders in cat/ are splits"),
    ({f"{c}/images/{s}": 2 for c in TWO for s in ("train", "val")}, {"train": TWO, "valid": TWO}, 0, "are splits"),
    ({"cat/red": 2, "cat/red/test": 2, "dog": 2}, {"train": TWO, "test": {"cat": 2}}, 0, "the folders in cat/ are splits"),
    ({**classes("train", "test"), "train/cat/test": 2}, {"train": TWO, "test": {"cat": 4, "dog": 2}}, 0, "in train/cat/"),
])  # fmt: skip
def test_splits_in_some_classes(tmp_path, folders, parts, left_out, remark):
    found = read(lay(tmp_path / "data", folders))
    assert counts(found) == parts
    assert sum(found.left_out.counts.values()) == left_out
    assert any(remark in told for told in found.remarks)


def test_a_class_with_nothing_to_train_on(tmp_path):
    assert "class 'cat' has no photos" in refusal(lay(tmp_path / "data", {"cat/test": 2, "cow": 2, "dog": 2}))
