"""What is special about looking into a torch network. tests/model/inside/test_graph.py has what both kinds share."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from model.errors import ModelError
from model.inside.torch_graph import TorchInside

PHOTOS = np.random.default_rng(0).normal(size=(1, 3, 16, 16)).astype(np.float32)


def test_in_place_layers_do_not_change_what_was_seen():
    first = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(inplace=True))
    last = nn.Sequential(nn.Conv2d(4, 8, 3), nn.ReLU(inplace=True), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 2))
    inside = TorchInside(nn.Sequential(first, last).eval(), 16, 16)
    maps = inside.run(PHOTOS, [inside.graph.layers[0].tensor])[0]
    with torch.no_grad():
        assert maps == pytest.approx(first(torch.from_numpy(PHOTOS)).numpy(), abs=1e-6)


def test_an_answer_that_does_not_come_from_the_photo_cannot_be_followed():
    class Detour(nn.Module):
        def forward(self, photos: torch.Tensor) -> torch.Tensor:
            return torch.from_numpy(photos.numpy().mean((2, 3)))

    with pytest.raises(ModelError, match="its answer does not come from the photo by torch functions"):
        TorchInside(Detour(), 16, 16)
