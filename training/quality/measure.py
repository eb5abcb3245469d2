"""From a classifier and photos to figures, through `model/`: what is measured is what is served."""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from model.calibration import wilson_interval
from model.classifier import Classifier
from model.config import NEITHER, Config
from model.photo import PhotoError
from model.photo_files import shown
from training.data.decode import logits_of
from training.data.photos import DataError, Photos
from training.quality import metrics
from training.quality.by_source import by_source, overall
from training.quality.report_schema import Latency
from training.quality.schema import BySource, Figures, Metrics

TIMED_PHOTOS = 100


def collect_logits(classifier: Classifier, photos: Photos, description: str) -> tuple[np.ndarray, np.ndarray]:
    """Logits float32 (N, K) and targets int (N,): the index of each photo's answer among the classifier's.

    A photo of neither has the index after the last label, whether or not the classifier can give that answer.

    Raises:
        DataError: there are no photos, one cannot be opened, or its answer is not among the classifier's.
    """
    names = (*classifier.config.labels, NEITHER)
    if unknown := sorted(set(photos.answers) - set(names)):
        known = ", ".join(classifier.config.answers)
        raise DataError(f"these photos are of {', '.join(unknown)}, but the model knows {known}")
    if not len(photos):
        raise DataError("there are no photos to measure on")

    def prepare(path: Path) -> np.ndarray:
        try:
            return classifier.prepare(path)
        except PhotoError as error:
            raise DataError(f"{shown(path)}: {error}") from None

    logits = logits_of(classifier, prepare, photos.paths, description)
    return logits, np.array([names.index(answer) for answer in photos.answers])


def measure(classifier: Classifier, photos: Photos, description: str) -> Metrics:
    """What a model card says: accuracy, log loss, calibration, every label, and how well other things are told apart.

    Raises:
        DataError: see `collect_logits`, or no photo shows one of the labels.
    """
    return scores(classifier.config, *answer(classifier, photos, description))


def answer(classifier: Classifier, photos: Photos, description: str) -> tuple[np.ndarray, np.ndarray]:
    """Calibrated probabilities float64 (N, K), and targets as in `collect_logits`."""
    logits, targets = collect_logits(classifier, photos, description)
    return classifier.probabilities(logits), targets


def scores(config: Config, probabilities: np.ndarray, targets: np.ndarray) -> Metrics:
    """The figures of `measure`, from what `answer` gives.

    Raises:
        DataError: no photo shows one of the labels.
    """
    is_own = targets < len(config.labels)
    if not is_own.any():
        raise DataError(f"none of the photos shows {' or '.join(config.labels)}")
    own, truth, other = probabilities[is_own], targets[is_own], probabilities[~is_own]
    right = int((own.argmax(axis=1) == truth).sum())
    per_label = dict(zip(config.labels, metrics.per_label(own, truth, len(config.labels)), strict=True))
    figures = Metrics(
        photos=len(truth),
        accuracy=right / len(truth),
        accuracy_95_interval=wilson_interval(right, len(truth)),
        error_rate=1 - right / len(truth),
        log_loss=metrics.log_loss(own, truth),
        calibration_error=metrics.expected_calibration_error(metrics.reliability(own, truth)),
        macro_f1=_mean([label.f1 for label in per_label.values() if label.photos]),
        roc_auc=_mean([label.roc_auc for label in per_label.values()]),
        accuracy_per_label={name: label.recall for name, label in per_label.items() if label.recall is not None},
        per_label=per_label,
    )
    if not len(other):
        return figures
    # a model without the answer can still be unsure: Hendrycks and Gimpel 2017
    other_score, own_score = (p[:, -1] if config.neither else 1 - p.max(axis=1) for p in (other, own))
    return figures.model_copy(
        update={
            "neither_photos": len(other),
            "neither_accuracy": float((other.argmax(axis=1) == len(config.labels)).mean()) if config.neither else None,
            "neither_score": "p(neither)" if config.neither else "1 - highest probability",
            "neither_false_accepts_at_95": metrics.false_accepts(own_score, other_score),
            "neither_auroc": metrics.auroc(own_score, other_score),
        }
    )


def over_all(
    config: Config, probabilities: np.ndarray, targets: np.ndarray, photos: Photos, sources: bool
) -> BySource | Figures:
    """The figures of all photos that the model can answer rightly.

    Args:
        probabilities, targets: of `answer`. sources: whether to tell the sources apart.
    """
    can_be_right = targets < probabilities.shape[1]
    neither = len(config.labels) if config.neither else None
    if not sources:
        return overall(probabilities[can_be_right], targets[can_be_right], neither)
    names = [photos.sources[i] for i in np.flatnonzero(can_be_right)]
    return by_source(probabilities[can_be_right], targets[can_be_right], names, neither)


def latency(classifier: Classifier, paths: Sequence[Path], n: int = TIMED_PHOTOS) -> Latency:
    """Milliseconds to decode and answer one photo, one at a time, after a warm-up: median and the middle 90 % of `n`."""
    chosen = [paths[i] for i in np.linspace(0, len(paths) - 1, n).round().astype(int)]
    classifier.classify(chosen[:5])
    milliseconds = []
    for path in chosen:
        start = time.perf_counter()
        classifier.classify([path])
        milliseconds.append(1000 * (time.perf_counter() - start))
    cuts = statistics.quantiles(milliseconds, n=20)
    return Latency(photos=n, median_ms=statistics.median(milliseconds), middle_90_ms=(cuts[0], cuts[-1]))


def sizes(model: Path) -> dict[str, int]:
    """Bytes of every file in a model folder, without its report."""
    return {path.name: path.stat().st_size for path in sorted(model.iterdir()) if path.is_file()}


def _mean(values: Sequence[float | None]) -> float | None:
    """The mean of the values that are defined; None where none is."""
    defined = [value for value in values if value is not None]
    return statistics.fmean(defined) if defined else None
