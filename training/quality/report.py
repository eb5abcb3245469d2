"""Measure a model on photos, and write the report of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from sklearn.metrics import confusion_matrix

from model.calibration import losses
from model.classifier import Classifier
from model.config import NEITHER
from model.photo_files import shown
from model.whole import whole_folder
from training.data.draw import by_source_and_class, draw_evenly
from training.data.photos import DataError, Photos
from training.quality import metrics, page
from training.quality.compare import compare, described
from training.quality.machine import describe
from training.quality.measure import answer, latency, measure, over_all, scores, sizes
from training.quality.report_schema import Confusion, Loss, Report
from training.quality.resaved import saved_again
from training.quality.robustness import measure_robustness, sample

TOP_LOSSES = 12


def write_report(
    classifier: Classifier,
    photos: Photos,
    folder: Path,
    description: str,
    *,
    model: Path | None = None,
    reference: Classifier | None = None,
    against: tuple[Classifier, Path] | None = None,
    robustness: int = 0,
    sources: bool = False,
    data: Sequence[str] = (),
) -> Report:
    """Measure a model and write report.html, metrics.json and the pictures into `folder`, which appears at once.

    Args:
        folder: replaced where it holds an earlier report.
        description: what to call these photos, "test" for one.
        model: the model's folder, to tell its size.
        reference: the same model in float32: its accuracy and log loss are told beside.
        against: a second model and its folder, to compare with.
        robustness: on how many photos to measure the effect of corruption, and of saving them again; 0 leaves it out.
        sources: whether to tell the figures of every source.
        data: sentences on how the photos were found, and what was left out.

    Returns:
        What metrics.json holds: the figures of `measure`, those of the reference, `all_answers` where there are photos of
        neither, or sources, and everything else that the report shows.

    Raises:
        DataError: see `measure`; the second model knows other labels.
        OutputError: `folder` holds something else than a report, or cannot be written.
        model.photo.PhotoError: a photo can no longer be opened.
    """
    config = classifier.config
    if against and set(against[0].config.labels) != set(config.labels):
        theirs = ", ".join(against[0].config.labels)
        raise DataError(f"models with different labels cannot be compared: {', '.join(config.labels)} and {theirs}")
    with whole_folder(folder, page.METRICS, "a report") as new:
        probabilities, targets = answer(classifier, photos, description)
        figures = scores(config, probabilities, targets)
        if reference:
            in_fp32 = measure(reference, photos, "the same in float32")
            figures = figures.model_copy(update={"accuracy_fp32": in_fp32.accuracy, "log_loss_fp32": in_fp32.log_loss})
        if sources or (config.neither and NEITHER in photos.answers):
            everything = over_all(config, probabilities, targets, photos, sources)
            figures = figures.model_copy(update={"all_answers": everything})
        is_own = targets < len(config.labels)
        worst = top_losses(probabilities, targets)
        resaved = draw_evenly(by_source_and_class(photos), seed=0, count=robustness)
        report = Report(
            **dict(figures),
            model=described(classifier),
            name=description,
            measured=datetime.now(UTC).strftime("%Y-%m-%d"),
            machine=describe("onnxruntime", "pillow", "numpy"),
            confusion=confusion(config.labels, probabilities, targets),
            reliability=tuple(metrics.reliability(probabilities[is_own], targets[is_own])),
            top_losses=tuple(loss_of(photos.paths[i], config.labels, probabilities[i], int(targets[i])) for i in worst),
            latency=latency(classifier, photos.paths),
            size_bytes=sizes(model) if model else None,
            robustness=measure_robustness(classifier, sample(photos, config.labels, robustness)) if robustness else None,
            saved_again=saved_again(classifier, photos.take(resaved)) if robustness else None,
            data=tuple(data) or None,
            comparison=compare(against, photos, probabilities.argmax(axis=1) == targets, is_own) if against else None,
        )
        page.write(new, report, [photos.paths[i] for i in worst], photos.paths[int(is_own.argmax())])
    return report


def confusion(labels: tuple[str, ...], probabilities: np.ndarray, targets: np.ndarray) -> Confusion:
    """How often each answer was given; neither among the answers where a photo shows it, or the model can say it."""
    answers = (*labels, NEITHER)[: max(probabilities.shape[1], int(targets.max()) + 1)]
    counts = confusion_matrix(targets, probabilities.argmax(axis=1), labels=range(len(answers)))
    return Confusion(answers=answers, counts=tuple(map(tuple, counts.tolist())))


def top_losses(probabilities: np.ndarray, targets: np.ndarray, k: int = TOP_LOSSES) -> list[int]:
    """The indices of the k photos whose true answer got the lowest probability, worst first.

    Photos of neither take part where the model can give that answer.
    """
    can_be_right = np.flatnonzero(targets < probabilities.shape[1])
    per_photo = losses(probabilities[can_be_right], targets[can_be_right])
    return [int(i) for i in can_be_right[np.argsort(-per_photo, kind="stable")[:k]]]


def loss_of(path: Path, labels: tuple[str, ...], probabilities: np.ndarray, target: int) -> Loss:
    """One photo, and what was answered; probabilities (K,)."""
    names = (*labels, NEITHER)
    return Loss(
        file=shown(f"{path.parent.name}/{path.name}"),
        true=names[target],
        predicted=names[int(probabilities.argmax())],
        probability=float(probabilities.max()),
        probability_of_true=float(probabilities[target]),
    )
