"""The splits of rows, as their columns say them: one that names the split of each, or some that say yes or no to one."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from training.data.columns import plain
from training.data.photos import DataError
from training.data.splits import meaning

_NAMED = ("split", "datasetsplit")
_MAYBE_NAMED = ("subset", "partition", "dataset", "set", "phase", "usage")  # these may say something else of the photos
_FLAGS = {
    **dict.fromkeys(("istrain", "istraining", "istrainingimage", "istrainimage", "trainsplit"), "train"),
    **dict.fromkeys(("isvalid", "isvalidation", "isval", "isdev"), "valid"),  # is_valid as in fastai
    **dict.fromkeys(("istest", "istesting", "istestimage"), "test"),
}
_FOLDS = ("fold", "folds", "kfold", "cvfold")
_TRUE, _FALSE = ("true", "1", "1.0", "yes", "t", "y"), ("false", "0", "0.0", "no", "f", "n")
_SHOWN = 5  # words that are told


class RowSplits(NamedTuple):
    """The splits of rows.

    Attributes:
        columns: that say them; none where there are none. names: of each row's split; empty where it has none.
        aside: the columns that hold no labels since they speak of splits. sentences: how they were read.
    """

    columns: tuple[str, ...]
    names: tuple[str, ...]
    aside: frozenset[str]
    sentences: tuple[str, ...]


def read_splits(values: Mapping[str, Sequence[Any]], where: str, rows: int, label: str | None = None) -> RowSplits:
    """The split of each of the rows.

    Args:
        values: the columns, each of `rows` values. where: the table or dataset, for people.
        label: the column that was named as that of the labels, which says no splits.

    Raises:
        DataError: a column is called a split and holds no word that is known.
    """
    texts = {name: [_text(value) for value in held] for name, held in values.items() if name != label and _speaks(plain(name))}
    folds = [name for name in texts if plain(name) in _FOLDS]
    sentences = [
        f"the column {name} of {where} is not used: folds to cross-validate with are no split to train and test on"
        for name in folds
    ]
    for name, held in texts.items():
        if plain(name) not in (*_NAMED, *_MAYBE_NAMED) or not any(held):
            continue
        words = dict.fromkeys(text for text in held if text)
        known = {word for word in words if meaning(word)}
        if plain(name) in _NAMED and not known:
            told = ", ".join(list(words)[:_SHOWN]) + (", ..." if len(words) > _SHOWN else "")
            raise DataError(
                f"the column {name} of {where} should say the split of each photo, and holds {told}: write train, "
                "valid (or val, dev) and test, or take the column away or give it another name, where it says something else"
            )
        if plain(name) in _NAMED or 2 * sum(text in known for text in held) > len(held):
            sentences.append(f"the splits of {where} are those of its column {name}")
            return RowSplits((name,), tuple(held), frozenset((name, *folds)), tuple(sentences))
        sentences.append(f"the column {name} of {where} is not used: most of its words are no splits (train, valid, test)")
    flags = {name: held for name, held in texts.items() if plain(name) in _FLAGS and _are_flags(held)}
    if not flags:
        return RowSplits((), ("",) * rows, frozenset(folds), tuple(sentences))
    told = " and ".join(flags)
    sentences.append(f"the splits of {where} are those of its column{'s' if len(flags) > 1 else ''} {told}")
    names = tuple(_flagged({name: held[row] for name, held in flags.items()}) for row in range(rows))
    return RowSplits(tuple(flags), names, frozenset((*flags, *folds)), tuple(sentences))


def _speaks(name: str) -> bool:
    return name in (*_NAMED, *_MAYBE_NAMED, *_FLAGS, *_FOLDS)


def _are_flags(held: Sequence[str]) -> bool:
    words = {text.lower() for text in held} - {""}
    return bool(words) and words <= {*_TRUE, *_FALSE}


def _flagged(cells: Mapping[str, str]) -> str:
    """The split of a row by what its columns say yes and no to; empty where they say nothing, or yes to several."""
    said = {_FLAGS[plain(name)]: cell.lower() in _TRUE for name, cell in cells.items() if cell}
    chosen = [split for split, is_so in said.items() if is_so]
    if len(chosen) > 1 or (not said and any(_FLAGS[plain(name)] == "train" for name in cells)):
        return ""
    if chosen:
        return chosen[0]
    if "train" not in said:
        return "train"
    return "valid" if "test" in said and "valid" not in said else "test"


def _text(value: Any) -> str:
    return "" if value is None or (isinstance(value, float) and math.isnan(value)) else str(value).strip()
