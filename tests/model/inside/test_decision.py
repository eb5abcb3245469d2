"""How logits come about, against the network's own."""

from __future__ import annotations

import numpy as np
import pytest
from torch import nn

from model.inside.decision import decide
from model.inside.look import look_inside
from model.inside.torch_graph import TorchInside
from tests.pictures import CAT, COFFEE


@pytest.mark.parametrize("photo", [CAT, COFFEE], ids=["cat", "coffee"])
def test_features_weights_and_rows_give_the_network_s_logits(classifier, photo):
    batch = classifier.batch([classifier.prepare(photo)])
    decision = decide(look_inside(classifier), batch)
    assert decision.logits == pytest.approx(classifier.network.logits(batch)[0], abs=1e-5)
    assert decision.pooled == pytest.approx(decision.maps.mean(axis=(1, 2)), abs=1e-5)
    for answer, logit in enumerate(decision.logits):
        rows = decision.rows_of(answer)
        assert len(rows) == (5, 118, 877)[answer]
        scores = np.array([decision.terms(row).sum() + decision.head.bias[row] for row in rows])
        assert np.log(np.exp(scores.astype(np.float64)).sum()) == pytest.approx(logit, abs=1e-3)
        assert list(scores) == sorted(scores, reverse=True)


def test_a_deeper_head_is_not_written_as_one_sum():
    head = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2))
    module = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), head).eval()
    assert decide(TorchInside(module, 16, 16), np.zeros((1, 3, 16, 16), np.float32)) is None
