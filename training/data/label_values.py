"""The labels of rows: whatever a column holds, texts, numbers, truth values, one-hot columns, becomes one text for each row."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from training.data.class_names import names_beside
from training.data.columns import LABELS, named_in, pick, plain
from training.data.photos import DataError
from training.data.same import same

NO_LABEL = "photos without a label"
SEVERAL_LABELS = "photos with several labels at once"
_ONES, _ZEROS = ("1", "1.0", "true"), ("0", "0.0", "false")
_NO_VALUES = {"nan", "NaN", "NAN", "-nan", "None", "N/A", "n/a", "#N/A", "<NA>", "null", "NULL", "Null"}


class Labels(NamedTuple):
    """The labels of rows.

    Attributes:
        texts: of each row; None where it has none.
        missing: why, by the row's index.
        sentences: how they were read, where that could be meant otherwise.
    """

    texts: tuple[str | None, ...]
    missing: Mapping[int, str]
    sentences: tuple[str, ...]


def read_labels(
    values: Mapping[str, Sequence[Any]],
    wanted: str | None,
    columns: Sequence[str],
    where: str,
    folder: Path | None = None,
    guess: bool = True,
    classes: Collection[str] = (),
) -> Labels:
    """The label of every row, from the column that holds them.

    Args:
        values: the columns that may hold labels, all of one length.
        wanted: the column that was named, if any was. columns: the names of all there are.
        where: the table or dataset, for people. folder: where a file may lie that names the classes of numbers.
        guess: whether a column whose name does not say that it holds labels may be taken.
        classes: the columns whose values are names of classes for sure, as `None` may be.

    Raises:
        DataError: there is no such column, or several, or what it holds are no labels.
    """
    known = [name for name, held in values.items() if plain(name) in LABELS.names and any(map(_is_given, held))]
    if guess and not wanted and not known and (one_hot := _one_hot(values, where)):
        return one_hot
    possible = known or [name for name, held in values.items() if guess and _may_be_labels(held)]
    column, sentence = pick(LABELS, wanted, possible, columns, where)
    if column not in values:
        raise DataError(f"the column {column} of {where} holds no labels; {', '.join(values) or 'no other column'} may")
    sentences = [sentence] if sentence else []
    held = [_one_of(value) for value in values[column]]
    if column not in classes and (empty := sorted({value.strip() for value in held if _is_no_value(value)})):
        held = [None if _is_no_value(value) else value for value in held]
        sentences.append(f"{', '.join(empty)} in the column {column} of {where} counts as no label")
    _check(column, held, where)
    digits = _as_digits(held)
    if digits is not None:
        held = digits
        words = named_in(column, list(values)) if not wanted else None
        if words and all(isinstance(value, str) for value in values[words] if _is_given(value)):
            held = [None if digit is None else word for digit, word in zip(digits, values[words], strict=True)]
            sentences = [f"the labels of {where} are numbers in its column {column}; their names are taken from {words}"]
        elif folder and (found := names_beside(folder, {digit for digit in digits if digit is not None}, where)):
            held = [None if digit is None else found.names[digit] for digit in digits]
            sentences.append(
                f"the labels of {where} are numbers in its column {column}; their names are taken from {found.file}{found.how}"
            )
        elif folder and column not in classes:
            sentences.append(
                f"the labels of {where} are the numbers of its column {column}; a classes.txt beside it, with lines like "
                "0 cat, would name them"
            )
    missing = {
        row: SEVERAL_LABELS if _is_given(value) else NO_LABEL
        for row, value in enumerate(held)
        if isinstance(value, list) or not _is_given(value)
    }
    texts = [None if row in missing else str(value) for row, value in enumerate(held)]
    return Labels(tuple(text and clean(text) for text in texts), missing, (*sentences, *_joined(texts, where)))


def clean(label: str) -> str:
    """A label as it is compared and shown: composed (Unicode NFC), without space at its ends."""
    return same(label).strip()


def _joined(texts: Sequence[str | None], where: str) -> list[str]:
    """A sentence for labels that are written in several ways."""
    written: dict[str, set[str]] = {}
    for text in {text for text in texts if text is not None}:
        written.setdefault(clean(text), set()).add(text)
    return [
        f"{where} writes the label {label!r} in {len(ways)} ways that differ in spaces or in how letters are composed: "
        "they are one label"
        for label, ways in sorted(written.items())
        if len(ways) > 1
    ]


def _is_given(value: Any) -> bool:
    if isinstance(value, str):
        return bool(value.strip())
    return value is not None and value != [] and not (isinstance(value, float) and math.isnan(value))


def _is_no_value(value: Any) -> bool:
    """Whether a text is what programs write for nothing; `none` and `NA` may be labels."""
    return isinstance(value, str) and value.strip() in _NO_VALUES


def _one_of(value: Any) -> Any:
    """The value itself; of a list with one, that one."""
    return _one_of(value[0]) if isinstance(value, list) and len(value) == 1 else value


def _check(column: str, held: Sequence[Any], where: str) -> None:
    """Raise `DataError` where a column holds something else than one label for most rows."""
    given = [value for value in held if _is_given(value)]
    problem = f"the column {column} of {where} holds "
    advice = "name another with --label-column"
    if records := [value for value in given if isinstance(value, dict)]:
        raise DataError(f"{problem}records ({', '.join(map(str, records[0]))}), where a label is one name: {advice}")
    if 2 * (several := sum(isinstance(value, list) for value in given)) > len(given):
        raise DataError(
            f"{problem}several labels at once for {several:,} of {len(held):,} photos, and a photo gets one here: {advice}"
        )
    if fractions := [value for value in given if _is_fraction(value)]:
        raise DataError(f"{problem}numbers with fractions ({fractions[0]}), which are no labels: {advice}")


def _is_fraction(value: Any) -> bool:
    if isinstance(value, str) and re.fullmatch(r"\s*[-+]?\d*\.\d+\s*", value):
        value = float(value)
    return isinstance(value, float) and not value.is_integer()


def _as_digits(held: Sequence[Any]) -> list[str | None] | None:
    """Whole numbers as their digits, None for those below 0, which stand for no label; None where there is anything else."""
    digits: list[str | None] = []
    for value in held:
        if not _is_given(value):
            digits.append(None)
        elif isinstance(value, bool) or not re.fullmatch(r"\s*[-+]?\d+(\.0*)?\s*", str(value)):
            return None
        else:
            text = str(value).strip()
            digits.append(None if text.startswith("-") else text.partition(".")[0])
    return digits


def _may_be_labels(held: Sequence[Any]) -> bool:
    """Whether a column may be one of labels by its content: texts or whole numbers that come again and again."""
    given = [_one_of(value) for value in held if _is_given(value)]
    if not given or any(isinstance(value, (list, dict)) or _is_fraction(value) for value in given):
        return False
    return 2 <= len(set(given)) <= len(given) / 2


def _one_hot(values: Mapping[str, Sequence[Any]], where: str) -> Labels | None:
    """The labels of columns that are 1 for the rows of a class and 0 for the others; None where there are no such columns."""
    bits = {name: _bits(held) for name, held in values.items()}
    hot = {name: column for name, column in bits.items() if column is not None and any(column)}
    if len(hot) < 2 or any(_may_be_labels(held) for name, held in values.items() if name not in hot):
        return None
    each = [[name for name, column in hot.items() if column[row]] for row in range(len(next(iter(hot.values()))))]
    if 2 * sum(len(names) == 1 for names in each) <= len(each):
        raise DataError(
            f"the columns {', '.join(hot)} of {where} are 0 and 1, and most rows have several of them or none; a photo gets "
            "one label here: name a column of labels with --label-column"
        )
    missing = {row: SEVERAL_LABELS if names else NO_LABEL for row, names in enumerate(each) if len(names) != 1}
    sentence = f"the labels of {where} are the names of its columns {', '.join(hot)}, which are 1 for the photos of a class"
    return Labels(tuple(None if row in missing else clean(names[0]) for row, names in enumerate(each)), missing, (sentence,))


def _bits(held: Sequence[Any]) -> list[bool] | None:
    texts = [str(value).strip().lower() for value in held]
    return [text in _ONES for text in texts] if {*texts} <= {*_ONES, *_ZEROS} else None
