"""What a caller says about an export, and what cannot be meant."""

from __future__ import annotations

from typing import Any

import pytest

from model import Classifier, ModelError
from model.errors import EntryPoint
from model.source import STARTER
from tests.exports.files import IS_CAT

WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "another activation": ({"activation": "tanh"}, 'activation="softmax", where one label is right, or activation="sigmoid"'),
    "a capital letter": ({"activation": "Softmax"}, "not 'Softmax'"),
    "an activation of another type": ({"activation": 1}, "not '1'"),
    "labels as one text": ({"labels": "x,y"}, 'labels is a list of names, labels=["dog", "cat"], not \'x,y\''),
    "labels as numbers": ({"labels": [1, 2]}, 'labels is a list of texts, labels=["dog", "cat"], not of 1 (int)'),
    "labels as a number": ({"labels": 2}, "labels is a list of names"),
    "labels twice": ({"labels": ["x", "x"]}, "x is there more than once"),
    "an empty label": ({"labels": ["x", " "]}, "a label needs a name that is not empty"),
    "no labels": ({"labels": []}, "a label needs a name that is not empty"),
    "too few labels": ({"labels": ["x"]}, 'has 2 labels (False, True), but 1 name is given: labels=["x"]'),
    "a class as one text": ({"allow": "a.B"}, "allow is a list of names, allow=[\"mypkg.MyLayer\"], not 'a.B'"),
    "a class without its module": ({"allow": ["B"]}, "'B' is no layer class that could be allowed"),
    "half a class that moved": ({"allow": ["a.B="]}, "'a.B=' is no layer class"),
    "a class with brackets": ({"allow": ["a.B()"]}, "is no layer class"),
    "a size as a number": ({"size": 64}, "a size is a height and a width from 16 to 2048 pixels, size=(224, 320), not '64'"),
    "a size as a text": ({"size": "64"}, "a size is a height and a width"),
    "a size of nothing": ({"size": (0, 0)}, "not '(0, 0)'"),
}


@pytest.mark.parametrize(("given", "words"), WRONG.values(), ids=WRONG)
def test_what_cannot_be_meant_is_refused_with_what_can(given, words):
    with pytest.raises(ModelError) as caught:
        Classifier.load(IS_CAT, **given)
    assert words in str(caught.value)
    (name,) = given
    assert f"MODEL_{name.upper()}" in caught.value.at(EntryPoint.APP)
    assert f"--{name}" in caught.value.at(EntryPoint.COMMAND_LINE)


@pytest.mark.parametrize("given", [{"allow": ["a.B"]}, {"labels": ["a", "b"]}, {"size": (64, 64)}, {"activation": "sigmoid"}])
def test_a_model_folder_takes_none_of_it(given):
    with pytest.raises(ModelError, match=rf"leave out {next(iter(given))}$"):
        Classifier.load(STARTER, **given)
