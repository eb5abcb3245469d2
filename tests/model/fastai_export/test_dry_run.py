"""A network is tried before it is trusted."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from model.fastai_export import dry_run
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


class Expanded(nn.Module):
    """One pixel seen as many, and in the end made into as many."""

    def __init__(self, made: bool) -> None:
        super().__init__()
        self.made = made

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        seen = x[:, :, :1, :1].expand(-1, -1, 20_000, 20_000)
        return seen.contiguous() if self.made else seen[:, :, :8, :8]


def test_views_take_no_memory_and_what_is_made_of_them_does():
    assert count_outputs(layers(Expanded(made=False)), 64, 64, "a.pkl") == 2
    with pytest.raises(LayerError, match=r"makes a tensor of shape \(1, 4, 20000, 20000\)"):
        count_outputs(layers(Expanded(made=True)), 64, 64, "a.pkl")


class Standardised(nn.Linear):
    """A layer that makes as much of its weights before it uses them."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return nn.functional.linear(x, self.weight - self.weight.mean(), self.bias)


@pytest.mark.parametrize("layer", [nn.Linear, Standardised])
def test_weights_may_be_larger_than_what_a_photo_becomes(monkeypatch, layer):
    monkeypatch.setattr(dry_run, "_MAX_FORWARD_BYTES", 100_000)
    network = nn.Sequential(nn.Flatten(), layer(3 * 64 * 64, 50), nn.ReLU(), nn.Linear(50, 2))  # 2.5 MB of weights
    assert count_outputs(network, 64, 64, "a.pkl") == 2
    grown = nn.Sequential(nn.Upsample(scale_factor=4), nn.AdaptiveAvgPool2d(64), *network)
    with pytest.raises(LayerError, match="no classifier needs that much memory"):
        count_outputs(nn.Sequential(nn.Upsample(scale_factor=8), *grown), 64, 64, "a.pkl")
