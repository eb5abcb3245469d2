"""Names that look the same, names that are no UTF-8, and what is left out for what it is called."""

from __future__ import annotations

import json
import os
import unicodedata

import numpy as np
import pytest

from tests.training.data.folders import JPEG, classes, counts, lay, read, refusal
from training.data.check import check_photos
from training.data.report import describe, text, write
from training.data.split import split_found

COMPOSED, DECOMPOSED = (unicodedata.normalize(form, "Schäfer") for form in ("NFC", "NFD"))
latin_1 = pytest.mark.skipif(os.name == "nt" or os.uname().sysname == "Darwin", reason="the disk takes Unicode alone")


def test_composed_and_decomposed_names_are_one_class(tmp_path):
    found = read(lay(tmp_path / "data", {"Katze": 2, COMPOSED: 2, DECOMPOSED: 3}))
    assert set(found.train.counts().values()) == {2, 5}
    assert any("is written in two ways" in remark for remark in found.remarks)


@pytest.mark.parametrize(("trained", "tested"), [(COMPOSED, DECOMPOSED), (DECOMPOSED, COMPOSED)])
def test_splits_from_two_systems(tmp_path, trained, tested):
    folders = {"train/Katze": 2, f"train/{trained}": 2, "test/Katze": 2, f"test/{tested}": 2}
    found = read(lay(tmp_path / "data", folders))
    assert counts(found) == {split: {"Katze": 2, trained: 2} for split in ("train", "test")}  # as it was typed first


def test_labels_are_asked_for_as_they_look(tmp_path):
    data = lay(tmp_path / "data", {"Katze": 2, DECOMPOSED: 2, "x": 2})
    assert counts(read(data, labels=["Katze", COMPOSED])) == {"train": {"Katze": 2, DECOMPOSED: 2}}


def test_labels_in_file_names(tmp_path):
    data = lay(tmp_path / "data", {".": 0})
    for name in (f"{COMPOSED}_1.jpg", f"{DECOMPOSED}_2.jpg", "Katze_1.jpg", "Katze_2.jpg"):
        (data / name).write_bytes(JPEG)
    assert counts(read(data, label_from=r"^(.+)_")) == {"train": {"Katze": 2, COMPOSED: 2}}


@latin_1
def test_photos_whose_names_are_no_utf_8_work_to_the_end(tmp_path):
    data = lay(tmp_path / "data", classes("train", "test", count=3))
    for place in (b"train/cat", b"test/dog"):
        for twin in (b"caf\xe9.jpg", b"caf\xe8.jpg"):
            (data / os.fsdecode(place) / os.fsdecode(twin)).write_bytes(JPEG)
        (data / os.fsdecode(place) / os.fsdecode(b"t\xe9xt.txt")).write_text("no photo")
    found = read(data)
    checked = check_photos(found, 64, tmp_path / "cache")
    facts = describe(checked, {"train": checked.photos}, 0, 64, found)
    write(facts, tmp_path / "data.json")
    (left_out,) = json.loads((tmp_path / "data.json").read_text("utf-8"))["left_out"]
    assert (left_out["reason"], left_out["count"]) == ("not photos", 2)
    assert sorted(left_out["examples"]) == ["test/dog/t\\xe9xt.txt", "train/cat/t\\xe9xt.txt"]
    assert "caf\\xe9.jpg" in json.dumps(facts["near_duplicates"]).replace("\\\\", "\\")
    text(facts).encode("utf-8")


@latin_1
def test_a_class_whose_name_is_no_utf_8(tmp_path):
    told = refusal(lay(tmp_path / "data", {"cat": 2, os.fsdecode(b"ta\xfcr"): 2}))
    assert "class ta\\xfcr has a name that is no UTF-8" in told
    assert "rename the folder" in told


