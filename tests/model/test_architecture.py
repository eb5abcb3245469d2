"""Networks by name: a body, average pooling and one linear layer."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torchvision.models import VisionTransformer

from model.architecture import build, imagenet_network, library_of, linear_of, with_head, with_rows
from model.errors import ModelError
from model.head import LinearHead


@pytest.mark.parametrize(
    ("name", "library", "features"),
    [
        ("resnet18", "torchvision", 512),
        ("mobilenet_v3_small", "torchvision", 576),
        ("test_resnet", "timm", 96),
    ],
)
def test_a_network_gives_a_logit_for_each_output(name, library, features):
    network = build(name, 3, library)
    assert network.training
    assert linear_of(network).in_features == features
    assert network.eval()(torch.zeros(2, 3, 64, 96)).shape == (2, 3)


def test_rows_are_merged_into_outputs():
    network = build("resnet18", 2, rows=(3, 1)).eval()
    assert linear_of(network).out_features == 4
    assert network(torch.zeros(1, 3, 64, 64)).shape == (1, 2)


@pytest.mark.parametrize("rows", [(1, 1), (2, 3)])
def test_a_head_that_was_fitted_is_put_on_the_same_body(rows):
    network = build("resnet18", 2).eval()
    dice = np.random.default_rng(0)
    head = LinearHead(
        dice.normal(size=(sum(rows), 512)).astype(np.float32), dice.normal(size=sum(rows)).astype(np.float32), rows
    )
    fitted = with_rows(network, head).eval()
    assert fitted[0] is network[0]
    photos = torch.rand(2, 3, 64, 64)
    with torch.inference_mode():
        features = network[0](photos).mean((2, 3)).numpy()
        assert fitted(photos).numpy() == pytest.approx(head.logits(features), abs=1e-4)


@pytest.mark.parametrize(("name", "library"), [("resnet34", "torchvision"), ("test_resnet", "timm")])
def test_the_library_is_found_by_the_name(name, library):
    assert library_of(name) == library


@pytest.mark.parametrize(
    ("name", "words"), [("resnett34", "did you mean .*resnet34"), ("zzz", "no architecture 'zzz'; try resnet34")]
)
def test_a_name_that_no_library_has(name, words):
    with pytest.raises(ModelError, match=words):
        library_of(name)


@pytest.mark.parametrize(
    ("library", "words"),
    [
        ("torchvision", "torchvision has no architecture 'mine'"),
        ("timm", "timm has no architecture 'mine'"),
        ("export", "came out of a fastai export and cannot be built anew"),
        ("script", "is a class of a training script"),
    ],
)
def test_what_cannot_be_built_says_why(library, words):
    with pytest.raises(ModelError, match=words):
        imagenet_network("mine", library)


def test_a_body_may_end_where_the_features_end():
    network = imagenet_network("squeezenet1_1", "torchvision")  # its head is a convolution
    assert with_head(network, 2).eval()(torch.zeros(1, 3, 64, 64)).shape == (1, 2)


def test_a_network_without_feature_maps_before_its_head_is_refused():
    with pytest.raises(ModelError, match="VisionTransformer has no body that ends before a pooling layer; try resnet34"):
        with_head(VisionTransformer(32, 16, 1, 1, 8, 8), 2)
