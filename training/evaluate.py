"""How good is this model? Measured through `model/`, as it is served.

    python -m training.evaluate model/starter --data PHOTOS [--neither OTHERS] [--against OTHER_MODEL] [--write]

PHOTOS holds a folder per class, OTHERS photos that show none of the classes; several of them are several sources, and
`--by-source` tells how good the model is on each. Prints the table of the model card and writes a report: report.html,
metrics.json and the pictures. `--write` also stores the figures in the model's config.json and README.md. With `--against`, a
second model answers the same photos, and McNemar's test says what the difference is worth.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from model.errors import ModelError, OutputError
from model.folder import CARD, CONFIG, REPORT, WEIGHTS, load_torch
from model.photo import PhotoError
from model.photo_files import shown
from training.data.layout import Layout
from training.data.photos import DataError
from training.fit.finish import finish
from training.options import count, option, parse
from training.quality.inputs import open_model, open_photos
from training.quality.page import HTML
from training.quality.report import write_report
from training.quality.rows import markdown
from training.quality.schema import BySource, metrics_of
from training.quality.tables import label_table, metric_rows, source_table


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What can be chosen.

    Raises:
        ValueError: figures are to be stored in a model that lies on the Hub.
    """

    model: str = option(help="a model folder, or a Hub repository user/name", positional=True)
    revision: str | None = option(None, "commit, tag or branch of a Hub repository (default: main)")
    data: tuple[str, ...] = option(help="photos of the classes, as training.head takes them; a test set is preferred")
    layout: Layout = option("guess", "as in training.head")
    labels: tuple[str, ...] = option((), "take these folders alone (default: all)", metavar="CLASS")
    label_from: str | None = option(None, "where labels come from, as in training.head", metavar="RULE")
    label_column: str | None = option(None, "of a table or dataset, as in training.head", metavar="NAME")
    image_column: str | None = option(None, "the same of photos or their paths", metavar="NAME")
    neither: tuple[Path, ...] = option((), "folders of photos of other things", metavar="FOLDER")
    skip_bad: bool = option(False, "leave out photos that cannot be opened instead of stopping; the report counts them")
    by_source: bool = option(False, "tell every figure of every source, too")
    against: str | None = option(None, "a second model, folder or user/name, to compare with", metavar="OTHER_MODEL")
    report: Path | None = option(
        None, "the folder to write; it shows some photos (default: MODEL/report, ./report for the Hub)", metavar="FOLDER"
    )
    robustness: int = option(500, "photos to corrupt, or save again, and answer again; 0: none", check=count, metavar="N")
    name: str = option("test", "what to call these photos in card and report")
    write: bool = option(False, "store the figures in the model's config.json and README.md")

    def __post_init__(self) -> None:
        if self.write and not Path(self.model).is_dir():
            raise ValueError(f"--write needs a model folder; download {self.model} first to change its card")


def main() -> None:
    """Print the table, write the report, and store the figures if asked to."""
    settings = parse(Settings, "evaluate", __doc__)
    is_folder = Path(settings.model).is_dir()
    target = settings.report or (Path(settings.model) / REPORT if is_folder else Path(REPORT))
    model = Path(settings.model).resolve()
    unpacked = (model.with_name(f"{model.name}-run") if is_folder else Path(f"{REPORT}-run")) / "data"
    try:
        served, folder = open_model(settings.model, settings.revision)
        against = open_model(settings.against) if settings.against else None
        architecture = served.config.architecture
        if architecture.library == "export" and settings.write:
            raise ModelError(f"{folder} was converted from an export; --write needs a model that was trained here")
        if settings.write:
            metrics_of(served.config)  # better refused now than when the card is written
        can_be_built = (folder / WEIGHTS).is_file() and architecture.can_be_built
        rules = settings.labels, settings.layout, settings.label_column, settings.image_column
        known = served.config.labels
        read: list[str] = []
        photos = open_photos(
            settings.data, settings.neither, settings.label_from, unpacked, *rules, known, read.append, settings.skip_bad
        )
        print("\n".join(read))
        report = write_report(
            served,
            photos,
            target,
            settings.name,
            model=folder,
            reference=load_torch(folder) if can_be_built else None,
            against=against,
            robustness=settings.robustness,
            sources=settings.by_source,
            data=read,
        )
    except (DataError, ModelError, OutputError, PhotoError) as error:
        raise SystemExit(f"Cannot evaluate: {error}") from None
    print(f"\n{settings.model} on {', '.join(map(shown, settings.data))}\n")
    print("\n".join([*metric_rows(report), "", *markdown(*label_table(report))]))
    if isinstance(report.all_answers, BySource):
        print("\n" + "\n".join(markdown(*source_table(report.all_answers))))
    if report.comparison:
        print(f"\nA is {settings.model}, B is {settings.against}.\n{report.comparison.sentence}")
    print(f"\nreport: {target / HTML}")
    if settings.write:
        metrics = served.config.metrics | {settings.name: report.figures.to_json()}
        finish(folder, served.config.model_copy(update={"metrics": metrics}))
        print(f"written to {folder / CONFIG} and {folder / CARD}")


if __name__ == "__main__":
    main()
