from __future__ import annotations

import pytest

from model.errors import ModelError, OutputError
from model.folder import load_folder, load_torch, new_model_folder


@pytest.mark.parametrize("name", ["config.json", "model.onnx"])
def test_a_missing_file_is_named(folder, name):
    (folder / name).unlink()
    with pytest.raises(ModelError, match=f"{name} is missing"):
        load_folder(folder)


def test_a_git_lfs_pointer_says_what_to_do(folder):
    (folder / "model.onnx").write_bytes(b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n")
    with pytest.raises(ModelError, match="git lfs pull"):
        load_folder(folder)


def test_labels_that_do_not_fit_the_network_are_refused(folder, config):
    document, write = config
    del document["architecture"]["rows"]
    write(document | {"labels": ["Cat", "Dog", "Horse"]})
    with pytest.raises(ModelError, match="3 logits.*4 answers"):
        load_folder(folder)


def test_an_input_size_that_does_not_fit_the_network_is_refused(folder, config):
    document, write = config
    document["input"]["height"] = 128
    write(document)
    with pytest.raises(ModelError, match="names the input"):
        load_folder(folder)


def test_weights_of_another_network_are_refused(folder, config):
    document, write = config
    write(document | {"architecture": {"library": "torchvision", "name": "resnet18"}})
    with pytest.raises(ModelError, match=r"model\.safetensors belongs to another network: Missing key"):
        load_torch(folder)


def test_an_unknown_architecture_is_refused(folder, config):
    document, write = config
    write(document | {"architecture": {"library": "torchvision", "name": "resnet3"}})
    with pytest.raises(ModelError, match="resnet3.*try resnet34"):
        load_torch(folder)


def test_what_is_not_a_model_is_never_overwritten(tmp_path):
    (tmp_path / "holiday.jpg").write_bytes(b"photo")
    with pytest.raises(OutputError, match="not a model folder"), new_model_folder(tmp_path):
        pass
    assert (tmp_path / "holiday.jpg").read_bytes() == b"photo"


def test_a_model_folder_may_be_replaced(folder):
    with new_model_folder(folder) as new:
        (new / "config.json").write_text("new")
    assert [path.name for path in folder.iterdir()] == ["config.json"]


@pytest.mark.parametrize(("content", "words"), [(b"no tensors", "is not a safetensors file: "), (None, "is missing$")])
def test_weights_that_are_none_are_named(folder, content, words):
    (folder / "model.safetensors").unlink()
    if content is not None:
        (folder / "model.safetensors").write_bytes(content)
    with pytest.raises(ModelError, match=rf"model\.safetensors {words}"):
        load_torch(folder)
