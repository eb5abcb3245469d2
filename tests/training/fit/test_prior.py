from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from model.architecture import build, imagenet_network, linear_of, with_rows
from model.errors import ModelError
from model.head import LinearHead
from training.fit.prior import classes_like, classifier_of, imagenet_classes, parse_like, prior
from training.fit.weights import last_linear, pretrained


def classifier(seed: int = 0) -> LinearHead:
    dice = np.random.default_rng(seed)
    return LinearHead(dice.normal(size=(1000, 8)).astype(np.float32), dice.normal(size=1000).astype(np.float32), (1,) * 1000)


def test_cats_dogs_and_the_rest():
    found = prior(classifier(), ("Cat", "Dog"))
    assert found.head.rows == (5, 118, 877)
    assert found.like["Cat"] == [281, 282, 283, 284, 285]
    assert (found.head.weight[5:123] == classifier().weight[151:269]).all()
    features = np.random.default_rng(1).normal(size=(4, 8)).astype(np.float32)
    scores = features @ classifier().weight.T + classifier().bias
    probabilities = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    logits = found.head.logits(features)
    merged = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    assert merged[:, 0] == pytest.approx(probabilities[:, 281:286].sum(axis=1), rel=1e-3)
    assert merged[:, 2] == pytest.approx(
        1 - probabilities[:, 281:286].sum(axis=1) - probabilities[:, 151:269].sum(axis=1), rel=1e-3
    )


def test_a_label_like_nothing_has_a_row_of_its_own():
    found = prior(classifier(), ("goldfish", "my grandmother"))
    assert found.like == {"goldfish": [1], "my grandmother": []}
    assert found.head.rows == (1, 1, 999)
    assert not found.head.weight[1].any()
    assert prior(classifier(), ("goldfish", "mug"), neither=False).head.rows == (1, 1)


def test_names_of_classes():
    assert len(imagenet_classes()) == 1000
    assert imagenet_classes()[281][0] == "n02123045"
    assert classes_like("Goldfish") == classes_like("goldfishes") == classes_like("n01443537") == [1]
    assert classes_like("cats") == list(range(281, 286))
    assert classes_like("hot dog") == [934]
    assert classes_like("Madagascar cat") == [383]
    assert classes_like("happiness") == []


def test_like_as_it_is_typed():
    found = parse_like(["Cat=281-285", "Mug=coffee mug, n03063599,504", "Other="])
    assert found == {"Cat": [281, 282, 283, 284, 285], "Mug": [504], "Other": []}
    for wrong, words in [
        ("281", "has no label"),
        ("Cat=285-281", "numbers 0 to 999, not 285-281"),
        ("Cat=1000", "numbers 0 to 999"),
        ("Cat=unicorn", "no class 'unicorn'"),
    ]:
        with pytest.raises(ModelError, match=words):
            parse_like([wrong])
    with pytest.raises(ModelError, match="both Cat and Tabby are like the ImageNet class 281, tabby"):
        prior(classifier(), ("Cat", "Tabby"))
    with pytest.raises(ModelError, match="names Bird, but the labels are Cat, Dog"):
        prior(classifier(), ("Cat", "Dog"), {"Bird": [10]})


@pytest.mark.parametrize("name", ["mobilenet_v2", "resnet18", "tf_efficientnet_lite0"])
def test_the_rows_of_a_whole_network(name, tmp_path):
    library = "timm" if name.startswith("tf_") else "torchvision"
    torch.manual_seed(0)
    whole = imagenet_network(name, library).eval()
    torch.save(whole.state_dict(), tmp_path / "whole.pth")
    start = pretrained(name, 2, str(tmp_path / "whole.pth"))
    found = prior(start.classifier, ("Cat", "Dog"))
    network = with_rows(start.network, found.head).eval()
    photos = torch.rand(2, 3, 96, 96)
    with torch.inference_mode():
        expected = whole(photos).softmax(1)
        merged = network(photos).softmax(1)
    assert merged[:, 0].tolist() == pytest.approx(expected[:, 281:286].sum(1).tolist(), rel=1e-3)
    rebuilt = build(name, 3, library, found.head.rows)
    rebuilt.load_state_dict(network.state_dict())  # config.json says enough to build it
    assert linear_of(rebuilt).out_features == 1000


def test_a_classifier_of_another_kind_has_no_rows_to_start_from():
    deep = nn.Sequential(nn.Conv2d(3, 8, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.ReLU(), nn.Linear(8, 1000))
    with torch.no_grad():
        deep[0].bias.fill_(-5)  # so that the ReLU between average and layer matters
    assert classifier_of(deep, deep[0], last_linear(deep)) is None
    assert classifier_of(deep, deep[0], None) is None
    vgg = imagenet_network("vgg11", "torchvision")
    assert classifier_of(vgg, vgg.features, last_linear(vgg)) is None
