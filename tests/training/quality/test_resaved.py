from __future__ import annotations

import numpy as np
from PIL import Image

from model.photo import photo_facts
from tests.training.data.test_check import scene
from training.data.looks import FILE, look_at
from training.data.photos import Photos
from training.quality.resaved import FIXED, OTHERS, as_others, changed_answers


def write(folder, answers) -> Photos:
    folder.mkdir()
    for index, answer in enumerate(answers):
        scene(index).resize((150, 100) if answer == "a" else (90, 60)).save(folder / f"{index}.jpg", quality=95 - index)
    return Photos(tuple(folder / f"{index}.jpg" for index in range(len(answers))), tuple(answers), ("a", "b"))


def test_answers_that_go_by_size_change_when_photos_are_saved_again(tmp_path):
    photos = write(tmp_path / "photos", "aaaabbbb")
    opened = [Image.open(path).convert("RGB") for path in photos.paths]
    looks = [look_at(photo, photo_facts(path.read_bytes()), 64) for path, photo in zip(photos.paths, opened, strict=True)]

    def by_size(change, name):
        return np.array([max(change(photo, path).size) >= 120 for photo, path in zip(opened, photos.paths, strict=True)])

    def by_nothing(change, name):
        return np.zeros(8, bool)

    changed = changed_answers(photos, looks, by_size, np.array([True] * 4 + [False] * 4))
    assert changed.photos == 8
    assert changed.shares["JPEG 40"] == 0
    assert changed.shares["200 pixels"] == 0.5  # the small ones are large now
    assert changed.shares[OTHERS] == 1
    assert set(changed.shares) == {*FIXED, OTHERS}
    assert set(changed_answers(photos, looks, by_nothing, np.zeros(8, bool)).shares.values()) == {0}


def test_the_format_of_others_is_theirs(tmp_path):
    photos = write(tmp_path / "photos", "aaaabbbb")
    looks = [look_at(Image.open(path).convert("RGB"), photo_facts(path.read_bytes()), 64) for path in photos.paths]
    again = as_others(photos, looks)(Image.open(photos.paths[0]).convert("RGB"), photos.paths[0])
    again.save(tmp_path / "again.png")
    assert max(again.size) == 90
    of = dict(zip(FILE, look_at(again, photo_facts((tmp_path / "again.png").read_bytes()), 64).numbers, strict=False))
    assert of["width"] == 90
