from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn.metrics import log_loss as sklearn_log_loss

from model.calibration import wilson_interval
from training.quality import metrics


@pytest.fixture
def dice():
    return np.random.default_rng(0)


def test_the_log_loss_agrees_with_that_of_scikit_learn(dice):
    probabilities = dice.dirichlet((1, 1, 1), 200)
    targets = dice.integers(0, 3, 200)
    assert metrics.log_loss(probabilities, targets) == pytest.approx(sklearn_log_loss(targets, probabilities))


def test_wilson_interval_of_a_worked_example():
    assert wilson_interval(90, 100) == pytest.approx((0.8256, 0.9448), abs=1e-4)
    assert wilson_interval(50, 50)[1] == pytest.approx(1)


def test_calibration_error_of_a_worked_example():
    confident = np.tile([0.9, 0.1], (10, 1))
    honest = metrics.reliability(confident, np.array([0] * 9 + [1]))
    assert metrics.expected_calibration_error(honest) == pytest.approx(0)
    assert metrics.expected_calibration_error(metrics.reliability(confident, np.array([0] * 5 + [1] * 5))) == pytest.approx(0.4)


def test_a_reliability_bar_says_how_sure_and_how_right_its_photos_are():
    probabilities = np.array([[0.95, 0.05], [0.97, 0.03], [0.4, 0.6], [1, 0]])
    low, high = metrics.reliability(probabilities, np.array([0, 1, 1, 0]), bins=10)
    assert (low.low, low.high, low.photos, low.confidence, low.accuracy) == (0.5, 0.6, 1, 0.6, 1)
    assert (high.photos, high.accuracy) == (3, pytest.approx(2 / 3))
    assert high.confidence == pytest.approx((0.95 + 0.97 + 1) / 3)


def test_precision_recall_and_f1_of_a_worked_example():
    predicted = [0, 0, 0, 1, 1, 2]  # 2: an answer that is no label
    truth = np.array([0, 0, 1, 1, 1, 1])
    first, second = metrics.per_label(np.eye(3)[predicted], truth, labels=2)
    assert (first.photos, first.precision, first.recall) == (2, pytest.approx(2 / 3), 1)
    assert first.f1 == pytest.approx(0.8)
    assert (second.photos, second.precision, second.recall) == (4, 1, 0.5)


def test_roc_auc_ranks_a_label_against_the_others():
    probabilities = np.array([[0.9, 0.1, 0], [0.2, 0.3, 0.5], [0.4, 0.3, 0.3], [0.1, 0.2, 0.7]])
    first, second, third = metrics.per_label(probabilities, np.array([0, 0, 1, 2]), labels=3)
    assert first.roc_auc == 0.75  # 0.9 beats both others, 0.2 beats one of two
    assert second.roc_auc == pytest.approx(2.5 / 3)
    assert third.roc_auc == 1


def test_figures_that_photos_leave_undefined_are_none():
    unseen, only = metrics.per_label(np.array([[0.2, 0.8], [0.1, 0.9]]), np.array([1, 1]), labels=2)
    assert (unseen.photos, unseen.precision, unseen.recall, unseen.f1, unseen.roc_auc) == (0, None, None, None, None)
    assert (only.precision, only.recall, only.f1, only.roc_auc) == (1, 1, 1, None)


def test_the_fitted_temperature_undoes_overconfidence(dice):
    logits = dice.normal(0, 1.5, (20_000, 3))
    honest = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    targets = np.array([dice.choice(3, p=row) for row in honest])
    assert metrics.fit_temperature(logits * 2, targets) == pytest.approx(2, abs=0.1)


def test_few_photos_without_a_mistake_are_no_reason_to_be_surer():
    logits, targets = np.tile([3.0, 0.0], (100, 1)), np.zeros(100, int)
    assert 0.6 < metrics.fit_temperature(logits, targets) < 1
    assert metrics.fit_temperature(np.tile(logits, (100, 1)), np.zeros(10_000, int)) < 0.5


def test_false_accepts_and_auroc(dice):
    own, other = dice.beta(1, 8, 500), dice.beta(8, 1, 300)
    pairs = other[:, None] - own[None]
    assert metrics.auroc(own, other) == pytest.approx(((pairs > 0) + 0.5 * (pairs == 0)).mean())
    threshold = np.quantile(own, 0.95)
    assert metrics.false_accepts(own, other) == np.mean(other <= threshold)
    assert metrics.false_accepts(own, np.ones(4)) == 0
    assert math.isclose(metrics.auroc(own, own), 0.5)


def test_a_paired_comparison_of_a_worked_example():
    right_a = np.array([True] * 80 + [True] * 2 + [False] * 10 + [False] * 8)
    right_b = np.array([True] * 80 + [False] * 2 + [True] * 10 + [False] * 8)
    pair = metrics.paired(right_a, right_b)
    assert (pair.both_right, pair.only_a, pair.only_b, pair.both_wrong) == (80, 2, 10, 8)
    assert pair.difference == pytest.approx(0.08)
    assert pair.mcnemar_p == pytest.approx(2 * (1 + 12 + 66) / 2**12)  # 0, 1 or 2 of 12 fair coins, twice
    low, high = pair.difference_95_interval
    assert 0 < low < 0.08 < high < 0.16


def test_two_models_that_answer_alike_do_not_differ():
    right = np.array([True, False, True])
    pair = metrics.paired(right, right)
    assert (pair.difference, pair.mcnemar_p) == (0, 1)
    assert pair.difference_95_interval[0] == -pair.difference_95_interval[1] < 0


def test_the_interval_of_a_difference_covers_the_truth_in_about_95_percent(dice):
    covered = []
    for _ in range(2000):
        cells = dice.choice(4, 100, p=[0.85, 0.03, 0.08, 0.04])  # both right, only A, only B, both wrong
        low, high = metrics.paired(np.isin(cells, (0, 1)), np.isin(cells, (0, 2))).difference_95_interval
        covered.append(low <= 0.05 <= high)
    assert 0.93 < np.mean(covered) < 0.98
