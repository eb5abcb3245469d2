"""Files and folders that are written whole or not at all, whatever happens in between."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from model.errors import OutputError

UNFINISHED = ".part"  # how the names of files end that are being written; they begin with a dot


@contextmanager
def whole_file(target: Path) -> Iterator[BinaryIO]:
    """A file to fill, which becomes `target` when the block ends and its bytes are on the disk; if it fails, nothing is left.

    Raises:
        OSError: it cannot be written.
    """
    temporary = target.with_name(f".{target.name}{UNFINISHED}")
    try:
        with temporary.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


def write_text(target: Path, text: str) -> None:
    """Write a file in UTF-8, with line ends as they are.

    Raises:
        OSError: it cannot be written.
    """
    with whole_file(target) as file:
        file.write(text.encode("utf-8"))


@contextmanager
def whole_folder(target: Path, marker: str, what: str) -> Iterator[Path]:
    """A new folder to fill, which takes the place of `target` when the block ends, and vanishes if it fails.

    What is there already is replaced only then, and only if it is the same kind of folder.

    Args:
        marker: the file that every folder of this kind has. what: the kind, for the error: "a report".

    Raises:
        OutputError: `target` exists and is something else, or cannot be written to.
    """
    check_replaceable(target, marker, what)
    parent = target.absolute().parent
    try:
        parent.mkdir(parents=True, exist_ok=True)
        scratch = tempfile.TemporaryDirectory(prefix=f".{target.name}-", dir=parent)
    except OSError as error:
        raise OutputError(f"{parent} cannot be written to ({error.strerror}); choose another folder") from None
    with scratch as folder:
        new, old = Path(folder) / "new", Path(folder) / "old"
        new.mkdir()
        yield new
        if target.exists():
            target.rename(old)
        try:
            new.rename(target)
        except OSError:
            if old.exists():
                old.rename(target)
            raise


def check_replaceable(target: Path, marker: str, what: str) -> None:
    """Refuse to overwrite anything that is not this kind of folder or an empty one; see `whole_folder`.

    Raises:
        OutputError: `target` holds something else.
    """
    if target.exists() and not (target.is_dir() and ((target / marker).exists() or not any(target.iterdir()))):
        raise OutputError(f"{target} exists and is not {what}; choose another name or remove it first")
