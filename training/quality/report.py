"""The report of an evaluation: metrics.json, pictures, and one HTML page that carries everything it shows."""

from __future__ import annotations

import base64
import io
import json
import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from PIL import Image

from model.photo import open_photo
from training.quality.metrics import CALIBRATION_BINS
from training.quality.robustness import previews

HTML, METRICS = "report.html", "metrics.json"
TEMPLATE = "report.html.jinja"
TITLES = {
    "confusion": "Confusion matrix",
    "reliability": "Reliability diagram",
    "top_losses": "Top losses",
    "robustness": "Robustness",
}

THUMBNAIL_SIDE = 320
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


def write(folder: Path, details: dict[str, Any], worst: Sequence[Path], example: Path) -> None:
    """Write metrics.json, report.html and the pictures.

    Args:
        details: what `training.evaluate.write_report` measured; JSON, without NaN.
        worst: the photos of `details["top_losses"]`, in that order.
        example: a photo to show the corruptions on, where robustness was measured.

    Raises:
        model.photo.PhotoError: a photo can no longer be opened.
    """
    (folder / METRICS).write_text(json.dumps(details, indent=2, allow_nan=False, ensure_ascii=False) + "\n", "utf-8")
    charts = {"confusion": draw_confusion, "reliability": draw_reliability}
    if "robustness" in details:
        charts["robustness"] = draw_robustness
    pictures = {}
    for name, draw in charts.items():
        light = _png(draw(details, LIGHT))
        (folder / f"{name}.png").write_bytes(light)
        pictures[name] = {"light": _data_uri(light, "png"), "dark": _data_uri(_png(draw(details, DARK)), "png")}
    thumbnails = [_thumbnail(path) for path in worst]
    (folder / "top_losses.png").write_bytes(_png(draw_top_losses(details, thumbnails), dpi=90))

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"percent": percent, "number": number, "megabytes": megabytes, "points": points, "p_value": p_value}
    page = environment.get_template(TEMPLATE).render(
        details,
        titles=TITLES,
        pictures=pictures,
        tiles=tiles(details),
        confusions=confusions(details),
        thumbnails=[_jpeg_uri(image) for image in thumbnails],
        previews=[_jpeg_uri(image) for image in previews(example)] if "robustness" in details else [],
    )
    (folder / HTML).write_text(page, "utf-8")


def tiles(details: dict[str, Any]) -> list[tuple[str, str, str]]:
    """The figures at the top of the page: name, value, and half a sentence on what it means."""
    low, high = details["accuracy_95_interval"]
    wrong = details["photos"] - round(details["accuracy"] * details["photos"])
    chance = math.log(len(details["model"]["labels"]))
    found = [
        (
            "Accuracy",
            percent(details["accuracy"]),
            f"of {details['photos']:,} photos got the right answer; 95 % Wilson interval {percent(low)} to {percent(high)}",
        ),
        ("Error rate", percent(details["error_rate"]), f"of the photos got a wrong answer: {wrong:,} mistakes"),
        (
            "Log loss",
            number(details["log_loss"]),
            f"mean of −ln p(true answer): 0 is perfect, {chance:.2f} is guessing among the labels",
        ),
        (
            "Calibration error",
            number(details["calibration_error"]),
            f"mean gap between how sure it is and how often it is right, {CALIBRATION_BINS} bins: 0 is best",
        ),
        (
            "ROC AUC",
            number(details["roc_auc"]),
            "chance that a photo of a label gets a higher p(label) than one of another, mean over labels: 1 is perfect, "
            "0.5 is guessing",
        ),
        ("F1", number(details["macro_f1"]), "harmonic mean of precision and recall, mean over labels: 1 is perfect"),
    ]
    if "neither_photos" in details:
        found.append(
            (
                "Neither",
                number(details["neither_auroc"]),
                f"AUROC: chance that one of {details['neither_photos']:,} photos of other things has a higher "
                f"{details['neither_score']} than a photo of the labels",
            )
        )
    timing = details["latency"]
    found.append(
        (
            "Latency",
            f"{timing['median_ms']:.1f} ms",
            f"median of {timing['photos']} photos, each decoded and answered alone; the middle 90 % took "
            f"{timing['middle_90_ms'][0]:.1f} to {timing['middle_90_ms'][1]:.1f} ms",
        )
    )
    if "size_bytes" in details:
        total = sum(details["size_bytes"].values())
        network = details["size_bytes"]["model.onnx"]
        found.append(("Size", megabytes(network), f"the network that serves, model.onnx; the folder has {megabytes(total)}"))
    return found


def confusions(details: dict[str, Any], k: int = 10) -> list[tuple[str, str, int]]:
    """The most frequent mistakes: true answer, answer given, photos."""
    names = details["confusion"]["answers"]
    found = [
        (names[true], names[given], count)
        for true, row in enumerate(details["confusion"]["counts"])
        for given, count in enumerate(row)
        if true != given and count
    ]
    return sorted(found, key=lambda each: -each[2])[:k]


def draw_confusion(details: dict[str, Any], palette: Palette) -> Figure:
    """True answers down, given answers across; the colour is the share of the row."""
    names = [_plain(name) for name in details["confusion"]["answers"]]
    counts = np.array(details["confusion"]["counts"])
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


