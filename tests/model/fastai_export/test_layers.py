"""Networks put together out of inert objects."""

from __future__ import annotations

from pathlib import Path

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
