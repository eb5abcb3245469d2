"""Networks put together out of inert objects."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from model.fastai_export.allowed_layers import LayerError
from model.fastai_export.layers import Builder, Inert
from model.fastai_export.torch_file import TorchFile
from tests.exports.layers import Scale


class Halve(nn.Module):
    """A layer of nobody's library."""

    def forward(self, x):
        return x / 2


def read(path: Path, value: object, **kwargs) -> TorchFile:
    torch.save(value, path, **kwargs)
    return TorchFile(path)


def built(path: Path, module: nn.Module, allow: tuple[str, ...] = (), **kwargs) -> nn.Module:
    file = read(path, module, **kwargs)
    return Builder(file, allow).network(file.value)


def layers(*middle: nn.Module) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(3, 4, 3), *middle, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2))


def same(one: nn.Module, other: nn.Module) -> bool:
    batch = torch.rand(2, 3, 16, 16)
    with torch.inference_mode():
        return torch.allclose(one.eval()(batch), other.eval()(batch), atol=1e-6)


@pytest.mark.parametrize("zip_file", [True, False])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.float16, torch.bfloat16])
def test_a_network_in_every_layout_and_precision(tmp_path, dtype, zip_file):
    network = layers(nn.BatchNorm2d(4), nn.GELU()).to(dtype)
    found = built(tmp_path / "a.pkl", network, _use_new_zipfile_serialization=zip_file)
    assert same(found, network.float())
    assert all(parameter.dtype == torch.float32 and not parameter.requires_grad for parameter in found.parameters())


def test_networks_of_torchvision_timm_and_fastai(tmp_path):
    import timm
    import torchvision
    from fastai.layers import LinBnDrop, Mish
    from fastai.vision.models.xresnet import xresnet18

    for network in (
        torchvision.models.mobilenet_v3_small(num_classes=2),
        timm.create_model("test_resnet", num_classes=2),
        xresnet18(n_out=2, act_cls=Mish),
        layers(nn.AdaptiveAvgPool2d(1), nn.Flatten(), LinBnDrop(4, 4, p=0.5), nn.Unflatten(1, (4, 1, 1))),
    ):
        assert same(built(tmp_path / "a.pkl", network), network)


def test_strided_shared_and_tied_tensors(tmp_path):
    network = nn.Sequential(nn.Flatten(), nn.Linear(12, 12), nn.Linear(12, 12))
    network[2].weight = network[1].weight
    network[1].bias.data = network[1].weight.data[:, 3]
    found = built(tmp_path / "a.pkl", network)
    assert found[1].weight is found[2].weight
    batch = torch.rand(2, 3, 2, 2)
    assert torch.allclose(found(batch), network(batch), atol=1e-6)


def test_wrappers_of_training_are_taken_off(tmp_path):
    network = layers()
    assert type(built(tmp_path / "a.pkl", nn.DataParallel(network))) is nn.Sequential
    assert same(built(tmp_path / "b.pkl", torch.compile(network)), network)
    assert same(built(tmp_path / "a.pkl", nn.DataParallel(network)), network)


def test_a_class_of_nobodys_library_is_named_with_the_way_to_allow_it(tmp_path):
    name = f"{__name__}.Halve"
    with pytest.raises(LayerError) as caught:
        built(tmp_path / "a.pkl", layers(Halve()))
    assert f'unknown class {name} (1). If it is yours, and importable here, allow it: allow=["{name}"]' in str(caught.value)
    network = layers(Halve())
    assert same(built(tmp_path / "a.pkl", network, (name,)), network)
    assert type(built(tmp_path / "a.pkl", network, (f"{name}=tests.exports.layers.Scale",))[1]) is Scale


def test_functions_among_the_attributes_are_inert_but_activations(tmp_path):
    layer = nn.TransformerEncoderLayer(4, 2, 4, activation=nn.functional.gelu, batch_first=True)
    layer.callback, layer.kind = len, Halve
    found = built(tmp_path / "a.pkl", nn.Sequential(layer))[0]
    assert found.activation is nn.functional.gelu
    assert isinstance(found.callback, Inert)
    assert isinstance(found.kind, Inert)
    with pytest.raises(LayerError, match=r"calls __builtin__\.len, which came with the file and is not run"):
        found.callback([])


def test_hooks_and_replaced_methods_are_left_out_and_said(tmp_path):
    network = layers(nn.ReLU())
    network[1].register_forward_hook(len)
    network[0].forward = abs
    file = read(tmp_path / "a.pkl", network)
    builder = Builder(file)
    found = builder.network(file.value)
    assert not found[1]._forward_hooks
    assert "forward" not in vars(found[0])
    assert len(builder.remarks) == 2
    assert "hooks on 1" in builder.remarks[1]
    assert "its method forward replaced" in builder.remarks[0]


def pruned(layer: nn.Module) -> nn.Module:
    from torch.nn.utils import prune

    prune.l1_unstructured(layer, "weight", 0.5)
    return prune.random_unstructured(layer, "weight", 0.2)


def normed(layer: nn.Module, **how: Any) -> nn.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return nn.utils.weight_norm(layer, **how)


COMPUTED = {
    "weight_norm": normed,
    "weight_norm of another dimension": lambda layer: normed(layer, dim=1),
    "weight_norm of all": lambda layer: normed(layer, dim=None),
    "spectral_norm": nn.utils.spectral_norm,
    "spectral_norm of another dimension": lambda layer: nn.utils.spectral_norm(layer, dim=1),
    "pruning": pruned,
}


@pytest.mark.parametrize("make", COMPUTED.values(), ids=COMPUTED)
def test_weights_that_torchs_hooks_compute_are_those_of_now(tmp_path, make):
    network = nn.Sequential(make(nn.Conv2d(3, 4, 3)), nn.Flatten(), nn.Linear(4 * 14 * 14, 2))
    network(torch.rand(2, 3, 16, 16))
    network.eval()
    with torch.no_grad():
        for parameter in network[0].parameters():
            parameter.mul_(torch.rand_like(parameter) + 1)
        network[0].__dict__["weight"] = network[0].weight.detach()  # of the last answer; torch saves no other
    file = read(tmp_path / "a.pkl", network)
    builder = Builder(file)
    found = builder.network(file.value)
    assert same(found, network)
    assert builder.remarks == []


def test_a_hook_of_torchs_whose_tensors_are_missing_is_refused(tmp_path):
    network = layers()
    network[0] = nn.utils.spectral_norm(network[0])
    network[0].__dict__["weight"] = network[0].weight.detach()
    del network[0].weight_u
    with pytest.raises(LayerError, match=r"0 has its weight computed by torch\.nn\.utils\.spectral_norm\.SpectralNorm"):
        built(tmp_path / "a.pkl", network)
