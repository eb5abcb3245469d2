"""The check must shout where the format tells the classes, and be quiet where it does not."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from model.photo import photo_facts
from tests.training.data.test_check import scene
from training.data.check import check_photos
from training.data.folders import find_photos
from training.data.looks import FILE, look_at
from training.data.photos import Found, Photos
from training.data.report import describe, text
from training.data.shortcuts import WARNING, find_shortcuts
from training.data.sources import open_data


def shortcuts(photos: Photos, cache) -> dict:
    checked = check_photos(Found(photos), 64, cache)
    return find_shortcuts(checked.looks, checked.photos.answers, checked.photos.sources, checked.groups)


def test_classes_of_two_sizes_are_told_by_their_width(tmp_path):
    """As the first starter's data: cats and dogs of one size, everything else of another."""
    for number, (label, size) in enumerate([("Cat", (80, 80)), ("Dog", (80, 80)), ("neither", (100, 70))]):
        (tmp_path / "data" / label).mkdir(parents=True)
        for index in range(40):
            scene(100 * number + index).resize(size).save(tmp_path / "data" / label / f"{index}.jpg", quality=80)
    checked = check_photos(Found(find_photos(tmp_path / "data")), 64, tmp_path / "cache")
    facts = describe(checked, {"train": checked.photos}, 0, 64)
    assert facts["shortcuts"]["by"] == "photos"
    assert facts["shortcuts"]["classes"]["neither"]["file"]["auc"] > 0.99
    shouted = facts["remarks"][0]
    assert shouted.startswith("WARNING: neither can be told by its ")
    assert "alone (AUC 1.00)" in shouted
    assert "always 100" in shouted or "always 7" in shouted or "1.4" in shouted  # width, pixels or aspect ratio
    assert "WARNING: neither can be told" in text(facts)
    assert facts["shortcuts"]["classes"]["Cat"]["file"]["auc"] < WARNING  # a dog's files are as a cat's


def test_two_cameras_are_told_apart(tmp_path):
    """Photos alike in size and quality, but each class by a camera of its own."""
    for number, (label, camera) in enumerate([("mine", "Canon EOS"), ("yours", "Nikon D90")]):
        (tmp_path / label).mkdir()
        exif = Image.Exif()
        exif[272] = camera
        for index in range(25):
            scene(1000 * number + index).save(tmp_path / label / f"{index}.jpg", exif=exif)
    found = shortcuts(find_photos(tmp_path), tmp_path / "cache")
    assert found["classes"]["mine"]["file"]["telling"] == "camera"
    assert "all Canon EOS, the others all Nikon D90" in found["remarks"][0]


def test_one_format_says_nothing(tmp_path):
    for number, label in enumerate(("a", "b")):
        (tmp_path / label).mkdir()
        for index in range(40):
            scene(500 * number + index).save(tmp_path / label / f"{index}.jpg")
    found = shortcuts(find_photos(tmp_path), tmp_path / "cache")
    assert not any("WARNING" in remark for remark in found["remarks"])
    assert found["classes"]["a"]["file"]["auc"] < 0.75


def test_formats_of_sources_say_nothing_where_every_source_has_all_classes(tmp_path):
    for number, source in enumerate(("home", "street", "zoo", "web")):
        for label in ("a", "b"):
            (tmp_path / source / label).mkdir(parents=True)
            for index in range(15):
                picture = scene(100 * number + index + (5000 if label == "b" else 0)).resize((60 + 10 * number, 60))
                picture.save(tmp_path / source / label / f"{index}.jpg", quality=50 + 10 * number)
    photos = open_data(tmp_path, tmp_path / "unpacked").train
    assert len(photos.by_source()) == 4
    found = shortcuts(photos, tmp_path / "cache")
    assert found["by"] == "sources"
    assert not any("WARNING" in remark for remark in found["remarks"])


def test_a_background_is_told(tmp_path):
    """The middle is noise, the frame is what differs."""
    dice = np.random.default_rng(0)
    for label, shade in (("indoors", 60), ("outdoors", 190)):
        (tmp_path / label).mkdir()
        for index in range(30):
            pixels = np.clip(dice.normal(shade, 15, (80, 80, 3)), 0, 255)
            pixels[10:-10, 10:-10] = dice.integers(0, 256, (60, 60, 3))
            Image.fromarray(pixels.astype(np.uint8)).save(tmp_path / label / f"{index}.png")
    found = shortcuts(find_photos(tmp_path), tmp_path / "cache")
    assert found["classes"]["indoors"]["background"]["auc"] > 0.95
    assert any("outer tenth of the picture" in remark for remark in found["remarks"])


@pytest.mark.parametrize("quality", [30, 60, 90])
def test_what_a_file_is_like(tmp_path, quality):
    picture = scene(1).resize((120, 80))
    picture.save(tmp_path / "photo.jpg", quality=quality, subsampling=0)
    look = look_at(picture, photo_facts((tmp_path / "photo.jpg").read_bytes()), 64)
    of = dict(zip(FILE, look.numbers, strict=False))
    assert (of["width"], of["height"], of["aspect ratio"]) == (120, 80, 1.5)
    assert of["JPEG quality"] == pytest.approx(quality, abs=3)
    assert look.words["colour subsampling"] == "4:4:4"
    assert (look.words["format"], look.words["camera"]) == ("JPEG", "none")


def test_a_letterbox_is_a_plain_border(tmp_path):
    framed = Image.new("RGB", (100, 100))
    framed.paste(scene(2).resize((100, 60)), (0, 20))
    framed.save(tmp_path / "photo.png")
    look = look_at(framed, photo_facts((tmp_path / "photo.png").read_bytes()), 64)
    of = dict(zip(FILE, look.numbers, strict=False))
    assert of["plain border"] == pytest.approx(0.4, abs=0.05)
    assert np.isnan(of["JPEG quality"])
