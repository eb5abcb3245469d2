"""The names of classes that a table has as numbers, from a file beside it: `classes.txt`, `label_names.json`."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from model.photo_files import is_photo_name, shown
from training.data.columns import plain
from training.data.photos import DataError

MAX_SIDECAR = 1_000_000  # bytes of a file that names the classes of numbers
_LONGEST = 9  # digits of a class's number
_SIDECAR = re.compile(r"label|class|categor|names", re.IGNORECASE)
_SURE = ("classes", "class", "classnames", "labels", "labelnames", "labelmap", "categories", "names")  # or it is an error
_NUMBER_NAME = re.compile(r"(\d{1,9})[\s,:;=|)]+(\S.*)")
_NAME_NUMBER = re.compile(r"(.*[^\s,:;=|])[\s,:;=|]+(\d{1,9})")
_LONGEST_LINE = 300


class ClassNames(NamedTuple):
    """Names of classes.

    Attributes:
        names: by the digits of each class's number. file: that has them. how: they were counted, where that is not from 0.
    """

    names: Mapping[str, str]
    file: str
    how: str = ""


def names_beside(folder: Path, digits: Collection[str], where: str) -> ClassNames | None:
    """The names of all the classes `digits`, from a .txt or .json file in the folder; None where there is no such file.

    A line is a number and a name; or a name, and then lines count from 0, or from 1 where there are as many as the highest
    number and none is 0. Lines that begin with # do not count.

    Args:
        where: the table, for people.

    Raises:
        DataError: a file that is called after classes does not name these.
    """
    if not digits or any(len(digit) > _LONGEST for digit in digits):
        return None
    numbers = {int(digit): digit for digit in digits}
    files = (file for file in folder.iterdir() if file.suffix.lower() in (".txt", ".json") and _SIDECAR.search(file.name))
    unfit = []
    for file in sorted(files):
        held = _held(file)
        if held is None:
            continue
        counted, how = (held, "") if isinstance(held, dict) else _counted(held, numbers)
        if counted is not None and all(counted.get(number) for number in numbers):
            return ClassNames({digit: counted[number] for number, digit in numbers.items()}, shown(file.name), how)
        if plain(file.stem) in _SURE:
            unfit.append((file, len(held)))
    if unfit:
        file, count = unfit[0]
        raise DataError(
            f"{where} has labels from {min(numbers)} to {max(numbers)}, and it is not clear which of the {count:,} names in "
            f"{shown(file)} each means: write a line with its number and name for each, as {min(numbers)} cat, or give that "
            "file another name to do without it"
        )
    return None


def _held(file: Path) -> dict[int, str] | list[str] | None:
    """The names in a file, by their numbers where it has these; None where it holds something else."""
    try:
        text = file.read_text("utf-8-sig") if file.stat().st_size <= MAX_SIDECAR else ""
        if file.suffix.lower() == ".json":
            return _of_json(json.loads(text) if text else None)
    except (OSError, ValueError, RecursionError):
        return None
    lines = [line for line in map(str.strip, text.splitlines()) if line and not line.startswith("#")]
    if not lines or max(map(len, lines)) > _LONGEST_LINE or any(is_photo_name(re.split(r"[\s,;]", line)[0]) for line in lines):
        return None
    pairs = [match.groups() for match in map(_NUMBER_NAME.fullmatch, lines) if match]
    if len(pairs) == len(lines):
        return _once([(int(number), name) for number, name in pairs])
    pairs = [match.groups() for match in map(_NAME_NUMBER.fullmatch, lines) if match]
    named = _once([(int(number), name) for name, number in pairs]) if len(pairs) == len(lines) else None
    return named if named and len(set(named.values())) == len(named) else lines


def _of_json(held: Any) -> dict[int, str] | list[str] | None:
    if isinstance(held, list) and held and all(isinstance(name, str) and name.strip() for name in held):
        return held
    if not isinstance(held, dict):
        return None
    if held and all(isinstance(number, int) for number in held.values()):
        return _once([(number, name) for name, number in held.items()])
    pairs = [(key, name) for key, name in held.items() if re.fullmatch(r"\s*\d{1,9}\s*", key) and isinstance(name, str)]
    return _once([(int(key), name) for key, name in pairs]) if pairs and len(pairs) == len(held) else None


def _once(pairs: Sequence[tuple[int, str]]) -> dict[int, str] | None:
    """The names by their numbers, None where a number comes twice."""
    names = {number: name.strip() for number, name in pairs}
    return names if len(names) == len(pairs) else None


def _counted(names: Sequence[str], numbers: Collection[int]) -> tuple[dict[int, str] | None, str]:
    """The names by the numbers that their lines have; None where these do not fit."""
    if len(set(names)) < len(names) or max(numbers) > len(names):
        return None, ""
    if 0 in numbers:
        return dict(enumerate(names)), ""
    if max(numbers) == len(names):
        return dict(enumerate(names, 1)), ", whose lines are counted from 1"
    return None, ""
