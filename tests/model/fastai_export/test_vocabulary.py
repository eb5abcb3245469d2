"""Labels are what fastai shows, whatever stood in the vocabulary."""

from __future__ import annotations

import datetime
import decimal
import enum
import fractions
from pathlib import Path, PurePosixPath, PureWindowsPath

import numpy as np
import pandas as pd
import pytest

from model import Classifier, ModelError
from model.errors import EntryPoint
from model.fastai_export.learner import read_learner
from tests.exports.files import EXPORTS
from tests.model.fastai_export.small import exported, learner, with_vocabulary

dill = pytest.importorskip("dill")


class Name(str):
    """Text by another name."""

    __slots__ = ()


class Colour(enum.Enum):
    RED = 1
    BLUE = 2


VOCABULARIES = {
    "paths": [Path("x/cat"), Path("/y/dog")],
    "pure paths": [PurePosixPath("x/cat"), PureWindowsPath("y/dog")],
    "nothing": [None, "dog"],
    "whole numbers": [-1, 10**12],
    "numbers": [0.1, 2.0],
    "no number": [float("nan"), 1.0],
    "numpy's numbers": [np.float32(0.1), np.float16(2)],
    "numpy's whole numbers": [np.int64(3), np.uint8(4)],
    "numpy's truth": [np.bool_(False), np.bool_(True)],
    "numpy's text": [np.str_("cat"), np.str_("dog")],
    "bytes": [b"cat", b"dog"],
    "pairs": [("cat", 1), ("dog", 2.5)],
    "tuples of one": [("cat",), (None,)],
    "tuples of numpy's": [(np.float32(0.1), True), (b"x", "y")],
    "text by another name": [Name("cat"), Name("dog")],
    "decimals": [decimal.Decimal("1.50"), fractions.Fraction(1, 3)],
    "days": [datetime.date(2026, 1, 2), datetime.date(1999, 12, 31)],
    "letters": ["Käse", "猫"],
    "an array": np.array(["cat", "dog"]),
    "an array of objects": np.array(["cat", "dog"], dtype=object),
    "an array of numbers": np.array([0.1, 2], dtype=np.float32),
    "a dictionary's keys": {"cat": 0, "dog": 1},
    "pandas's numbers": pd.Index([3, 4]),
    "pandas's categories": list(pd.Series(["cat", "dog"], dtype="category").cat.categories),
}


@pytest.mark.parametrize("how", [{}, {"pickle_module": dill}], ids=["cloudpickle", "dill"])
@pytest.mark.parametrize("kind", VOCABULARIES)
def test_labels_are_the_text_of_what_stands_there(tmp_path, kind, how):
    from fastai.data.transforms import CategoryMap

    members = VOCABULARIES[kind]
    vocab = CategoryMap(list(members), sort=False) if how else members if not isinstance(members, dict) else list(members)
    found = read_learner(exported(tmp_path / "model.pkl", with_vocabulary(learner(), vocab), **how))
    assert found.labels == tuple(str(member) for member in vocab)
    assert found.is_boolean == (kind == "numpy's truth")


def test_a_path_in_a_tuple_is_shown_as_fastai_shows_it(tmp_path):
    found = read_learner(exported(tmp_path / "model.pkl", with_vocabulary(learner(), [(Path("a/b"), 1), ("c", 2)])))
    assert found.labels == ("(Path('a/b'), 1)", "('c', 2)")


def test_labels_that_look_alike_are_said_and_can_be_named(tmp_path):
    path = exported(tmp_path / "model.pkl", with_vocabulary(learner(), [1, "1"]))
    with pytest.raises(ModelError) as caught:
        Classifier.load(path)
    assert "1 (int), 1 (str) are all shown as 1: give each a name, in their order: labels=" in str(caught.value)
    assert caught.value.at(EntryPoint.APP).endswith("MODEL_LABELS=name1,name2")
    assert Classifier.load(path, labels=("number", "text")).config.labels == ("number", "text")


def test_labels_that_nothing_here_can_show_can_be_named(tmp_path):
    path = exported(tmp_path / "model.pkl", with_vocabulary(learner(), list(Colour)))
    with pytest.raises(ModelError, match=r"a label that cannot be read, an object .*name all 2, in their order: labels="):
        Classifier.load(path)
    assert Classifier.load(path, labels=("red", "blue")).config.labels == ("red", "blue")


def test_several_labels_per_photo():
    assert (
        read_learner(EXPORTS / "3.12-2.8.12" / "from_df.pkl").labels
        == Classifier.load(EXPORTS / "3.12-2.8.12" / "from_df.pkl").config.labels
    )
