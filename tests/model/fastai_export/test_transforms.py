"""The size that photos get, from an export's transforms or from the caller. tests/exports has every kind of transform."""

from __future__ import annotations

import pytest

from model import Classifier, ModelError
from model.fastai_export.learner import read_learner
from model.fastai_export.options import ExportOptions
from tests.exports.files import EXPORTS, IS_CAT, renamed


def test_a_learner_without_resize_asks_for_a_size(tmp_path):
    path = tmp_path / "model.pkl"
    path.write_bytes(renamed(IS_CAT, b"fastai.vision.augment\nResize\n", b"fastai.vision.augment\nFlipItem\n"))
    with pytest.raises(ModelError, match=r"has no Resize.*size=\(224, 224\), or size=\(224, 320\)"):
        read_learner(path)
    size = read_learner(path, ExportOptions(size=(40, 48))).preparation.input
    assert (size.resize, size.height, size.width) == ("squish", 40, 48)


def test_a_size_is_for_exports_without_one():
    with pytest.raises(ModelError, match="resizes photos itself, to 64×64"):
        Classifier.load(IS_CAT, size=(32, 32))


def test_a_transform_that_no_fixed_size_can_follow_is_named(tmp_path):
    path = tmp_path / "model.pkl"
    path.write_bytes(renamed(IS_CAT, b"fastai.vision.augment\nResize\n", b"fastai.vision.augment\nRatioResize\n"))
    with pytest.raises(ModelError, match=r"fastai\.vision\.augment\.RatioResize leaves every photo in a size of its own"):
        read_learner(path)


def test_a_transform_of_ones_own_is_left_out_and_said(tmp_path):
    path = tmp_path / "model.pkl"
    path.write_bytes(renamed(IS_CAT, b"fastai.data.transforms\nToTensor\n", b"mine\nSharpen\n"))
    preparation = read_learner(path).preparation
    assert preparation.remarks == ["the item transform mine.Sharpen is not known here and is left out: answers may differ"]


@pytest.mark.parametrize(
    ("export", "resize", "steps"),
    [
        ("3.12-2.8.12/from_folder", "crop", []),
        ("3.12-2.8.12/from_df", "squish", ["the centre of 48×48"]),
        ("3.13-2.8.12/affine_size", "crop", ["resized to 48×48 as a batch, bilinear"]),
        ("3.12-2.8.12/from_name_re", "pad", []),
    ],
)
def test_what_happens_to_a_photo_is_said_in_order(export, resize, steps):
    preparation = read_learner(EXPORTS / f"{export}.pkl").preparation
    assert preparation.input.resize == resize
    assert [step.describe() for step in preparation.steps] == steps
