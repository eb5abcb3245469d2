from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn.metrics import log_loss as sklearn_log_loss
from sklearn.metrics import roc_auc_score

from training import metrics


@pytest.fixture
def dice():
    return np.random.default_rng(0)


def test_log_loss_and_accuracy_agree_with_scikit_learn(dice):
    probabilities = dice.dirichlet((1, 1, 1), 200)
    targets = dice.integers(0, 3, 200)
    assert metrics.log_loss(probabilities, targets) == pytest.approx(sklearn_log_loss(targets, probabilities))
    assert metrics.accuracy(probabilities, targets) == np.mean(probabilities.argmax(1) == targets)


def test_wilson_interval_of_a_worked_example():
    assert metrics.wilson_interval(0.9, 100) == pytest.approx((0.8256, 0.9448), abs=1e-4)
    assert metrics.wilson_interval(1, 50)[1] == pytest.approx(1)


def test_calibration_error_of_a_worked_example():
    confident = np.tile([0.9, 0.1], (10, 1))
    assert metrics.expected_calibration_error(confident, np.array([0] * 9 + [1])) == pytest.approx(0)
    assert metrics.expected_calibration_error(confident, np.array([0] * 5 + [1] * 5)) == pytest.approx(0.4)


def test_the_fitted_temperature_undoes_overconfidence(dice):
    logits = dice.normal(0, 1.5, (20_000, 3))
    honest = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    targets = np.array([dice.choice(3, p=row) for row in honest])
    assert metrics.fit_temperature(logits * 2, targets) == pytest.approx(2, abs=0.1)


def test_false_accepts_and_auroc(dice):
    own, other = dice.beta(1, 8, 500), dice.beta(8, 1, 300)
    scores = np.r_[own, other]
    assert metrics.auroc(own, other) == pytest.approx(roc_auc_score([0] * 500 + [1] * 300, scores))
    threshold = np.quantile(own, 0.95)
    assert metrics.false_accepts(own, other) == np.mean(other <= threshold)
    assert metrics.false_accepts(own, np.ones(4)) == 0
    assert math.isclose(metrics.auroc(own, own), 0.5)
