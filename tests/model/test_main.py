from __future__ import annotations

import json

import pytest

from model.__main__ import main
from tests.pictures import CAT, COFFEE


def test_an_answer_per_photo(capsys):
    assert main([str(CAT), str(COFFEE)]) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith(f"{CAT}: Cat  (Cat ")
    assert second.startswith(f"{COFFEE}: neither  (neither ")


def test_a_bad_photo_does_not_stop_the_others(capsys):
    assert main(["/no/such.jpg", str(CAT)]) == 1
    captured = capsys.readouterr()
    assert "There is no file /no/such.jpg" in captured.err
    assert "Cat" in captured.out


def test_json_lines(capsys):
    assert main(["--json", str(CAT), __file__]) == 1
    answer, error = map(json.loads, capsys.readouterr().out.splitlines())
    assert answer["label"] == "Cat"
    assert set(answer["scores"]) == {"Cat", "Dog", "neither"}
    assert "not a photo" in error["error"]


def test_a_model_that_is_not_there(capsys):
    assert main(["--model", "nowhere", str(CAT)]) == 2
    assert "Cannot load the model: there is no model folder or export nowhere" in capsys.readouterr().err


@pytest.mark.parametrize("typed", ["inspct", "Inspect", "convrt", "inspect "])
def test_a_command_that_is_misspelt_is_answered_with_the_commands(typed, capsys):
    with pytest.raises(SystemExit) as caught:
        main([typed, "model.pkl"])
    assert caught.value.code == 2
    assert f"there is no photo and no command {typed}; the commands are inspect and convert" in capsys.readouterr().err


def test_a_photo_may_have_the_name_of_a_misspelt_command(tmp_path, monkeypatch, capsys):
    (tmp_path / "inspct").write_bytes(CAT.read_bytes())
    monkeypatch.chdir(tmp_path)
    assert main(["inspct"]) == 0
    assert "Cat" in capsys.readouterr().out
