"""The lesson itself, run the three ways it can be run, on pictures that are easy to tell apart."""

from __future__ import annotations

import ast
import json
import os
import socket
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import jupytext
import numpy as np
import pytest
from nbclient import NotebookClient
from PIL import Image

from model import Classifier
from model.folder import load_torch
from tests.running import ROOT
from tests.training.lessons import notebook_of, run, run_notebook

pytestmark = pytest.mark.slow
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


@pytest.fixture(scope="module")
def trained(data, tmp_path_factory) -> tuple[Path, str]:
    out = tmp_path_factory.mktemp("models") / "colours"
    done = run(SCRIPT, *options(data, out))
    assert done.returncode == 0, done.stderr
    return out, done.stdout


def test_the_script_writes_a_model_folder_that_answers(trained, data):
    folder, printed = trained
    assert sorted(path.name for path in folder.iterdir()) == [
        "README.md", "config.json", "model.onnx", "model.pkl", "model.safetensors", "report",
    ]  # fmt: skip
    run = folder.with_name("colours-run")
    assert sorted(path.name for path in run.iterdir()) == ["contact_sheet.png", "data.json", "photos"]
    assert json.loads((run / "data.json").read_text("utf-8"))["photos"] == {"blue": 24, "red": 24, "neither": 12}
    with Image.open(run / "contact_sheet.png") as sheet:
        assert sheet.width > 200
    assert "<html" in (folder / "report" / "report.html").read_text("utf-8")
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


