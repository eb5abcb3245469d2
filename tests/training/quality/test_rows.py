from __future__ import annotations

import typing

import pytest
from pydantic import BaseModel

from training.quality.report_schema import CorruptionScores, Report
from training.quality.rows import ROWS, Place, Row, grid, lines, markdown, percent
from training.quality.schema import BySource, ChangedAnswers, Figures, LabelScores, Metrics

SHOWN = {
    Place.PHOTOS: Metrics,
    Place.LEFT_OUT: BySource,
    Place.SOURCES: Figures,
    Place.SOURCES_REPORT: Figures,
    Place.LABELS: LabelScores,
    Place.LABELS_REPORT: LabelScores,
    Place.CORRUPTIONS: CorruptionScores,
    Place.TILES: Report,
    Place.COMPARED: Report,
    Place.NEITHER: Report,
    Place.HUB: Metrics,
}
# what is told in a sentence or a table of its own, or belongs to another figure
NOT_A_ROW = {"format_version", "accuracy_95_interval", "neither_score", "per_label", "all_answers", "worst", "sources",
             "changed_answers", "name", "severity"}  # fmt: skip


def parts(annotation: object) -> list[type[BaseModel]]:
    """The parts that a field may hold."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [part for argument in typing.get_args(annotation) for part in parts(argument)]


def has(part: type[BaseModel], field: str) -> bool:
    name, _, deeper = field.partition(".")
    if name in part.model_fields:
        return not deeper or any(has(inner, deeper) for inner in parts(part.model_fields[name].annotation))
    return isinstance(getattr(part, name, None), property)


def test_every_row_shows_a_figure_that_there_is():
    assert set(SHOWN) == set(Place)
    for row in ROWS:
        for place in row.places:
            assert has(SHOWN[place], row.field), (row.field, place)


@pytest.mark.parametrize("part", [Report, BySource, LabelScores, CorruptionScores])
def test_every_figure_has_a_row(part):
    places = [place for place, shown in SHOWN.items() if issubclass(part, shown)]
    shown = {row.field for row in ROWS for place in row.places if place in places}
    figures = Metrics if part is Report else part
    assert set(figures.model_fields) - NOT_A_ROW <= shown


def test_a_figure_that_was_not_measured_has_no_line():
    figures = Figures(photos=4, accuracy=0.5, accuracy_95_interval=(0.1, 0.9), log_loss=0.7, calibration_error=0.2)
    by_source = BySource(**dict(figures), mean_accuracy=0.5, worst_accuracy=0.25, worst="zoo", sources={"zoo": figures})
    named = dict(lines(Place.LEFT_OUT, by_source))
    assert named["the worst of them, zoo"] == "25.00%"
    assert named["log loss"] == "0.7000"
    assert len(named) == 5
    accepted = by_source.model_copy(update={"neither_false_accepts_at_95": 0.1})
    assert len(lines(Place.LEFT_OUT, accepted)) == 6


def test_a_table_has_no_empty_column_and_a_dash_for_what_is_undefined():
    seen = LabelScores(photos=1200, precision=1, recall=0.5, f1=2 / 3, roc_auc=None)
    unseen = LabelScores(photos=0, precision=None, recall=None, f1=None, roc_auc=None)
    headings, rows = grid(Place.LABELS | Place.LABELS_REPORT, "label", [("{cat}", seen), ("dog", unseen)])
    assert headings == ["label", "photos", "precision", "recall", "F1"]
    assert rows == [["{cat}", "1,200", "100.00%", "50.00%", "66.67%"], ["dog", "0", "–", "–", "–"]]
    assert markdown(headings, rows)[:2] == ["| label | photos | precision | recall | F1 |", "|---|---|---|---|---|"]


def test_a_new_figure_needs_a_row_and_nothing_else(monkeypatch):
    row = Row("shares", "changed, {key}", percent, Place.PHOTOS, more=" of {of.photos}")
    monkeypatch.setattr("training.quality.rows.ROWS", (row,))
    changed = ChangedAnswers(photos=8, shares={"JPEG {40}": 0.25}, intervals={"JPEG {40}": (0.1, 0.6)})
    assert lines(Place.PHOTOS, changed) == [("changed, JPEG {40}", "25.00% of 8")]
