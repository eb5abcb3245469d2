"""How good are these probabilities? Small pure functions on arrays."""

from __future__ import annotations

import math

import numpy as np
from scipy.optimize import minimize_scalar

from model.classifier import softmax

CALIBRATION_BINS = 15
ACCEPTED = 0.95


def log_loss(probabilities: np.ndarray, targets: np.ndarray) -> float:
    """Mean of -log p(true answer), in nats. probabilities (N, K) rows summing to 1; targets int (N,)."""
    chosen = probabilities[np.arange(len(targets)), targets]
    return float(-np.log(np.clip(chosen, 1e-15, 1)).mean())


def accuracy(probabilities: np.ndarray, targets: np.ndarray) -> float:
    """Share of photos whose most probable answer is the true one, 0-1."""
    return float((probabilities.argmax(axis=1) == targets).mean())


def wilson_interval(share: float, n: int, z: float = 1.96) -> tuple[float, float]:
    """95 % confidence interval of a share of n trials (Wilson 1927)."""
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return max(0.0, centre - half), min(1.0, centre + half)


def expected_calibration_error(probabilities: np.ndarray, targets: np.ndarray, bins: int = CALIBRATION_BINS) -> float:
    """Mean gap between confidence and accuracy over equal-width bins of confidence (Guo et al. 2017), 0-1."""
    confidence = probabilities.max(axis=1)
    correct = probabilities.argmax(axis=1) == targets
    index = np.minimum((confidence * bins).astype(int), bins - 1)
    gaps = [
        abs(correct[index == bin].mean() - confidence[index == bin].mean()) * (index == bin).sum()
        for bin in range(bins)
        if (index == bin).any()
    ]
    return float(sum(gaps) / len(targets))


def fit_temperature(logits: np.ndarray, targets: np.ndarray) -> float:
    """The temperature that minimises the log loss of softmax(logits / temperature) (Guo et al. 2017), 0.2-5."""
    result = minimize_scalar(
        lambda log_t: log_loss(softmax(logits / math.exp(log_t)), targets),
        bounds=(math.log(0.2), math.log(5)),
        method="bounded",
    )
    return float(math.exp(result.x))


def false_accepts(own: np.ndarray, other: np.ndarray, accepted: float = ACCEPTED) -> float:
    """Share of other things taken for one of the labels when `accepted` of the labels' own photos are (FPR at 95 % TPR).

    Args:
        own: p(neither) of photos of the labels. other: p(neither) of photos of other things.
    """
    return float((other <= np.quantile(own, accepted)).mean())


def auroc(own: np.ndarray, other: np.ndarray) -> float:
    """Probability that p(neither) is higher for a photo of something else than for one of the labels, 0-1."""
    order = np.sort(own)
    below = np.searchsorted(order, other, side="left") + np.searchsorted(order, other, side="right")
    return float(below.mean() / (2 * len(own)))
