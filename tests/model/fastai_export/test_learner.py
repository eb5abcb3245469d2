"""The classifier in an export, and the sentence for everything that holds none. tests/exports holds the real ones."""

from __future__ import annotations

import collections
import pickle

import pytest
import torch

from model import Classifier, ModelError
from tests.exports.files import IS_CAT, NEW, PICTURES, renamed


def test_booleans_get_the_names_the_caller_gives():
    assert Classifier.load(IS_CAT).config.labels == ("False", "True")
    named = Classifier.load(IS_CAT, labels=("dog", "cat"))
    plain = Classifier.load(IS_CAT)
    assert named.config.labels == ("dog", "cat")
    for one, other in zip(named.classify(PICTURES), plain.classify(PICTURES), strict=True):
        assert one.as_dict() == {{"False": "dog", "True": "cat"}[name]: p for name, p in other.as_dict().items()}


def test_labels_that_do_not_fit_are_a_sentence():
    with pytest.raises(
        ModelError, match=r"has 2 labels \(False, True\), but 3 names are given: labels=\[\"a\", \"b\", \"c\"\]"
    ):
        Classifier.load(IS_CAT, labels=("a", "b", "c"))
    with pytest.raises(ModelError, match="a is there more than once"):
        Classifier.load(IS_CAT, labels=("a", "a"))


def test_labels_cannot_steer_a_terminal(tmp_path):
    path = tmp_path / "model.pkl"
    path.write_bytes(renamed(NEW / "from_folder.pkl", b"stripes", b"a\x1b[2J\nb"))
    assert Classifier.load(path).config.labels[-1] == "a\\x1b[2J\\nb"


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ([1, 2], "holds a value of the type list, not a fastai learner"),
        (collections.Counter("ab"), "holds an object of collections.Counter"),
        ({"model": 1, "data": 2, "cls": 3}, "fastai 1"),
    ],
)
def test_a_pickle_of_something_else_is_named(tmp_path, value, words):
    path = tmp_path / "model.pkl"
    path.write_bytes(pickle.dumps(value))
    with pytest.raises(ModelError) as caught:
        Classifier.load(path)
    assert words in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_learner_written_by_pickle_dump_is_named(tmp_path):
    (tmp_path / "model.pkl").write_bytes(pickle.dumps({"weight": torch.zeros(2)}))
    with pytest.raises(ModelError, match=r"as pickle\.dump\(\) writes a learner"):
        Classifier.load(tmp_path / "model.pkl")
