"""`python -m model inspect` and `convert`."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from model import Classifier
from model.__main__ import main
from model.fastai_export.convert import drawn_photos
from tests.running import ROOT

EXPORTS = ROOT / "tests" / "exports"
PICTURES = sorted((EXPORTS / "pictures").glob("*.png"))
IS_CAT = str(EXPORTS / "3.12-2.8.12" / "is_cat.pkl")


@pytest.mark.parametrize(
    "export",
    [
        "3.12-2.8.12/is_cat",
        "3.10-2.7.19/from_name_re",
        "3.11-2.7.19/from_df",
        "3.13-2.8.12/lambda_presize",
        "3.13-2.8.12/affine_size",
        "3.13-2.8.12/black_white",
        "3.10-2.7.19/half_precision",
    ],
)
def test_a_converted_export_answers_as_before_without_torch(tmp_path, export, capsys):
    source, target = EXPORTS / f"{export}.pkl", tmp_path / "model"
    assert main(["convert", str(source), str(target), "--photos", str(EXPORTS / "pictures")]) == 0
    assert "On 12 pictures its probabilities and the export's differ by at most" in capsys.readouterr().out
    assert sorted(path.name for path in target.iterdir()) == ["README.md", "config.json", "model.onnx", "model.safetensors"]
    before, after = Classifier.load(source), Classifier.load(target)
    for one, other in zip(before.classify(PICTURES), after.classify(PICTURES), strict=True):
        assert one.probabilities == pytest.approx(other.probabilities, abs=1e-4)
        assert one.labels == other.labels
    script = (
        f"import sys; from model import Classifier; Classifier.load({str(target)!r}).classify([{str(PICTURES[0])!r}]); "
        "assert not {'torch', 'fastai'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script], check=True, cwd=ROOT)


def test_names_and_a_name_are_kept(tmp_path):
    assert main(["convert", IS_CAT, str(tmp_path / "model"), "--labels", "dog, cat", "--name", "Pets"]) == 0
    config = Classifier.load(tmp_path / "model").config
    assert (config.labels, config.name) == (("dog", "cat"), "Pets")


def test_nothing_is_overwritten_or_half_written(tmp_path, capsys):
    (tmp_path / "notes.txt").write_text("mine")
    assert main(["convert", IS_CAT, str(tmp_path)]) == 2
    assert "is not a model folder" in capsys.readouterr().err
    assert main(["convert", str(EXPORTS / "3.10-2.7.19" / "own_layer.pkl"), str(tmp_path / "out")]) == 2
    assert "unknown class" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_answers_that_differ_are_not_written(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("model.fastai_export.convert.TOLERANCE", -1.0)
    assert main(["convert", IS_CAT, str(tmp_path / "out")]) == 2
    assert "answers otherwise" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_the_drawn_pictures_tell_networks_apart():
    predictions = Classifier.load(IS_CAT).classify(drawn_photos())
    values = [prediction.probabilities[0] for prediction in predictions]
    assert max(values) - min(values) > 0.01


def test_a_converted_folder_can_be_inspected_no_more(tmp_path, capsys):
    assert main(["convert", IS_CAT, str(tmp_path / "model")]) == 0
    assert main(["inspect", str(tmp_path / "model")]) == 2
    assert "a model folder already" in capsys.readouterr().err


def test_inspect_says_what_is_in_an_export(capsys):
    assert main(["inspect", IS_CAT]) == 0
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
    assert main(["inspect", IS_CAT, "--all"]) == 0
    assert "fastai.learner.Recorder" in capsys.readouterr().out


def test_inspect_as_json(capsys):
    assert main(["inspect", "--json", "--labels", "dog,cat", IS_CAT]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["labels"] == ["dog", "cat"]
    assert facts["input"]["resize"] == "squish"
    assert facts["answers_here"] is True
    assert facts["not_run"]["code_in_the_file"]


def test_inspect_says_why_an_export_does_not_answer(capsys):
    assert main(["inspect", str(EXPORTS / "3.12-2.8.12" / "own_layer.pkl")]) == 1
    assert "--allow __main__.Scale=mypkg.Scale" in capsys.readouterr().out
    allow = "__main__.Scale=tests.exports.layers.Scale"
    assert main(["inspect", "--allow", allow, str(EXPORTS / "3.12-2.8.12" / "own_layer.pkl")]) == 0


@pytest.mark.parametrize("arguments", [["--size", "big"], ["--labels", "a,,b"], ["--size", "0x"]])
def test_a_wrong_option_is_a_usage_error(arguments, capsys):
    with pytest.raises(SystemExit) as caught:
        main(["inspect", *arguments, IS_CAT])
    assert caught.value.code == 2
    assert "usage: python -m model inspect" in capsys.readouterr().err


def test_photos_are_classified_by_an_export(capsys):
    assert main(["--model", IS_CAT, "--labels", "dog,cat", str(PICTURES[0])]) == 0
    assert "dog " in capsys.readouterr().out
    assert main(["--model", str(EXPORTS / "3.12-2.8.12" / "from_df.pkl"), str(PICTURES[0])]) == 0
    assert "blobs " in capsys.readouterr().out
