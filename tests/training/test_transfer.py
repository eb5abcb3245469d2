"""A frozen base and a new head, twice: in plain PyTorch and with fastai."""

from __future__ import annotations

import math
import re
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from model import Classifier
from model.architecture import imagenet_network
from tests.running import ROOT
from tests.training.colours import paint
from tests.training.lessons import part, run, run_interrupted, run_notebook

SCRIPT = ROOT / "training" / "transfer.py"


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("data")
    for colour in ("red", "blue"):
        paint(root / colour, colour, 40)
    (root / "red" / "notes.txt").write_text("red ones")
    return root


@pytest.fixture(scope="module", params=["resnet18 hidden", "timm:test_resnet linear"])
def trained(request, data, tmp_path_factory) -> tuple[Path, str, Path]:
    """A model folder, what was printed, and the weights that the base began with."""
    base, head = request.param.split()
    library, _, name = base.rpartition(":")
    weights, out = tmp_path_factory.mktemp("weights") / "whole.safetensors", tmp_path_factory.mktemp("models") / head
    torch.manual_seed(0)
    whole = imagenet_network(name, library or "torchvision")
    for module in whole.modules():
        if isinstance(module, nn.BatchNorm2d):  # statistics that a moving batch norm would lose
            nn.init.uniform_(module.running_mean, -0.1, 0.1)
            nn.init.uniform_(module.running_var, 0.5, 2)
    save_file({key: w.half() if w.is_floating_point() else w for key, w in whole.state_dict().items()}, weights)
    chosen = ["--arch", base, "--weights", weights, "--head", head]
    done = run(SCRIPT, "--data", data, "--out", out, *chosen, "--size", 64, "--batch-size", 8, "--valid", 0.25, "--epochs", 4)
    assert done.returncode == 0, done.stderr
    return out, done.stdout, weights


@pytest.mark.slow
def test_both_ways_come_out_equal(trained):
    _, printed, _ = trained
    rows = re.findall(r"^\| (\d+) \| ([\d.]+) \| ([\d.]+) \| ([\d.]+)% \| ([\d.]+)% \|$", printed, re.MULTILINE)
    assert [int(epoch) for epoch, *_ in rows] == [1, 2, 3, 4]
    for _, loss, its_loss, accuracy, its_accuracy in rows:
        assert float(loss) == pytest.approx(float(its_loss), abs=2e-4)
        assert accuracy == its_accuracy
    losses = [float(row[1]) for row in rows]
    assert losses[-1] < losses[0]  # it learned something: equal rows are not rows of nothing
    assert len(set(losses)) == 4
    difference = re.search(r"differ by more than (\d[\d.e+-]*\d)\.", printed)
    assert float(difference[1]) < 1e-4


@pytest.mark.slow
def test_the_folder_is_served_like_any_other(trained):
    folder, printed, _ = trained
    classifier = Classifier.load(folder)
    config = classifier.config
    assert config.labels == ("blue", "red")
    assert (config.input.mean == (0.5, 0.5, 0.5)) == (folder.name == "linear")  # timm's statistics, or torchvision's
    found = re.search(r"best epoch: (\d), validation accuracy ([\d.]+); loaded again: ([\d.]+)", printed)
    assert found[2] == found[3]
    assert config.metrics["validation"]["accuracy"] == pytest.approx(float(found[2]), abs=0.06)  # one photo in 20
    assert {"curves.png", "predictions.png", "schedule.png"} <= {path.name for path in (folder / "report").iterdir()}
    card = (folder / "README.md").read_text("utf-8")
    assert f"frozen, with the {folder.name} head of training/transfer.py" in card
    assert "report/predictions.png" in card
    assert not list(folder.with_name(f"{folder.name}-run").glob("*.pth"))


@pytest.mark.slow
def test_what_is_left_aside_is_said(trained):
    assert "notes.txt" in trained[1]


