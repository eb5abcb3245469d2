"""Is a head of our own worth having? `model.head.fit` beside scikit-learn's logistic regression, on the one case both can do.

    python -m benchmarks.head_fit [--runs 7] [--photos 8000] [--features 1280]

A plain head: one row for each of three answers, decaying to zero, photos with weights of their own. The features are
random, the answers are drawn from a known linear model. Both minimise the same loss: the weighted cross-entropy plus half
the weight decay times the squared weights, biases free. `excess` is the share by which a fit ends above the least loss, which
is that of scikit-learn in float64 after thousands of iterations; the log loss is that on as many photos again. The fits take
turns, so that whatever else the machine does slows all alike, and a ratio is the median of those of turns.

What scikit-learn cannot do, and a head that starts from ImageNet's needs: several rows for an answer, merged by log-sum-exp,
and weights that decay to where they began instead of to zero.
"""

from __future__ import annotations

import argparse
import statistics
import time
import warnings
from collections.abc import Callable

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from benchmarks.machine import describe, spread
from model.calibration import losses
from model.classifier import softmax
from model.head import LinearHead, fit
from training.fit.head import PLAIN_DECAYS

ANSWERS = 3
STRENGTH = 3.0  # standard deviation of the logits that answers are drawn from
Fit = Callable[[], LinearHead]


def sample(dice: np.random.Generator, truth: np.ndarray, photos: int) -> tuple[np.ndarray, np.ndarray]:
    """Features float32 (N, C), and answers int (N,) drawn from the linear model `truth` (C, K)."""
    features = dice.normal(size=(photos, len(truth))).astype(np.float32)
    return features, (softmax(features @ truth).cumsum(axis=1) < dice.random((photos, 1))).sum(axis=1)


def by_scikit_learn(features: np.ndarray, targets: np.ndarray, weights: np.ndarray, decay: float, **how: float) -> LinearHead:
    """The same problem as `model.head.fit` has: C times the loss is least where the loss is, and C is 1 / weight decay."""
    model = LogisticRegression(C=1 / decay, **how)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # the loss that it reaches is printed
        model.fit(features, targets, sample_weight=weights)
    return LinearHead(model.coef_, model.intercept_, (1,) * ANSWERS)


def total(head: LinearHead, features: np.ndarray, targets: np.ndarray, weights: np.ndarray, decay: float) -> float:
    """What is minimised, in float64."""
    logits = features.astype(np.float64) @ head.weight.T.astype(np.float64) + head.bias
    return float(weights @ losses(softmax(logits), targets) + decay / 2 * (head.weight.astype(np.float64) ** 2).sum())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--photos", type=int, default=8000)
    parser.add_argument("--features", type=int, default=1280)
    arguments = parser.parse_args()
    dice = np.random.default_rng(0)
    truth = STRENGTH * dice.normal(size=(arguments.features, ANSWERS)) / np.sqrt(arguments.features)
    features, targets = sample(dice, truth, arguments.photos)
    others, answers = sample(dice, truth, arguments.photos)
    weights = dice.uniform(0.2, 1, arguments.photos)
    weights /= weights.sum()
    wide = features.astype(np.float64)
    blank = LinearHead.blank(ANSWERS, arguments.features)
    print("| weight decay | fit | excess loss | log loss on other photos | seconds | of ours |\n|---|---|---|---|---|---|")
    for decay in PLAIN_DECAYS:
        least = total(
            by_scikit_learn(wide, targets, weights, decay, tol=1e-9, max_iter=5000), features, targets, weights, decay
        )
        fits: dict[str, Fit] = {
            "ours": lambda: fit(features, targets, weights, blank, decay),
            "scikit-learn, float32": lambda: by_scikit_learn(features, targets, weights, decay),
            "scikit-learn, float64": lambda: by_scikit_learn(wide, targets, weights, decay),
        }
        heads = {name: run() for name, run in fits.items()}  # and a warm-up
        seconds: dict[str, list[float]] = {name: [] for name in fits}
        for _ in range(arguments.runs):
            for name, run in fits.items():
                started = time.perf_counter()
                run()
                seconds[name].append(time.perf_counter() - started)
        for name, head in heads.items():
            ratio = statistics.median(own / ours for own, ours in zip(seconds[name], seconds["ours"], strict=True))
            log_loss = losses(softmax(head.logits(others)), answers).mean()
            excess = total(head, features, targets, weights, decay) / least - 1
            print(f"| {decay:g} | {name} | {excess:.1e} | {log_loss:.4f} | {spread(seconds[name], 's', 2)} | {ratio:.2f} × |")
    print(
        f"\n{arguments.photos:,} photos × {arguments.features:,} features, {ANSWERS} answers; median (range) of "
        f"{arguments.runs} runs, turn by turn. {describe('numpy', 'scikit-learn')}"
    )


if __name__ == "__main__":
    main()
