"""Files of rows: .csv, .tsv and .jsonl as columns, with the line of each row."""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from charset_normalizer import from_bytes

from model.photo_files import is_photo_name, shown
from training.data.photos import DataError

TABLES = (".tsv", ".csv", ".jsonl")
METADATA = tuple(f"metadata{ending}" for ending in TABLES)  # files that folders of the Hub have
MAX_BYTES, MAX_LINES, MAX_CELLS = 200_000_000, 5_000_000, 100_000_000
_DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}


@dataclass(frozen=True)
class Table:
    """What a file holds.

    Attributes:
        columns: the values of each, by its name; None where a row lacks one.
        lines: the line that each row ends on.
        sentences: how the file was read, where that could be meant otherwise.
    """

    columns: dict[str, list[Any]]
    lines: tuple[int, ...]
    sentences: tuple[str, ...]


def read_file(file: Path) -> Table:
    """Read a file of rows.

    Raises:
        DataError: it cannot be read, has no header, or rows that do not fit it; with all lines that are wrong.
    """
    try:
        content = _content(file)
    except OSError as error:
        raise DataError(f"{shown(file)} cannot be read: {error.strerror}") from None
    text, sentences = _decoded(content, file)
    if file.suffix.lower() == ".jsonl":
        columns, lines = _objects(text, file)
    else:
        delimiter = _delimiter(text, file)
        if delimiter != ("\t" if file.suffix.lower() == ".tsv" else ","):
            sentences.append(f"the columns of {shown(file)} are separated by {_DELIMITERS[delimiter]}")
        columns, lines = _cells(text, delimiter, file)
    return Table(columns, tuple(lines), tuple(sentences))


def _content(file: Path) -> bytes:
    """The bytes of a table that is not too large to be read at once."""
    size = file.stat().st_size
    if size <= MAX_BYTES:
        content = file.read_bytes()
        lines = max(content.count(b"\n"), content.count(b"\r"))
        if lines <= MAX_LINES:
            return content
        found = f"{lines:,} lines"
    else:
        found = f"{size / 1e6:,.0f} MB"
    raise DataError(
        f"{shown(file)} has {found}, and a table may have {MAX_LINES:,} lines and {MAX_BYTES / 1e6:,.0f} MB: take empty lines "
        "away, or divide it into several tables, each a --data"
    )


def _decoded(content: bytes, file: Path) -> tuple[str, list[str]]:
    """The text, and a sentence where it is not UTF-8."""
    try:
        if content.startswith((b"\xff\xfe", b"\xfe\xff")):
            return content.decode("utf-16"), []
        return content.decode("utf-8-sig"), []
    except UnicodeDecodeError:
        best = from_bytes(content).best()
    if best is None:
        raise DataError(f"{shown(file)} is not a text: save the table as UTF-8")
    return str(best), [f"{shown(file)} is not UTF-8 and was read as {best.encoding}: look at the labels, or save it as UTF-8"]


def _delimiter(text: str, file: Path) -> str:
    """What separates the columns: what the file's name says, or where the first line has none of that, what it has most of."""
    first = re.search(r"\S[^\r\n]*", text)
    header = first[0] if first else ""
    named = "\t" if file.suffix.lower() == ".tsv" else ","
    counts = {mark: header.count(mark) for mark in _DELIMITERS}
    return named if counts[named] else max(_DELIMITERS, key=lambda mark: (counts[mark], mark == named))


def _cells(text: str, delimiter: str, file: Path) -> tuple[dict[str, list[Any]], list[int]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        rows = [(reader.line_num, [cell.strip() for cell in row]) for row in reader if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise DataError(f"{shown(file)} cannot be read at line {reader.line_num}: {error}") from None
    header = rows[0][1] if rows else []
    if photo := next((cell for cell in header if is_photo_name(cell)), None):
        raise DataError(
            f"{shown(file)} has no header: its first line names a photo, {photo}; write the names of the columns above it, "
            f"as in path{delimiter if delimiter != chr(9) else ' and '}label"
        )
    if twice := [name for name, count in Counter(header).items() if count > 1 and name]:
        raise DataError(f"{shown(file)} has the column {', '.join(twice)} more than once: give each a name of its own")
    ragged = [
        f"{shown(file)}, line {line}: {len(row)} cells, where the header has {len(header)}"
        for line, row in rows[1:]
        if len(row) != len(header)
    ]
    if ragged:
        raise DataError(*ragged, advice="Put texts that hold the separator in double quotes.")
    columns = {name: [row[index] for _, row in rows[1:]] for index, name in enumerate(header) if name}
    return columns, [line for line, _ in rows[1:]]


def _objects(text: str, file: Path) -> tuple[dict[str, list[Any]], list[int]]:
    rows: list[tuple[int, dict[str, Any]]] = []
    problems: list[str] = []
    for number, line in _filled_lines(text):
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            row = None
        if isinstance(row, dict):
            rows.append((number, row))
        else:
            problems.append(f"{shown(file)}, line {number}: not a JSON object")
    if problems:
        raise DataError(
            *problems, advice='Each line of a .jsonl file is one object, as {"file_name": "1.jpg", "label": "cat"}.'
        )
    names = dict.fromkeys(name for _, row in rows for name in row)
    if len(names) * len(rows) > MAX_CELLS:
        raise DataError(
            f"{shown(file)} has {len(names):,} names in its {len(rows):,} objects: each is to have the same few, as file_name "
            "and label"
        )
    return {name: [row.get(name) for _, row in rows] for name in names}, [number for number, _ in rows]


def _filled_lines(text: str) -> Iterator[tuple[int, str]]:
    return ((number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip())
