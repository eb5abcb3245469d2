"""Names of photos and folders that are no UTF-8, from the first command to the last one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from model.architecture import imagenet_network
from model.photo_files import shown
from tests.running import ROOT
from tests.training.colours import paint
from tests.training.data.test_check import ODD_NAMES

pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name == "nt", reason="names are UTF-16 there")]


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    """Two sources, of which one has such a name, in a folder of such a name."""
    root = tmp_path_factory.mktemp("names") / os.fsdecode(b"bilder \xe9")
    for source in (b"home \xe9", b"street"):
        for colour in ("red", "blue"):
            folder = root / os.fsdecode(source) / colour
            paint(folder, colour, 10)
            for index, name in enumerate(ODD_NAMES):
                (folder / f"{colour}{index}.jpg").rename(folder / os.fsdecode(name))
            (folder / os.fsdecode(b"bad \xe9.jpg")).write_bytes(b"\xff\xd8\xff")
    return root


def run(program: str, *arguments: object) -> str:
    command = [sys.executable, "-m", f"training.{program}", *map(str, arguments)]
    strict = os.environ | {"PYTHONIOENCODING": "utf-8:strict"}
    done = subprocess.run(command, cwd=ROOT, env=strict, capture_output=True, timeout=900)
    assert done.returncode == 0, done.stderr.decode("utf-8", "replace")
    return done.stdout.decode("utf-8")


def test_they_are_trained_on_measured_and_scored(data, tmp_path):
    torch.manual_seed(1)
    torch.save(imagenet_network("resnet18", "torchvision").state_dict(), tmp_path / "whole.pth")
    out = tmp_path / "model"
    small = ("--arch", "resnet18", "--size", 64)
    weights = ("--weights", tmp_path / "whole.pth", "--views", 2)
    printed = run("head", "--data", data, "--out", out, *small, *weights, "--skip-bad", "--test", 0.3)
    assert r"sources       2: home \xe9 (20), street (20)" in printed
    assert "4 photos cannot be opened" in printed
    assert r"bilder \xe9" in (out / "README.md").read_text("utf-8")
    assert json.loads((out / "config.json").read_text("utf-8"))["training"]["sources"].keys() == {r"home \xe9", "street"}
    told = json.loads((tmp_path / "model-run" / "data.json").read_text("utf-8"))
    assert len(told["cannot_be_opened"]) == 4
    for bad in data.rglob("bad*"):
        bad.unlink()
    printed = run("evaluate", out, "--data", data, "--report", tmp_path / "report", "--robustness", 4, "--by-source")
    assert r"| home \xe9 | 20 |" in printed
    assert shown(data) in printed
    run("score", "--model", out, data, tmp_path / "scores")
    tuned = run(
        "fine_tune", "--data", data, "--out", tmp_path / "tuned", *small, "--weights", "none", "--epochs", 1, "--valid", 0.3
    )
    assert "Serve it:" in tuned
