"""How sure an answer may be: temperature and bias of neither from answers to photos that were held back, and intervals."""

from __future__ import annotations

import math

import numpy as np

from model.classifier import softmax

PRIOR = 0.25  # standard deviation of log temperature
SHIFT_PRIOR = 2.0  # standard deviation of the shift of neither's logit


def losses(probabilities: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """-log p(true answer) of each photo, in nats: float64 (N,). probabilities (N, K) rows summing to 1; targets int (N,)."""
    chosen = probabilities[np.arange(len(targets)), targets]
    result: np.ndarray = -np.log(np.clip(chosen, 1e-15, 1))
    return result


def shifted(logits: np.ndarray, shift: float) -> np.ndarray:
    """Logits (N, K) with `shift` added to the last."""
    changed = logits.copy()
    changed[:, -1] += shift
    return changed


def calibrate(logits: np.ndarray, targets: np.ndarray, weights: np.ndarray, neither: bool) -> tuple[float, float]:
    """The most probable temperature, 0.2-5 (Guo et al. 2017), and shift of the last logit (0 where that is not neither).

    The logarithm of the temperature and the shift have normal priors around 0: few photos without a mistake are no reason
    to be surer.

    Args:
        logits: float (N, K), of photos that the head was not fitted to. targets: int (N,). weights: float (N,), with sum 1.
    """
    from scipy.optimize import minimize

    def loss(point: np.ndarray) -> float:
        log_temperature, shift = float(point[0]), float(point[1]) if neither else 0.0
        probabilities = softmax(shifted(logits, shift) / np.exp(log_temperature))
        surprise = len(targets) * float(weights @ losses(probabilities, targets))
        return surprise + (log_temperature / PRIOR) ** 2 / 2 + (shift / SHIFT_PRIOR) ** 2 / 2

    found = minimize(loss, np.zeros(2), method="Nelder-Mead", options={"xatol": 1e-3, "fatol": 1e-3}).x
    return float(np.exp(np.clip(found[0], np.log(0.2), np.log(5)))), float(found[1]) if neither else 0.0


def wilson_interval(right: int, n: int) -> tuple[float, float]:
    """95 % confidence interval of the share of `right` among n trials (Wilson 1927), 0-1."""
    z = 1.959964
    share, spread = right / n, z * z / n
    middle, half = share + spread / 2, z * math.sqrt(share * (1 - share) / n + spread / (4 * n))
    low, high = (middle - half) / (1 + spread), (middle + half) / (1 + spread)
    return max(0.0, min(share, low)), min(1.0, max(share, high))  # rounding may have left the share outside