@pytest.mark.slow
def test_bad_photos_are_left_out_where_that_is_asked_for(tmp_path):
    for colour in ("red", "blue"):
        paint(tmp_path / "data" / colour, colour, 6)
    (tmp_path / "data" / "red" / "broken.jpg").write_bytes(b"nothing")
    chosen = ["--arch", "resnet18", "--weights", "none", "--size", 64, "--epochs", 1, "--valid", 0.25, "--no-fastai"]
    command = ["--data", tmp_path / "data", "--out", tmp_path / "model", *chosen]
    refused = run(SCRIPT, *command)
    assert "broken.jpg: This is not a photo" in refused.stderr
    assert "pass --skip-bad" in refused.stderr
    done = run(SCRIPT, *command, "--skip-bad")
    assert done.returncode == 0, done.stderr
    assert re.search(r"left out, photos that cannot be opened: 1 \(.*broken\.jpg: This is not a photo", done.stdout)


@pytest.mark.slow
def test_the_base_is_what_it_was(trained):
    folder, printed, weights = trained
    begun, ended = load_file(weights), load_file(folder / "model.safetensors")
    base = {key.removeprefix("0."): tensor for key, tensor in ended.items() if key.startswith("0.")}
    if folder.name == "hidden":  # the parts of a ResNet are numbered there
        parts = [name for name, _ in imagenet_network("resnet18", "torchvision").named_children()]
        base = {f"{parts[int(key[0])]}{key[1:]}": tensor for key, tensor in base.items()}
    assert any(key.endswith("running_mean") for key in base)
    assert [key for key, tensor in base.items() if not torch.equal(tensor, begun[key])] == []
    assert f"of the {len(base)} tensors of the base 0 have changed" in printed


@pytest.mark.slow
def test_each_head_has_its_layers_and_its_learning_rates(trained):
    folder, *_ = trained
    head = [tuple(w.shape) for key, w in load_file(folder / "model.safetensors").items() if key.startswith("1.")]
    rates = [row["lr"] for row in Classifier.load(folder).config.training["history"]]
    if folder.name == "hidden":
        assert sorted(head) == [(2,), (2, 128), (128,), (128, 512)]
        assert rates == [1e-3] * 4
    else:
        assert sorted(head) == [(2,), (2, 96)]
        assert rates[-1] < 0.2 * max(rates)


def test_the_learning_rate_rises_and_decays():
    recipe = SimpleNamespace(warm_up=0.2, decay_to=0.01)
    given = {"recipe": recipe, "settings": SimpleNamespace(lr=0.5), "math": math}
    rate = part(SCRIPT, {"learning_rate"}, given)["learning_rate"]
    rates = [rate(step / 100) for step in range(101)]
    assert rates[0] == rates[100] == pytest.approx(0.005)
    assert rates[10] == pytest.approx(0.25)
    assert max(rates) == rates[20] == pytest.approx(0.5)
    assert rates[60] == pytest.approx((0.5 + 0.005) / 2)  # in the middle of its half cosine
    assert rates[:21] == sorted(rates[:21])
    assert rates[20:] == sorted(rates[20:], reverse=True)
    recipe.warm_up, recipe.decay_to = 0.0, 1.0
    assert [rate(step / 100) for step in range(101)] == [0.5] * 101
    recipe.warm_up = 1.0
    assert [rate(step / 2) for step in range(3)] == [0.5, 0.5, 0.5]  # nothing to rise from
    recipe.decay_to = 0.0
    assert [rate(step / 2) for step in range(3)] == [0.0, 0.25, 0.5]


def test_frozen_means_no_gradients_no_dropout_and_statistics_that_stay():
    body = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Dropout(0.5))
    pool = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())
    base = SimpleNamespace(body=body, pool=pool, mean=(0.5, 0.5, 0.5), std=(0.25, 0.25, 0.25))
    frozen = part(SCRIPT, {"Frozen"}, {"nn": nn, "torch": torch, "device": "cpu"})["Frozen"](base)
    whole = nn.Sequential(frozen, nn.Linear(4, 2)).train()  # as whoever trains the head would have it
    photos = torch.randint(0, 256, (6, 3, 8, 8), dtype=torch.uint8)
    before = {name: tensor.clone() for name, tensor in frozen.state_dict().items()}
    whole(photos).sum().backward()
    assert all(weight.grad is None for weight in frozen.parameters())
    assert all(torch.equal(tensor, before[name]) for name, tensor in frozen.state_dict().items())
    assert torch.allclose(frozen(photos)[:1], frozen(photos[:1]), atol=1e-6)  # whatever else is in the batch
    with torch.inference_mode():
        assert torch.allclose(frozen(photos), pool(body.eval()((photos / 255 - 0.5) / 0.25)), atol=1e-6)


