from __future__ import annotations

import json
import os
import shutil
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter
from PIL.PngImagePlugin import PngInfo

from model.photo import PhotoError, open_photo
from tests.pictures import encoded, quadrants
from training.data.check import Checked, check_photos
from training.data.duplicates import fingerprint, near_duplicates
from training.data.folders import find_photos
from training.data.photos import DataError, Found
from training.data.report import describe, text, write
from training.data.split import Splits, split_found


def scene(seed: int, side: int = 128) -> Image.Image:
    """A picture like no other: smooth noise."""
    noise = np.random.default_rng(seed).integers(0, 256, (side, side, 3), dtype=np.uint8)
    blurred = Image.fromarray(noise).filter(ImageFilter.GaussianBlur(side / 16))
    low, high = int(np.asarray(blurred).min()), int(np.asarray(blurred).max())
    return blurred.point(lambda value: (value - low) * 255 // max(1, high - low))


def make(root: Path, counts: dict[str, int], first: int = 0) -> Path:
    seed = first
    for label, count in counts.items():
        (root / label).mkdir(parents=True)
        for index in range(count):
            scene(seed).save(root / label / f"{index}.jpg")
            seed += 1
    return root


def test_corrupt_photos_are_all_named_before_training(tmp_path):
    data = make(tmp_path / "data", {"a": 4, "b": 4})
    (data / "a" / "0.jpg").write_bytes(b"%PDF")
    (data / "b" / "1.jpg").write_bytes((data / "b" / "2.jpg").read_bytes()[:300])
    found = find_photos(data)
    with pytest.raises(DataError) as caught:
        check_photos(Found(found), 64, tmp_path / "cache")
    assert "0.jpg: This is a PDF" in str(caught.value)
    assert "1.jpg" in str(caught.value)
    assert "--skip-bad" in str(caught.value)
    checked = check_photos(Found(found), 64, tmp_path / "cache", skip_bad=True)
    assert checked.photos.counts() == {"a": 3, "b": 3}
    assert len(checked.bad) == 2


def test_a_class_that_loses_all_its_photos_is_an_error(tmp_path):
    data = make(tmp_path / "data", {"a": 2, "b": 2})
    (data / "a" / "0.jpg").write_bytes(b"")
    with pytest.raises(DataError, match="class 'a' has fewer than 2 usable photos"):
        check_photos(Found(find_photos(data)), 64, tmp_path / "cache", skip_bad=True)


def test_photos_that_training_would_misread_get_an_upright_rgb_copy(tmp_path):
    data = make(tmp_path / "data", {"a": 2, "b": 2})
    turned = Image.Exif()
    turned[0x0112] = 6
    quadrants().save(data / "a" / "turned.jpg", exif=turned)
    quadrants().convert("RGBA").save(data / "a" / "clear.png")
    quadrants(2000, 1000).save(data / "a" / "large.jpg")
    checked = check_photos(Found(find_photos(data)), 64, tmp_path / "cache")
    copied = [path for path in checked.photos.paths if path.is_relative_to(tmp_path / "cache")]
    assert len(copied) == 3
    sizes = []
    for path in copied:
        with Image.open(path) as image:
            assert image.mode == "RGB"
            sizes.append(image.size)
    assert max(max(size) for size in sizes) <= 512
    assert (48, 64) in sizes  # turned upright
    found = {path.name: tuple(size) for path, size in zip(checked.originals, checked.sizes, strict=True)}
    assert (found["turned.jpg"], found["large.jpg"]) == ((48, 64), (2000, 1000))
    stamps = [path.stat().st_mtime_ns for path in copied]
    again = check_photos(Found(find_photos(data)), 64, tmp_path / "cache")
    assert again.photos == checked.photos
    assert [path.stat().st_mtime_ns for path in copied] == stamps


def facts_of(found: Found, cache: Path, skip_bad: bool = False) -> dict[str, object]:
    checked = check_photos(found, 64, cache, skip_bad)
    splits, left_out = split_found(checked.photos, checked.came, checked.groups, 0.4, 0, 1)
    return describe(checked, splits.by_name(), left_out, 64)


def odd_files() -> dict[str, bytes]:
    """Files that training would stop at, or read otherwise than serving does, with all of their pixels."""
    jpeg = encoded(scene(100), "JPEG")
    text = tiff_entry(0x0112, 2, 2, b"6\0\0\0")
    large = PngInfo()
    large.add_text("parameters", "x" * 1_200_000, zip=True)
    return {
        "no end.jpg": jpeg[:-2],
        "text for a number.jpg": jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(text) + 2) + text + jpeg[2:],
        "profile.jpg": jpeg[:2] + b"\xff\xe2\0\x0eICC_PROFILE\0" + jpeg[2:],
        "text.png": encoded(scene(101), "PNG", pnginfo=large),
        "no end.png": encoded(scene(102), "PNG")[:-30],
        "size.bmp": encoded(scene(103), "BMP")[:2] + bytes(4) + encoded(scene(103), "BMP")[6:],
    }


