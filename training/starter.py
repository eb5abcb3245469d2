"""List the photos that the starter is fitted to and judged on.

    python -m training.starter ../shared/data build/starter

From `photos/`, `cats-dogs/` and `neither/` of the source this makes tables of path, label and source, for `--data`:

    fit.tsv    the cats, dogs and neither of every source in photos/, all training photos of cats-dogs/ (source kaggle) and all
               of neither/ (source bsds)
    hard.tsv   what is in the folders hard/ of photos/: a photo's label is the kind that its name begins with (both, tiny,
               drawing, toy, wild); nothing is fitted to these

The test photos of cats-dogs/ are in none of these tables.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from model.config import NEITHER
from model.photo_files import is_hidden, photos_below
from model.whole import write_text
from training.options import option, parse

Row = tuple[Path, str, str]
LABELS = ("Cat", "Dog", NEITHER)
HARD = "hard"


def origins(source: Path) -> list[Path]:
    """The folders of the sources, sorted."""
    return sorted(path for path in (source / "photos").iterdir() if path.is_dir() and not is_hidden(path.name))


def photos_of(folder: Path) -> tuple[Path, ...]:
    """The photos below a folder of a source; not every source has each."""
    return photos_below(folder) if folder.is_dir() else ()


def to_fit(source: Path) -> Iterator[Row]:
    """Path, label and source of each photo to fit to."""
    for origin in origins(source):
        for label in LABELS:
            yield from ((path, label, origin.name) for path in photos_of(origin / label))
    for label in LABELS[:2]:
        yield from ((path, label, "kaggle") for path in photos_below(source / "cats-dogs" / "train" / label))
    yield from ((path, NEITHER, "bsds") for path in photos_below(source / "neither"))


def hard(source: Path) -> Iterator[Row]:
    """Path, kind and source of each photo that nothing is fitted to."""
    for origin in origins(source):
        yield from ((path, path.name.partition("__")[0], origin.name) for path in photos_of(origin / HARD))


def write(rows: Iterator[Row], target: Path) -> None:
    """Write a table, whole or not at all, and print what is in it."""
    listed_rows = [(str(path.resolve()), label, source) for path, label, source in rows]
    text = io.StringIO(newline="")
    csv.writer(text, delimiter="\t", lineterminator="\n").writerows([("path", "label", "source"), *listed_rows])
    write_text(target, text.getvalue())
    counts = Counter(label for _, label, _ in listed_rows)
    listed = ", ".join(f"{count:,} {label}" for label, count in sorted(counts.items()))
    print(f"{target}: {listed} of {len({source for *_, source in listed_rows})} sources")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What can be chosen."""

    source: Path = option(help="holds photos/, cats-dogs/ and neither/", positional=True)
    target: Path = option(help="a folder for the tables", positional=True)


def main() -> None:
    """Write both tables."""
    settings = parse(Settings, "starter", __doc__)
    source, target = settings.source, settings.target
    if missing := [name for name in ("photos", "cats-dogs/train", "neither") if not (source / name).is_dir()]:
        raise SystemExit(f"{source} lacks {', '.join(missing)}")
    target.mkdir(parents=True, exist_ok=True)
    write(to_fit(source), target / "fit.tsv")
    write(hard(source), target / "hard.tsv")


if __name__ == "__main__":
    main()