@latin_1
def test_a_problem_with_a_name_that_is_no_utf_8_can_be_printed(tmp_path):
    data = lay(tmp_path / "data", {".": 0})
    (data / os.fsdecode(b"\xe9.jpg")).write_bytes(JPEG)
    refusal(data, label_from=r"^(\d+)_").encode("utf-8")


def test_whatever_is_left_out_is_counted_and_said(tmp_path):
    data = lay(tmp_path / "data", {**classes("."), "cat/.ipynb_checkpoints": 2, "dog/@eaDir/x": 1, ".": 1, "__MACOSX/cat": 3})
    (data / "cat" / "notes.txt").write_text("no photo")
    (data / "dog" / "more.zip").write_bytes(b"PK")
    for name in ("a.jfif", "b", "c.jpg?width=800", "D.JPE"):
        (data / "cat" / name).write_bytes(JPEG)
    found = read(data)
    assert counts(found) == {"train": {"cat": 6, "dog": 2}}
    checked = check_photos(found, 64, tmp_path / "cache")
    splits, _ = split_found(checked.photos, checked.came, np.arange(len(checked.photos)), None, 0, 1)
    facts = describe(checked, splits.by_name(), 0, 64, found)
    assert {part["reason"]: part["count"] for part in facts["left_out"]} == {
        "hidden, or what systems put beside photos": 6,
        "not photos": 1,
        "archives inside: unpack them, and name what is in them": 1,
        "loose beside the folders of classes": 1,
    }
    assert all(sentence in text(facts) for sentence in found.remarks)
    assert "left out, loose beside the folders of classes: 1 (0.jpg)" in found.remarks


def test_linked_folders_count_for_their_class(tmp_path):
    data = lay(tmp_path / "data", classes("."))
    lay(tmp_path / "elsewhere", {".": 5})
    (data / "cat" / "more").symlink_to(tmp_path / "elsewhere")
    (data / "dog" / "back").symlink_to(data)
    found = read(data)
    assert counts(found) == {"train": {"cat": 7, "dog": 2}}
    assert found.left_out.counts == {"links to what is listed already": 1}


def test_classes_without_photos_are_explained(tmp_path):
    data = lay(tmp_path / "data", {"cat": 2, "dog": 2, "labels": 0})
    (data / "labels" / "1.xml").write_text("<a/>")
    told = refusal(data)
    assert "class 'labels' has no photos" in told
    assert "not photos: 1 (labels/1.xml)" in told
    assert "--labels names the classes" in told


def test_classes_that_differ_by_case_alone_stay_two(tmp_path):
    found = read(lay(tmp_path / "data", {"Cat": 2, "cat": 2, "dog": 2}))
    if set(found.train.labels) == {"Cat", "cat", "dog"}:  # not on a disk that takes them for one
        assert found.remarks == ["Cat and cat differ by upper and lower case alone; they are 2 classes"]


@pytest.mark.skipif(os.name == "nt", reason="names there do not end in a space")
def test_spaces_around_the_names_of_classes(tmp_path):
    found = read(lay(tmp_path / "data", {**classes("train", "test"), "train/dog ": 1, "train/ cow": 2, "test/cow ": 2}))
    assert counts(found) == {"train": {"cat": 2, "cow": 2, "dog": 3}, "test": {"cat": 2, "cow": 2, "dog": 2}}
    assert "the folder 'train/dog ' is class 'dog', without the spaces" in found.remarks
    assert counts(read(lay(tmp_path / "other", {"cat ": 2, "dog": 2}), labels=["cat", "dog"])) == {
        "train": {"cat": 2, "dog": 2}
    }


@pytest.mark.parametrize("asked", [["cat", "dgo"], ["cat", "dog", "dgo"]])
def test_a_label_that_is_asked_for_and_not_there_is_named(tmp_path, asked):
    assert "there are no photos of dgo: look at the spelling" in refusal(
        lay(tmp_path / "data", {"cat": 2, "dog": 2}), labels=asked
    )
