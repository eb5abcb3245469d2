"""A linear head on pooled features, fitted in seconds: what training fits, and whoever else has features and answers.

Features are what a body says of a photo, averaged over all places. A head has one or more rows for each answer; a row gives
a score, and the logit of an answer is the log-sum-exp of its rows' scores. With one row each this is multinomial logistic
regression. With several, an answer may look in several ways: the rows of a network that knows 118 breeds of dog, merged,
are one *dog*, and all that it knows beside cats and dogs, merged, is *neither* (`training.fit.prior`).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

BLOCK = 4096  # photos whose scores are held at once
ITERATIONS = 30  # enough where a head starts from what is known; one that starts from zeros may take more
TOLERANCE = 3e-5  # share of the loss: where a step gains less, the fit ends


@dataclass(frozen=True)
class LinearHead:
    """Scores of rows, merged into logits.

    Attributes:
        weight: float32 (R, C), a row per score. bias: float32 (R,).
        rows: how many rows each answer has, in the order of the answers; together R.
    """

    weight: np.ndarray
    bias: np.ndarray
    rows: tuple[int, ...]

    @classmethod
    def blank(cls, answers: int, features: int) -> LinearHead:
        """One row of zeros for each answer: where logistic regression starts."""
        return cls(np.zeros((answers, features), np.float32), np.zeros(answers, np.float32), (1,) * answers)

    @property
    def is_merged(self) -> bool:
        """Whether an answer has more than one row."""
        return max(self.rows) > 1

    def logits(self, features: np.ndarray) -> np.ndarray:
        """Logits float32 (N, K) of features float (N, C)."""
        blocks = [
            merge(self.scores(features[start : start + BLOCK]), self.rows) for start in range(0, max(1, len(features)), BLOCK)
        ]
        return np.concatenate(blocks)

    def scores(self, features: np.ndarray) -> np.ndarray:
        """The score of each row: float32 (N, R), of features float (N, C)."""
        scores: np.ndarray = features.astype(np.float32, copy=False) @ self.weight.T + self.bias
        return scores

    def gradient(self, features: np.ndarray) -> np.ndarray:
        """d logit / d features, float32 (K, C), at the features (C,) of one photo: its rows, each by its share."""
        if not self.is_merged:
            return self.weight
        row_shares = shares(self.scores(features[None]), self.rows)[0]
        ends = np.cumsum(self.rows)[:-1]
        parts = zip(np.split(row_shares, ends), np.split(self.weight, ends), strict=True)
        return np.stack([share @ weight for share, weight in parts])

    def as_stored(self) -> LinearHead:
        """The same as an ONNX file has it (`model.onnx_head`): its weights rounded to float16."""
        return LinearHead(self.weight.astype(np.float16).astype(np.float32), self.bias, self.rows)

    def first(self, answers: int) -> LinearHead:
        """Its first answers alone."""
        rows = sum(self.rows[:answers])
        return LinearHead(self.weight[:rows], self.bias[:rows], self.rows[:answers])

    def beside(self, other: LinearHead) -> LinearHead:
        """Its answers, and those of another head behind them."""
        return LinearHead(
            np.concatenate([self.weight, other.weight]), np.concatenate([self.bias, other.bias]), self.rows + other.rows
        )

    def raised(self, answer: int, by: float) -> LinearHead:
        """The same head with `by` added to the logit of one answer: to all biases of its rows."""
        bias = self.bias.copy()
        start = sum(self.rows[:answer])
        bias[start : start + self.rows[answer]] += np.float32(by)
        return LinearHead(self.weight, bias, self.rows)


def merge(scores: np.ndarray, rows: Sequence[int]) -> np.ndarray:
    """Logits (N, K): the log-sum-exp of each answer's scores, for scores (N, R) and the rows of each answer."""
    return _merged(scores, rows)[0]


def shares(scores: np.ndarray, rows: Sequence[int]) -> np.ndarray:
    """(N, R): what each row contributes to its answer's logit, 0-1, 1 together for each answer: d logit / d score."""
    return _merged(scores, rows)[1]


