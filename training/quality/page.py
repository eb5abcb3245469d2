"""The files of a report: metrics.json, pictures, and one HTML page that carries everything it shows."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from matplotlib.figure import Figure
from PIL import Image

from model.photo import open_photo
from training.quality import charts, rows
from training.quality.report_schema import Comparison, Confusion, Report
from training.quality.robustness import previews
from training.quality.rows import Place
from training.quality.schema import BySource
from training.quality.tables import changed_table, label_table, source_table

HTML, METRICS = "report.html", "metrics.json"
TEMPLATE = "report.html.jinja"
TITLES = {
    "confusion": "Confusion matrix",
    "reliability": "Reliability diagram",
    "top_losses": "Top losses",
    "robustness": "Robustness",
}
THUMBNAIL_SIDE = 320


def write(folder: Path, report: Report, worst: Sequence[Path], example: Path) -> None:
    """Write metrics.json, report.html and the pictures.

    Args:
        worst: the photos of `report.top_losses`, in that order.
        example: a photo to show the corruptions on, where robustness was measured.

    Raises:
        model.photo.PhotoError: a photo can no longer be opened.
    """
    (folder / METRICS).write_text(json.dumps(report.to_json(), indent=2, allow_nan=False, ensure_ascii=False) + "\n", "utf-8")
    drawings: dict[str, Callable[[charts.Palette], Figure]] = {
        "confusion": partial(charts.draw_confusion, report.confusion),
        "reliability": partial(charts.draw_reliability, report.reliability),
    }
    if report.robustness:
        drawings["robustness"] = partial(charts.draw_robustness, report.robustness)
    pictures = {}
    for name, draw in drawings.items():
        light = charts.png(draw(charts.LIGHT))
        (folder / f"{name}.png").write_bytes(light)
        pictures[name] = {"light": _data_uri(light, "png"), "dark": _data_uri(charts.png(draw(charts.DARK)), "png")}
    thumbnails = [_thumbnail(path) for path in worst]
    (folder / "top_losses.png").write_bytes(charts.png(charts.draw_top_losses(report.top_losses, thumbnails), dpi=90))

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "percent": rows.percent,
        "number": rows.number,
        "thousands": rows.count,
        "points": rows.points,
        "p_value": p_value,
    }
    everything, columns = report.all_answers, Place.SOURCES | Place.SOURCES_REPORT
    corruptions = report.robustness.corruptions if report.robustness else ()
    text = environment.get_template(TEMPLATE).render(
        report=report,
        titles=TITLES,
        pictures=pictures,
        tiles=tiles(report),
        labels=label_table(report, Place.LABELS | Place.LABELS_REPORT),
        confusions=confusions(report.confusion),
        compared=compared(report, report.comparison) if report.comparison else [],
        neither=rows.lines(Place.NEITHER, report),
        by_source=everything if isinstance(everything, BySource) else None,
        sources=source_table(everything, columns) if isinstance(everything, BySource) else None,
        saved_again=changed_table(report.saved_again) if report.saved_again else None,
        corruptions=rows.grid(Place.CORRUPTIONS, "corruption", [(f"{row.name}, {row.severity}", row) for row in corruptions]),
        thumbnails=[_jpeg_uri(image) for image in thumbnails],
        previews=[_jpeg_uri(image) for image in previews(example)] if report.robustness else [],
    )
    (folder / HTML).write_text(text, "utf-8")


def tiles(report: Report) -> list[tuple[str, str, str]]:
    """The figures at the top of the page: name, value, and half a sentence on what it means."""
    return [
        (row.name[0].upper() + row.name[1:], rows.written(row, report), row.meaning.format(of=report))
        for row in rows.rows_of(Place.TILES)
        if rows.value_of(row, report) is not None
    ]


def compared(report: Report, other: Comparison) -> list[tuple[str, str, str]]:
    """The figures of two models: name, value of A, value of B."""
    return [
        (row.name.format(of=report), rows.written(row, report), rows.written(row, other.metrics, other))
        for row in rows.rows_of(Place.COMPARED)
        if rows.value_of(row, report) is not None
    ]


def confusions(confusion: Confusion, k: int = 10) -> list[tuple[str, str, int]]:
    """The most frequent mistakes: true answer, answer given, photos."""
    names = confusion.answers
    mistakes = [
        (names[true], names[given], photos)
        for true, row in enumerate(confusion.counts)
        for given, photos in enumerate(row)
        if true != given and photos
    ]
    return sorted(mistakes, key=lambda mistake: -mistake[2])[:k]


def p_value(p: float) -> str:
    """= 0.0312, or < 0.0001."""
    return f"= {p:.4f}" if p >= 0.0001 else "< 0.0001"


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
