"""How good is this model? Measured through `model/`, as it is served.

    python -m training.evaluate model/starter --data PHOTOS [--neither OTHERS] [--against OTHER_MODEL] [--write]

PHOTOS holds a folder per class, OTHERS photos that show none of the classes; several of them are several sources, and
`--by-source` tells how good the model is on each. Prints the table of the model card and writes a report: report.html,
metrics.json and the pictures. `--write` also stores the figures in the model's config.json and README.md. With `--against`, a
second model answers the same photos, and McNemar's test says what the difference is worth.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from model.errors import ModelError, OutputError
from model.folder import CARD, CONFIG, WEIGHTS, load_torch
from model.photo import PhotoError
from training.data.photos import DataError
from training.fit.finish import finish
from training.options import count
from training.quality.card import REPORT
from training.quality.inputs import open_model, open_photos
from training.quality.page import HTML
from training.quality.report import write_report
from training.quality.rows import markdown
from training.quality.schema import BySource, metrics_of
from training.quality.tables import label_table, metric_rows, source_table


def parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", help="a model folder, or a Hub repository user/name")
    parser.add_argument("--revision", help="commit, tag or branch of a Hub repository (default: main)")
    parser.add_argument(
        "--data",
        required=True,
        nargs="+",
        help="photos of the classes, as training/fine_tune.py takes them; a test set is preferred",
    )
    parser.add_argument("--layout", choices=("guess", "classes", "sources"), default="guess", help="as in training/head.py")
    parser.add_argument("--labels", nargs="+", default=[], metavar="CLASS", help="take these folders alone (default: all)")
    parser.add_argument("--label-from", metavar="RULE", help="where labels come from, as in training/fine_tune.py")
    parser.add_argument("--neither", type=Path, nargs="+", default=[], help="folders of photos of other things")
    parser.add_argument("--by-source", action="store_true", help="tell every figure of every source, too")
    parser.add_argument("--against", metavar="OTHER_MODEL", help="a second model, folder or user/name, to compare with")
    parser.add_argument(
        "--report", type=Path, help="the folder to write; it shows some photos (default: MODEL/report, ./report for the Hub)"
    )
    parser.add_argument(
        "--robustness",
        type=count,
        default=500,
        metavar="N",
        help="photos to corrupt, or save again, and answer again; 0: none (default: 500)",
    )
    parser.add_argument("--name", default="test", help="what to call these photos in card and report (default: test)")
    parser.add_argument("--write", action="store_true", help="store the figures in the model's config.json and README.md")
    return parser


def main() -> None:
    """Print the table, write the report, and store the figures if asked to."""
    options = parser()
    arguments = options.parse_args()
    is_folder = Path(arguments.model).is_dir()
    if arguments.write and not is_folder:
        options.error(f"--write needs a model folder; download {arguments.model} first to change its card")
    target = arguments.report or (Path(arguments.model) / REPORT if is_folder else Path(REPORT))
    model = Path(arguments.model).resolve()
    unpacked = (model.with_name(f"{model.name}-run") if is_folder else Path(f"{REPORT}-run")) / "data"
    try:
        served, folder = open_model(arguments.model, arguments.revision)
        against = open_model(arguments.against) if arguments.against else None
        architecture = served.config.architecture
        if architecture.library == "export" and arguments.write:
            raise ModelError(f"{folder} was converted from an export; --write needs a model that was trained here")
        if arguments.write:
            metrics_of(served.config)  # better refused now than when the card is written
        can_be_built = (folder / WEIGHTS).is_file() and architecture.can_be_built
        photos = open_photos(
            arguments.data, arguments.neither, arguments.label_from, unpacked, arguments.labels, arguments.layout
        )
        report = write_report(
            served,
            photos,
            target,
            arguments.name,
            model=folder,
            reference=load_torch(folder) if can_be_built else None,
            against=against,
            robustness=arguments.robustness,
            sources=arguments.by_source,
        )
    except (DataError, ModelError, OutputError, PhotoError) as error:
        raise SystemExit(f"Cannot evaluate: {error}") from None
    print(f"\n{arguments.model} on {', '.join(arguments.data)}\n")
    print("\n".join([*metric_rows(report), "", *markdown(*label_table(report))]))
    if isinstance(report.all_answers, BySource):
        print("\n" + "\n".join(markdown(*source_table(report.all_answers))))
    if report.comparison:
        print(f"\nA is {arguments.model}, B is {arguments.against}.\n{report.comparison.sentence}")
    print(f"\nreport: {target / HTML}")
    if arguments.write:
        metrics = served.config.metrics | {arguments.name: report.figures.to_json()}
        finish(folder, served.config.model_copy(update={"metrics": metrics}))
        print(f"written to {folder / CONFIG} and {folder / CARD}")


if __name__ == "__main__":
    main()
