"""`python -m model inspect`, `convert` and a model that is an export, from the terminal."""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from model.__main__ import main
from model.commands import labels, size
from model.fastai_export.budget import over_budget
from model.fastai_export.options import ExportOptions
from tests.exports.files import IS_CAT, NEW, PICTURES, renamed
from tests.pictures import CAT


def test_a_converted_folder_can_be_inspected_no_more(tmp_path, capsys):
    assert main(["convert", str(IS_CAT), str(tmp_path / "model")]) == 0
    assert main(["inspect", str(tmp_path / "model")]) == 2
    assert "a model folder already" in capsys.readouterr().err


def test_inspect_says_what_is_in_an_export(capsys):
    assert main(["inspect", str(IS_CAT)]) == 0
    text = capsys.readouterr().out
    for words in (
        "mobilenet_v2, ",
        "False, True  (True and False; --labels dog,cat names them)",
        "one label is right (softmax)",
        "RGB, squish to 64×64, bilinear",
        "fastai 2.8 or newer, torch 2.7 or newer, on POSIX",
        "functions whose code is in the file: ",
        "is_cat (",
        "answers here   yes",
    ):
        assert words in text
    assert main(["inspect", str(IS_CAT), "--all"]) == 0
    assert "fastai.learner.Recorder" in capsys.readouterr().out


def test_inspect_as_json(capsys):
    assert main(["inspect", "--json", "--labels", "dog,cat", str(IS_CAT)]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["labels"] == ["dog", "cat"]
    assert facts["input"]["resize"] == "squish"
    assert facts["answers_here"] is True
    assert facts["not_run"]["code_in_the_file"]


def test_inspect_says_why_an_export_does_not_answer(capsys):
    assert main(["inspect", str(NEW / "own_layer.pkl")]) == 1
    assert "--allow __main__.Scale=mypkg.Scale" in capsys.readouterr().out
    allow = "__main__.Scale=tests.exports.layers.Scale"
    assert main(["inspect", "--allow", allow, str(NEW / "own_layer.pkl")]) == 0


@pytest.mark.parametrize("arguments", [["--size", "big"], ["--labels", "a,,b"], ["--size", "0x"]])
def test_a_wrong_option_is_a_usage_error(arguments, capsys):
    with pytest.raises(SystemExit) as caught:
        main(["inspect", *arguments, str(IS_CAT)])
    assert caught.value.code == 2
    assert "usage: python -m model inspect" in capsys.readouterr().err


def test_photos_are_classified_by_an_export(capsys):
    assert main(["--model", str(IS_CAT), "--labels", "dog,cat", str(PICTURES[0])]) == 0
    assert "dog " in capsys.readouterr().out
    assert main(["--model", str(NEW / "from_df.pkl"), str(PICTURES[0])]) == 0
    assert "blobs " in capsys.readouterr().out


def test_a_size_is_height_by_width():
    assert (size("224"), size("224x320"), size("224×320")) == ((224, 224), (224, 320), (224, 320))
    for wrong in ("15", "2049", "224x", "224x320x3", "-224"):
        with pytest.raises(argparse.ArgumentTypeError, match="a size is 224, or 224x320"):
            size(wrong)


def test_labels_are_names_with_commas_between_them():
    assert labels("dog, cat") == ["dog", "cat"]
    with pytest.raises(argparse.ArgumentTypeError, match="labels are names with commas between them, not 'a,,b'"):
        labels("a,,b")


def folder_of_photos(path):
    """A folder as a Mac and a notebook leave it: two photos, and what no photo is."""
    for name in (".ipynb_checkpoints", "more"):
        (path / name).mkdir(parents=True)
    shutil.copy(CAT, path / "more" / "cat")  # without an ending
    shutil.copy(PICTURES[0], path / "0.png")
    shutil.copy(PICTURES[0], path / ".ipynb_checkpoints" / "0-checkpoint.png")
    (path / ".DS_Store").write_bytes(b"\0\0\0\1Bud1")
    (path / "labels.csv").write_text("a,b\n", "utf-8")
    return path


@pytest.mark.slow
def test_convert_compares_on_the_photos_of_a_folder_and_says_what_it_leaves_out(tmp_path, capsys):
    photos = folder_of_photos(tmp_path / "photos")
    (photos / "broken.jpg").write_bytes(b"no photo")
    assert main(["convert", str(IS_CAT), str(tmp_path / "model"), "--photos", str(photos)]) == 0
    said = capsys.readouterr()
    assert "On 10 pictures" in said.out
    assert "Left out, hidden, or what systems put beside photos: 2 (" in said.err
    assert "Left out, not photos: 1 (labels.csv)" in said.err
    assert f"Left out: {photos / 'broken.jpg'}: This is not a photo" in said.err


@pytest.mark.slow
def test_convert_compares_on_one_photo(tmp_path, capsys):
    assert main(["convert", str(IS_CAT), str(tmp_path / "model"), "--photos", str(CAT)]) == 0
    assert "On 9 pictures" in capsys.readouterr().out


def test_convert_needs_photos_where_some_are_named(tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    (tmp_path / "a.jpg").write_bytes(b"no photo")
    for place, words in (
        ("empty", "there are no photos in"),
        ("nowhere", "there is no folder of photos"),
        ("a.jpg", "none of the 1 photos can be opened"),
    ):
        assert main(["convert", str(IS_CAT), str(tmp_path / "model"), "--photos", str(tmp_path / place)]) == 2
        assert words in capsys.readouterr().err
    assert not (tmp_path / "model").exists()


def test_messages_name_the_options_of_the_command_line(tmp_path, capsys):
    path = tmp_path / "model.pkl"
    path.write_bytes(renamed(IS_CAT, b"fastai.losses\nCrossEntropyLossFlat\n", b"mine\nLoss\n"))
    for command in (["inspect", str(path)], ["convert", str(path), str(tmp_path / "out")], ["--model", str(path), str(CAT)]):
        assert main(command) == 2
        assert (
            "--activation softmax where one label is right, --activation sigmoid where any number is" in capsys.readouterr().err
        )
    assert main(["--model", str(path), "--activation", "softmax", str(PICTURES[0])]) == 0


def test_an_export_is_opened_apart_first_unless_it_is_trusted(tmp_path, monkeypatch, capsys):
    asked = []

    def refuse(path: Path, options: ExportOptions) -> dict[str, Any]:
        asked.append(path)
        raise over_budget(str(path), "takes more than 10 s", "opening it", 0)

    monkeypatch.setattr("model.commands.try_apart", refuse)
    for command in (["inspect", str(IS_CAT)], ["convert", str(IS_CAT), str(tmp_path / "model")]):
        assert main(command) == 2
        assert "lift the limits: --trust" in capsys.readouterr().err
        assert main([*command, "--trust"]) == 0
    assert asked == [IS_CAT, IS_CAT]
