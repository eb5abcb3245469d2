from __future__ import annotations

import pytest

from training.settings import parse, parse_head

NEEDED = ["--data", "photos", "--out", "model"]


def test_two_options_are_enough():
    settings = parse(NEEDED)
    assert (settings.arch, settings.weights, settings.size) == ("resnet34", "imagenet", 224)
    assert (settings.valid, settings.test, settings.formats) == (None, 0, True)
    head = parse_head(NEEDED)
    assert (head.arch, head.valid, head.minutes, head.knows_neither) == ("tf_efficientnet_lite0", None, None, True)


def test_several_sources_and_their_name():
    settings = parse_head(["--data", "a/home", "b/street", "--neither", "stones", "--out", "model"])
    assert settings.data == ["a/home", "b/street"]
    assert settings.data_name == "home, street"


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--space", "me/app"], "--space needs --push"),
        (["--push", "nobody"], "must be USER/NAME, not 'nobody'"),
        (["--valid", "0.6", "--test", "0.4"], "leave nothing to train on"),
        (["--valid", "leave-two-out"], "must be a number, not 'leave-two-out'"),
        (["--data", ".", "--out", "./models/mine"], "lies among the photos of --data"),
        (["--out", "."], "has no name"),
        (["--lr", "inf"], "must be above 0"),
        (["--mixup", "-1"], "must be above 0"),
        (["--label-smoothing", "2"], "must be above 0 and below 1"),
    ],
)
def test_what_makes_no_sense_is_refused(more, words, capsys):
    with pytest.raises(SystemExit):
        parse([*NEEDED, *more])
    assert words in capsys.readouterr().err


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--minutes", "0.1"], "must be from 0.5 to 1440 minutes"),
        (["--valid", "0.5"], "invalid choice"),
        (["--views", "0"], "must be at least 1"),
        (["--data", ".", "--out", "./models/mine"], "lies among the photos of --data"),
    ],
)
def test_the_same_for_a_head(more, words, capsys):
    with pytest.raises(SystemExit):
        parse_head([*NEEDED, *more])
    assert words in capsys.readouterr().err


def test_the_help_names_every_way_in(capsys):
    with pytest.raises(SystemExit):
        parse(["--help"])
    shown = " ".join(capsys.readouterr().out.split())
    for words in ("a fastai dataset", "a Hub dataset", "--neither", "--layout", "--resume", "--push", "60/20/20"):
        assert words in shown