def tiff_entry(tag: int, kind: int, count: int, value: bytes) -> bytes:
    return b"Exif\0\0II*\0\x08\0\0\0" + struct.pack("<HHHI4sI", 1, tag, kind, count, value, 0)


def test_odd_files_are_trained_on_and_read_as_they_are_served(tmp_path):
    data = make(tmp_path / "data", {"a": 4, "b": 4})
    for name, content in odd_files().items():
        (data / "a" / name).write_bytes(content)
    checked = check_photos(Found(find_photos(data)), 64, tmp_path / "cache")
    for original, path in zip(checked.originals, checked.photos.paths, strict=True):
        with Image.open(path) as image:  # as fastai opens it, which knows nothing of `model.photo`
            assert np.array_equal(np.asarray(image.convert("RGB")), np.asarray(open_photo(original)))
    assert checked.bad == ()
    assert sorted(name.rpartition("/")[2] for name in checked.damaged) == ["no end.jpg", "no end.png"]


def test_damaged_photos_that_are_trained_on_are_named(tmp_path):
    data = make(tmp_path / "data", {"a": 5, "b": 5})
    for index in range(4):
        whole = (data / "a" / f"{index}.jpg").read_bytes()
        (data / "a" / f"{index}.jpg").write_bytes(whole[:-2])
    (data / "b" / "0.jpg").write_bytes((data / "b" / "0.jpg").read_bytes()[:1500])
    with pytest.raises(DataError, match=r"0\.jpg: This photo is cut off: only the upper \d+ % of it are there"):
        check_photos(Found(find_photos(data)), 64, tmp_path / "cache")
    facts = facts_of(Found(find_photos(data)), tmp_path / "cache", skip_bad=True)
    assert len(facts["cannot_be_opened"]) == 1
    assert len(facts["damaged"]) == 4
    remark = next(remark for remark in facts["remarks"] if "cut off" in remark)
    assert remark.startswith("4 photos are cut off by less than 1 % of their rows: ")
    assert remark.endswith("/a/0.jpg, " + f"{data}/a/1.jpg, {data}/a/2.jpg, …")


ODD_NAMES = [
    b"caf\xe9.jpg", b"\xff\xfe.jpg", b"a\nb\x1b[31m.jpg", b"$x^2_{$.jpg", b"%s {} {0}.jpg", b"'<b>\".jpg", b"x" * 250 + b".jpg",
    "\U0001f600\u202e.jpg".encode(),
]  # fmt: skip


@pytest.mark.skipif(os.name == "nt", reason="names are UTF-16 there")
@pytest.mark.parametrize("name", ODD_NAMES)
def test_a_name_is_only_a_name(name, tmp_path):
    data = make(tmp_path / "data", {"a": 4, "b": 4})
    (data / "a" / "0.jpg").rename(data / "a" / os.fsdecode(name))
    grey = Image.open(data / "b" / "0.jpg").convert("L")
    grey.save(data / "b" / "1.jpg")
    (data / "b" / "1.jpg").rename(data / "b" / os.fsdecode(name))  # of which a copy is made
    (data / "b" / os.fsdecode(b"bad " + name[-200:])).write_bytes(b"\xff\xd8\xff")
    facts = facts_of(Found(find_photos(data)), tmp_path / "cache", skip_bad=True)
    write(facts, tmp_path / "data.json")
    stored = json.loads((tmp_path / "data.json").read_text("utf-8"))
    assert stored["photos"] == {"a": 4, "b": 4}
    assert len(stored["cannot_be_opened"]) == 1
    assert "\n" not in stored["cannot_be_opened"][0]
    text(facts).encode("utf-8")
    with pytest.raises(DataError) as caught:
        check_photos(Found(find_photos(data)), 64, tmp_path / "cache")
    str(caught.value).encode("utf-8")


@pytest.mark.parametrize("error", [PhotoError("header"), RuntimeError("a decoder"), UserWarning("a warning"), RecursionError()])
def test_whatever_a_decoder_raises_is_about_one_photo(error, tmp_path, monkeypatch):
    data = make(tmp_path / "data", {"a": 4, "b": 4})
    load = Image.Image.load

    def broken(self):
        if self.size == (31, 31):
            raise error
        return load(self)

    scene(50, 31).save(data / "a" / "bad.jpg")
    monkeypatch.setattr(Image.Image, "load", broken)
    monkeypatch.setattr("model.photo.standing", lambda: None)  # in this process, in which it is broken
    checked = check_photos(Found(find_photos(data)), 64, tmp_path / "cache", skip_bad=True)
    assert len(checked.photos) == 8
    assert len(checked.bad) == 1


def groups_of(*pictures: Image.Image) -> list[int]:
    hashes, thumbnails = zip(*(fingerprint(picture.convert("RGB")) for picture in pictures), strict=True)
    return near_duplicates(np.array(hashes, np.uint64), np.array(thumbnails)).tolist()


