"""A run that can be interrupted: the parts that are finished stay, and the others are scored when the command comes again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Literal

import pyarrow as pa
import pyarrow.parquet as pq
from filelock import FileLock, Timeout
from pydantic import BaseModel, ConfigDict
from tqdm.auto import tqdm

from model.photo_files import shown
from model.whole import whole_file
from training.data.photos import DataError

RUN = "_run.json"  # readers of a parquet folder pass over names that begin with _ or a dot
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
    left_out: tuple[dict[str, Any], ...] = ()  # of a folder: {reason, count, examples}

    def parts(self) -> dict[str, range]:
        """Which photos each part holds, numbered from 0, by the name of its file."""
        starts = range(0, self.photos, self.part_size)
        return {f"part-{i:05}.parquet": range(n, min(n + self.part_size, self.photos)) for i, n in enumerate(starts)}


def check_out(out: Path) -> None:
    """Refuse a folder that this script did not make.

    Raises:
        DataError: `out` is a file, or holds other things than results.
    """
    if out.exists() and not out.is_dir():
        raise DataError(f"{shown(out)} is a file; name a folder for the results")
    if out.is_dir() and not (out / RUN).exists() and any(not path.name.startswith(".") for path in out.iterdir()):
        raise DataError(f"{shown(out)} holds other things than results; name a new or empty folder")


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
        raise DataError(f"another run is writing to {shown(out)}; wait for its end, or name another folder") from None
    except OSError as error:
        raise DataError(f"{shown(out)} cannot be written to: {error.strerror or error}; name another folder") from None
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
        with written(path) as file:
            file.write(wanted.model_dump_json(indent=2).encode() + b"\n")
        return wanted
    try:
        begun = Run.model_validate_json(path.read_text("utf-8"))
    except (OSError, ValueError):
        raise DataError(f"{shown(path)} is damaged, or of another version; name another folder") from None
    if begun.files != wanted.files:
        raise DataError(
            f"{shown(out)} was begun with the model {begun.model}, revision {begun.revision}, and this is another one: "
            f"{wanted.model}, revision {wanted.revision}; name that model, or another folder"
        )
    if begun.paths_sha256 != wanted.paths_sha256:
        raise DataError(
            f"{shown(out)} was begun with another list: {begun.photos:,} photos then, {wanted.photos:,} now, and their names "
            "differ; name those photos, or another folder"
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
            elif _rows(path) != len(numbers):
                raise DataError(f"{shown(path)} does not have {len(numbers):,} rows; remove it, and they are scored again")
        except (OSError, pa.ArrowException) as error:
            raise DataError(f"{shown(path)} is damaged ({error}); remove it, and its photos are scored again") from None
    return missing


def _rows(part: Path) -> int:
    with part.open("rb") as file:  # pyarrow opens no path that is not UTF-8
        rows: int = pq.read_metadata(file).num_rows
        return rows


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
        with written(out / name) as file:
            pq.write_table(joined.slice(0, len(numbers)).combine_chunks(), file)
        waiting = [joined.slice(len(numbers))]
        held -= len(numbers)


@contextmanager
def written(target: Path) -> Iterator[BinaryIO]:
    """A file to fill, which becomes `target` when it is complete.

    Raises:
        DataError: the disk is full, or cannot be written to.
    """
    try:
        with whole_file(target) as file:
            yield file
    except OSError as error:
        raise DataError(f"{shown(target)} cannot be written: {error.strerror or error}; mend that, and {GO_ON}") from None


def summary(out: Path, run: Run) -> str:
    """Photos per answer and the number of errors, over all parts."""
    counts: Counter[str | None] = Counter()
    for name in run.parts():
        # in memory: a Python file that pyarrow's threads read from aborts the program, now and then, as it ends
        part = pa.BufferReader((out / name).read_bytes())
        counts.update(pq.read_table(part, columns=["label"])["label"].to_pylist())
    rows = {answer: counts[answer] for answer in run.answers} | {"errors": counts[None]}
    width = max(map(len, rows))
    return "\n".join(f"  {name:{width}}  {count:>9,}" for name, count in rows.items())
