"""Score very many photos: parquet out, restartable, on all cores or on a Ray cluster.

    python -m training.score PHOTOS OUT [--model FOLDER_OR_HUB_NAME] [--ray]

PHOTOS is a folder, searched with all its subfolders, or a list: a text file with a path per line, or a .csv file whose
column `path` (else the first one) holds them; relative paths start at the list's own folder. OUT becomes a folder of
part-00000.parquet, part-00001.parquet..., one dataset for pandas, pyarrow, DuckDB and Ray, a row per photo in the order
of the list, or sorted where PHOTOS is a folder:

    path           string   relative to PHOTOS, or as the list has it; bytes that are not UTF-8 become \\xNN
    label          string   the most probable answer; null where the photo could not be scored
    probability    float32  of that label, 0-1
    p_Cat, p_Dog…  float32  of each answer, 0-1, together 1
    error          string   why the photo could not be scored; null where it could

The same command goes on after the last finished part, however the run ended; `_run.json` beside the parts records what
the run is of, and another model or other photos are refused.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import io
import os
import tempfile
import time
import warnings
from collections import Counter, deque
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from functools import partial
from itertools import islice
from pathlib import Path
from typing import BinaryIO, Literal

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from filelock import FileLock, Timeout
from pydantic import BaseModel, ConfigDict
from tqdm.auto import tqdm

from model.classifier import Classifier
from model.config import Config
from model.errors import ModelError
from model.folder import CONFIG, ONNX, SERVING_FILES, load_folder
from model.network import OnnxNetwork, available_cores
from model.photo import PhotoError
from model.source import model_folder
from training.data.photos import SUFFIXES, DataError
from training.options import at_least_one
from training.scoring.ray import Scorer, map_on_ray

RUN = "_run.json"  # readers of a parquet folder pass over names that begin with _ or a dot
PART_SIZE = 10_000
BATCH_SIZE = 8  # as fast as larger ones, with half the memory
GO_ON = "the same command goes on where it stopped"


class Run(BaseModel):
    """`_run.json`: which photos OUT holds the answers for, and whose answers they are."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format_version: Literal[1] = 1
    model: str
    revision: str
    files: dict[str, str]  # sha256 by name
    answers: tuple[str, ...]
    photos: int
    paths_sha256: str
    part_size: int

    def parts(self) -> dict[str, range]:
        """Which photos each part holds, numbered from 0, by the name of its file."""
        starts = range(0, self.photos, self.part_size)
        return {f"part-{i:05}.parquet": range(n, min(n + self.part_size, self.photos)) for i, n in enumerate(starts)}


def find_paths(photos: Path) -> tuple[Path, list[str]]:
    """The folder that paths are relative to, and the paths: of a folder's photos, sorted, or of a list, in its order.

    Raises:
        DataError: there is no such folder or list, it cannot be read, or it names no photos.
    """
    if photos.is_dir():
        paths, others = _photos_below(photos)
        if not paths:
            known = ", ".join(sorted(SUFFIXES))
            raise DataError(f"{photos} holds no photos ({known}), only {others} other files")
        return photos.absolute(), paths
    if photos.suffix.lower() in SUFFIXES:
        raise DataError(f"{photos} is no folder and no list of paths; `python -m model PHOTO` scores a single photo")
    try:
        data = photos.read_bytes()
    except FileNotFoundError:
        raise DataError(f"there is no folder and no list {photos}") from None
    except OSError as error:
        raise DataError(f"{photos} cannot be read: {error.strerror}") from None
    if b"\0" in data:
        raise DataError(f"{photos} is not a list of paths: save it as UTF-8 text with a path per line, or as .csv")
    text = data.decode("utf-8-sig", "surrogateescape")
    paths = _csv_paths(photos, text) if photos.suffix.lower() == ".csv" else _lines(text)
    if not paths:
        raise DataError(f"{photos} names no photos: write a path per line")
    return photos.absolute().parent, paths


