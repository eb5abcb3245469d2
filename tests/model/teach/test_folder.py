"""A taught model as a folder: it opens anywhere, answers the same, and has no photo in it."""

from __future__ import annotations

import io
import os
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest

from model import Classifier, ModelError
from model.folder import BACKGROUND, load_torch
from model.source import STARTER
from model.teach.body import Body
from model.teach.folder import write_folder, zipped
from model.teach.lesson import Lesson
from model.teach.model import TaughtModel
from model.teach.teach import Teacher
from tests.model.teach.conftest import drawing
from tests.pictures import COFFEE


@pytest.fixture(scope="module")
def taught(teacher, shown):
    labels = ("mug *red*", "bottle")
    return teacher.teach(Lesson(labels, [*shown("mug", 10), *shown("bottle", 10)], [0] * 10 + [1] * 10))


@pytest.fixture(scope="module")
def written(body, taught, tmp_path_factory) -> Path:
    target = tmp_path_factory.mktemp("taught") / "mine"
    write_folder(body, taught, target)
    return target


def test_the_folder_answers_as_what_was_taught(body, taught, written):
    photos = [drawing("mug", 50), drawing("bottle", 51), drawing("ball", 52)]
    here, there = TaughtModel(body, taught).classifier, Classifier.load(written)
    assert there.config.labels == ("mug *red*", "bottle")
    for one, other in zip(here.classify(photos), there.classify(photos), strict=True):
        assert one.probabilities == pytest.approx(other.probabilities, abs=1e-4)


def test_its_weights_open_in_torch(written):
    served, in_torch = Classifier.load(written), load_torch(written)
    photos = [drawing("mug", 60), drawing("bottle", 61)]
    for one, other in zip(served.classify(photos), in_torch.classify(photos), strict=True):
        assert one.label == other.label
        assert one.probabilities == pytest.approx(other.probabilities, abs=0.2)  # int8 beside float32


def test_the_card_says_what_was_measured(taught, written):
    card = (written / "README.md").read_text("utf-8")
    held_back = taught.quality.held_back
    assert f"{held_back.right} of {held_back.of} photos" in card
    assert r"mug \*red\*" in card
    assert "No photo is in it" in card


def test_a_taught_model_can_be_taught_further(written, shown):
    body = Body(Classifier.load(written), threads=1)
    teacher = Teacher(body)
    assert teacher.background is not None
    taught = teacher.teach(Lesson(("ball", "mug"), [*shown("ball", 8), *shown("mug", 8)], [0] * 8 + [1] * 8))
    found = TaughtModel(body, taught).classifier.classify([drawing("ball", 70), drawing("mug", 71), COFFEE])
    assert [prediction.label for prediction in found] == ["ball", "mug", "neither"]


def test_the_zip_is_the_folder_and_the_same_every_time(body, taught, written):
    content = zipped(body, taught, "mine", {"quality.json": b"{}"})
    assert content == zipped(body, taught, "mine", {"quality.json": b"{}"})
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        names = {name.removeprefix("mine/") for name in file.namelist()}
        assert names == {path.name for path in written.iterdir()} | {"quality.json"}
        assert not any(name.endswith((".jpg", ".png")) for name in names)
        assert file.read("mine/model.onnx") == (written / "model.onnx").read_bytes()


def test_a_body_without_weights_and_background_is_taught_all_the_same(tmp_path, shown):
    bare = tmp_path / "bare"
    bare.mkdir()
    for name in ("config.json", "model.onnx"):
        shutil.copy(STARTER / name, bare)
    body = Body(Classifier.load(bare), threads=1)
    taught = Teacher(body).teach(Lesson(("ball", "mug"), [*shown("ball", 5), *shown("mug", 5)], [0] * 5 + [1] * 5))
    write_folder(body, taught, tmp_path / "mine")
    assert {path.name for path in (tmp_path / "mine").iterdir()} == {"config.json", "model.onnx", "README.md"}
    assert Classifier.load(tmp_path / "mine").classify([drawing("ball", 80)])[0].label == "ball"


def test_a_damaged_background_is_named(folder):
    (folder / BACKGROUND).write_bytes(b"PK\x03\x04 nothing")
    with pytest.raises(ModelError, match=r"background\.npz of this model is damaged"):
        Teacher(Body(Classifier.load(folder), threads=1))


def test_a_background_that_unpacks_to_very_much_is_not_unpacked(folder):
    np.savez_compressed(folder / BACKGROUND, features=np.zeros((50_000, 1280), np.float16))
    assert (folder / BACKGROUND).stat().st_size < 1_000_000
    with pytest.raises(ModelError, match="there are more than 40 MB in it"):
        Teacher(Body(Classifier.load(folder), threads=1))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes")
def test_a_background_that_is_a_pipe_is_said(folder):
    (folder / BACKGROUND).unlink()
    os.mkfifo(folder / BACKGROUND)
    with pytest.raises(ModelError, match=r"background\.npz is a pipe"):
        Teacher(Body(Classifier.load(folder), threads=1))


def test_the_background_of_another_body_is_left_aside(folder):
    with np.load(STARTER / BACKGROUND) as file:
        np.savez(folder / BACKGROUND, features=file["features"], sources=file["sources"], key=np.array("other"))
    assert Teacher(Body(Classifier.load(folder), threads=1)).background is None


def test_weights_of_another_network_are_named(folder, taught):
    (folder / "model.safetensors").write_bytes(b"nothing")
    with pytest.raises(ModelError, match="is not a safetensors file"):
        zipped(Body(Classifier.load(folder), threads=1), taught)
