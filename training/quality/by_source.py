"""How good is a model on each source: what it is worth on the next one, nobody can tell from the mean over all photos."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from training.quality import metrics

ENOUGH = 40  # photos of a source, below which its accuracy says little; it is not among those that the worst is chosen from


def by_source(probabilities: np.ndarray, targets: np.ndarray, sources: Sequence[str], neither: int | None) -> dict[str, Any]:
    """The answers as given, over all photos: a dog called neither is wrong, and so is a stone called dog.

    Args:
        probabilities: float (N, K), rows with sum 1. targets: int (N,), below K. sources: of each photo.
        neither: the index of that answer, where the model has it.

    Returns:
        Figures of all photos (`photos`, `accuracy`, `accuracy_95_interval`, `log_loss`, `calibration_error`, and
        `neither_false_accepts_at_95` where there are both kinds), the same of every source under `sources`, and over the
        sources with at least 40 photos, or all where none has as many: `mean_accuracy`, `worst_accuracy` and `worst`.
    """
    names = np.array(sources)
    rows = {str(name): overall(probabilities[names == name], targets[names == name], neither) for name in np.unique(names)}
    large = {name: row for name, row in rows.items() if row["photos"] >= ENOUGH} or rows
    worst = min(large, key=lambda name: large[name]["accuracy"])
    return {
        **overall(probabilities, targets, neither),
        "mean_accuracy": float(np.mean([row["accuracy"] for row in large.values()])),
        "worst_accuracy": large[worst]["accuracy"],
        "worst": worst,
        "sources": rows,
    }


def overall(probabilities: np.ndarray, targets: np.ndarray, neither: int | None) -> dict[str, Any]:
    """The figures of `by_source` of all photos, without those of sources."""
    right = int((probabilities.argmax(axis=1) == targets).sum())
    found: dict[str, Any] = {
        "photos": len(targets),
        "accuracy": right / len(targets),
        "accuracy_95_interval": list(metrics.wilson_interval(right, len(targets))),
        "log_loss": metrics.log_loss(probabilities, targets),
        "calibration_error": metrics.expected_calibration_error(metrics.reliability(probabilities, targets)),
    }
    strange = targets == neither
    if neither is not None and strange.any() and not strange.all():
        found["neither_false_accepts_at_95"] = metrics.false_accepts(
            probabilities[~strange, neither], probabilities[strange, neither]
        )
    return found


def source_rows(result: dict[str, Any]) -> list[str]:
    """A Markdown table of what `by_source` found."""
    lines = ["| source | photos | accuracy | 95 % interval | log loss |", "|---|---|---|---|---|"]
    for name, row in sorted(result["sources"].items(), key=lambda each: each[1]["accuracy"]):
        low, high = row["accuracy_95_interval"]
        lines.append(
            f"| {name} | {row['photos']:,} | {row['accuracy']:.2%} | {low:.1%} to {high:.1%} | {row['log_loss']:.4f} |"
        )
    low, high = result["accuracy_95_interval"]
    lines.append(
        f"| all photos | {result['photos']:,} | {result['accuracy']:.2%} | {low:.1%} to {high:.1%} | {result['log_loss']:.4f} |"
    )
    return lines


def summary_rows(result: dict[str, Any]) -> list[tuple[str, str]]:
    """The figures over all sources, by name."""
    rows = [
        (f"accuracy, mean over the sources of {ENOUGH} photos and more", f"{result['mean_accuracy']:.2%}"),
        (f"the worst of them, {result['worst']}", f"{result['worst_accuracy']:.2%}"),
        ("accuracy over all photos", f"{result['accuracy']:.2%}"),
        ("log loss", f"{result['log_loss']:.4f}"),
        ("expected calibration error, 15 bins", f"{result['calibration_error']:.4f}"),
    ]
    if "neither_false_accepts_at_95" in result:
        rows.append(
            ("photos of neither accepted when 95 % of the labels' photos are", f"{result['neither_false_accepts_at_95']:.2%}")
        )
    return rows
