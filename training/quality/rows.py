"""Every figure that is shown: what it is called, how it is written, and where it stands. Card, report and programs go by this.

A new figure needs its definition in `training.quality.schema`, and its row here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import Flag, auto
from typing import Any, NamedTuple

from training.quality.by_source import ENOUGH
from training.quality.metrics import CALIBRATION_BINS
from training.quality.schema import Part


class Place(Flag):
    """Where a figure is shown."""

    PHOTOS = auto()  # the table of one set of photos, in the card and on the screen
    LEFT_OUT = auto()  # the table of what was left out to choose by
    SOURCES = auto()  # a column of the table by source
    SOURCES_REPORT = auto()  # the same, in the report alone
    LABELS = auto()  # a column of the table of labels
    LABELS_REPORT = auto()  # the same, in the report alone
    CORRUPTIONS = auto()  # a column of the report's table of corruptions
    TILES = auto()  # at the top of the report
    COMPARED = auto()  # in the report, beside the same figure of a second model
    NEITHER = auto()  # in the report's section on neither
    HUB = auto()  # in the card's metadata, from which the Hub takes it


@dataclass(frozen=True)
class Row:
    """How one figure is shown.

    Attributes:
        field: its name in `training.quality.schema`, with dots where it lies deeper.
        name: what it is called; `{of}` stands for the figures it belongs to, `{key}` for its key, where it is a dict.
        write: its value → text.
        places: where it is shown.
        more: what follows the value. meaning: half a sentence for the report's tile. Both with `{of}`.
    """

    field: str
    name: str
    write: Callable[[Any], str]
    places: Place
    more: str = ""
    meaning: str = ""


class Grid(NamedTuple):
    """The text of a table: headings, and rows that are as long."""

    headings: list[str]
    rows: list[list[str]]


def count(value: int) -> str:
    """12345 → 12,345."""
    return f"{value:,}"


def percent(value: float) -> str:
    """0.98651 → 98.65%."""
    return f"{value:.2%}"


def number(value: float) -> str:
    """Four decimals."""
    return f"{value:.4f}"


def interval(value: tuple[float, float]) -> str:
    """0.97, 0.98 → 97.0% to 98.0%."""
    return f"{value[0]:.1%} to {value[1]:.1%}"


def points(value: float) -> str:
    """A difference of shares in percentage points, with its sign."""
    return f"{100 * value:+.2f}".replace("-", "−")


def lost_points(value: float) -> str:
    """A share that was lost, as the change in percentage points."""
    return points(0 - value)


def milliseconds(value: float) -> str:
    """One decimal."""
    return f"{value:.1f} ms"


def megabytes(value: int) -> str:
    """Bytes in millions."""
    return f"{value / 1e6:.2f} MB"


WITH_INTERVAL = " (95 % interval {of.accuracy_95_interval[0]:.2%} to {of.accuracy_95_interval[1]:.2%})"
ALL_WITH_INTERVAL = WITH_INTERVAL.replace("of.", "of.all_answers.")
ACCURACY_MEANS = "of {of.photos:,} photos got the right answer" + WITH_INTERVAL
CALIBRATION_MEANS = f"mean gap between how sure it is and how often it is right, {CALIBRATION_BINS} bins: 0 is best"
AUC_MEANS = (
    "chance that a photo of a label gets a higher p(label) than one of another, mean over labels: 1 is perfect, 0.5 is guessing"
)
NEITHER_MEANS = (
    "AUROC: chance that one of {of.neither_photos:,} photos of other things has a higher {of.neither_score} than a photo of "
    "the labels"
)
LATENCY_MEANS = (
    "median of {of.latency.photos} photos, each decoded and answered alone; the middle 90 % took "
    "{of.latency.middle_90_ms[0]:.1f} to {of.latency.middle_90_ms[1]:.1f} ms"
)
P = Place

ROWS: tuple[Row, ...] = (
    Row("mean_accuracy", f"accuracy, mean over the sources of {ENOUGH} photos and more", percent, P.LEFT_OUT),
    Row("worst_accuracy", "the worst of them, {of.worst}", percent, P.LEFT_OUT),
    Row("photos", "photos", count, P.PHOTOS | P.SOURCES | P.LABELS),
    Row("accuracy", "accuracy over all photos", percent, P.LEFT_OUT),
    Row("accuracy", "accuracy", percent, P.PHOTOS, more=WITH_INTERVAL),
    Row(
        "accuracy", "accuracy", percent, P.SOURCES | P.CORRUPTIONS | P.TILES | P.COMPARED | P.HUB, meaning=ACCURACY_MEANS
    ),
    Row("accuracy_95_interval", "95 % interval", interval, P.SOURCES | P.CORRUPTIONS),
    Row("accuracy_per_label", "accuracy, {key}", percent, P.PHOTOS),
    Row("drop", "change, points", lost_points, P.CORRUPTIONS),
    Row("called_neither", "called neither", percent, P.CORRUPTIONS),
    Row("error_rate", "error rate", percent, P.TILES, meaning="{of.mistakes:,} of {of.photos:,} photos got a wrong answer"),
    Row(
        "log_loss", "log loss", number, P.PHOTOS | P.LEFT_OUT | P.SOURCES | P.TILES | P.COMPARED | P.HUB,
        meaning="mean of −ln p(true answer): 0 is perfect, {of.guessing_log_loss:.2f} is guessing among the labels",
    ),
    Row("calibration_error", f"expected calibration error, {CALIBRATION_BINS} bins", number, P.PHOTOS | P.LEFT_OUT),
    Row("calibration_error", "calibration error", number, P.SOURCES_REPORT | P.TILES | P.COMPARED, meaning=CALIBRATION_MEANS),
    Row("precision", "precision", percent, P.LABELS),
    Row("recall", "recall", percent, P.LABELS),
    Row("f1", "F1", percent, P.LABELS),
    Row(
        "macro_f1", "F1", number, P.TILES | P.HUB,
        meaning="harmonic mean of precision and recall, mean over labels: 1 is perfect",
    ),
    Row("roc_auc", "ROC AUC, mean over labels", number, P.PHOTOS),
    Row("roc_auc", "ROC AUC", number, P.LABELS_REPORT | P.TILES | P.COMPARED | P.HUB, meaning=AUC_MEANS),
    Row("accuracy_fp32", "accuracy in fp32 (torch)", percent, P.PHOTOS),
    Row("log_loss_fp32", "log loss in fp32 (torch)", number, P.PHOTOS),
    Row("all_answers.photos", "photos, those of neither included", count, P.PHOTOS),
    Row("all_answers.accuracy", "accuracy over all answers", percent, P.PHOTOS, more=ALL_WITH_INTERVAL),
    Row("all_answers.mean_accuracy", "accuracy over all answers, mean over sources", percent, P.PHOTOS),
    Row(
        "all_answers.worst_accuracy", "accuracy over all answers, worst source: {of.all_answers.worst}", percent, P.PHOTOS
    ),
    Row("all_answers.log_loss", "log loss over all answers", number, P.PHOTOS),
    Row("all_answers.calibration_error", "calibration error over all answers", number, P.PHOTOS),
    Row("neither_photos", "photos of neither", count, P.PHOTOS),
    Row("neither_accuracy", "of these, called neither", percent, P.PHOTOS | P.NEITHER),
    Row(
        "neither_false_accepts_at_95", "of these, accepted when 95 % of the labels' photos are", percent,
        P.PHOTOS | P.NEITHER,
    ),
    Row(
        "neither_false_accepts_at_95", "photos of neither accepted when 95 % of the labels' photos are", percent,
        P.LEFT_OUT,
    ),
    Row("neither_auroc", "AUROC of {of.neither_score}", number, P.PHOTOS | P.NEITHER | P.COMPARED),
    Row("neither_auroc", "neither", number, P.TILES, meaning=NEITHER_MEANS),
    Row("latency.median_ms", "latency", milliseconds, P.TILES, meaning=LATENCY_MEANS),
    Row("latency.median_ms", "median latency", milliseconds, P.COMPARED),
    Row(
        "network_bytes", "size", megabytes, P.TILES,
        meaning="the network that serves, model.onnx; the folder has {of.folder_megabytes:.2f} MB",
    ),
    Row("network_bytes", "model.onnx", megabytes, P.COMPARED),
)  # fmt: skip


def rows_of(place: Place) -> Iterator[Row]:
    """The rows that are shown at a place, or at any of several."""
    return (row for row in ROWS if row.places & place)


def value_of(row: Row, *figures: Part) -> Any:
    """What the first of the figures that has it says; None where it was not measured or is undefined."""
    for part in figures:
        value: Any = part
        for name in row.field.split("."):
            value = getattr(value, name, None)
        if value is not None:
            return value
    return None


def lines(place: Place, figures: Part) -> list[tuple[str, str]]:
    """Name and value of each figure that is shown at a place, as text, without those that are None."""
    named = []
    for row in rows_of(place):
        value = value_of(row, figures)
        values = value if isinstance(value, dict) else {} if value is None else {"": value}
        named += [
            (row.name.format(of=figures, key=key), row.write(one) + row.more.format(of=figures)) for key, one in values.items()
        ]
    return named


def grid(place: Place, first: str, parts: Sequence[tuple[str, Part]]) -> Grid:
    """A table with a row for each part, and no column for a figure that no part has.

    Args:
        first: the heading of the first column, which has the names of the parts.
        parts: name and figures of each.
    """
    columns = [row for row in rows_of(place) if any(value_of(row, part) is not None for _, part in parts)]
    return Grid(
        [first, *(row.name for row in columns)],
        [[name, *(written(row, part) for row in columns)] for name, part in parts],
    )


def written(row: Row, *figures: Part) -> str:
    """The text of a figure, – where it is None."""
    value = value_of(row, *figures)
    return "–" if value is None else row.write(value)


def markdown(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """The lines of a Markdown table."""
    first, *others = (f"| {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |" for cells in (headings, *rows))
    return [first, f"{'|---' * len(headings)}|", *others]
