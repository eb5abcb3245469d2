"""A network is tried before it is trusted."""

from __future__ import annotations

import pytest
from torch import nn

from model.fastai_export.allowed_layers import LayerError
from model.fastai_export.dry_run import count_outputs


def layers(*middle: nn.Module) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(3, 4, 3), *middle, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2))


def test_logits_are_counted():
    assert count_outputs(layers(), 64, 64, "a.pkl") == 2


@pytest.mark.parametrize(
    ("network", "words"),
    [
        (layers(nn.Upsample(scale_factor=5000)), "makes a tensor of shape .*; no classifier needs that much memory"),
        (nn.Conv2d(3, 2, 1), r"gives of shape \(1, 2, 64, 48\) for one photo.*no classifier"),
        (nn.Linear(5, 2), "cannot answer for a photo of 48×64"),
    ],
)
def test_what_is_no_classifier_says_so(network, words):
    with pytest.raises(LayerError, match=f"^a.pkl: its network {words}"):
        count_outputs(network, 64, 48, "a.pkl")
