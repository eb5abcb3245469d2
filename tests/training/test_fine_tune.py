"""The lesson itself, run the three ways it can be run, on pictures that are easy to tell apart."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import jupytext
import numpy as np
import pytest
from nbclient import NotebookClient
from PIL import Image

from model import Classifier
from tests.running import ROOT

SCRIPT = ROOT / "training" / "fine_tune.py"


def plain(folder: Path, base: tuple[int, int, int], count: int) -> None:
    folder.mkdir(parents=True)
    dice = np.random.default_rng(len(folder.name))
    for index in range(count):
        pixels = np.clip(np.array(base) + dice.normal(0, 25, (80, 80, 3)), 0, 255).astype(np.uint8)
        Image.fromarray(pixels).save(folder / f"{index}.jpg")


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("data")
    plain(root / "photos" / "red", (200, 40, 40), 24)
    plain(root / "photos" / "blue", (40, 40, 200), 24)
    plain(root / "others", (60, 180, 60), 12)
    return root


def options(data: Path, out: Path) -> list[str]:
    chosen = {
        "--data": data / "photos",
        "--neither": data / "others",
        "--out": out,
        "--arch": "resnet18",
        "--weights": "none",
        "--size": 64,
        "--batch-size": 8,
        "--epochs": 4,
        "--valid": 0.25,
    }
    return [str(part) for pair in chosen.items() for part in pair]


def run(arguments: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, str(SCRIPT), *arguments], cwd=ROOT, capture_output=True, text=True, timeout=900)


@pytest.fixture(scope="module")
def trained(data, tmp_path_factory) -> tuple[Path, str]:
    out = tmp_path_factory.mktemp("models") / "colours"
    done = run(options(data, out))
    assert done.returncode == 0, done.stderr
    return out, done.stdout


def test_the_script_writes_a_model_folder_that_answers(trained, data):
    folder, printed = trained
    assert sorted(path.name for path in folder.iterdir()) == [
        "README.md", "config.json", "model.onnx", "model.safetensors",
    ]  # fmt: skip
    classifier = Classifier.load(str(folder))
    assert classifier.config.answers == ("blue", "red", "neither")
    assert classifier.config.metrics["validation"]["photos"] == 12
    assert "| accuracy |" in printed
    assert "valid_loss" in printed
    found = [prediction.label for prediction in classifier.classify(sorted((data / "photos" / "red").iterdir()))]
    assert found.count("red") >= 20
    card = (folder / "README.md").read_text("utf-8")
    assert card.startswith("---\n")
    assert "pipeline_tag: image-classification" in card


def test_evaluating_prints_and_stores_the_same_numbers(trained, data):
    folder, _ = trained
    command = [sys.executable, "training/evaluate.py", str(folder), "--data", str(data / "photos"), "--neither",
               str(data / "others"), "--write"]  # fmt: skip
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    stored = json.loads((folder / "config.json").read_text("utf-8"))["metrics"]["test"]
    assert (stored["photos"], stored["neither_photos"]) == (48, 12)
    line = f"| accuracy | {stored['accuracy']:.2%}"
    assert line in done.stdout
    assert line in (folder / "README.md").read_text("utf-8")


def test_training_goes_on_from_a_model_folder(trained, data, tmp_path):
    folder, _ = trained
    arguments = options(data, tmp_path / "more")
    arguments[arguments.index("none")] = str(folder / "model.safetensors")
    arguments[arguments.index("--epochs") + 1] = "1"
    arguments += ["--freeze-epochs", "0", "--lr", "1e-4"]
    done = run(arguments)
    assert done.returncode == 0, done.stderr
    training = Classifier.load(str(tmp_path / "more")).config.training
    assert training["weights"] == "none"
    assert training["after"]["minutes"] > 0
    assert training["history"][0]["valid_loss"] < training["after"]["history"][0]["valid_loss"]  # it did not start anew


def test_the_notebook_runs_from_top_to_bottom(data, tmp_path):
    notebook = jupytext.read(SCRIPT)
    line = next(line for cell in notebook.cells for line in cell.source.splitlines() if line.startswith("NOTEBOOK_OPTIONS"))
    arguments = options(data, tmp_path / "model")
    arguments[arguments.index("--epochs") + 1] = "1"
    for cell in notebook.cells:
        cell.source = cell.source.replace(line, f"NOTEBOOK_OPTIONS = {' '.join(arguments)!r}")
    NotebookClient(notebook, timeout=900, kernel_name="python3", resources={"metadata": {"path": str(ROOT)}}).execute()
    assert Classifier.load(str(tmp_path / "model")).config.labels == ("blue", "red")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"--data": "/no/such/folder"}, "is not a folder"),
        ({"--arch": "resnet3"}, "no architecture 'resnet3'"),
        ({"--weights": "/no/such/file.pth"}, "there is no such file"),
        ({"--weights": str(ROOT / "README.md")}, "is not a state dict"),
        ({"--weights": str(ROOT / "model/starter/model.safetensors")}, "is not for resnet18"),
        ({"--out": str(ROOT / "tests")}, "is not a model folder"),
    ],
)
def test_mistakes_end_before_training_with_a_sentence(data, tmp_path, change, words):
    arguments = options(data, tmp_path / "model")
    for option, value in change.items():
        arguments[arguments.index(option) + 1] = value
    done = run(arguments)
    assert done.returncode == 1
    assert "Cannot train:" in done.stderr
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "model").exists()


def test_weights_that_cannot_be_downloaded_name_the_way_out(monkeypatch):
    import torch

    from model import ModelError
    from training.weights import pretrained

    def refuse(*arguments: object, **options: object) -> None:
        raise OSError("no network")

    monkeypatch.setattr(torch.hub, "load_state_dict_from_url", refuse)
    monkeypatch.setattr("torchvision.models._api.load_state_dict_from_url", refuse)
    with pytest.raises(ModelError, match="--weights FILE"):
        pretrained("resnet34", 2, "imagenet")
