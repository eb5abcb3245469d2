from __future__ import annotations

import numpy as np
from PIL import Image

from tests.training.data.test_check import scene
from training.data.formats import in_a_random_format, resaved, shrunk, view_of
from training.data.photos import Photos
from training.data.shortcuts import FILE, look_at
from training.quality.resaved import FIXED, OTHERS, as_others, changed_answers, sample_of


def test_formats_vary_and_never_grow():
    photo = scene(1, 300).resize((300, 240))
    sizes = set()
    for seed in range(60):
        changed = in_a_random_format(photo, np.random.default_rng(seed))
        assert changed.mode == "RGB"
        assert changed.width <= 300
        assert changed.height <= 240
        sizes.add(changed.size)
    assert len(sizes) > 25
    assert min(min(size) for size in sizes) < 150


def test_tiny_photos_come_through():
    for seed in range(30):
        assert min(in_a_random_format(Image.new("RGB", (2, 1)), np.random.default_rng(seed)).size) >= 1


def test_a_view_is_the_same_wherever_the_folder_lies(tmp_path):
    photo = scene(2)
    one, other = tmp_path / "here" / "Cat" / "1.jpg", tmp_path / "there" / "Cat" / "1.jpg"
    assert view_of(0) is None
    assert (np.asarray(view_of(1)(photo, one)) == np.asarray(view_of(1)(photo, other))).all()
    assert np.asarray(view_of(1)(photo, one)).tobytes() != np.asarray(view_of(2)(photo, one)).tobytes()


def test_shrinking_and_saving():
    photo = scene(3, 300)
    assert shrunk(photo, 100).size == (100, 100)
    assert shrunk(photo, 400) is photo
    error = [np.abs(np.asarray(resaved(photo, q), float) - np.asarray(photo, float)).mean() for q in (95, 30)]
    assert error[0] < error[1]


def write(folder, answers) -> Photos:
    folder.mkdir()
    for index, answer in enumerate(answers):
        scene(index).resize((150, 100) if answer == "a" else (90, 60)).save(folder / f"{index}.jpg", quality=95 - index)
    return Photos(tuple(folder / f"{index}.jpg" for index in range(len(answers))), tuple(answers), ("a", "b"))


def test_answers_that_go_by_size_change_when_photos_are_saved_again(tmp_path):
    photos = write(tmp_path / "photos", "aaaabbbb")
    opened = [Image.open(path).convert("RGB") for path in photos.paths]
    looks = [look_at(path, photo, 64) for path, photo in zip(photos.paths, opened, strict=True)]

    def by_size(change, name):
        return np.array([max(change(photo, path).size) >= 120 for photo, path in zip(opened, photos.paths, strict=True)])

    def by_nothing(change, name):
        return np.zeros(8, bool)

    found = changed_answers(photos, looks, by_size, np.array([True] * 4 + [False] * 4))
    assert found["photos"] == 8
    assert found["shares"]["JPEG 40"] == 0
    assert found["shares"]["200 pixels"] == 0.5  # the small ones are large now
    assert found["shares"][OTHERS] == 1
    assert set(found["shares"]) == {*FIXED, OTHERS}
    assert set(changed_answers(photos, looks, by_nothing, np.zeros(8, bool))["shares"].values()) == {0}


def test_the_format_of_others_is_theirs(tmp_path):
    photos = write(tmp_path / "photos", "aaaabbbb")
    looks = [look_at(path, Image.open(path).convert("RGB"), 64) for path in photos.paths]
    again = as_others(photos, looks)(Image.open(photos.paths[0]).convert("RGB"), photos.paths[0])
    again.save(tmp_path / "again.png")
    assert max(again.size) == 90
    of = dict(zip(FILE, look_at(tmp_path / "again.png", again, 64).numbers, strict=False))
    assert of["width"] == 90


def test_a_sample_is_spread_over_classes_and_sources():
    photos = Photos(tuple(map(str, range(100))), ("a",) * 90 + ("b",) * 10, ("a", "b"), ("x",) * 80 + ("y",) * 20)
    chosen = photos.take(sample_of(photos, 30, seed=1))
    assert chosen.by_source() == {"x": {"a": 10}, "y": {"a": 10, "b": 10}}
    assert len(sample_of(photos, 1000, seed=1)) == 100
