"""Tables of figures: as text for the report's page, and in Markdown for the card and the screen."""

from __future__ import annotations

from model.config import Config
from training.quality.rows import Grid, Place, grid, lines, markdown
from training.quality.schema import LEFT_OUT, BySource, ChangedAnswers, Metrics, metrics_of


def label_table(figures: Metrics, columns: Place = Place.LABELS) -> Grid:
    """The figures of each label."""
    return grid(columns, "label", list(figures.per_label.items()))


def source_table(figures: BySource, columns: Place = Place.SOURCES) -> Grid:
    """The figures of each source, the lowest accuracy first, and of all photos."""
    by_accuracy = sorted(figures.sources.items(), key=lambda source: source[1].accuracy)
    return grid(columns, "source", [*by_accuracy, ("all photos", figures)])


def changed_table(changed: ChangedAnswers) -> Grid:
    """How many answers change, by how the photos were saved again."""
    return Grid(
        ["saved again", "answers that change", "95 % interval"],
        [[name, f"{share:.1%}", "{:.1%} to {:.1%}".format(*changed.intervals[name])] for name, share in changed.shares.items()],
    )


def metric_rows(figures: Metrics | BySource) -> list[str]:
    """Markdown: the figures of one set of photos, or of what was left out."""
    place = Place.LEFT_OUT if isinstance(figures, BySource) else Place.PHOTOS
    return markdown(["measure", "value"], lines(place, figures))


def results(config: Config) -> list[str]:
    """Markdown: all figures of a model. What was left out comes first: it says the most about the next photo.

    Raises:
        ModelError: see `metrics_of`.
    """
    figures = metrics_of(config)
    text: list[str] = []
    for name in sorted(figures, key=lambda name: name != LEFT_OUT):
        text += _left_out(part) if isinstance(part := figures[name], BySource) else _photos(name, part)
    return text


def _photos(name: str, figures: Metrics) -> list[str]:
    return [f"### {name}", "", *metric_rows(figures), "", *markdown(*label_table(figures)), ""]


def _left_out(figures: BySource) -> list[str]:
    """What heads did on photos that they were not fitted to: whole sources where there are several."""
    several = len(figures.sources) > 1
    text = [
        "### By source" if several else "### Left out",
        "",
        (
            "Each source was answered by a head that was fitted to the others. All answers count: a dog called neither is "
            "wrong, and so is a stone called dog. Weight decay, temperature and the threshold of neither were chosen on the "
            "same answers."
            if several
            else "Each photo was answered by a head that was fitted without it. All photos come from one source: how the model "
            "does on others, nobody knows."
        ),
        "",
        *metric_rows(figures),
        "",
        *([*markdown(*source_table(figures)), ""] if several else []),
    ]
    if changed := figures.changed_answers:
        text += [
            f"Answers that change when a photo is saved again ({changed.photos:,} photos, answered by the same heads):",
            "",
            *markdown(*changed_table(changed)),
            "",
        ]
    return text