def _photos_below(folder: Path) -> tuple[list[str], int]:
    """Paths relative to `folder`, with forward slashes, and the number of other files. Linked folders are not entered."""

    def refuse(error: OSError) -> None:
        raise DataError(f"the folder {error.filename} cannot be listed: {error.strerror}")

    paths: list[str] = []
    others = 0
    with tqdm(desc="looking for photos", unit="file", leave=False, delay=1) as bar:
        for parent, _, names in os.walk(folder, onerror=refuse):
            below = Path(parent).relative_to(folder).as_posix()
            found = [name for name in names if Path(name).suffix.lower() in SUFFIXES and not name.startswith(".")]
            paths += found if below == "." else [f"{below}/{name}" for name in found]
            others += len(names) - len(found)
            bar.update(len(names))
    return sorted(paths), others


def _lines(text: str) -> list[str]:
    # not splitlines: a file name may hold characters that it takes for the end of a line
    return [line for line in (each.removesuffix("\r") for each in text.split("\n")) if line]


def _csv_paths(file: Path, text: str) -> list[str]:
    reader = csv.reader(io.StringIO(text, newline=""))
    paths: list[str] = []
    column = 0
    try:
        for number, row in enumerate(row for row in reader if row):
            cells = [cell.strip().lower() for cell in row]
            if number == 0 and "path" in cells:
                column = cells.index("path")
            elif len(row) <= column or not row[column]:
                raise DataError(f"{file}, line {reader.line_num}: there is no path")
            else:
                paths.append(row[column])
    except csv.Error as error:
        raise DataError(f"{file}, line {reader.line_num}: {error}") from None
    return paths


def schema(answers: Sequence[str]) -> pa.Schema:
    """The columns of a part."""
    probabilities = [(f"p_{answer}", pa.float32()) for answer in answers]
    return pa.schema(
        [("path", pa.string()), ("label", pa.string()), ("probability", pa.float32()), *probabilities, ("error", pa.string())]
    )


def score_batch(classifier: Classifier, root: Path, paths: Sequence[str]) -> pa.Table:
    """Score photos, one after another and then in one call of the network per 32: a table of `schema`, a row per path.

    Nothing that is wrong with a photo raises: its row has an error instead. `paths` are relative to `root`, or absolute.
    """
    prepared = [_prepare(classifier, Path(root, path)) for path in paths]
    predictions = iter(classifier.predict([photo for photo in prepared if not isinstance(photo, str)]))
    rows = [
        (_text(path), None, None, *(None for _ in classifier.config.answers), _text(photo))
        if isinstance(photo, str)
        else (_text(path), (answer := next(predictions)).label, answer.probability, *answer.probabilities, None)
        for path, photo in zip(paths, prepared, strict=True)
    ]
    fields = schema(classifier.config.answers)
    columns = [pa.array(column, field.type) for column, field in zip(zip(*rows, strict=True), fields, strict=True)]
    return pa.Table.from_arrays(columns, schema=fields)


def _prepare(classifier: Classifier, path: Path) -> np.ndarray | str:
    """The network's input, or what is wrong with the photo."""
    try:
        if path.is_fifo():
            return "This is a pipe, not a photo."  # opening it would wait for ever
        return classifier.prepare(path)
    except PhotoError as error:
        return str(error)
    except Exception as error:  # one photo among a million that nobody foresaw must not end the run
        return f"{type(error).__name__}: {error}"


def _text(name: str) -> str:
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def load_scorer(folder: Path, revision: str, root: Path) -> Scorer:
    """`score_batch` with the model in a folder, and photos relative to `root`.

    The network uses one core: every core scores a batch of its own, so none waits for another.
    """
    network = OnnxNetwork(folder / ONNX, threads=1)
    return partial(score_batch, Classifier(network, Config.read(folder / CONFIG), revision), root)


def unpack_scorer(files: Mapping[str, bytes], revision: str, root: Path) -> Scorer:
    """The same from the content of the model's files, by name: for a machine that does not have them."""
    with tempfile.TemporaryDirectory(prefix="cat-or-dog-") as folder:
        for name, content in files.items():
            Path(folder, name).write_bytes(content)
        return load_scorer(Path(folder), revision, root)


