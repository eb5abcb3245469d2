"""Files that are no exports, damaged ones, and numbers in every layout of torch."""

from __future__ import annotations

import pickle
import zipfile

import numpy as np
import pytest
import torch

from model import Classifier, ModelError
from model.fastai_export.torch_file import TorchFile
from tests.exports.files import IS_CAT, changed

HONEST = IS_CAT.read_bytes()
STRANGERS = {
    "empty": (b"", "is empty"),
    "a git-lfs pointer": (b"version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 3\n", "run `git lfs pull`"),
    "an HTML page": (b"\n<!DOCTYPE html><html>", "is an HTML page"),
    "a page without doctype": (b"<html><body>Sign in", "is an HTML page"),
    "text": (b"Entry not found", "is not a pickle"),
    "gzip": (b"\x1f\x8b\x08rest", "compressed with gzip"),
    "a truncated download": (HONEST[: len(HONEST) * 2 // 3], "cut short"),
    "cut inside the pickle": (changed(IS_CAT, **{"data.pkl": b"\x80\x02}q\x00(X\x05\x00\x00\x00mod"}), "cut short"),
    "without its numbers": (changed(IS_CAT, **{"data/0": None}), "the storage 0 is missing"),
    "with too few numbers": (changed(IS_CAT, **{"data/0": b"\0\0\0\0"}), "numbers, not"),
    "another zip": (changed(IS_CAT, **{"data.pkl": None}), "without a data.pkl"),
}


@pytest.mark.parametrize("kind", STRANGERS)
def test_what_is_no_export_is_named(tmp_path, kind):
    content, words = STRANGERS[kind]
    path = tmp_path / "model.pkl"
    path.write_bytes(content)
    with pytest.raises(ModelError) as caught:
        Classifier.load(path)
    assert words in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_torchscript_archive_is_named(tmp_path):
    with zipfile.ZipFile(tmp_path / "model.pkl", "w") as archive:
        archive.writestr("net/data.pkl", pickle.dumps(1))
        archive.writestr("net/code/__torch__.py", "")
    with pytest.raises(ModelError, match="TorchScript"):
        Classifier.load(tmp_path / "model.pkl")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ModelError, match=r"there is no model folder or export .*/model\.pkl"):
        Classifier.load(tmp_path / "model.pkl")


@pytest.mark.parametrize("zip_file", [True, False])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.int64, torch.bool])
def test_numbers_of_every_type_and_layout(tmp_path, dtype, zip_file):
    tensor = torch.arange(12).reshape(3, 4).to(dtype)
    torch.save([tensor, tensor[1:, ::2]], tmp_path / "a.pkl", _use_new_zipfile_serialization=zip_file)
    file = TorchFile(tmp_path / "a.pkl")
    whole, part = (file.array(value) for value in file.value)
    assert file.layout == ("zip" if zip_file else "legacy")
    assert np.array_equal(whole, tensor.float().numpy())
    assert np.array_equal(part, tensor[1:, ::2].float().numpy())
    assert not whole.flags.writeable
