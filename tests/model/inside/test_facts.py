from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from model.folder import load_torch
from model.inside.facts import parameters_with_batch_norm, unused_filters
from model.inside.look import look_inside
from model.inside.torch_graph import TorchInside
from model.resize import fit
from model.source import STARTER
from tests.pictures import CAT, COFFEE


def test_the_starters_unused_filters_have_maps_that_never_change(classifier):
    inside = look_inside(classifier)
    unused = unused_filters(inside)
    assert unused == (11, 16, 28, 31)
    assert unused_filters(look_inside(load_torch(STARTER))) == unused
    prepared = [fit(classifier.open(path), classifier.config.input) for path in (CAT, COFFEE)]
    maps = inside.run(classifier.batch(prepared), [inside.graph.layers[0].tensor])[0]
    assert np.ptp(maps[:, unused], axis=(0, 2, 3)) == pytest.approx(0)
    others = np.delete(maps, unused, axis=1)
    assert np.ptp(others, axis=(0, 2, 3)).min() > 0.1


def test_small_weights_are_used_where_a_normalisation_makes_up_for_them():
    torch.manual_seed(0)
    first, norm = nn.Conv2d(3, 3, 3, bias=False), nn.BatchNorm2d(3)
    with torch.no_grad():
        first.weight[0] *= 1e-6
        first.weight[1] *= 1e-6
        norm.running_var[0] = norm.running_var[0] * 1e-12
        norm.eps = 1e-30
    inside = TorchInside(nn.Sequential(first, norm, nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()).eval(), 16, 16)
    assert unused_filters(inside) == (1,)


def test_a_network_without_filters_over_colours_has_none_unused():
    assert unused_filters(TorchInside(nn.Sequential(nn.Flatten(), nn.Linear(3 * 16 * 16, 2)), 16, 16)) == ()


def test_the_librarys_count_is_that_of_its_network(classifier):
    module = load_torch(STARTER).network.module
    assert parameters_with_batch_norm(classifier) == sum(parameter.numel() for parameter in module.parameters())
    assert parameters_with_batch_norm(load_torch(STARTER)) is None
