"""How good a model is on each source: what it is worth on the next one, nobody can tell from the mean over all photos."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from model.calibration import wilson_interval
from training.quality import metrics
from training.quality.schema import BySource, Figures

ENOUGH = 40  # photos of a source, below which its accuracy says little; it is not among those that the worst is chosen from


def by_source(probabilities: np.ndarray, targets: np.ndarray, sources: Sequence[str], neither: int | None) -> BySource:
    """The figures of all photos and of each source.

    Args:
        probabilities: float (N, K), rows with sum 1. targets: int (N,), below K. sources: of each photo.
        neither: the index of that answer, where the model has it.
    """
    source_of = np.array(sources)
    of_source = {
        str(name): overall(probabilities[source_of == name], targets[source_of == name], neither)
        for name in np.unique(source_of)
    }
    accuracies = {name: figures.accuracy for name, figures in of_source.items() if figures.photos >= ENOUGH} or {
        name: figures.accuracy for name, figures in of_source.items()
    }
    worst = min(accuracies, key=accuracies.__getitem__)
    return BySource(
        **dict(overall(probabilities, targets, neither)),
        mean_accuracy=float(np.mean(list(accuracies.values()))),
        worst_accuracy=accuracies[worst],
        worst=worst,
        sources=of_source,
    )


def overall(probabilities: np.ndarray, targets: np.ndarray, neither: int | None) -> Figures:
    """The figures of all photos, without those of sources; see `by_source`."""
    right = int((probabilities.argmax(axis=1) == targets).sum())
    is_neither = targets == neither
    both_kinds = neither is not None and is_neither.any() and not is_neither.all()
    return Figures(
        photos=len(targets),
        accuracy=right / len(targets),
        accuracy_95_interval=wilson_interval(right, len(targets)),
        log_loss=metrics.log_loss(probabilities, targets),
        calibration_error=metrics.expected_calibration_error(metrics.reliability(probabilities, targets)),
        neither_false_accepts_at_95=metrics.false_accepts(
            probabilities[~is_neither, neither], probabilities[is_neither, neither]
        )
        if both_kinds
        else None,
    )
