"""A second model on the same photos: is it better, or is that chance?"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from model.classifier import Classifier
from training.data.photos import Photos
from training.quality import metrics
from training.quality.measure import answer, latency, scores, sizes
from training.quality.report_schema import Comparison, ModelFacts, Paired


def compare(against: tuple[Classifier, Path], photos: Photos, right: np.ndarray, is_own: np.ndarray) -> Comparison:
    """Another model (B) on the same photos as the measured one (A): its figures, and the paired comparison.

    Args:
        against: the other model and its folder.
        right: bool (N,), whether A answered each photo rightly; is_own: bool (N,), whether it shows one of the labels.
    """
    other, folder = against
    probabilities, targets = answer(other, photos, f"B, {other.config.name}")
    pair = metrics.paired(right[is_own], (probabilities.argmax(axis=1) == targets)[is_own])
    return Comparison(
        **dict(pair),
        model=described(other),
        metrics=scores(other.config, probabilities, targets),
        latency=latency(other, photos.paths),
        size_bytes=sizes(folder),
        photos=int(is_own.sum()),
        sentence=verdict(pair),
    )


def described(classifier: Classifier) -> ModelFacts:
    """Which model it is."""
    config = classifier.config
    return ModelFacts(
        name=config.name,
        revision=classifier.revision,
        network=f"{config.architecture.name} of {config.architecture.library}",
        input=f"{config.input.width}×{config.input.height}",
        labels=config.labels,
    )


def verdict(pair: Paired) -> str:
    """What a paired comparison of A and B says, in plain words."""
    photos = pair.both_right + pair.only_a + pair.only_b + pair.both_wrong
    mistakes = {"A": pair.only_b + pair.both_wrong, "B": pair.only_a + pair.both_wrong}
    if mistakes["A"] == mistakes["B"]:
        where = "on the same photos" if not pair.only_a else f"though on different photos ({pair.only_a:,} each)"
        return f"A and B make equally many mistakes, {mistakes['A']:,} in {photos:,} photos, {where}."
    better, worse = sorted(mistakes, key=mistakes.__getitem__)
    fewer = mistakes[worse] - mistakes[better]
    p = pair.mcnemar_p
    chance = "fewer than 1 in 1,000" if p < 0.001 else f"{100 * p:.{0 if p >= 0.1 else 1}f} % of"
    return (
        f"{better} makes {fewer:,} fewer mistake{'s' if fewer > 1 else ''} in {photos:,} photos than {worse} "
        f"({mistakes[better]:,} against {mistakes[worse]:,}). If both were equally good, such a difference or a larger one "
        f"would come by chance in {chance} cases" + ("." if p < 0.05 else "; these photos do not settle which one is better.")
    )
