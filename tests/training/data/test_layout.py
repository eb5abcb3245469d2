"""What folders stand for: splits by what their names mean, wrappers, sources, and classes that only sound like splits."""

from __future__ import annotations

import pytest

from tests.training.data.folders import classes, counts, lay, read, refusal
from training.data.sources import open_data
from training.data.splits import meaning

TWO = {"cat": 2, "dog": 2}


@pytest.mark.parametrize(("names", "splits"), [
    (("TRAIN", "VAL"), {"train", "valid"}),
    (("Training", "Testing", "Validation"), {"train", "test", "valid"}),
    (("training_set", "test_set"), {"train", "test"}),
    (("trainset", "devset"), {"train", "valid"}),
    (("TrainData", "EvalData"), {"train", "test"}),
    (("train2017", "val2017"), {"train", "valid"}),
    (("seg_train", "seg_test"), {"train", "test"}),
    (("images_train", "images_test"), {"train", "test"}),
    (("train", "hold-out"), {"train", "test"}),
    (("01 training", "02 dev", "03 eval"), {"train", "valid", "test"}),
    (("Trainingsdaten", "Validierung"), {"train", "valid"}),
    (("entrenamiento", "validación", "prueba"), {"train", "valid", "test"}),
    (("训练集", "测试集"), {"train", "test"}),
    (("my_train", "their_test"), {"train", "test"}),  # the folders in both have the same names
    (("training_set/training_set", "test_set/test_set"), {"train", "test"}),
    (("train/images", "val/images/jpg"), {"train", "valid"}),
    (("pets/v2/train", "pets/v2/test1"), {"train", "test"}),
])  # fmt: skip
def test_folders_that_mean_splits(tmp_path, names, splits):
    found = read(lay(tmp_path / "data", classes(*names)))
    assert counts(found) == dict.fromkeys(splits, TWO)


def test_what_is_not_plain_is_said(tmp_path):
    plain = read(lay(tmp_path / "plain", classes("Train", "val", "test")))
    assert plain.understood == ()
    found = read(lay(tmp_path / "data", classes("training_set", "test_set")))
    assert found.understood == (
        "training_set/ is the training set, test_set/ is the test set; --layout classes takes them as classes",
    )
    assert counts(read(tmp_path / "data", layout="classes")) == {"train": {"training_set": 4, "test_set": 4}}


def test_folders_of_one_meaning_are_joined(tmp_path):
    found = read(lay(tmp_path / "data", classes("train2014", "train2017", "val")))
    assert counts(found) == {"train": {"cat": 4, "dog": 4}, "valid": TWO}
    assert "train2014/ and train2017/ together are the training set" in found.remarks[0]


@pytest.mark.parametrize("names", [
    ("train", "bus", "car"),
    ("train", "bus", "test_tube"),
    ("test_tube", "beaker"),
    ("train_station", "test_tube"),
    ("strain", "contest", "device"),
    ("train", "test", "bus", "car"),
])  # fmt: skip
def test_classes_that_sound_like_splits(tmp_path, names):
    assert counts(read(lay(tmp_path / "data", dict.fromkeys(names, 2)))) == {"train": dict.fromkeys(sorted(names), 2)}


def test_two_folders_without_classes_may_be_classes(tmp_path):
    data = lay(tmp_path / "data", {"train": 3, "test": 3})
    assert "--layout classes takes train/ and test/ as classes" in refusal(data)
    assert counts(read(data, layout="classes")) == {"train": {"train": 3, "test": 3}}


@pytest.mark.parametrize("name", ["interval", "restraint", "latest", "devices", "fittest", "valley", "protest"])
def test_words_that_only_contain_a_split(name):
    assert meaning(name) is None


def test_what_lies_beside_splits_is_left_aside(tmp_path):
    found = read(lay(tmp_path / "data", {**classes("seg_train", "seg_test"), "seg_pred": 4, ".": 1}))
    assert counts(found) == {"train": TWO, "test": TWO}
    assert found.left_out.counts == {"beside the folders to train and test on": 5}


def test_a_copy_of_the_data_inside_it_is_left_aside(tmp_path):
    found = read(lay(tmp_path / "data", classes("x/train", "x/test", "x/x/train", "x/x/test")))
    assert counts(found) == {"train": TWO, "test": TWO}
    assert sum(found.left_out.counts.values()) == 8


def test_a_folder_that_holds_all_is_entered(tmp_path):
    data = lay(tmp_path / "data", {**classes("download/pets"), "download": 1, "labels": 0})
    (data / "labels" / "a.xml").write_text("<a/>")
    found = read(data)
    assert counts(found) == {"train": TWO}
    assert found.remarks[0] == "everything lies in download/pets/, so what is in there was taken"
    assert found.left_out.counts == {"not photos": 1, "loose beside the folders of classes": 1}


def test_a_folder_to_train_on_alone_is_entered(tmp_path):
    assert counts(read(lay(tmp_path / "data", classes("train")))) == {"train": TWO}


