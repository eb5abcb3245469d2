"""`python -m training.data`: what training would say of the data, and a contact sheet, without training."""

from __future__ import annotations

import json
import sys

import numpy as np
import pytest
from PIL import Image

from tests.training.data.folders import classes, lay
from training.data.__main__ import main


@pytest.fixture
def look(tmp_path, monkeypatch, capsys):
    """Run the program on a folder; gives what it prints."""

    def run(*arguments: object) -> str:
        monkeypatch.setattr(sys, "argv", ["data", *map(str, arguments), "--out", str(tmp_path / "report")])
        main()
        return capsys.readouterr().out

    return run


def everything(folder):
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*")}


def test_it_tells_and_draws_and_leaves_the_photos_alone(tmp_path, look):
    data = lay(tmp_path / "data", {**classes("training_set", "test_set", count=3), "test_set/neither": 1})
    (data / "training_set" / "cat" / "bad.jpg").write_bytes(b"no photo")
    (data / "training_set" / "cat" / "notes.txt").write_text("x")
    dice = np.random.default_rng(0)
    for path in sorted(data.rglob("[0-9].jpg")):
        pixels = dice.integers(0, 255, (6, 6, 3), dtype=np.uint8)
        Image.fromarray(pixels).resize((80, 60), Image.Resampling.BICUBIC).save(path)
    before = everything(data)
    told = look(data)
    assert "training on   3 cat, 3 dog" in told
    assert "testing on    3 cat, 3 dog, 1 neither" in told
    assert "training_set/ is the training set, test_set/ is the test set" in told
    assert "left out, not photos: 1 (training_set/cat/notes.txt)" in told
    assert "bad.jpg: " in told
    assert everything(data) == before
    facts = json.loads((tmp_path / "report" / "data.json").read_text("utf-8"))
    assert facts["understood"]
    assert facts["left_out"][0]["count"] == 1
    with Image.open(tmp_path / "report" / "contact_sheet.jpg") as sheet:
        assert sheet.format == "JPEG"
        rows = np.asarray(sheet.convert("L"))[:, 400]
    assert len(rows) == 5 * 100


def test_data_that_is_not_split(tmp_path, look):
    told = look(lay(tmp_path / "data", {"cat $1": 2, "猫": 2}))
    assert "photos        2 cat $1, 2 猫" in told


@pytest.mark.parametrize(("folders", "words"), [
    ({"cat": 2}, "holds one class, 'cat'"),
    ({}, "holds no photos and no folders"),
])  # fmt: skip
def test_what_is_wrong_is_said(tmp_path, look, folders, words):
    with pytest.raises(SystemExit, match=words):
        look(lay(tmp_path / "data", {".": 0, **folders}))


def test_a_class_without_a_usable_photo_names_them(tmp_path, look):
    data = lay(tmp_path / "data", classes("."))
    for path in (data / "cat").iterdir():
        path.write_bytes(b"no photo")
    with pytest.raises(SystemExit, match=r"class 'cat' has fewer than 2 usable photos(.|\n)*0\.jpg: "):
        look(data)


def test_the_report_does_not_lie_among_the_photos(tmp_path, look, monkeypatch, capsys):
    data = lay(tmp_path / "report", classes("."))
    with pytest.raises(SystemExit):
        look(data)
    assert "lies among the photos" in capsys.readouterr().err
