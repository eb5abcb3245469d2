from __future__ import annotations

import pytest

from training.settings import parse

NEEDED = ["--data", "photos", "--out", "model"]


def test_two_options_are_enough():
    settings = parse(NEEDED)
    assert (settings.arch, settings.weights, settings.size, settings.minutes) == ("resnet34", "imagenet", 224, None)
    assert (settings.valid, settings.test) == (0.1, 0)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--space", "me/app"], "--space needs --push"),
        (["--push", "nobody"], "must be USER/NAME, not 'nobody'"),
        (["--valid", "0.6", "--test", "0.4"], "leave nothing to train on"),
        (["--resume", "--minutes", "5"], "exclude each other"),
        (["--data", ".", "--out", "./models/mine"], "lies among the photos of --data"),
        (["--out", "."], "has no name"),
        (["--lr", "inf"], "must be above 0"),
        (["--minutes", "0.1"], "must be from 0.5 to 1440 minutes"),
        (["--mixup", "-1"], "must be above 0"),
        (["--label-smoothing", "2"], "must be above 0 and below 1"),
    ],
)
def test_what_makes_no_sense_is_refused(more, words, capsys):
    with pytest.raises(SystemExit):
        parse([*NEEDED, *more])
    assert words in capsys.readouterr().err


def test_the_help_names_every_way_in(capsys):
    with pytest.raises(SystemExit):
        parse(["--help"])
    shown = " ".join(capsys.readouterr().out.split())
    for words in ("a fastai dataset", "a Hub dataset", "--neither", "--minutes", "--resume", "--push", "60/20/20"):
        assert words in shown
