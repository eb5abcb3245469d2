"""The lesson from nothing, on pictures that are easy to tell apart, and on a slice of CIFAR-10 where it is."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file
from torch import nn
from torch.nn import functional as F

from model import Classifier
from model.errors import ModelError
from model.folder import load_torch
from model.inside.explain import Explainer
from model.inside.look import look_inside
from tests.pictures import SHARED
from tests.running import ROOT
from tests.training.colours import paint
from tests.training.lessons import part, run, run_interrupted, run_notebook
from ui.inside.network import way

SCRIPT = ROOT / "training" / "from_scratch.py"


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("data")
    for split, count in (("train", 60), ("test", 16)):
        for colour in ("red", "blue"):
            paint(root / split / colour, colour, count)
    return root


@pytest.fixture(scope="module", params=[("fast", 12, 0.3), ("lesson", 60, 0.2)], ids=["fast", "lesson"])
def trained(request, data, tmp_path_factory) -> tuple[Path, str]:
    recipe, epochs, lr = request.param
    out = tmp_path_factory.mktemp("models") / recipe
    chosen = ["--recipe", recipe, "--epochs", epochs, "--lr", lr, "--width", 8, "--valid", 0.2]
    done = run(SCRIPT, "--data", data, "--out", out, *chosen)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    return out, done.stdout


def test_a_model_folder_comes_out(trained, data):
    folder, printed = trained
    assert sorted(path.name for path in folder.iterdir()) == [
        "README.md", "config.json", "model.onnx", "model.safetensors", "report",
    ]  # fmt: skip
    assert {"curves.png", "predictions.png", "report.html"} <= {path.name for path in (folder / "report").iterdir()}
    classifier = Classifier.load(folder)
    assert classifier.config.labels == ("blue", "red")
    measured = classifier.config.metrics["test" if folder.name == "fast" else "validation"]
    assert measured["photos"] == 32
    assert measured["accuracy"] >= 0.9
    epochs = classifier.config.training["settings"]["epochs"]
    assert [row["epoch"] for row in classifier.config.training["history"]] == list(range(1, epochs + 1))
    assert "| accuracy |" in printed
    split = (
        "96 pictures to train on, 24 to validate on, 32"
        if folder.name == "fast"
        else "120 pictures to train on, 32 to validate on, 0"
    )
    assert f"{split} to test on" in printed
    assert not list(folder.with_name(f"{folder.name}-run").glob("*.pth"))
    card = (folder / "README.md").read_text("utf-8")
    assert "report/predictions.png" in card
    assert "Network of training/from_scratch.py; float32 in `model.onnx`" in card


def test_the_best_epoch_is_loaded_again(trained):
    folder, printed = trained
    found = re.search(r"best epoch: (\d+), validation accuracy ([\d.]+); loaded again: ([\d.]+)", printed)
    assert found[2] == found[3]
    history = Classifier.load(folder).config.training["history"]
    accuracies = [row["valid_accuracy"] for row in history]
    assert accuracies[int(found[1]) - 1] == max(accuracies)
    assert float(found[2]) == pytest.approx(max(accuracies), abs=1e-4)


def test_normalisation_is_that_of_the_data_or_of_the_source(trained, data):
    if trained[0].name == "lesson":
        size = Classifier.load(trained[0]).config.input
        assert size.mean == pytest.approx((0.4670, 0.4735, 0.4662))
        assert size.std == pytest.approx((0.2496, 0.2489, 0.2521))
        return
    pixels = [np.asarray(Image.open(path).resize((32, 32), Image.Resampling.BILINEAR)) for path in data.glob("train/*/*")]
    size = Classifier.load(trained[0]).config.input
    assert size.mean == pytest.approx(np.mean(pixels, axis=(0, 1, 2)) / 255, abs=0.02)  # a fifth was held back
    assert size.std == pytest.approx(np.std(pixels, axis=(0, 1, 2)) / 255, abs=0.02)


def test_the_network_can_be_looked_into_and_explained(trained, data):
    classifier = Classifier.load(trained[0])
    layers = look_inside(classifier).graph.layers
    assert len(layers) >= 5
    photo = classifier.open(next((data / "test" / "red").iterdir()))
    prediction, heat = Explainer(classifier).explain(photo)
    assert prediction.label == "red"
    assert heat.values.ndim == 2
    assert heat.method == ("CAM" if trained[0].name == "fast" else "Grad-CAM")  # an average and a linear layer, or not
    boxes = str(way(look_inside(classifier).graph, classifier.config, "en"))
    assert ("average of each map" in boxes) == (trained[0].name == "fast")


def test_the_weights_fill_the_class_of_the_script(trained, data):
    folder, _ = trained
    names = {"LessonNetwork", "FastNetwork", "Block"}
    classes = part(SCRIPT, names, {"nn": nn, "F": F, "torch": torch})
    network = classes["LessonNetwork" if folder.name == "lesson" else "FastNetwork"](2, 8, 32)
    weights = load_file(folder / "model.safetensors")
    network.load_state_dict({name: w.float() if w.is_floating_point() else w for name, w in weights.items()})
    classifier = Classifier.load(folder)
    batch = classifier.batch([classifier.prepare(path) for path in sorted(data.glob("test/*/*"))])
    with torch.inference_mode():
        logits = network.eval()(torch.from_numpy(batch)).numpy()
    assert np.allclose(logits, classifier.network.logits(batch), atol=0.05, rtol=0.01)  # float16 weights
    with pytest.raises(ModelError, match=r"class of a training script.*model\.safetensors"):
        load_torch(folder)


def test_the_network_of_the_lesson_is_its_sources():
    network = part(SCRIPT, {"LessonNetwork"}, {"nn": nn, "F": F, "torch": torch})["LessonNetwork"](10, 64, 32)
    shapes = {name: tuple(weight.shape) for name, weight in network.state_dict().items() if name.endswith("weight")}
    assert shapes == {
        "conv1.weight": (64, 3, 4, 4), "conv2.weight": (192, 64, 4, 4), "conv3.weight": (384, 192, 3, 3),
        "conv4.weight": (256, 384, 3, 3), "conv5.weight": (256, 256, 3, 3),
        "linear1.weight": (512, 1024), "linear2.weight": (256, 512), "linear3.weight": (10, 256),
    }  # fmt: skip
    source = nn.Sequential(
        nn.Conv2d(3, 64, 4, padding=1), nn.ReLU(), nn.MaxPool2d(3, 2),
        nn.Conv2d(64, 192, 4, padding=1), nn.ReLU(), nn.MaxPool2d(3, 2),
        nn.Conv2d(192, 384, 3, padding=1), nn.ReLU(), nn.Conv2d(384, 256, 3, padding=1), nn.ReLU(),
        nn.Conv2d(256, 256, 3, padding=1), nn.ReLU(), nn.MaxPool2d(3, 2), nn.Flatten(),
        nn.Dropout(), nn.Linear(1024, 512), nn.ReLU(), nn.Dropout(), nn.Linear(512, 256), nn.ReLU(), nn.Linear(256, 10),
    )  # fmt: skip
    source.load_state_dict(dict(zip(source.state_dict(), network.state_dict().values(), strict=True)))
    pictures = torch.randn(3, 3, 32, 32)
    for side in (source, network):
        side.train()
    answers = []
    for side in (source, network):
        torch.manual_seed(0)
        answers.append(side(pictures))
    assert torch.allclose(*answers, atol=1e-6)


@pytest.mark.parametrize("side", [18, 28, 64])
def test_the_network_of_the_lesson_takes_other_sides(side):
    network = part(SCRIPT, {"LessonNetwork"}, {"nn": nn, "F": F, "torch": torch})["LessonNetwork"](3, 4, side)
    assert network(torch.randn(2, 3, side, side)).shape == (2, 3)


def test_what_reaches_the_logits_is_shown(trained):
    _, printed = trained
    rows = re.findall(r"^  (\S+) +([\d.]+) +([\d.]+)$", printed, re.MULTILINE)
    first, last = float(rows[0][1]), float(rows[-1][1])
    assert first > 0.1
    assert (last < first / 20) == (trained[0].name == "lesson")  # the cause of its plateau


def test_it_is_evaluated_like_any_other(trained, data, tmp_path):
    folder = Path(shutil.copytree(trained[0], tmp_path / "model"))
    done = run(ROOT / "training" / "evaluate.py", folder, "--data", data, "--robustness", 0, "--name", "again", "--write")
    assert done.returncode == 0, done.stderr
    assert Classifier.load(folder).config.metrics["again"]["photos"] == 32


def test_pictures_are_shifted_and_flipped():
    class Recipe:
        shift = 2

    augment = part(SCRIPT, {"augment"}, {"torch": torch, "recipe": Recipe, "device": "cpu"})["augment"]
    torch.manual_seed(0)
    picture = torch.arange(3 * 20 * 24, dtype=torch.int16).view(1, 3, 20, 24)
    padded = F.pad(picture.float(), (2, 2, 2, 2), mode="reflect").to(torch.int16)
    seen = set()
    for flipped in (False, True):
        found = augment(picture.expand(300, -1, -1, -1), torch.full((300,), flipped))
        wanted = {
            (down, across, flipped): window.flip(3) if flipped else window
            for down in range(5)
            for across in range(5)
            for window in [padded[:, :, down : down + 20, across : across + 24]]
        }
        for one in found:
            match = [key for key, window in wanted.items() if torch.equal(one, window[0])]
            assert len(match) == 1
            seen.add(match[0])
    assert len(seen) == 50  # every way to move it, on either side


def test_the_learning_rate_rises_and_decays():
    class Recipe:
        lr, warm_up, final_lr_fraction = 0.4, 0.25, 0.01

    rate = part(SCRIPT, {"learning_rate"}, {"recipe": Recipe})["learning_rate"]
    rates = [rate(step / 100) for step in range(101)]
    assert rates[0] == pytest.approx(0.004)
    assert max(rates) == rates[25] == pytest.approx(0.4)
    assert rates[100] == pytest.approx(0.004)
    assert rates[:26] == sorted(rates[:26])
    assert rates[25:] == sorted(rates[25:], reverse=True)
    Recipe.warm_up, Recipe.final_lr_fraction = 0.0, 1.0
    assert [rate(step / 100) for step in range(101)] == [0.4] * 101


@pytest.mark.slow
def test_the_clock_says_how_long(data, tmp_path):
    done = run(SCRIPT, "--data", data, "--out", tmp_path / "model", "--width", 8, "--minutes", 1)
    assert done.returncode == 0, done.stderr
    assert "minutes in all" in done.stdout
    history = Classifier.load(tmp_path / "model").config.training["history"]
    assert history
    rates = [row["lr"] for row in history]
    assert rates[-1] < 0.05 * max(rates)  # the schedule came to its end, however many epochs that were


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signal that only one process gets")
def test_interrupted_it_goes_on_with_what_it_has(interruptible, data, tmp_path):
    options = ["--data", data, "--out", tmp_path / "model", "--epochs", 100_000, "--width", 8]
    status, printed, errors = run_interrupted(SCRIPT, *options, after="epoch 3 ")
    assert status == 0, errors
    assert re.search(r"Interrupted: going on with the best of \d+ epochs", printed)
    assert Classifier.load(tmp_path / "model").config.labels == ("blue", "red")


@pytest.mark.slow
@pytest.mark.parametrize("recipe", ["fast", "lesson"])
def test_bad_pictures_are_left_out_where_that_is_asked_for(tmp_path, recipe):
    for split, count in (("train", 8), ("test", 4)):
        for colour in ("red", "blue"):
            paint(tmp_path / "data" / split / colour, colour, count)
        (tmp_path / "data" / split / "red" / "broken.jpg").write_bytes(b"nothing")
    chosen = ["--recipe", recipe, "--epochs", 1, "--width", 4, "--valid", 0.25, "--skip-bad"]
    done = run(SCRIPT, "--data", tmp_path / "data", "--out", tmp_path / "model", *chosen)
    assert done.returncode == 0, done.stderr
    assert re.search(r"left out, photos that cannot be opened: 2 \(.*broken\.jpg: This is not a photo", done.stdout)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows ends a process in another way")
@pytest.mark.parametrize("recipe", ["fast", "lesson"])
def test_killed_it_is_resumed_as_if_nothing_had_been(data, tmp_path, recipe):
    chosen = ["--data", data, "--recipe", recipe, "--epochs", 6, "--width", 4]
    whole = run(SCRIPT, *chosen, "--out", tmp_path / "whole")
    assert whole.returncode == 0, whole.stderr
    command = [sys.executable, "-m", "training.from_scratch", *map(str, chosen), "--out", str(tmp_path / "killed")]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as it:
        for line in it.stdout:
            if line.startswith("epoch 3 "):
                it.kill()
                break
    other = run(SCRIPT, *chosen, "--out", tmp_path / "killed", "--seed", 1, "--resume")
    assert other.returncode == 1
    assert "begun with other settings; give the same as before: --seed 42" in other.stderr
    resumed = run(SCRIPT, *chosen, "--out", tmp_path / "killed", "--resume")
    assert resumed.returncode == 0, resumed.stderr
    assert "going on after epoch" in resumed.stdout
    histories = [Classifier.load(tmp_path / name).config.training["history"] for name in ("whole", "killed")]
    assert [row["epoch"] for row in histories[1]] == [1, 2, 3, 4, 5, 6]
    for name in ("train_loss", "valid_loss", "valid_accuracy", "lr"):
        assert [row[name] for row in histories[1]] == pytest.approx([row[name] for row in histories[0]], abs=1e-4)
    assert not list((tmp_path / "killed-run").glob("*.pth"))


@pytest.mark.slow
@pytest.mark.parametrize(("arguments", "words"), [
    (["--data", "{data}", "--out", "{out}", "--epochs", "2", "--minutes", "2"], "which --epochs says differently"),
    (["--data", "{data}", "--out", "{out}", "--resume", "--minutes", "2"], "which --resume says differently"),
    (["--data", "{data}", "--out", "{out}", "--resume"], "there is nothing to resume"),
    (["--data", "{data}", "--out", "{out}", "--recipe", "lesson", "--size", "16"], "below --size 18"),
    (["--data", "{data}/nothing", "--out", "{out}"], "not a folder, and there is no such file"),
    (["--data", "{bad}", "--out", "{out}"], "broken.jpg: This is not a photo"),
    (["--data", "{data}", "--out", "{data}"], "exists and is not a model folder"),
    (["--data", "{data}", "--out", "{data}/train/new"], "lies among the photos"),
    (["--data", "{data}", "--out", "{out}", "--size", "8"], "must be at least 16"),
    (["--data", "torchvision:Nothing", "--out", "{out}"], "there are torchvision:CIFAR10"),
])  # fmt: skip
def test_what_cannot_be_done_is_said(data, tmp_path, arguments, words):
    bad = tmp_path / "bad"
    paint(bad / "a", "red", 3)
    paint(bad / "b", "blue", 3)
    (bad / "b" / "broken.jpg").write_bytes(b"nothing")
    done = run(SCRIPT, *(each.format(data=data, out=tmp_path / "model", bad=bad) for each in arguments))
    assert done.returncode != 0
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "model").exists()
    assert not (tmp_path / "model-run").exists() or any((tmp_path / "model-run").iterdir())


@pytest.mark.slow
def test_the_notebook_runs_from_top_to_bottom(data, tmp_path):
    notebook = run_notebook(
        SCRIPT, "--data", data, "--out", tmp_path / "model", "--epochs", 1, "--width", 4, "--recipe", "fast", "--size", 16
    )
    pictures = [
        output for cell in notebook.cells for output in cell.get("outputs", []) if "image/png" in output.get("data", {})
    ]
    assert len(pictures) >= 3  # the pictures, the curves, ten predictions
    assert Classifier.load(tmp_path / "model").config.input.height == 16


@pytest.mark.slow
@pytest.mark.skipif(not (SHARED / "cifar10.tgz").is_file(), reason="needs cifar10.tgz of ../shared/data")
def test_a_slice_of_cifar10_is_learned(tmp_path):
    chosen = ["--per-class", 250, "--valid", 0.2, "--width", 16, "--epochs", 12]
    done = run(SCRIPT, "--data", SHARED / "cifar10.tgz", "--out", tmp_path / "model", *chosen)
    assert done.returncode == 0, done.stderr
    result = Classifier.load(tmp_path / "model").config.metrics["test"]
    assert result["photos"] == 10_000
    assert "2,000 pictures to train on, 500 to validate on, 10,000 to test on" in done.stdout
    assert result["accuracy"] >= 0.25  # ten classes: 10 % is chance
