"""From an export to a model folder that answers alike."""

from __future__ import annotations

import subprocess
import sys

import pytest

from model import Classifier
from model.__main__ import main
from tests.exports.files import EXPORTS, IS_CAT, PICTURES
from tests.running import ROOT


@pytest.mark.slow
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
    assert main(["convert", str(IS_CAT), str(tmp_path / "model"), "--labels", "dog, cat", "--name", "Pets"]) == 0
    config = Classifier.load(tmp_path / "model").config
    assert (config.labels, config.name) == (("dog", "cat"), "Pets")


def test_nothing_is_overwritten_or_half_written(tmp_path, capsys):
    (tmp_path / "notes.txt").write_text("mine")
    assert main(["convert", str(IS_CAT), str(tmp_path)]) == 2
    assert "is not a model folder" in capsys.readouterr().err
    assert main(["convert", str(EXPORTS / "3.10-2.7.19" / "own_layer.pkl"), str(tmp_path / "out")]) == 2
    assert "unknown class" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_answers_that_differ_are_not_written(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("model.fastai_export.convert.TOLERANCE", -1.0)
    assert main(["convert", str(IS_CAT), str(tmp_path / "out")]) == 2
    assert "answers otherwise" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
