"""A head on a frozen body, from several sources and from one, as its users run it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from model import Classifier
from model.architecture import imagenet_network
from model.folder import load_torch
from model.inside.explain import Explainer
from tests.running import ROOT
from tests.training.lessons import run, run_notebook

SCRIPT = ROOT / "training" / "head.py"
COLOURS = {"red": (200, 40, 40), "blue": (40, 40, 200), "neither": (60, 180, 60)}


@pytest.fixture(scope="module")
def root(tmp_path_factory) -> Path:
    """photos/{home,street,zoo}/{red,blue,neither}, every source in a format of its own, and an ImageNet network's weights."""
    folder = tmp_path_factory.mktemp("head")
    dice = np.random.default_rng(0)
    for number, source in enumerate(("home", "street", "zoo")):
        for label, colour in COLOURS.items():
            (folder / "photos" / source / label).mkdir(parents=True)
            for index in range(14):
                pixels = np.clip(np.array(colour) + dice.normal(0, 25, (70 + 10 * number, 90, 3)), 0, 255).astype(np.uint8)
                Image.fromarray(pixels).save(folder / "photos" / source / label / f"{index}.jpg", quality=60 + 10 * number)
    torch.manual_seed(1)
    torch.save(imagenet_network("resnet18", "torchvision").state_dict(), folder / "whole.pth")
    return folder


def options(root: Path, out: Path, *more: object) -> list[object]:
    weights = root / "whole.pth"
    return [
        "--data",
        root / "photos",
        "--out",
        out,
        "--arch",
        "resnet18",
        "--weights",
        weights,
        "--size",
        64,
        "--views",
        2,
        *more,
    ]


@pytest.fixture(scope="module")
def fitted(root) -> tuple[Path, str]:
    done = run(SCRIPT, *options(root, root / "model"))
    assert done.returncode == 0, done.stderr
    return root / "model", done.stdout


def test_three_sources_are_left_out_one_by_one(fitted):
    folder, printed = fitted
    config = Classifier.load(folder).config
    assert config.answers == ("blue", "red", "neither")
    assert config.architecture.rows == (1, 1, 1000)  # like no class of ImageNet
    found = config.metrics["left out"]
    assert set(found["sources"]) == {"home", "street", "zoo"}
    assert found["photos"] == 126
    assert found["mean_accuracy"] > 0.9
    assert "| street | 42 |" in printed
    card = (folder / "README.md").read_text("utf-8")
    assert "### By source" in card
    assert f"{found['accuracy']:.2%}" in card
    assert found["changed_answers"]["photos"] == 126
    assert "| JPEG 40 |" in card
    assert json.loads((folder.with_name("model-run") / "data.json").read_text("utf-8"))["sources"]["zoo"]["red"] == 14


def test_the_folder_answers_explains_and_is_the_same_in_torch(fitted, root):
    folder, _ = fitted
    served = Classifier.load(folder)
    photos = [root / "photos" / "zoo" / label / "3.jpg" for label in COLOURS]
    predictions = served.classify(photos)
    assert [prediction.label for prediction in predictions] == list(COLOURS)
    in_torch = load_torch(folder).classify(photos)
    for one, other in zip(predictions, in_torch, strict=True):
        assert one.probabilities == pytest.approx(other.probabilities, abs=0.15)  # int8 beside float32
    assert Explainer(served).explain(served.open(photos[0]))[1].method == "CAM"


@pytest.mark.slow
def test_a_second_run_finds_the_features_again(fitted, root):
    folder, _ = fitted
    again = run(SCRIPT, *options(root, root / "model"))
    assert again.returncode == 0, again.stderr
    assert "features, view" not in again.stderr
    assert Classifier.load(folder).config.metrics["left out"]["photos"] == 126


@pytest.mark.slow
def test_one_source_without_the_old_head(root, tmp_path):
    arguments = options(root, tmp_path / "model", "--plain", "--test", 0.2)
    arguments[1] = root / "photos" / "home"
    done = run(SCRIPT, *arguments)
    assert done.returncode == 0, done.stderr
    assert "all photos come from one source, so nobody knows how the model does on others" in done.stdout
    config = Classifier.load(tmp_path / "model").config
    assert config.architecture.rows is None
    assert config.answers == ("blue", "red", "neither")
    assert set(config.metrics) == {"left out", "test"}
    assert (tmp_path / "model" / "report" / "report.html").is_file()
    assert "Each photo was answered by a head that was fitted without it" in (tmp_path / "model" / "README.md").read_text(
        "utf-8"
    )


@pytest.mark.slow
def test_neither_is_known_without_a_photo_of_it(root, tmp_path):
    arguments = options(root, tmp_path / "model", "--labels", "red", "blue", "--like", "red=1", "blue=2,3", "--valid", "cross")
    (tmp_path / "photos").mkdir()
    for label in ("red", "blue"):
        (tmp_path / "photos" / label).symlink_to(root / "photos" / "home" / label)
    arguments[1] = tmp_path / "photos"
    done = run(SCRIPT, *arguments, "--minutes", "1")
    assert done.returncode == 0, done.stderr
    assert "blue starts from 2 of ImageNet's classes" in done.stdout
    assert re.search(r"for 1 minutes: \d+ photos, \d views of each", done.stdout)  # how many, the machine decides
    config = Classifier.load(tmp_path / "model").config
    assert config.answers == ("blue", "red", "neither")
    assert config.architecture.rows == (2, 1, 997)
    without = run(SCRIPT, *arguments, "--no-neither")
    assert without.returncode == 0, without.stderr
    assert Classifier.load(tmp_path / "model").config.answers == ("blue", "red")


@pytest.mark.slow
def test_the_notebook_runs_from_top_to_bottom(root, tmp_path):
    run_notebook(SCRIPT, *options(root, tmp_path / "model"))
    assert Classifier.load(tmp_path / "model").config.labels == ("blue", "red")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--like", "red"], "--like red has no label"),
        (["--like", "green=3"], "--like names green, but the labels are blue, red"),
        (["--labels", "purple"], "there are no photos of purple: look at the spelling after --labels"),
        (["--arch", "vgg11", "--weights", "none", "--layout", "classes"], "holds no folders"),
    ],
)
def test_mistakes_end_before_anything_is_computed(root, tmp_path, more, words):
    arguments = options(root, tmp_path / "model", *more)
    if "--layout" in more:
        arguments[1] = root / "photos" / "home" / "red"
    done = run(SCRIPT, *arguments)
    assert done.returncode == 1
    assert "Cannot train:" in done.stderr
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "model").exists()
