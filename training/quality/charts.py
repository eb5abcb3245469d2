"""The pictures of a report: confusion matrix, reliability diagram, robustness, top losses."""

from __future__ import annotations

import io
import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from PIL import Image

from training.quality.metrics import CALIBRATION_BINS
from training.quality.report_schema import Bin, Confusion, Loss, Robustness
from training.quality.rows import percent

LONGEST_NAME = 26
NUMBERED_CLASSES = 15  # above, the cells of a confusion matrix are too small for their counts


@dataclass(frozen=True)
class Palette:
    """The colours of a chart: text and lines, background, data, what is less important."""

    ink: str
    paper: str
    accent: str
    faint: str


LIGHT = Palette(ink="#1f2328", paper="#ffffff", accent="#0b63c5", faint="#b6bcc4")
DARK = Palette(ink="#e6e8ea", paper="#1b1e23", accent="#6cb0ff", faint="#565c65")


def draw_confusion(confusion: Confusion, palette: Palette) -> Figure:
    """True answers down, given answers across; the colour is the share of the row."""
    names = [_plain(name) for name in confusion.answers]
    counts = np.array(confusion.counts)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    side = min(4.2 + 0.32 * len(names), 14)
    figure, axes = _chart(side, side - 0.6, palette)
    colours = LinearSegmentedColormap.from_list("share", [palette.paper, palette.accent])
    axes.imshow(shares, cmap=colours, vmin=0, vmax=1)
    size = 10 if len(names) <= 30 else 5
    axes.set_xticks(range(len(names)), names, fontsize=size, rotation=90 if len(names) > 5 else 0)
    axes.set_yticks(range(len(names)), names, fontsize=size)
    if len(names) <= NUMBERED_CLASSES:
        for (row, column), count in np.ndenumerate(counts):
            colour = palette.paper if shares[row, column] > 0.5 else palette.ink
            axes.text(column, row, f"{count:,}", ha="center", va="center", color=colour, fontsize=13 if len(names) < 6 else 8)
    axes.set_xlabel("answer given")
    axes.set_ylabel("true answer")
    return figure


def draw_reliability(bins: Sequence[Bin], palette: Palette) -> Figure:
    """Above, accuracy by confidence with the diagonal of a calibrated model; below, how many photos each bar stands for."""
    figure, (above, below) = _charts(5.2, 5.4, palette, [3, 1])
    middle = [(bar.low + bar.high) / 2 for bar in bins]
    width = 0.9 / CALIBRATION_BINS
    above.bar(middle, [bar.accuracy for bar in bins], width, color=palette.accent, label="photos answered rightly")
    above.plot([0, 1], [0, 1], "--", color=palette.ink, linewidth=1, label="as sure as it is right")
    above.set(xlim=(0, 1), ylim=(0, 1.02), ylabel="accuracy")
    above.legend(frameon=False, labelcolor=palette.ink, loc="upper left")
    below.bar(middle, [bar.photos for bar in bins], width, color=palette.faint)
    below.set(xlim=(0, 1), yscale="log", ylabel="photos", xlabel="confidence: the probability of the answer given")
    return figure


def draw_robustness(robustness: Robustness, palette: Palette) -> Figure:
    """Accuracy with its 95 % interval under every corruption; the line is the accuracy on the photos as they are."""
    rows = robustness.corruptions
    figure, axes = _chart(6.4, 1 + 0.27 * len(rows), palette)
    heights = range(len(rows))
    values = np.array([row.accuracy for row in rows])
    low, high = np.array([row.accuracy_95_interval for row in rows]).T
    axes.axvline(robustness.clean.accuracy, color=palette.ink, linestyle="--", linewidth=1)
    axes.errorbar(
        values, heights, xerr=[values - low, high - values], fmt="o", color=palette.accent, markersize=5, linewidth=1.5
    )
    axes.set_yticks(heights, [f"{row.name} {row.severity}" for row in rows])
    axes.set(
        ylim=(len(rows) - 0.4, -0.6), xlim=(min(0.45, low.min() - 0.05), 1.02), xlabel="accuracy; dashed: photos as they are"
    )
    axes.grid(axis="x", color=palette.faint, linewidth=0.4)
    for row in range(1, len(rows)):
        if rows[row].name != rows[row - 1].name:
            axes.axhline(row - 0.5, color=palette.faint, linewidth=0.6)
    return figure


def draw_top_losses(losses: Sequence[Loss], thumbnails: Sequence[Image.Image]) -> Figure:
    """The photos with the largest losses: what they show, what was answered, how sure."""
    columns = min(4, len(thumbnails))
    lines = math.ceil(len(thumbnails) / columns)
    figure = Figure(figsize=(2.5 * columns, 2.9 * lines), layout="constrained", facecolor=LIGHT.paper)
    places = figure.subplots(lines, columns, squeeze=False).flat
    for axes, photo, loss in zip(places, thumbnails, losses, strict=False):
        axes.imshow(np.asarray(photo))
        axes.set_title(
            f"{_plain(loss.file)}\n{_plain(loss.true)}, answered\n{_plain(loss.predicted)} {percent(loss.probability)}",
            fontsize=9,
            color=LIGHT.ink,
        )
    for axes in figure.axes:
        axes.set_axis_off()
    return figure


def _chart(width: float, height: float, palette: Palette) -> tuple[Figure, Axes]:
    figure, (axes,) = _charts(width, height, palette, [1])
    return figure, axes


def _charts(width: float, height: float, palette: Palette, heights: Sequence[float]) -> tuple[Figure, Sequence[Axes]]:
    """A figure with axes one above the other, in the colours of the palette. Sizes in inches."""
    figure = Figure(figsize=(width, height), layout="constrained", facecolor=palette.paper)
    panels: list[Axes] = list(figure.subplots(len(heights), 1, squeeze=False, height_ratios=heights)[:, 0])
    for axes in panels:
        axes.set_facecolor(palette.paper)
        axes.tick_params(colors=palette.ink)
        axes.xaxis.label.set_color(palette.ink)
        axes.yaxis.label.set_color(palette.ink)
        axes.spines[:].set_color(palette.faint)
        axes.spines[["top", "right"]].set_visible(False)
    return figure, panels


def _plain(name: str) -> str:
    """A name for matplotlib: short, and dollars are no formulas."""
    short = name if len(name) <= LONGEST_NAME else f"…{name[1 - LONGEST_NAME :]}"
    return short.replace("$", r"\$")


def png(figure: Figure, dpi: int = 130) -> bytes:
    """A figure as the content of a PNG file."""
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from")  # a label in a script the font lacks still has its place
        figure.savefig(buffer, format="png", dpi=dpi, facecolor=figure.get_facecolor())
    return buffer.getvalue()
