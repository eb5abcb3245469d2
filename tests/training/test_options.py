from __future__ import annotations

from argparse import ArgumentTypeError

import pytest

from training import options


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [("share", "0.2", 0.2), ("rate", "2e-3", 0.002), ("count", "0", 0), ("at_least_one", "7", 7), ("side", "224", 224)],
)
def test_good_values(kind, text, value):
    assert getattr(options, kind)(text) == value


@pytest.mark.parametrize(
    ("kind", "text", "words"),
    [
        ("share", "1", "below 1"),
        ("share", "nan", "below 1"),
        ("share", "half", "'half'"),
        ("rate", "-1", "above 0"),
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
