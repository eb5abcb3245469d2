from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from model.source import STARTER
from tests.hub import COMMIT, running_hub
from tests.pictures import CAT, COFFEE
from tests.running import ROOT
from tests.training.quality.reading import read_report
from training.evaluate import main


def evaluate(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "training.evaluate", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, env=os.environ | environment, capture_output=True, text=True, timeout=600)


@pytest.fixture(scope="module")
def animals(tmp_path_factory) -> Path:
    """Two pictures of a cat, and two that are no dog but are called one."""
    root = tmp_path_factory.mktemp("animals")
    for label, source in (("Cat", CAT), ("Dog", COFFEE)):
        (root / label).mkdir()
        with Image.open(source) as photo:
            for side in (300, 400):
                photo.resize((side, side)).save(root / label / f"{side}.jpg")
    return root


def test_the_command_measures_compares_writes_and_reports(animals, folder):
    done = evaluate(folder, "--data", animals, "--against", STARTER, "--robustness", 2, "--name", "pets", "--write")
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in (folder / "report").iterdir()) == [
        "confusion.png", "metrics.json", "reliability.png", "report.html", "robustness.png", "top_losses.png",
    ]  # fmt: skip
    report = read_report(folder / "report")
    assert report.network_bytes == (STARTER / "model.onnx").stat().st_size
    assert "report" not in report.size_bytes
    stored = json.loads((folder / "config.json").read_text("utf-8"))["metrics"]
    assert stored["pets"]["accuracy"] == report.accuracy == 0.5
    assert stored["left out"] == json.loads((STARTER / "config.json").read_text("utf-8"))["metrics"]["left out"]
    assert "A and B make equally many mistakes, 2 in 4 photos, on the same photos." in done.stdout
    card = (folder / "README.md").read_text("utf-8")
    for words in ("### pets", "| Dog | 2 | – | 0.00% | 0.00% |", "](report/top_losses.png)", "## Intended use"):
        assert words in card
    assert f"| accuracy | {stored['pets']['accuracy']:.2%}" in done.stdout


def test_a_hub_repository_is_measured_like_a_folder(animals, tmp_path):
    files = {name: (STARTER / name).read_bytes() for name in ("config.json", "model.onnx")}
    with running_hub() as hub:
        hub.add("someone/pets", files)
        target = tmp_path / "report"
        done = evaluate("someone/pets", "--data", animals, "--robustness", 0, "--report", target,
                        HF_ENDPOINT=hub.url, HF_HUB_CACHE=str(tmp_path / "cache"))  # fmt: skip
    assert done.returncode == 0, done.stderr
    report = read_report(target)
    assert report.model.revision == COMMIT
    assert report.size_bytes == {name: len(content) for name, content in files.items()}
    assert COMMIT in (target / "report.html").read_text("utf-8")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["/no/model"], "there is no model folder or export /no/model"),
        ([STARTER, "--data", "/no/photos"], "/no/photos is not a folder"),
        ([STARTER, "--report", ROOT / "tests"], "is not a report"),
        ([STARTER, "--against", "/no/model"], "there is no model folder or export /no/model"),
        ([STARTER, "--revision", "v1"], "has no revision 'v1'"),
        (["someone/pets", "--write"], "--write needs a model folder"),
        ([STARTER, "--robustness", "-1"], "must be at least 0"),
    ],
)
def test_mistakes_end_with_a_sentence(arguments, words, animals, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["evaluate.py", "--data", str(animals), "--report", "out", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        main()
    assert words in f"{ended.value} {capsys.readouterr().err}"
    assert not list(tmp_path.iterdir())


def test_bad_photos_stop_it_or_are_left_out_and_counted(animals, tmp_path):
    data = shutil.copytree(animals, tmp_path / "animals")
    (data / "Cat" / "broken.jpg").write_bytes(b"nothing")
    chosen = [STARTER, "--data", data, "--robustness", 0, "--report", tmp_path / "report"]
    assert "This is not a photo" in evaluate(*chosen).stderr
    done = evaluate(*chosen, "--skip-bad")
    assert done.returncode == 0, done.stderr
    assert "left out, photos that cannot be opened: 1 (" in done.stdout
    assert any("broken.jpg: This is not a photo" in sentence for sentence in read_report(tmp_path / "report").data)
