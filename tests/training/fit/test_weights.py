"""First weights that cannot be had are said, whatever the library's error says."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from model.architecture import build
from model.errors import ModelError
from training.fit.weights import pretrained


@pytest.mark.parametrize(
    ("error", "words"), [(RuntimeError(""), r"\(RuntimeError\)"), (OSError("\nno route\nto host"), r"\(no route\)")]
)
def test_a_download_that_fails_is_said_even_where_the_error_is_silent(monkeypatch, error, words):
    def fail(name, library, trained):
        raise error

    monkeypatch.setattr("training.fit.weights.imagenet_network", fail)
    with pytest.raises(ModelError, match=f"ImageNet weights of resnet18 could not be downloaded {words}; pass --weights FILE"):
        pretrained("resnet18", 3, "imagenet")


def test_weights_of_another_network_are_refused_with_what_does_not_fit(tmp_path):
    path = tmp_path / "model.safetensors"
    save_file(build("mobilenet_v3_small", 3).state_dict(), path)
    with pytest.raises(ModelError, match=rf'--weights {path} is not for resnet18: Missing key\(s\) in state_dict: "0\.weight"'):
        pretrained("resnet18", 3, str(path))


@pytest.mark.parametrize(
    ("content", "words"), [(b"no weights", "is not a state dict: "), (None, r"there is no such file \(other values: imagenet")]
)
def test_a_file_without_weights_is_named(tmp_path, content, words):
    path = tmp_path / "weights.pth"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ModelError, match=f"--weights {path}:? {words}"):
        pretrained("resnet18", 3, str(path))


def test_the_head_of_a_model_folder_is_kept_where_it_fits(tmp_path):
    path = tmp_path / "model.safetensors"
    before = build("resnet18", 3)
    save_file(before.state_dict(), path)
    same, other = pretrained("resnet18", 3, str(path)).network, pretrained("resnet18", 2, str(path)).network
    weights = before.state_dict()
    assert all(torch.equal(tensor, weights[name]) for name, tensor in same.state_dict().items())
    assert torch.equal(other.state_dict()["0.0.weight"], weights["0.0.weight"])
    assert other(torch.zeros(2, 3, 64, 64)).shape == (2, 2)


def test_a_file_that_holds_code_is_not_advised_to_be_run(tmp_path):
    torch.save(Path, tmp_path / "code.pth")
    with pytest.raises(ModelError, match=r"code\.pth is not a state dict: it is damaged, or holds more than tensors$"):
        pretrained("resnet18", 2, str(tmp_path / "code.pth"))
