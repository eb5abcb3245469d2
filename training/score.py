"""Score very many photos: parquet out, restartable, on all cores or on a Ray cluster.

    python -m training.score PHOTOS OUT [--model FOLDER_OR_HUB_NAME] [--ray]

PHOTOS is a folder, searched with all its subfolders, or a list: a text file with a path per line, or a .csv file whose
column `path` (else the first one) holds them; relative paths start at the list's own folder. In a folder, a photo is what
begins as one, whatever its name; a file that is only called one gets an error; what is left out is counted and said at the
end. OUT becomes a folder of part-00000.parquet, part-00001.parquet..., one dataset for pandas, pyarrow, DuckDB and Ray, a
row per photo in the order of the list, or sorted where PHOTOS is a folder:

    path           string   relative to PHOTOS, or as the list has it; bytes that are not UTF-8 become \\xNN
    label          string   the most probable answer; null where the photo could not be scored
    probability    float32  of that label, 0-1
    p_Cat, p_Dog…  float32  of each answer, 0-1, together 1
    error          string   why the photo could not be scored; null where it could

The same command goes on after the last finished part, however the run ended; `_run.json` beside the parts records what
the run is of, and another model or other photos are refused.
"""

from __future__ import annotations

import hashlib
import os
import time
import warnings
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tqdm.auto import tqdm

from model.errors import ModelError
from model.folder import SERVING_FILES, load_folder
from model.network import available_cores
from model.photo_files import shown
from model.source import model_folder
from training.data.photos import DataError
from training.options import at_least_one, option, parse
from training.scoring.paths import find_paths
from training.scoring.ray import map_on_ray
from training.scoring.run import GO_ON, Run, begin, check_out, locked, summary, unfinished, write_parts
from training.scoring.scorer import load_scorer, map_in_threads, unpack_scorer

BATCH_SIZE = 8  # as fast as larger ones, with half the memory


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What can be chosen."""

    photos: Path = option(help="a folder of photos, or a list of paths (text or .csv)", positional=True, metavar="PHOTOS")
    out: Path = option(help="the folder for the results: a new one, or one to go on with", positional=True, metavar="OUT")
    model: str | None = option(None, "a model folder, or a Hub repository user/name (default: the embedded starter)")
    revision: str | None = option(None, "commit, tag or branch of that repository (default: main)")
    part_size: int = option(10_000, "photos per part", check=at_least_one)
    workers: int | None = option(None, "threads, or Ray workers, of a core each (default: all cores)", check=at_least_one)
    ray: str | None = option(
        None,
        "score on a Ray cluster, whose machines see PHOTOS under the same path: at ADDRESS, at RAY_ADDRESS where that is set, "
        "or a new one on this machine",
        metavar="ADDRESS",
        const="",
    )


def score(settings: Settings) -> None:
    """Score what is not scored yet, and print the summary.

    Raises:
        DataError, ModelError: the photos, the model or the folder for the results cannot be used, or the work had to stop.
    """
    out = settings.out
    check_out(out)
    root, paths, left_out = find_paths(settings.photos)
    folder, version = model_folder(settings.model, settings.revision)
    classifier = load_folder(folder, version)
    files = {name: (folder / name).read_bytes() for name in SERVING_FILES}
    wanted = Run(
        model=classifier.config.name,
        revision=classifier.revision,
        files={name: hashlib.sha256(content).hexdigest() for name, content in files.items()},
        answers=classifier.config.answers,
        photos=len(paths),
        paths_sha256=hashlib.sha256(b"\0".join(map(os.fsencode, paths))).hexdigest(),
        part_size=settings.part_size,
        left_out=tuple(left_out.to_json()),
    )
    with locked(out):
        run = begin(out, wanted)
        parts = unfinished(out, run)
        left = [paths[number] for numbers in parts.values() for number in numbers]
        done = len(paths) - len(left)
        if done:
            print(f"going on: {len(run.parts()) - len(parts)} of {len(run.parts())} parts are finished, {done:,} photos")
        started = time.monotonic()
        if settings.ray is None:
            scorer = load_scorer(folder, classifier.revision, root)
            scoring = map_in_threads(scorer, left, BATCH_SIZE, settings.workers or available_cores())
        else:
            unpack = partial(unpack_scorer, files, classifier.revision, root)
            scoring = map_on_ray(unpack, left, BATCH_SIZE, settings.workers, settings.ray or None)
        with (
            closing(scoring) as results,
            tqdm(total=len(paths), initial=done, desc="scoring", unit="photo") as bar,
        ):
            write_parts(out, parts, results, bar)
        seconds = time.monotonic() - started
    print(f"{run.photos:,} photos in {shown(out)}, by {run.model}:\n{summary(out, run)}")
    for sentence in left_out.sentences():
        print(sentence)
    if left:
        print(f"{len(left):,} of them scored now, in {seconds:.1f} s: {len(left) / seconds:.1f} photos/s")


def main() -> None:
    """Read the command line, and score."""
    settings = parse(Settings, "score", __doc__)
    warnings.filterwarnings("ignore", module="PIL")  # remarks on single photos; what matters becomes their error
    try:
        score(settings)
    except (DataError, ModelError) as error:
        raise SystemExit(f"Cannot score: {error}") from None
    except KeyboardInterrupt:
        raise SystemExit(f"Stopped: {GO_ON}.") from None


if __name__ == "__main__":
    main()
