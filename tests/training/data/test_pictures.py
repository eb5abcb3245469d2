from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from model.classifier import Classifier
from model.config import Input
from tests.training.colours import colours, paint
from tests.training.data.test_check import scene
from training.data import pictures
from training.data.folders import find_photos
from training.data.photos import DataError
from training.data.pictures import draw_pictures, read_pictures, split_pictures, without_bad
from training.data.sources import open_data


def test_pictures_are_read_as_they_are_served(tmp_path):
    paint(tmp_path / "blue", "blue", 3)
    paint(tmp_path / "red", "red", 2)
    Image.new("RGBA", (900, 300), (200, 0, 0, 128)).save(tmp_path / "red" / "wide.png")
    photos = find_photos(tmp_path)
    classifier: Classifier = colours(neither=False)
    found, targets = read_pictures(photos, classifier.config.input, "reading")
    assert found.shape == (6, 3, 32, 32)
    assert targets.tolist() == [0, 0, 0, 1, 1, 1]
    served = np.stack([classifier.prepare(path) for path in photos.paths])
    assert np.array_equal(found.permute(0, 2, 3, 1).numpy(), served)


def test_every_picture_that_cannot_be_read_is_named(tmp_path):
    paint(tmp_path / "blue", "blue", 3)
    paint(tmp_path / "red", "red", 3)
    (tmp_path / "red" / "a.png").write_bytes(b"nothing")
    (tmp_path / "blue" / "b.jpg").write_bytes(b"%PDF-1.4")
    size = Input(height=32, width=32, resize="squish", mean=(0, 0, 0), std=(1, 1, 1))
    with pytest.raises(DataError) as caught:
        read_pictures(find_photos(tmp_path), size, "reading")
    assert "a.png: This is not a photo" in str(caught.value)
    assert "b.jpg: This is a PDF" in str(caught.value)


def test_what_does_not_fit_into_memory_is_refused_before_anything_is_read(tmp_path, monkeypatch):
    paint(tmp_path / "blue", "blue", 3)
    paint(tmp_path / "red", "red", 3)
    monkeypatch.setattr(pictures, "MAX_BYTES", 6 * 64 * 64 * 3 - 1)
    size = Input(height=64, width=64, resize="squish", mean=(0, 0, 0), std=(1, 1, 1))
    with pytest.raises(DataError, match=r"6 pictures of 64×64 need .* smaller --size"):
        read_pictures(find_photos(tmp_path), size, "reading")


def test_near_duplicates_of_test_pictures_are_not_trained_on(tmp_path):
    for seed, name in enumerate(("train", "test")):
        for label in "ab":
            (tmp_path / name / label).mkdir(parents=True)
            for index in range(6):
                scene(100 * seed + 10 * index + ord(label), 64).save(tmp_path / name / label / f"{index}.png")
    with Image.open(tmp_path / "test" / "a" / "0.png") as picture:
        picture.resize((48, 48)).save(tmp_path / "train" / "a" / "again.jpg")
    splits, left_out = split_pictures(open_data(tmp_path, tmp_path / "unpacked"), 0.3, 1)
    assert left_out == 1
    assert splits.test is not None
    assert len(splits.test) == 12
    assert not any(path.name == "again.jpg" for part in splits[:2] for path in part.paths)
    few, _ = split_pictures(draw_pictures(open_data(tmp_path, tmp_path / "unpacked"), 1, 4), 0.4, 1)
    assert len(few.training) + len(few.validation) == 8
    assert few.test == splits.test


def test_a_picture_that_cannot_be_opened_is_named_before_the_split(tmp_path):
    paint(tmp_path / "blue", "blue", 3)
    paint(tmp_path / "red", "red", 3)
    (tmp_path / "red" / "a.png").write_bytes(b"nothing")
    with pytest.raises(DataError, match=r"a.png: This is not a photo[^$]*pass --skip-bad"):
        split_pictures(open_data(tmp_path, tmp_path / "unpacked"), 0.3, 1)


def test_bad_pictures_are_left_out_of_every_split_and_counted(tmp_path):
    for split, count in (("train", 3), ("valid", 1), ("test", 2)):
        for colour in ("blue", "red"):
            paint(tmp_path / split / colour, colour, count)
        (tmp_path / split / "red" / "a.png").write_bytes(b"nothing")
    (tmp_path / "train" / "notes.txt").write_text("red ones")
    found = without_bad(open_data(tmp_path, tmp_path / "unpacked"))
    assert {name: len(photos) for name, photos in found.parts.items()} == {"train": 6, "valid": 2, "test": 4}
    assert found.left_out.counts == {"not photos": 1, "photos that cannot be opened": 3}
    assert any("a.png: This is not a photo" in remark for remark in found.remarks)
    splits, _ = split_pictures(found, 0.3, 1)
    assert not any(path.name == "a.png" for part in splits if part for path in part.paths)


def test_too_few_pictures_that_can_be_opened(tmp_path):
    paint(tmp_path / "blue", "blue", 3)
    paint(tmp_path / "red", "red", 1)
    (tmp_path / "red" / "a.png").write_bytes(b"nothing")
    with pytest.raises(DataError) as caught:
        without_bad(open_data(tmp_path, tmp_path / "unpacked"))
    assert "class 'red' has only one photo" in str(caught.value)
    assert "a.png: This is not a photo" in str(caught.value)