def _merged(scores: np.ndarray, rows: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
    starts = np.cumsum([0, *rows[:-1]])
    largest = np.maximum.reduceat(scores, starts, axis=1)
    exponentials = np.exp(scores - np.repeat(largest, rows, axis=1))
    sums = np.add.reduceat(exponentials, starts, axis=1)
    return largest + np.log(sums), exponentials / np.repeat(sums, rows, axis=1)


def fit(
    features: np.ndarray,
    targets: np.ndarray,
    weights: np.ndarray,
    start: LinearHead,
    decay: float,
    origin: LinearHead | None = None,
    iterations: int = ITERATIONS,
) -> LinearHead:
    """The head with the least cross-entropy plus `decay` / 2 times the squared distance of its weights from `origin`.

    By L-BFGS, biases free. With one row for each answer the problem is convex, and the result does not depend on `start`.
    The best weights differ from `origin` by combinations of the photos' features alone (Schölkopf et al. 2001, "A generalized
    representer theorem"), so where there are fewer photos than features, they are looked for in the space of the photos.

    Args:
        features: float (N, C). targets: int (N,), 0 to K - 1. weights: float (N,), of each photo in the loss, with sum 1.
        start: where the search begins. origin: `start` by default; weight decay as usual is one of zeros.
    """
    origin = origin or start
    x = features.astype(np.float32)
    base = x @ origin.weight.T
    basis = np.linalg.qr(x.T)[0] if len(x) < x.shape[1] else None
    moved = start.weight - origin.weight
    if basis is not None:
        x, moved = x @ basis, moved @ basis
    change, bias = _least(x, base, targets, weights, start.rows, decay, (moved, start.bias), iterations)
    weight = origin.weight + (change if basis is None else change @ basis.T)
    return LinearHead(weight.astype(np.float32), bias, start.rows)


def fit_on_top(
    features: np.ndarray,
    base: np.ndarray,
    targets: np.ndarray,
    weights: np.ndarray,
    decay: float,
    start: LinearHead | None = None,
    iterations: int = 2 * ITERATIONS,
) -> LinearHead:
    """One row for each answer that is added to logits which are known already: logistic regression with an offset.

    Adding it to the logit of an answer with several rows is adding it to each of them, so the sum is a `LinearHead`, too.

    Args:
        features: float (N, C). base: float (N, K), the logits before. targets: int (N,). weights: float (N,), with sum 1.
        start: where the search begins; the result does not depend on it, the time does.
    """
    start = start or LinearHead.blank(base.shape[1], features.shape[1])
    x = features.astype(np.float32, copy=False)
    before = base.astype(np.float32, copy=False)
    weight, bias = _least(x, before, targets, weights, start.rows, decay, (start.weight, start.bias), iterations)
    return LinearHead(weight, bias, start.rows)


def _least(
    x: np.ndarray,
    base: np.ndarray,
    targets: np.ndarray,
    weights: np.ndarray,
    rows: Sequence[int],
    decay: float,
    start: tuple[np.ndarray, np.ndarray],
    iterations: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Weights (R, C) and biases (R,) with the least loss of the scores `base` (N, R) plus theirs on `x` (N, C)."""
    share = weights.astype(np.float32)
    shape, size = start[0].shape, start[0].size

    def loss(parameters: np.ndarray) -> tuple[float, np.ndarray]:
        weight, bias = parameters[:size].reshape(shape), parameters[size:]
        gradient, by_bias = decay * weight, np.zeros_like(bias)
        total = decay / 2 * float(np.vdot(weight, weight))
        for first in range(0, len(x), BLOCK):
            part = slice(first, first + BLOCK)
            value, by_score = _cross_entropy(base[part] + x[part] @ weight.T + bias, rows, targets[part], share[part])
            total += value
            gradient += by_score.T @ x[part]
            by_bias += by_score.sum(axis=0)
        return total, np.concatenate([gradient.ravel(), by_bias])

    best = minimise(loss, np.concatenate([start[0].ravel(), start[1]]).astype(np.float32), iterations)
    return best[:size].reshape(shape), best[size:]


def _cross_entropy(scores: np.ndarray, rows: Sequence[int], targets: np.ndarray, share: np.ndarray) -> tuple[float, np.ndarray]:
    """The weighted cross-entropy of scores (N, R) in nats, and its derivative (N, R)."""
    logits, row_shares = _merged(scores, rows)
    logits -= logits.max(axis=1, keepdims=True)
    probabilities = np.exp(logits)
    sums = probabilities.sum(axis=1, keepdims=True)
    probabilities /= sums
    own = np.arange(len(targets))
    surprise = np.log(sums[:, 0]) - logits[own, targets]
    probabilities[own, targets] -= 1
    by_score: np.ndarray = np.repeat(probabilities * share[:, None], rows, axis=1) * row_shares
    return float(np.dot(share.astype(np.float64), surprise)), by_score


def minimise(
    loss: Callable[[np.ndarray], tuple[float, np.ndarray]], start: np.ndarray, iterations: int, memory: int = 10
) -> np.ndarray:
    """Where a function is least, by L-BFGS with backtracking (Nocedal and Wright 2006, algorithms 7.4 and 3.1).

    In float32, as a million parameters want it: SciPy's, in float64, takes several times as long on a merged head.

    Args:
        loss: value and gradient. start: float32, where to begin. memory: steps that tell the curvature.
    """
    x = start
    value, gradient = loss(x)
    steps: deque[tuple[np.ndarray, np.ndarray, float]] = deque(maxlen=memory)
    for _ in range(iterations):
        direction = -gradient
        kept = []
        for step, change, inverse in reversed(steps):
            along = inverse * float(np.vdot(step, direction))
            direction -= along * change
            kept.append(along)
        if steps:
            step, change, inverse = steps[-1]
            direction *= 1 / (inverse * float(np.vdot(change, change)))
        for (step, change, inverse), along in zip(steps, reversed(kept), strict=True):
            direction += (along - inverse * float(np.vdot(change, direction))) * step
        slope = float(np.vdot(gradient, direction))
        if slope >= 0:
            break
        length = 1.0 if steps else min(1.0, 1 / float(np.linalg.norm(gradient)))
        for _ in range(20):
            new_value, new_gradient = loss(x + np.float32(length) * direction)
            if new_value <= value + 1e-4 * length * slope:
                break
            length /= 2
        else:
            break
        step, change = np.float32(length) * direction, new_gradient - gradient
        if (curvature := float(np.vdot(step, change))) > 1e-12:
            steps.append((step, change, 1 / curvature))
        gained = value - new_value
        x, value, gradient = x + step, new_value, new_gradient
        if gained < TOLERANCE * value:
            break
    return x