def test_fastai_opens_the_export_and_gives_the_same_answers(trained, data):
    folder, _ = trained
    photo = data / "photos" / "red" / "3.jpg"
    code = f"""
import warnings
warnings.simplefilter("ignore")
from fastai.learner import load_learner
learn = load_learner({str(folder / "model.pkl")!r})
label, _, probabilities = learn.predict({str(photo)!r})
print([label, *map(float, probabilities), str(learn.path)])
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=folder.parent, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    label, *probabilities, path = ast.literal_eval(done.stdout.strip().splitlines()[-1])
    in_torch = load_torch(folder)
    expected = in_torch.classify([photo])[0]
    assert label == expected.label
    assert probabilities == pytest.approx(expected.probabilities, abs=5e-3)  # its weights are float32, ours float16
    assert path == "."
    ours = Classifier.load(folder / "model.pkl").classify([photo])[0]
    assert ours.probabilities == pytest.approx(probabilities, abs=1e-4)
    with zipfile.ZipFile(folder / "model.pkl") as export:
        pickled = export.read(next(name for name in export.namelist() if name.endswith("data.pkl")))
    for private in (str(data), "photo.png", "ctraining", "cmodel"):  # no photo goes with it, and no module of ours
        assert private.encode() not in pickled


def test_evaluating_prints_and_stores_the_same_numbers(trained, data):
    folder, _ = trained
    command = [sys.executable, "-m", "training.evaluate", str(folder), "--data", str(data / "photos"), "--neither",
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
    done = run(SCRIPT, *arguments)
    assert done.returncode == 0, done.stderr
    training = Classifier.load(str(tmp_path / "more")).config.training
    assert training["weights"] == "none"
    assert training["after"]["minutes"] > 0
    assert training["history"][0]["valid_loss"] < training["after"]["history"][0]["valid_loss"]  # it did not start anew


def interrupted(arguments: list[str], checkpoint: Path) -> None:
    """Start a run and kill it as soon as it has written down an epoch."""
    process = subprocess.Popen(
        [sys.executable, "-m", "training.fine_tune", *arguments], cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    deadline = time.monotonic() + 300
    while not checkpoint.exists() and time.monotonic() < deadline and process.poll() is None:
        time.sleep(0.05)
    process.kill()
    process.wait()
    assert checkpoint.exists()


def test_an_interrupted_run_goes_on(trained, data, tmp_path):
    folder, _ = trained
    arguments = options(data, tmp_path / "model")
    arguments[arguments.index("none")] = str(folder / "model.safetensors")
    arguments[arguments.index("--epochs") + 1] = "3"
    interrupted(arguments, tmp_path / "model-run" / "checkpoint.pth")
    assert not (tmp_path / "model").exists()
    changed = run(SCRIPT, *arguments, "--resume", "--lr", "0.5")
    assert changed.returncode == 1
    assert "give the same as before: --lr (0.002)" in changed.stderr
    done = run(SCRIPT, *arguments, "--resume")
    assert done.returncode == 0, done.stderr
    history = Classifier.load(str(tmp_path / "model")).config.training["history"]
    assert [row["stage"] for row in history] == [0, 1, 1, 1]  # every epoch once
    assert not (tmp_path / "model-run" / "checkpoint.pth").exists()
    nothing = run(SCRIPT, *arguments, "--resume")
    assert nothing.returncode == 1
    assert "there is nothing to resume" in nothing.stderr


def test_every_regulariser_and_a_test_set(data, tmp_path):
    arguments = options(data, tmp_path / "model")
    arguments[arguments.index("resnet18")] = "mobilenetv3_small_050"  # of timm
    arguments += ["--test", "0.2", "--class-weights", "--label-smoothing", "0.1", "--mixup", "0.2", "--patience", "1"]
    arguments += ["--lr-find"]
    done = run(SCRIPT, *arguments)
    assert done.returncode == 0, done.stderr
    config = Classifier.load(str(tmp_path / "model")).config
    assert config.architecture.library == "timm"
    assert set(config.metrics) == {"validation", "test"}
    assert config.metrics["test"]["photos"] == 10
    assert "testing on" in done.stdout
    assert config.training["settings"]["lr"] != 2e-3  # what lr_find found
    with Image.open(tmp_path / "model-run" / "lr_find.png") as plot:
        assert plot.width > 200
    assert load_torch(tmp_path / "model").config.answers == ("blue", "red", "neither")


def test_two_processes_train_one_model(data, tmp_path):
    launch = [sys.executable, "-m", "accelerate.commands.launch", "--cpu", "--num_processes", "2", "--num_machines", "1"]
    launch += [
        "--mixed_precision",
        "no",
        "--dynamo_backend",
        "no",
        "-m",
        "training.fine_tune",
        *options(data, tmp_path / "model"),
    ]
    free = socket.create_server(("127.0.0.1", 0))
    port = free.getsockname()[1]
    free.close()
    launch[3:3] = ["--main_process_port", str(port)]
    done = subprocess.run(
        launch, cwd=ROOT, capture_output=True, text=True, timeout=900, env={**os.environ, "OMP_NUM_THREADS": "1"}
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("training on") == 1
    config = Classifier.load(str(tmp_path / "model")).config
    assert config.metrics["validation"]["accuracy"] >= 0.9
    assert len(config.training["history"]) == 5


def test_the_notebook_runs_from_top_to_bottom(data, tmp_path):
    arguments = options(data, tmp_path / "model")
    arguments[arguments.index("--epochs") + 1] = "1"
    run_notebook(SCRIPT, *arguments)
    assert Classifier.load(str(tmp_path / "model")).config.labels == ("blue", "red")


def test_a_notebook_on_its_own_fetches_the_project(tmp_path):
    notebook = notebook_of(SCRIPT)
    first = next(cell for cell in notebook.cells if cell.cell_type == "code")
    address = first.source.split('REPOSITORY = "', 1)[1].split('"', 1)[0]
    readme = (ROOT / "README.md").read_text("utf-8")
    place = f"{address.removeprefix('https://github.com/')}/blob/notebooks/fine_tune.ipynb"
    assert readme.count(place) == 2  # the badges
    subprocess.run(["git", "init", "--quiet", str(tmp_path / "origin")], check=True)
    (tmp_path / "origin" / "model").mkdir()
    (tmp_path / "origin" / "model" / "config.py").write_text("found = True\n")
    git = ["git", "-C", str(tmp_path / "origin"), "-c", "user.name=a", "-c", "user.email=a@b.c"]
    subprocess.run([*git, "add", "."], check=True)
    subprocess.run([*git, "commit", "--quiet", "-m", "one"], check=True)
    first.source = first.source.replace(address, (tmp_path / "origin").as_uri())
    check = jupytext.reads("# %%\nfrom model.config import found\nassert found and project.name == 'cat-or-dog'", "py:percent")
    notebook.cells = [first, *check.cells]
    (tmp_path / "elsewhere").mkdir()
    resources = {"metadata": {"path": str(tmp_path / "elsewhere")}}
    NotebookClient(notebook, timeout=300, kernel_name="python3", resources=resources).execute()
    assert (tmp_path / "elsewhere" / "cat-or-dog" / "model").is_dir()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"--data": "/no/such/folder"}, "is not a folder"),
        ({"--arch": "resnet3"}, "no architecture 'resnet3'; did you mean"),
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
    done = run(SCRIPT, *arguments)
    assert done.returncode == 1
    assert "Cannot train:" in done.stderr
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "model").exists()


def test_weights_that_cannot_be_downloaded_name_the_way_out(monkeypatch):
    import torch

    from model import ModelError
    from training.fit.weights import pretrained

    def refuse(*arguments: object, **options: object) -> None:
        raise OSError("no network")

    monkeypatch.setattr(torch.hub, "load_state_dict_from_url", refuse)
    monkeypatch.setattr("torchvision.models._api.load_state_dict_from_url", refuse)
    with pytest.raises(ModelError, match="--weights FILE"):
        pretrained("resnet34", 2, "imagenet")
