"""List the photos that the starter is fitted to and judged on.

    python -m training.starter_data ../shared/data build/starter

From `photos/`, `cats-dogs/` and `neither/` of the source this makes tables of path, label and source, for `--data`:

    fit.tsv    the cats, dogs and neither of every source in photos/, all training photos of cats-dogs/ (source kaggle) and all
               of neither/ (source bsds)
    hard.tsv   what is in the folders hard/ of photos/: a photo's label is the kind that its name begins with (both, tiny,
               drawing, toy, wild); nothing is fitted to these

The test photos of cats-dogs/ are in neither.
"""

from __future__ import annotations

import argparse
import csv
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from model.config import NEITHER
from training.data.photos import photos_below, subfolders

Row = tuple[Path, str, str]
LABELS = ("Cat", "Dog", NEITHER)
HARD = "hard"


def to_fit(source: Path) -> Iterator[Row]:
    """Path, label and source of each photo to fit to."""
    for origin in subfolders(source / "photos"):
        for label in LABELS:
            yield from ((path, label, origin.name) for path in photos_below(origin / label))
    for label in LABELS[:2]:
        yield from ((path, label, "kaggle") for path in photos_below(source / "cats-dogs" / "train" / label))
    yield from ((path, NEITHER, "bsds") for path in photos_below(source / "neither"))


def hard(source: Path) -> Iterator[Row]:
    """Path, kind and source of each photo that nothing is fitted to."""
    for origin in subfolders(source / "photos"):
        yield from ((path, path.name.partition("__")[0], origin.name) for path in photos_below(origin / HARD))


def write(rows: Iterator[Row], target: Path) -> None:
    """Write a table, whole or not at all, and print what is in it."""
    found = [(str(path.resolve()), label, source) for path, label, source in rows]
    temporary = target.with_suffix(".part")
    with temporary.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter="\t", lineterminator="\n")
        writer.writerows([("path", "label", "source"), *found])
    temporary.replace(target)
    counts = Counter(label for _, label, _ in found)
    listed = ", ".join(f"{count:,} {label}" for label, count in sorted(counts.items()))
    print(f"{target}: {listed} of {len({source for *_, source in found})} sources")


def main() -> None:
    """Write both tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", type=Path, help="holds photos/, cats-dogs/ and neither/")
    parser.add_argument("target", type=Path, help="a folder for the tables")
    arguments = parser.parse_args()
    source, target = arguments.source, arguments.target
    if missing := [name for name in ("photos", "cats-dogs/train", "neither") if not (source / name).is_dir()]:
        raise SystemExit(f"{source} lacks {', '.join(missing)}")
    target.mkdir(parents=True, exist_ok=True)
    write(to_fit(source), target / "fit.tsv")
    write(hard(source), target / "hard.tsv")


if __name__ == "__main__":
    main()