def draw_reliability(details: dict[str, Any], palette: Palette) -> Figure:
    """Above, accuracy by confidence with the diagonal of a calibrated model; below, how many photos each bar stands for."""
    bins = details["reliability"]
    figure, (above, below) = _charts(5.2, 5.4, palette, [3, 1])
    middle = [(each["low"] + each["high"]) / 2 for each in bins]
    width = 0.9 / CALIBRATION_BINS
    above.bar(middle, [each["accuracy"] for each in bins], width, color=palette.accent, label="photos answered rightly")
    above.plot([0, 1], [0, 1], "--", color=palette.ink, linewidth=1, label="as sure as it is right")
    above.set(xlim=(0, 1), ylim=(0, 1.02), ylabel="accuracy")
    above.legend(frameon=False, labelcolor=palette.ink, loc="upper left")
    below.bar(middle, [each["photos"] for each in bins], width, color=palette.faint)
    below.set(xlim=(0, 1), yscale="log", ylabel="photos", xlabel="confidence: the probability of the answer given")
    return figure


def draw_robustness(details: dict[str, Any], palette: Palette) -> Figure:
    """Accuracy with its 95 % interval under every corruption; the line is the accuracy on the photos as they are."""
    rows = details["robustness"]["corruptions"]
    clean = details["robustness"]["clean"]["accuracy"]
    figure, axes = _chart(6.4, 1 + 0.27 * len(rows), palette)
    heights = range(len(rows))
    values = np.array([row["accuracy"] for row in rows])
    low, high = np.array([row["accuracy_95_interval"] for row in rows]).T
    axes.axvline(clean, color=palette.ink, linestyle="--", linewidth=1)
    axes.errorbar(
        values, heights, xerr=[values - low, high - values], fmt="o", color=palette.accent, markersize=5, linewidth=1.5
    )
    axes.set_yticks(heights, [" ".join((row["name"], row["severity"])) for row in rows])
    axes.set(
        ylim=(len(rows) - 0.4, -0.6), xlim=(min(0.45, low.min() - 0.05), 1.02), xlabel="accuracy; dashed: photos as they are"
    )
    axes.grid(axis="x", color=palette.faint, linewidth=0.4)
    for row in range(1, len(rows)):
        if rows[row]["name"] != rows[row - 1]["name"]:
            axes.axhline(row - 0.5, color=palette.faint, linewidth=0.6)
    return figure


def draw_top_losses(details: dict[str, Any], thumbnails: Sequence[Image.Image]) -> Figure:
    """The photos with the largest losses: what they show, what was answered, how sure."""
    columns = min(4, len(thumbnails))
    lines = math.ceil(len(thumbnails) / columns)
    figure = Figure(figsize=(2.5 * columns, 2.9 * lines), layout="constrained", facecolor=LIGHT.paper)
    for axes, photo, row in zip(
        figure.subplots(lines, columns, squeeze=False).flat, thumbnails, details["top_losses"], strict=False
    ):
        axes.imshow(np.asarray(photo))
        axes.set_title(
            f"{_plain(row['file'])}\n{_plain(row['true'])}, answered\n{_plain(row['predicted'])} {percent(row['probability'])}",
            fontsize=9,
            color=LIGHT.ink,
        )
    for axes in figure.axes:
        axes.set_axis_off()
    return figure


def percent(value: float | None) -> str:
    """0.98651 → 98.65 %; None → –."""
    return "–" if value is None else f"{100 * value:.2f} %"


def points(value: float) -> str:
    """A difference of shares in percentage points, with its sign."""
    return f"{100 * value:+.2f}".replace("-", "−")


def number(value: float | None) -> str:
    """Four decimals; None → –."""
    return "–" if value is None else f"{value:.4f}"


def p_value(p: float) -> str:
    """= 0.0312, or < 0.0001."""
    return f"= {p:.4f}" if p >= 0.0001 else "< 0.0001"


def megabytes(size: int) -> str:
    """Bytes in millions."""
    return f"{size / 1e6:.2f} MB"


def _chart(width: float, height: float, palette: Palette) -> tuple[Figure, Axes]:
    figure, (axes,) = _charts(width, height, palette, [1])
    return figure, axes


def _charts(width: float, height: float, palette: Palette, heights: Sequence[float]) -> tuple[Figure, Sequence[Axes]]:
    """A figure with axes one above the other, in the colours of the palette. Sizes in inches."""
    figure = Figure(figsize=(width, height), layout="constrained", facecolor=palette.paper)
    every: list[Axes] = list(figure.subplots(len(heights), 1, squeeze=False, height_ratios=heights)[:, 0])
    for axes in every:
        axes.set_facecolor(palette.paper)
        axes.tick_params(colors=palette.ink)
        axes.xaxis.label.set_color(palette.ink)
        axes.yaxis.label.set_color(palette.ink)
        axes.spines[:].set_color(palette.faint)
        axes.spines[["top", "right"]].set_visible(False)
    return figure, every


def _plain(name: str) -> str:
    """A name for matplotlib: short, and dollars are no formulas."""
    short = name if len(name) <= LONGEST_NAME else f"…{name[1 - LONGEST_NAME :]}"
    return short.replace("$", r"\$")


def _png(figure: Figure, dpi: int = 130) -> bytes:
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from")  # a label in a script the font lacks still has its place
        figure.savefig(buffer, format="png", dpi=dpi, facecolor=figure.get_facecolor())
    return buffer.getvalue()


def _thumbnail(path: Path) -> Image.Image:
    photo = open_photo(path, at_least=(THUMBNAIL_SIDE, THUMBNAIL_SIDE))
    photo.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE))
    return photo


def _jpeg_uri(image: Image.Image) -> Markup:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=85)
    return _data_uri(buffer.getvalue(), "jpeg")


def _data_uri(content: bytes, kind: str) -> Markup:
    return Markup(f"data:image/{kind};base64,{base64.b64encode(content).decode()}")