def test_the_same_picture_saved_again_is_found(tmp_path):
    original = scene(1, 300)
    original.save(tmp_path / "worse.jpg", quality=25)
    with Image.open(tmp_path / "worse.jpg") as worse:
        groups = groups_of(original, scene(2), worse, original.resize((150, 150)), scene(3))
    assert groups[0] == groups[2] == groups[3]
    assert len(set(groups)) == 3


def test_different_pictures_are_not(tmp_path):
    assert len(set(groups_of(*(scene(seed) for seed in range(300))))) == 300


def test_plain_pictures_of_different_colours_are_different():
    assert len(set(groups_of(*(Image.new("RGB", (64, 64), colour) for colour in ("red", "blue", "white"))))) == 3


def checked_and_split(found: Found, cache: Path, valid: float, test: float = 0, seed: int = 0) -> tuple[Checked, Splits, int]:
    checked = check_photos(found, 64, cache)
    return checked, *split_found(checked.photos, checked.came, checked.groups, valid, test, seed)


def test_near_duplicates_are_reported_and_stay_on_one_side(tmp_path):
    data = make(tmp_path / "data", {"a": 20, "b": 20})
    for index in range(10):
        with Image.open(data / "a" / f"{index}.jpg") as photo:
            photo.resize((100, 100)).save(data / "a" / f"again-{index}.jpg", quality=60)
    shutil.copy(data / "a" / "0.jpg", data / "b" / "mistake.jpg")
    for seed in range(4):
        checked, splits, left_out = checked_and_split(Found(find_photos(data)), tmp_path / "cache", 0.3, 0.3, seed)
        side = {path: name for name, part in zip("tve", splits, strict=True) for path in part.paths}
        for index in range(10):
            assert side[data / "a" / f"{index}.jpg"] == side[data / "a" / f"again-{index}.jpg"]
        assert side[data / "b" / "mistake.jpg"] == side[data / "a" / "0.jpg"]
        assert left_out == 0
    facts = describe(checked, splits.by_name(), left_out, 64)
    assert len(facts["near_duplicates"]) == 10
    printed = text(facts)
    assert "10 photos come more than once, 21 files in all" in printed
    assert "mistake.jpg (b)" in printed


def test_what_test_photos_resemble_is_not_trained_on(tmp_path):
    for number, name in enumerate(("train", "valid", "test")):
        make(tmp_path / name, {"a": 6, "b": 6}, first=100 * number)
    shutil.copy(tmp_path / "test" / "a" / "0.jpg", tmp_path / "train" / "a" / "copy.jpg")
    shutil.copy(tmp_path / "test" / "b" / "0.jpg", tmp_path / "valid" / "b" / "copy.jpg")
    found = Found(**{name: find_photos(tmp_path / name) for name in ("train", "valid", "test")})
    _, splits, left_out = checked_and_split(found, tmp_path / "cache", 0.5)
    assert left_out == 2
    assert [len(part) for part in splits] == [12, 12, 12]
    assert not any(path.name == "copy.jpg" for part in splits for path in part.paths)


def test_data_that_comes_with_a_test_set_alone_is_split_once_more(tmp_path):
    found = {
        name: find_photos(make(tmp_path / name, {"a": 10, "b": 10}, first=100 * number))
        for number, name in enumerate(("train", "test"))
    }
    _, splits, _ = checked_and_split(Found(**found), tmp_path / "cache", 0.2)
    assert [part.counts() for part in splits] == [{"a": 8, "b": 8}, {"a": 2, "b": 2}, {"a": 10, "b": 10}]
    assert all("test" in path.parts for path in splits.test.paths)


def test_splits_that_are_copies_of_each_other(tmp_path):
    make(tmp_path / "train", {"a": 4, "b": 4})
    shutil.copytree(tmp_path / "train", tmp_path / "valid")
    found = Found(**{name: find_photos(tmp_path / name) for name in ("train", "valid")})
    with pytest.raises(DataError, match="every photo of a, b in train is a near-duplicate"):
        checked_and_split(found, tmp_path / "cache", 0.5)


def test_the_report_says_what_is_odd(tmp_path):
    data = make(tmp_path / "data", {"few": 4, "many": 30})
    (data / "many" / "0.jpg").write_bytes(b"")
    checked = check_photos(Found(find_photos(data)), 224, tmp_path / "cache", skip_bad=True)
    splits, left_out = split_found(checked.photos, checked.came, checked.groups, 0.2, 0, 1)
    facts = describe(checked, splits.by_name(), left_out, 224)
    write(facts, tmp_path / "data.json")
    stored = json.loads((tmp_path / "data.json").read_text("utf-8"))
    assert stored["photos"] == {"few": 4, "many": 29}
    assert stored["imbalance"] == 29 / 4
    assert stored["sizes"]["median"] == [128, 128]
    printed = text(facts)
    for words in ("--class-weights", "only 4 photos of few", "smaller than the network's input", "1 photo cannot be opened"):
        assert words in printed
