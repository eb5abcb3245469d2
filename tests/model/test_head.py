"""A head fitted to features: against scikit-learn, against finite differences, against what it was before."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import log_softmax

from model.head import LinearHead, fit, merge, shares


def clouds(count: int, seed: int, features: int = 20) -> tuple[np.ndarray, np.ndarray]:
    """Points of three classes that overlap a little."""
    dice = np.random.default_rng(seed)
    targets = np.arange(count) % 3
    return np.eye(3, features)[targets] * 2 + dice.normal(size=(count, features)), targets


@pytest.mark.parametrize("count", [300, 15])  # more photos than features, and fewer
def test_one_row_each_is_logistic_regression(count):
    from sklearn.linear_model import LogisticRegression

    features, targets = clouds(count, seed=1)
    unseen, _ = clouds(900, seed=2)
    head = fit(features, targets, np.full(count, 1 / count), LinearHead.blank(3, 20), 0.01, iterations=300)
    theirs = LogisticRegression(C=1 / (0.01 * count), max_iter=5000, tol=1e-9).fit(features, targets)
    logits = head.logits(unseen)
    ours = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    assert np.abs(ours - theirs.predict_proba(unseen)).max() < 0.02


def merged(seed: int = 0) -> LinearHead:
    dice = np.random.default_rng(seed)
    return LinearHead(dice.normal(size=(9, 6)).astype(np.float32), dice.normal(size=9).astype(np.float32), (2, 3, 4))


def test_logits_are_the_log_of_the_summed_exponentials():
    head = merged()
    features = np.random.default_rng(1).normal(size=(5, 6)).astype(np.float32)
    scores = features @ head.weight.T + head.bias
    expected = [np.log(np.exp(part).sum(axis=1)) for part in np.split(scores, [2, 5], axis=1)]
    assert head.logits(features) == pytest.approx(np.stack(expected, axis=1), abs=1e-5)
    assert merge(scores + 500, head.rows) == pytest.approx(head.logits(features) + 500, abs=1e-3)  # nothing overflows
    assert np.add.reduceat(shares(scores, head.rows), [0, 2, 5], axis=1) == pytest.approx(np.ones((5, 3)), abs=1e-5)
    assert head.raised(1, 2.5).logits(features) - head.logits(features) == pytest.approx(np.tile([0, 2.5, 0], (5, 1)), abs=1e-5)


def test_the_gradient_is_that_of_finite_differences():
    head = merged()
    features = np.random.default_rng(2).normal(size=6)
    for place in range(6):
        step = np.zeros(6)
        step[place] = 1e-2
        difference = (head.logits((features + step)[None]) - head.logits((features - step)[None]))[0] / 2e-2
        assert head.gradient(features)[:, place] == pytest.approx(difference, abs=2e-3)


def test_a_strong_decay_leaves_the_head_where_it_began_and_a_weak_one_fits():
    dice = np.random.default_rng(3)
    features, targets = dice.normal(size=(60, 6)).astype(np.float32), np.arange(60) % 3
    weights = np.full(60, 1 / 60)
    start = merged()
    held = fit(features, targets, weights, start, decay=1e4)
    assert held.weight == pytest.approx(start.weight, abs=1e-3)
    free = fit(features, targets, weights, start, decay=1e-3, iterations=300)

    def loss(head: LinearHead) -> float:
        logits = head.logits(features)
        return float(-log_softmax(logits, axis=1)[np.arange(60), targets].mean())

    assert loss(free) < loss(held) < loss(start)


def test_photos_without_weight_change_nothing():
    features, targets = clouds(90, seed=4)
    weights = np.where(np.arange(90) < 60, 1 / 60, 0)
    blank = LinearHead.blank(3, 20)
    with_them = fit(features, targets, weights, blank, 0.01, iterations=300)
    without = fit(features[:60], targets[:60], weights[:60], blank, 0.01, iterations=300)
    assert with_them.logits(features) == pytest.approx(without.logits(features), abs=0.02)