def test_a_class_beside_an_empty_one_is_no_wrapper(tmp_path):
    assert "class 'dog' has no photos" in refusal(lay(tmp_path / "data", {"cat/front": 2, "cat/side": 2, "dog": 0}))


def test_splits_inside_classes(tmp_path):
    folders = {"cat/train": 3, "cat/test": 1, "dog/train": 2, "dog/test": 2}
    found = read(lay(tmp_path / "data", folders))
    assert counts(found) == {"train": {"cat": 3, "dog": 2}, "test": {"cat": 1, "dog": 2}}
    assert "--layout classes takes all that is in them" in found.remarks[0]
    assert counts(read(tmp_path / "data", layout="classes")) == {"train": {"cat": 4, "dog": 4}}


def test_sources_with_splits_inside(tmp_path):
    found = read(lay(tmp_path / "data", classes("home/train", "home/test", "web/train_set", "web/test_set")))
    assert {split: photos.by_source() for split, photos in found.parts.items()} == {
        split: {"home": TWO, "web": TWO} for split in ("train", "test")
    }
    assert "home/ and web/ are sources" in found.remarks[0]


def test_folders_of_images_in_classes_are_no_sources(tmp_path):
    assert counts(read(lay(tmp_path / "data", {"cat/images": 2, "dog/images": 2}))) == {"train": TWO}


def test_classes_of_digits_in_sources(tmp_path):
    found = read(lay(tmp_path / "data", {f"{source}/{digit}": 2 for source in ("home", "web") for digit in "01"}))
    assert set(found.train.by_source()) == {"home", "web"}


def test_a_wrapper_in_one_source_is_a_class_where_another_has_it(tmp_path):
    lay(tmp_path, {"home/cat": 2, "home/dog": 2, "web/cat/front": 2, "web/cat/side": 2})
    found = open_data([str(tmp_path / "home"), str(tmp_path / "web")], tmp_path / "unpacked")
    assert found.train.by_source() == {"home": TWO, "web": {"cat": 4}}


def test_masks_beside_images_are_no_photos(tmp_path):
    found = read(lay(tmp_path / "data", {**classes("pets/images"), "pets/annotations/trimaps": 3}))
    assert counts(found) == {"train": TWO}
    assert found.left_out.counts == {"annotations beside images": 3}
    assert counts(read(lay(tmp_path / "faces", {"mask": 2, "no_mask": 2}))) == {"train": {"mask": 2, "no_mask": 2}}


@pytest.mark.parametrize(("names", "remark"), [
    (("train", "old_train", "test", "test_backup"), "old_train/ and test_backup/ are left aside, as there are folders"),
    (("train", "train_augmented", "test"), "train_augmented/ is left aside"),
    (("train", "not_train", "test"), "beside the folders to train and test on: 4"),
    (("train", "train_masks", "test", "test_masks"), "annotations beside images: 8"),
    (("train_images", "train_masks", "test_images"), "annotations beside images: 4"),
    (("train", "train_labels", "test", "test_labels"), "annotations beside images: 8"),
])  # fmt: skip
def test_other_words_beside_a_plain_name(tmp_path, names, remark):
    found = read(lay(tmp_path / "data", classes(*names)))
    assert counts(found) == {"train": TWO, "test": TWO}
    assert any(remark in told for told in found.remarks)


def test_masks_inside_splits_and_classes_are_no_photos(tmp_path):
    found = read(lay(tmp_path / "data", {**classes("train/images", "val/images"), "train/masks": 3, "val/masks": 2}))
    assert counts(found) == {"train": TWO, "valid": TWO}
    assert found.left_out.counts == {"annotations beside images": 5}
    found = read(lay(tmp_path / "tumours", {f"{label}/{kind}": 2 for label in TWO for kind in ("images", "masks")}))
    assert counts(found) == {"train": TWO}
    yolo = {f"{split}/{kind}": 2 for split in ("train", "val") for kind in ("images", "labels")}
    assert "holds one class, 'images'" in refusal(lay(tmp_path / "yolo", yolo))


def test_sources_inside_splits_are_said_to_be_classes(tmp_path):
    found = read(lay(tmp_path / "data", classes("train/x", "train/y", "test/x", "test/y")))
    assert counts(found) == {split: {"x": 4, "y": 4} for split in ("train", "test")}
    assert "train/x/ and train/y/ are taken as classes, though the folders in them have names in common" in found.remarks[0]


@pytest.mark.parametrize("folders", [
    {**classes("labeled"), "unlabeled": 4},
    {**classes("train"), "Unlabelled": 4},
    {**TWO, "unlabeled": 4},
    {**classes("train"), "train/unlabeled": 4},
])  # fmt: skip
def test_photos_that_are_said_to_have_no_labels(tmp_path, folders):
    found = read(lay(tmp_path / "data", folders))
    assert counts(found) == {"train": TWO}
    assert found.left_out.counts == {"in a folder whose name says that it has no labels": 4}
    assert "is left aside, as its name says that it has no labels" in found.remarks[0]
    assert sum(counts(read(tmp_path / "data", layout="classes"))["train"].values()) == 8