@pytest.mark.slow
def test_the_best_epoch_is_kept_and_not_the_last(tmp_path):
    for label, count in (("one", 40), ("other", 41)):  # there is nothing to learn, so the last epoch is no better than others
        paint(tmp_path / "data" / label, "red", count)
    chosen = ["--arch", "timm:test_resnet", "--weights", "none", "--size", 32, "--valid", 0.4, "--lr", 0.05, "--no-fastai"]

    def head_after(epochs: int) -> tuple[int, dict[str, torch.Tensor]]:
        out = tmp_path / f"model{epochs}"
        done = run(SCRIPT, "--data", tmp_path / "data", "--out", out, "--epochs", epochs, *chosen)
        assert done.returncode == 0, done.stderr
        weights = load_file(out / "model.safetensors")
        best = int(re.search(r"best epoch: (\d+),", done.stdout)[1])
        history = Classifier.load(out).config.training["history"]
        merits = [(row["valid_accuracy"], -row["valid_loss"]) for row in history]
        assert (len(history), merits[best - 1]) == (epochs, max(merits))
        return best, {name: w for name, w in weights.items() if name.startswith("1.")}

    best, kept = head_after(12)
    assert best < 12
    same, stopped_there = head_after(best)
    assert same == best
    assert all(torch.equal(tensor, kept[name]) for name, tensor in stopped_there.items())


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signal that only one process gets")
def test_interrupted_it_goes_on_with_what_it_has(interruptible, data, tmp_path):
    chosen = ["--arch", "timm:test_resnet", "--weights", "none", "--size", "32", "--epochs", "1000000"]
    options = ["--data", data, "--out", tmp_path / "model", *chosen]
    status, printed, errors = run_interrupted(SCRIPT, *options, after="epoch 3 ")
    assert status == 0, errors
    assert re.search(r"Interrupted: going on with the best of \d+ epochs", printed)
    assert "| fastai |" not in printed  # there is nothing to compare it with
    assert Classifier.load(tmp_path / "model").config.labels == ("blue", "red")


@pytest.mark.slow
@pytest.mark.parametrize(("arguments", "words"), [
    (["--arch", "resnett50"], "did you mean resnet50"),
    (["--arch", "timm:test_vit", "--size", "72"], "test_vit takes no photos of 72×72 pixels; give --size 160"),
    (["--weights", "nothing.pth"], "there is no such file"),
    (["--lr", "0"], "must be above 0"),
])  # fmt: skip
def test_what_cannot_be_done_is_said(data, tmp_path, arguments, words):
    done = run(SCRIPT, "--data", data, "--out", tmp_path / "model", "--weights", "none", "--size", 64, *arguments)
    assert done.returncode != 0
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "model").exists()


@pytest.mark.slow
def test_the_notebook_runs_from_top_to_bottom(data, tmp_path):
    chosen = ["--arch", "squeezenet1_0", "--weights", "none", "--size", 64, "--epochs", 1, "--valid", 0.25]
    notebook = run_notebook(SCRIPT, "--data", data, "--out", tmp_path / "model", *chosen)
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    printed = "".join(output.get("text", "") for output in outputs)
    assert "its weights are random" in printed
    assert "do two probabilities differ by more than" in printed
    assert sum("image/png" in output.get("data", {}) for output in outputs) >= 3  # schedule, curves, ten predictions
    assert Classifier.load(tmp_path / "model").config.labels == ("blue", "red")
