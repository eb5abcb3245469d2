"""The settings of the lessons, without running them."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

import pytest

from tests.running import ROOT
from tests.training.lessons import part
from training import options, settings
from training.fit.taught import STARTER_BODY
from training.options import parse

NEEDED = ["--data", "photos", "--out", "model"]


def settings_of(lesson: str, arguments: Sequence[str]) -> Any:
    """What a lesson makes of a command line."""
    module = ModuleType(f"settings_of_{lesson}")
    sys.modules[module.__name__] = module  # where a dataclass looks up the types of its fields
    names = {name: getattr(options, name) for name in dir(options) if not name.startswith("_")}
    bases = {"PhotosToModel": settings.PhotosToModel, "SmallLesson": settings.SmallLesson}
    known = {
        "dataclass": dataclass,
        "fields": fields,
        "STARTER_BODY": STARTER_BODY,
        "Path": Path,
        "Literal": Literal,
        "some_minutes": options.minutes,
        "__name__": module.__name__,
    }
    module.__dict__.update(part(ROOT / "training" / f"{lesson}.py", {"Settings"}, names | bases | known))
    try:
        return parse(module.__dict__["Settings"], lesson, "Train.", arguments=arguments)
    finally:
        del sys.modules[module.__name__]


def test_two_options_are_enough():
    tuned = settings_of("fine_tune", NEEDED)
    assert (tuned.arch, tuned.weights, tuned.size) == ("resnet34", "imagenet", 224)
    assert (tuned.valid, tuned.test, tuned.formats) == (None, 0, True)
    head = settings_of("head", NEEDED)
    assert (head.arch, head.valid, head.minutes, head.knows_neither) == ("tf_efficientnet_lite0", None, None, True)
    small = settings_of("from_scratch", NEEDED)
    assert (small.recipe, small.epochs, small.minutes, small.flip, small.size) == ("fast", None, None, True, 32)
    transfer = settings_of("transfer", NEEDED)
    assert (transfer.arch, transfer.head, transfer.size, transfer.epochs) == ("resnet50", "hidden", 150, 10)
    assert (transfer.lr, transfer.warm_up, transfer.decay_to, transfer.fastai) == (1e-3, None, None, True)
    for each in (tuned, head, small, transfer):
        assert (each.name, each.data_name, each.seed) == ("model", "photos", 42)


def test_several_sources_and_their_name():
    head = settings_of("head", ["--data", "a/home", "b/street", "--neither", "stones", "--out", "model"])
    assert (head.data, head.neither) == (("a/home", "b/street"), (Path("stones"),))
    assert head.data_name == "home, street"


@pytest.mark.parametrize("lesson", ["fine_tune", "head", "from_scratch", "transfer"])
def test_columns_of_tables_and_datasets(lesson):
    settings = settings_of(lesson, NEEDED)
    assert (settings.label_column, settings.image_column) == (None, None)
    settings = settings_of(lesson, [*NEEDED, "--label-column", "breed", "--image-column", "front view"])
    assert (settings.label_column, settings.image_column) == ("breed", "front view")


@pytest.mark.parametrize(
    ("lesson", "more", "words"),
    [
        ("fine_tune", ["--space", "me/app"], "--space needs --push"),
        ("fine_tune", ["--push", "nobody"], "must be USER/NAME, not 'nobody'"),
        ("fine_tune", ["--valid", "0.6", "--test", "0.4"], "leave nothing to train on"),
        ("fine_tune", ["--valid", "leave-two-out"], "must be a number, not 'leave-two-out'"),
        ("fine_tune", ["--data", ".", "--out", "./models/mine"], "lies among the photos of --data"),
        ("fine_tune", ["--out", "."], "has no name"),
        ("fine_tune", ["--lr", "inf"], "must be above 0"),
        ("fine_tune", ["--mixup", "-1"], "must be above 0"),
        ("fine_tune", ["--label-smoothing", "2"], "must be above 0 and below 1"),
        ("head", ["--minutes", "0.1"], "must be from 0.5 to 1440 minutes"),
        ("head", ["--valid", "0.5"], "invalid choice"),
        ("head", ["--views", "0"], "must be at least 1"),
        ("head", ["--data", ".", "--out", "./models/mine"], "lies among the photos of --data"),
        ("from_scratch", ["--epochs", "3", "--minutes", "4"], "which --epochs says differently"),
        ("from_scratch", ["--out", "."], "has no name"),
        ("transfer", ["--per-class", "1"], "must be at least 2"),
        ("transfer", ["--head", "deep"], "invalid choice: 'deep'"),
        ("transfer", ["--warm-up", "1.5"], "must be from 0 to 1, not 1.5"),
    ],
)
def test_what_makes_no_sense_is_refused(lesson, more, words, capsys):
    with pytest.raises(SystemExit):
        settings_of(lesson, [*NEEDED, *more])
    assert words in capsys.readouterr().err


def test_the_help_names_every_way_in(capsys):
    with pytest.raises(SystemExit):
        settings_of("fine_tune", ["--help"])
    shown = " ".join(capsys.readouterr().out.split())
    for words in ("a fastai dataset", "a Hub dataset", "--neither", "--layout", "--resume", "--push", "60/20/20"):
        assert words in shown