def map_in_threads(scorer: Scorer, paths: Sequence[str], batch_size: int, threads: int) -> Generator[pa.Table]:
    """The scorer's results for batches of the paths, in order; no more than two batches per thread are under way."""
    batches = (paths[start : start + batch_size] for start in range(0, len(paths), batch_size))
    pool = ThreadPoolExecutor(threads)
    try:
        pending = deque(pool.submit(scorer, batch) for batch in islice(batches, 2 * threads))
        while pending:
            yield pending.popleft().result()
            pending.extend(pool.submit(scorer, batch) for batch in islice(batches, 1))
    finally:
        pool.shutdown(cancel_futures=True)


def check_out(out: Path) -> None:
    """Refuse a folder that this script did not make.

    Raises:
        DataError: `out` is a file, or holds other things than results.
    """
    if out.exists() and not out.is_dir():
        raise DataError(f"{out} is a file; name a folder for the results")
    if out.is_dir() and not (out / RUN).exists() and any(not path.name.startswith(".") for path in out.iterdir()):
        raise DataError(f"{out} holds other things than results; name a new or empty folder")


@contextmanager
def locked(out: Path) -> Iterator[None]:
    """Make the folder `out` where there is none, and keep other runs from writing to it until the block ends.

    Raises:
        DataError: another run writes to it, or nobody can.
    """
    lock = FileLock(out / ".lock", timeout=0)
    try:
        out.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout:
        raise DataError(f"another run is writing to {out}; wait for its end, or name another folder") from None
    except OSError as error:
        raise DataError(f"{out} cannot be written to: {error.strerror or error}; name another folder") from None
    try:
        yield
    finally:
        lock.release()


def begin(out: Path, wanted: Run) -> Run:
    """Write `_run.json`; or read it, where it is of the same photos and the same model. The parts keep their size.

    Raises:
        DataError: `out` was begun with another model or other photos.
    """
    path = out / RUN
    if not path.exists():
        text = wanted.model_dump_json(indent=2) + "\n"
        write_whole(path, lambda file: file.write(text.encode("utf-8")))
        return wanted
    try:
        begun = Run.model_validate_json(path.read_text("utf-8"))
    except (OSError, ValueError):
        raise DataError(f"{path} is damaged, or of another version; name another folder") from None
    if begun.files != wanted.files:
        raise DataError(
            f"{out} was begun with the model {begun.model}, revision {begun.revision}, and this is another one: "
            f"{wanted.model}, revision {wanted.revision}; name that model, or another folder"
        )
    if begun.paths_sha256 != wanted.paths_sha256:
        raise DataError(
            f"{out} was begun with another list: {begun.photos:,} photos then, {wanted.photos:,} now, and their names differ; "
            "name those photos, or another folder"
        )
    return begun


def unfinished(out: Path, run: Run) -> dict[str, range]:
    """Of `run.parts()`, those that are not there yet.

    Raises:
        DataError: a part that is there is damaged.
    """
    missing: dict[str, range] = {}
    for name, numbers in run.parts().items():
        path = out / name
        try:
            if not path.exists():
                missing[name] = numbers
            elif pq.read_metadata(path).num_rows != len(numbers):
                raise DataError(f"{path} does not have {len(numbers):,} rows; remove it, and they are scored again")
        except (OSError, pa.ArrowException) as error:
            raise DataError(f"{path} is damaged ({error}); remove it, and its photos are scored again") from None
    return missing


def write_parts(out: Path, parts: Mapping[str, range], results: Iterator[pa.Table], bar: tqdm) -> None:
    """Write results, tables of any length, as the parts that lack them.

    Raises:
        DataError: a part cannot be written.
    """
    waiting: list[pa.Table] = []
    held = 0
    for name, numbers in parts.items():
        while held < len(numbers):
            table = next(results)
            waiting.append(table)
            held += len(table)
            bar.update(len(table))
        joined = pa.concat_tables(waiting)
        write_whole(out / name, partial(pq.write_table, joined.slice(0, len(numbers)).combine_chunks()))
        waiting = [joined.slice(len(numbers))]
        held -= len(numbers)


