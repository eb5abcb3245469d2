"""How good are these probabilities? Small pure functions on arrays."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.stats import binomtest
from sklearn.metrics import precision_recall_fscore_support, roc_auc_score

from model.calibration import PRIOR, losses
from model.classifier import softmax
from training.quality.report_schema import Bin, Paired
from training.quality.schema import LabelScores

CALIBRATION_BINS = 15
ACCEPTED = 0.95


def log_loss(probabilities: np.ndarray, targets: np.ndarray) -> float:
    """Mean of -log p(true answer), in nats. probabilities (N, K) rows summing to 1; targets int (N,)."""
    return float(losses(probabilities, targets).mean())


def per_label(probabilities: np.ndarray, targets: np.ndarray, labels: int) -> list[LabelScores]:
    """Precision, recall and F1 of the most probable answer, and the ROC AUC of p(label) against the other labels.

    Args:
        probabilities: (N, K) with K >= labels; the answers beyond the labels count as mistakes.
        targets: int (N,), each below `labels`.
        labels: how many labels there are.
    """
    predicted = probabilities.argmax(axis=1)
    columns = precision_recall_fscore_support(targets, predicted, labels=range(labels), zero_division=np.nan)
    scores = []
    for index, (precision, recall, f1, photos) in enumerate(zip(*columns, strict=True)):
        own = targets == index
        area = float(roc_auc_score(own, probabilities[:, index])) if own.any() and not own.all() else None
        scores.append(
            LabelScores(
                photos=int(photos), precision=_defined(precision), recall=_defined(recall), f1=_defined(f1), roc_auc=area
            )
        )
    return scores


def reliability(probabilities: np.ndarray, targets: np.ndarray, bins: int = CALIBRATION_BINS) -> list[Bin]:
    """The bars of a reliability diagram: equal-width bins of confidence that hold photos (Guo et al. 2017)."""
    confidence = probabilities.max(axis=1)
    correct = probabilities.argmax(axis=1) == targets
    index = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
    return [
        Bin(
            low=i / bins,
            high=(i + 1) / bins,
            photos=int(own.sum()),
            confidence=float(confidence[own].mean()),
            accuracy=float(correct[own].mean()),
        )
        for i in range(bins)
        if (own := index == i).any()
    ]


def expected_calibration_error(bins: Sequence[Bin]) -> float:
    """Mean gap between confidence and accuracy, weighted by the photos of each bin (Guo et al. 2017), 0-1."""
    return sum(abs(bar.accuracy - bar.confidence) * bar.photos for bar in bins) / sum(bar.photos for bar in bins)


def fit_temperature(logits: np.ndarray, targets: np.ndarray) -> float:
    """The most probable temperature of softmax(logits / temperature) (Guo et al. 2017), 0.2-5.

    Its logarithm has a normal prior around 0 with standard deviation 0.25: a few hundred photos without a mistake are no
    reason to be surer, while a thousand photos with some outvote it.
    """
    result = minimize_scalar(
        lambda log_t: len(targets) * log_loss(softmax(logits / math.exp(log_t)), targets) + (log_t / PRIOR) ** 2 / 2,
        bounds=(math.log(0.2), math.log(5)),
        method="bounded",
    )
    return float(math.exp(result.x))


def false_accepts(own: np.ndarray, other: np.ndarray, accepted: float = ACCEPTED) -> float:
    """Share of other things taken for one of the labels when `accepted` of the labels' own photos are (FPR at 95 % TPR).

    Args:
        own: a score of each photo of the labels that is high for what shows none of them, p(neither) for one.
        other: the same score of photos of other things.
    """
    return float((other <= np.quantile(own, accepted)).mean())


def auroc(own: np.ndarray, other: np.ndarray) -> float:
    """Probability that a photo of something else has a higher score than one of the labels, 0-1; see `false_accepts`."""
    return float(roc_auc_score(np.r_[np.zeros(len(own)), np.ones(len(other))], np.r_[own, other]))


def paired(right_a: np.ndarray, right_b: np.ndarray) -> Paired:
    """Compare two models by the photos that only one of them gets right.

    The test is McNemar's in its exact form (binomial; McNemar 1947); the interval is Wald's after adding a half to each
    of the four counts (Agresti and Min 2005), which holds for few photos and for no difference at all.

    Args:
        right_a, right_b: bool (N,), whether A and B answered each photo rightly.
    """
    n = len(right_a)
    only_a, only_b = int((right_a & ~right_b).sum()), int((right_b & ~right_a).sum())
    centre = (only_b - only_a) / (n + 2)
    half = 1.96 * math.sqrt((only_a + only_b + 1) / (n + 2) - centre**2) / math.sqrt(n + 2)
    return Paired(
        both_right=int((right_a & right_b).sum()),
        only_a=only_a,
        only_b=only_b,
        both_wrong=int((~right_a & ~right_b).sum()),
        difference=(only_b - only_a) / n,
        difference_95_interval=(max(-1.0, centre - half), min(1.0, centre + half)),
        mcnemar_p=float(binomtest(only_a, only_a + only_b).pvalue) if only_a + only_b else 1.0,
    )


def _defined(value: float) -> float | None:
    return None if math.isnan(value) else float(value)
