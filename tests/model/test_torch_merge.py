"""`Merge` is `model.head.merge` as a layer."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from model.head import merge
from model.torch_merge import Merge


@pytest.mark.parametrize("rows", [(1, 1, 1), (2, 3, 4), (9,)])
def test_it_merges_as_the_fit_does(rows):
    scores = np.random.default_rng(0).normal(size=(5, sum(rows))).astype(np.float32) * 20
    assert Merge(rows)(torch.from_numpy(scores)).numpy() == pytest.approx(merge(scores, rows), abs=1e-5)
    assert repr(Merge(rows)) == f"Merge(rows={list(rows)})"
