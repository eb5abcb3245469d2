"""Bases of both libraries: which network a name means, what its features are, and which photos it expects."""

from __future__ import annotations

import re

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from model.architecture import imagenet_network
from model.errors import ModelError
from training.fit.base import named, pretrained_base
from training.fit.weights import last_linear, pretrained, seen_by

PHOTOS = torch.rand(2, 3, 96, 96, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize(
    ("base", "library", "name"),
    [
        ("resnet50", "torchvision", "resnet50"),
        ("torchvision:resnet50", "torchvision", "resnet50"),
        ("timm:resnet50", "timm", "resnet50"),
        ("timm:resnet50.a1_in1k", "timm", "resnet50.a1_in1k"),
        ("legacy_xception", "timm", "legacy_xception"),
        ("Xception", "timm", "xception"),
        ("MobileNet_V2", "torchvision", "mobilenet_v2"),
    ],
)
def test_a_name_says_which_network_of_which_library(base, library, name):
    assert named(base) == (library, name)


@pytest.mark.parametrize(
    ("base", "words"),
    [
        ("resnett34", "no architecture 'resnett34'; did you mean .*resnet34"),
        ("timm:resnett34", "no architecture 'resnett34'; did you mean .*resnet34"),
        ("torchvision:xception", "torchvision has no architecture 'xception', but timm has: timm:xception"),
        ("timm:alexnet", "timm has no architecture 'alexnet', but torchvision has: torchvision:alexnet"),
        ("keras:xception", "keras:xception: what stands before the colon is torchvision or timm, as in timm:xception"),
    ],
)
def test_a_name_that_means_no_network_says_what_is_near(base, words):
    with pytest.raises(ModelError, match=words):
        pretrained_base(base, "none", 64)


@pytest.mark.parametrize(
    "base",
    [
        "torchvision:resnet18",
        "torchvision:densenet121",  # a ReLU that is no part stands between maps and average
        "torchvision:mnasnet0_5",  # averages in its `forward`
        "torchvision:shufflenet_v2_x0_5",
        "torchvision:googlenet",  # has classifiers on the way, and normalises anew
        "torchvision:swin_t",  # its maps have the channels last
        "timm:test_resnet",
        "timm:test_efficientnet",
        "timm:test_vit",
    ],
)
def test_the_features_are_what_the_networks_own_classifier_reads(base, tmp_path):
    library, _, name = base.partition(":")
    torch.manual_seed(0)
    whole = imagenet_network(name, library).eval()
    save_file(whole.state_dict(), tmp_path / "whole.safetensors")
    if name == "googlenet":
        whole.transform_input = True  # as with weights that torchvision downloads
    side = 160 if name == "test_vit" else 96
    photos = torch.rand(2, 3, side, side, generator=torch.Generator().manual_seed(0))
    found = pretrained_base(base, str(tmp_path / "whole.safetensors"), side)
    with torch.inference_mode():
        features = nn.Sequential(found.body, *found.pool).eval()(photos)
        logits = last_linear(whole)(features)
        expected = whole(photos)
    assert features.shape == (2, found.width)
    assert torch.allclose(logits, expected, rtol=1e-4, atol=1e-4)
    assert (name == "test_vit") == ("has no feature maps to average" in found.note)


@pytest.mark.parametrize(("name", "width"), [("vgg11", 512), ("squeezenet1_1", 512), ("convnext_tiny", 768)])
def test_maps_are_averaged_where_the_classifier_does_more_than_that(name, width):
    base = pretrained_base(name, "none", 96)
    with torch.inference_mode():
        maps = base.body.eval()(PHOTOS)
        assert base.pool(maps) == pytest.approx(maps.mean((2, 3)), abs=1e-5)
    assert (maps.ndim, maps.shape[1], base.width, base.note) == (4, width, width, "")


def test_photos_are_normalised_as_the_weights_expect():
    assert pretrained_base("resnet18", "none", 64).mean == (0.485, 0.456, 0.406)
    assert pretrained_base("legacy_xception", "none", 75).std == (0.5, 0.5, 0.5)
    mean, std, side = seen_by(nn.Identity(), "efficientnet_v2_l", "torchvision")  # unlike all others of torchvision
    assert (mean, std, side) == ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5), 480)


def test_photos_of_another_size_are_refused_with_the_right_one():
    with pytest.raises(ModelError, match=r"test_vit takes no photos of 150×150 pixels; give --size 160 \("):
        pretrained_base("timm:test_vit", "none", 150)


def test_weights_come_from_model_folders_too(tmp_path):
    before = pretrained("resnet18", 3, "none").network.eval()
    save_file(before.state_dict(), tmp_path / "model.safetensors")
    base = pretrained_base("resnet18", str(tmp_path / "model.safetensors"), 64)
    with torch.inference_mode():
        assert torch.equal(base.body.eval()(PHOTOS), before[0](PHOTOS))


def test_weights_of_another_network_are_refused(tmp_path):
    path = tmp_path / "whole.safetensors"
    save_file(imagenet_network("mobilenet_v3_small", "torchvision").state_dict(), path)
    with pytest.raises(ModelError, match=f"--weights {re.escape(str(path))} is not for test_resnet: "):
        pretrained_base("timm:test_resnet", str(path), 64)
