from __future__ import annotations

from argparse import ArgumentTypeError
from dataclasses import dataclass
from pathlib import Path

import pytest

from training import options
from training.options import option, parse


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [("share", "0.2", 0.2), ("above_zero", "2e-3", 0.002), ("count", "0", 0), ("at_least_one", "7", 7), ("side", "224", 224)],
)
def test_good_values(kind, text, value):
    assert getattr(options, kind)(text) == value


@pytest.mark.parametrize(
    ("kind", "text", "words"),
    [
        ("share", "1", "below 1"),
        ("share", "nan", "below 1"),
        ("share", "half", "'half'"),
        ("above_zero", "-1", "above 0"),
        ("count", "-1", "at least 0"),
        ("count", "1.5", "whole number"),
        ("at_least_one", "0", "at least 1"),
        ("side", "8", "at least 32"),
        ("side", "9000", "2048"),
    ],
)
def test_bad_values_name_the_range(kind, text, words):
    with pytest.raises(ArgumentTypeError, match=words):
        getattr(options, kind)(text)


@dataclass(frozen=True, kw_only=True)
class Base:
    data: tuple[Path, ...] = option(help="photos", group="in")


@dataclass(frozen=True, kw_only=True)
class Settings(Base):
    photo: str = option(help="one", positional=True, metavar="PHOTO")
    epochs: int = option(4, "how often", check=options.at_least_one, group="training")
    lr: float | None = option(None, "how far (default: found)", check=options.above_zero)
    resume: bool = option(False, "go on")
    flips: bool = option(True, "for letters", flag="--no-flips")
    ray: str | None = option(None, "on a cluster", const="", metavar="ADDRESS")

    def __post_init__(self) -> None:
        if self.resume and not self.flips:
            raise ValueError("--resume needs flips")


def parsed(*arguments: str) -> Settings:
    return parse(Settings, "trial", "Try it.", arguments=arguments)


def test_a_dataclass_is_a_command_line():
    settings = parsed("cat.jpg", "--data", "a", "b")
    assert settings == Settings(photo="cat.jpg", data=(Path("a"), Path("b")))
    assert (settings.epochs, settings.lr, settings.resume, settings.flips, settings.ray) == (4, None, False, True, None)
    chosen = parsed("cat.jpg", "--data", "a", "--epochs", "2", "--lr", "0.5", "--no-flips", "--ray")
    assert (chosen.epochs, chosen.lr, chosen.flips, chosen.ray) == (2, 0.5, False, "")


@pytest.mark.parametrize(("arguments", "words"), [
    (["cat.jpg"], "the following arguments are required: --data"),
    (["cat.jpg", "--data", "a", "--epochs", "0"], "argument --epochs: must be at least 1, not 0"),
    (["cat.jpg", "--data", "a", "--resume", "--no-flips"], "--resume needs flips"),
])  # fmt: skip
def test_what_makes_no_sense_ends_with_a_sentence(arguments, words, capsys):
    with pytest.raises(SystemExit):
        parsed(*arguments)
    assert words in capsys.readouterr().err


def test_the_help_has_headings_defaults_and_the_command(capsys):
    with pytest.raises(SystemExit):
        parsed("--help")
    shown = capsys.readouterr().out
    assert shown.startswith("usage: python -m training.trial ")
    for words in ("in:", "training:", "how often (default: 4)", "how far (default: found)", "--ray [ADDRESS]"):
        assert words in shown
    assert shown.count("(default") == 2
