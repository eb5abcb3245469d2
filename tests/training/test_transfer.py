"""A frozen base and a new head, twice: in plain PyTorch and with fastai."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from model import Classifier
from tests.running import ROOT
from tests.training.colours import paint
from tests.training.lessons import run, run_notebook

pytestmark = pytest.mark.slow
SCRIPT = ROOT / "training" / "transfer.py"


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("data")
    for colour in ("red", "blue"):
        paint(root / colour, colour, 40)
    return root


@pytest.fixture(scope="module")
def trained(data, tmp_path_factory) -> tuple[Path, str]:
    out = tmp_path_factory.mktemp("models") / "transferred"
    chosen = ["--arch", "resnet18", "--weights", "none", "--size", 64, "--batch-size", 8, "--valid", 0.25, "--epochs", 4]
    done = run(SCRIPT, "--data", data, "--out", out, *chosen)
    assert done.returncode == 0, done.stderr
    return out, done.stdout


def test_both_ways_come_out_equal(trained):
    _, printed = trained
    rows = re.findall(r"^\| (\d+) \| ([\d.]+) \| ([\d.]+) \| ([\d.]+)% \| ([\d.]+)% \|$", printed, re.MULTILINE)
    assert [int(epoch) for epoch, *_ in rows] == [1, 2, 3, 4]
    for _, loss, its_loss, accuracy, its_accuracy in rows:
        assert float(loss) == pytest.approx(float(its_loss), abs=2e-4)
        assert accuracy == its_accuracy
    losses = [float(row[1]) for row in rows]
    assert losses[-1] < losses[0]  # it learned something: equal rows are not rows of nothing
    assert len(set(losses)) == 4
    difference = re.search(r"differ by more than (\d[\d.e-]*\d)\.", printed)
    assert float(difference[1]) < 1e-4


def test_the_folder_is_served_like_any_other(trained, data):
    folder, printed = trained
    classifier = Classifier.load(folder)
    assert classifier.config.labels == ("blue", "red")
    assert classifier.config.input.mean == (0.485, 0.456, 0.406)
    last = re.findall(r"^epoch 4: validation loss [\d.]+, accuracy ([\d.]+)$", printed, re.MULTILINE)
    assert classifier.config.metrics["validation"]["accuracy"] == pytest.approx(float(last[0]), abs=0.06)  # one photo in 20
    assert "frozen, with the head of training/transfer.py" in (folder / "README.md").read_text("utf-8")


@pytest.mark.parametrize(("arguments", "words"), [
    (["--arch", "vit_b_16"], "no body that ends before a pooling layer"),
    (["--weights", "nothing.pth"], "there is no such file"),
    (["--lr", "0"], "must be above 0"),
])  # fmt: skip
def test_what_cannot_be_done_is_said(data, tmp_path, arguments, words):
    done = run(SCRIPT, "--data", data, "--out", tmp_path / "model", "--weights", "none", "--size", 64, *arguments)
    assert done.returncode != 0
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "model").exists()


def test_the_notebook_runs_from_top_to_bottom(data, tmp_path):
    chosen = ["--arch", "squeezenet1_0", "--weights", "none", "--size", 64, "--epochs", 1, "--valid", 0.25]
    notebook = run_notebook(SCRIPT, "--data", data, "--out", tmp_path / "model", *chosen)
    printed = "".join(output.get("text", "") for cell in notebook.cells for output in cell.get("outputs", []))
    assert "do two probabilities differ by more than" in printed
    assert Classifier.load(tmp_path / "model").config.labels == ("blue", "red")