def write_whole(target: Path, write: Callable[[BinaryIO], object]) -> None:
    """Let `write` fill a file that becomes `target` when it is complete and on the disk.

    Raises:
        DataError: the disk is full, or cannot be written to.
    """
    temporary = target.with_name(f".{target.name}.part")
    try:
        with temporary.open("wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
    except OSError as error:
        reason = error.strerror or error
        raise DataError(f"{target} cannot be written: {reason}; mend that, and {GO_ON}") from None
    finally:
        temporary.unlink(missing_ok=True)


def summary(out: Path, run: Run) -> str:
    """Photos per answer and the number of errors, over all parts."""
    counts: Counter[str | None] = Counter()
    for name in run.parts():
        counts.update(pq.read_table(out / name, columns=["label"])["label"].to_pylist())
    rows = {answer: counts[answer] for answer in run.answers} | {"errors": counts[None]}
    width = max(map(len, rows))
    return "\n".join(f"  {name:{width}}  {count:>9,}" for name, count in rows.items())


def score(
    photos: Path, out: Path, model: str | None, revision: str | None, part_size: int, workers: int | None, ray: str | None
) -> None:
    """Score what is not scored yet, and print the summary: `main` says what the arguments are.

    Raises:
        DataError, ModelError: the photos, the model or `out` cannot be used, or the work had to stop.
    """
    check_out(out)
    root, paths = find_paths(photos)
    folder, version = model_folder(model, revision)
    classifier = load_folder(folder, version)
    files = {name: (folder / name).read_bytes() for name in SERVING_FILES}
    wanted = Run(
        model=classifier.config.name,
        revision=classifier.revision,
        files={name: hashlib.sha256(content).hexdigest() for name, content in files.items()},
        answers=classifier.config.answers,
        photos=len(paths),
        paths_sha256=hashlib.sha256(b"\0".join(map(os.fsencode, paths))).hexdigest(),
        part_size=part_size,
    )
    with locked(out):
        run = begin(out, wanted)
        parts = unfinished(out, run)
        left = [paths[number] for numbers in parts.values() for number in numbers]
        done = len(paths) - len(left)
        if done:
            print(f"going on: {len(run.parts()) - len(parts)} of {len(run.parts())} parts are finished, {done:,} photos")
        started = time.monotonic()
        if ray is None:
            scorer = load_scorer(folder, classifier.revision, root)
            scoring = map_in_threads(scorer, left, BATCH_SIZE, workers or available_cores())
        else:
            unpack = partial(unpack_scorer, files, classifier.revision, root)
            scoring = map_on_ray(unpack, left, BATCH_SIZE, workers, ray or None)
        with (
            closing(scoring) as results,
            tqdm(total=len(paths), initial=done, desc="scoring", unit="photo") as bar,
        ):
            write_parts(out, parts, results, bar)
        seconds = time.monotonic() - started
    print(f"{run.photos:,} photos in {out}, by {run.model}:\n{summary(out, run)}")
    if left:
        print(f"{len(left):,} of them scored now, in {seconds:.1f} s: {len(left) / seconds:.1f} photos/s")


def main() -> None:
    """Read the command line, and score."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", metavar="PHOTOS", type=Path, help="a folder of photos, or a list of paths (text or .csv)")
    parser.add_argument("out", metavar="OUT", type=Path, help="the folder for the results: a new one, or one to go on with")
    parser.add_argument("--model", help="a model folder, or a Hub repository user/name (default: the embedded starter)")
    parser.add_argument("--revision", help="commit, tag or branch of that repository (default: main)")
    parser.add_argument("--part-size", type=at_least_one, default=PART_SIZE, help="photos per part (default: %(default)s)")
    parser.add_argument("--workers", type=at_least_one, help="threads, or Ray workers, of a core each (default: all cores)")
    parser.add_argument(
        "--ray",
        metavar="ADDRESS",
        nargs="?",
        const="",
        help="score on a Ray cluster, whose machines see PHOTOS under the same path: at ADDRESS, at RAY_ADDRESS where that "
        "is set, or a new one on this machine",
    )
    arguments = parser.parse_args()
    warnings.filterwarnings("ignore", module="PIL")  # remarks on single photos; what matters becomes their error
    try:
        score(**vars(arguments))
    except (DataError, ModelError) as error:
        raise SystemExit(f"Cannot score: {error}") from None
    except KeyboardInterrupt:
        raise SystemExit(f"Stopped: {GO_ON}.") from None


if __name__ == "__main__":
    main()
