"""A learner's labels: its vocabulary as fastai shows it, which is `str` of whatever stands there."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any, Final

import numpy as np

from model.errors import ModelError, Option, few
from model.fastai_export.budget import spend
from model.fastai_export.inert_tree import Global, Object, shown
from model.fastai_export.inert_values import (
    array,
    as_bytes,
    as_path,
    attributes,
    mapping,
    name_of,
    numpy_scalar,
    scalar,
    sequence,
)
from model.fastai_export.torch_file import TorchFile

_MAX_LABEL: Final = 1000  # characters
_MAX_LABELS: Final = 100_000  # ImageNet has 21,843 with all its branches
_STEPS_FOR_A_LABEL: Final = 20
_MAX_PARTS: Final = 100  # of a tuple


@dataclass(frozen=True)
class Vocabulary:
    """The labels in the order of the logits, and whether they are False and True, as a function like `is_cat` gives."""

    labels: tuple[str, ...]
    is_boolean: bool


def read_vocabulary(file: TorchFile, vocab: Any, named: bool) -> Vocabulary:
    """Read the `vocab` of a `Categorize` or `MultiCategorize`.

    Args:
        named: whether the caller gives names, so that labels which look alike do no harm.

    Raises:
        ModelError: a member is nothing that can be shown, or two look alike.
    """
    members = _members(vocab)
    if len(members) > _MAX_LABELS:
        raise ModelError(f"{file.path} has {len(members):,} labels; no classifier has more than {_MAX_LABELS:,}")
    spend(_STEPS_FOR_A_LABEL * len(members))
    texts = [_text(member) for member in members]
    names = Option("labels", tuple(f"name{n}" for n in range(1, min(len(texts), 4) + 1)))
    if not texts:
        raise ModelError(f"{file.path} has a vocabulary that cannot be read: {shown(vocab)}")
    if None in texts and not named:
        what = described(members[texts.index(None)])
        raise ModelError(f"{file.path} has a label that cannot be read, {what}: name all {len(texts)}, in their order: ", names)
    if any(text is not None and len(text) > _MAX_LABEL for text in texts):
        raise ModelError(f"{file.path} has a label of more than {_MAX_LABEL:,} characters")
    spend(sum(len(text or "") for text in texts) // 2)
    labels = tuple("?" if text is None else _printable(text) for text in texts)
    if any(len(label) > _MAX_LABEL for label in labels):
        raise ModelError(f"{file.path} has a label of more than {_MAX_LABEL:,} characters")
    alike = defaultdict(list)
    for label, member in zip(labels, members, strict=True):
        alike[label].append(described(member))
    twice = {label: values for label, values in alike.items() if len(values) > 1}
    if twice and not named:
        label, values = next(iter(twice.items()))
        raise ModelError(
            f"{file.path} has {len(labels)} labels, of which {few(values)} are all shown as {label[:80]}: give each a name, in "
            "their order: ", names,
        )  # fmt: skip
    return Vocabulary(labels, all(isinstance(scalar(member), bool) for member in members))


def described(value: Any) -> str:
    """A member of a vocabulary with its type, for an error: `1 (int)`, `1 (str)`."""
    kind = name_of(value).rpartition(".")[2] if isinstance(value, Object) else type(value).__name__
    return f"{shown(_text(value) if _text(value) is not None else value)} ({shown(kind) or 'object'})"


def _members(vocab: Any) -> list[Any]:
    members = sequence(vocab)
    numbers = array(vocab)
    if members is None and numbers is not None:
        return _listed(numbers)
    if members is None and isinstance(vocab, Object):  # a pandas Index
        inner = attributes(vocab).get("items", vocab)
        data = (mapping(inner.args[1]) or {}).get("data") if isinstance(inner, Object) and len(inner.args) > 1 else inner
        numbers = array(data)
        members = sequence(data) if numbers is None else _listed(numbers)
    return members or []


def _listed(numbers: np.ndarray) -> list[Any]:
    spend(numbers.size)
    return list(np.ravel(numbers))


def _text(value: Any) -> str | None:
    """`str(value)`, for what has one that can be told without running anything."""
    if isinstance(value, int) and not isinstance(value, bool):
        return shown(int(value))
    if isinstance(value, str):
        return value
    if isinstance(value, bytes):
        return str(value[:_MAX_LABEL])  # longer than a label may be, as it is written
    if isinstance(value, (float, bool, type(None), np.generic)):
        return _number_text(value)
    if isinstance(value, tuple):
        return _tuple_text(value)
    if not isinstance(value, Object):
        return None
    number = numpy_scalar(value)
    if number is not None:
        return _number_text(number)
    name = name_of(value)
    if as_path(value) is not None:
        parts = [part for part in value.args if isinstance(part, str)]
        return str(PureWindowsPath(*parts) if "Windows" in name else PurePosixPath(*parts))
    if as_bytes(value) is not None:
        return str((as_bytes(value) or b"")[:_MAX_LABEL])
    match name, value.args:
        case (("decimal.Decimal" | "fractions.Fraction"), (str() as text,)):
            return text
        case "fractions.Fraction", (int() as over, int() as under):
            return f"{shown(over)}/{shown(under)}" if under != 1 else shown(over)
        case "datetime.date", (packed,):
            day = as_bytes(packed) or b""
            return f"{day[0] * 256 + day[1]:04}-{day[2]:02}-{day[3]:02}" if len(day) == 4 else None
    if value.is_new and len(value.args) == 1 and isinstance(value.args[0], str):  # a class derived from str
        return value.args[0]
    plain = scalar(value)
    return None if plain is None else str(plain)


def _number_text(value: Any) -> str:
    """`str(value)`, which NumPy's text and bytes make as long as they are."""
    spend(getattr(value, "nbytes", 0) // 10)
    return str(value)


def _tuple_text(values: tuple[Any, ...]) -> str | None:
    parts = []
    spend(_STEPS_FOR_A_LABEL * len(values[:_MAX_PARTS]))
    for value in values[:_MAX_PARTS]:
        text = None if isinstance(value, tuple) else _text(value)
        if text is None:
            return None
        if isinstance(value, str):
            text = repr(value[:_MAX_LABEL])
        elif isinstance(value, Object) and isinstance(value.function, Global) and as_path(value) is not None:
            text = f"Path({text.replace(chr(92), '/')!r})"  # as fastcore shows it
        elif isinstance(value, Object) and numpy_scalar(value) is not None:
            text = repr(numpy_scalar(value))
        parts.append(text[: _MAX_LABEL + 1])
    return f"({', '.join(parts)}{',' * (len(parts) == 1)})"


def _printable(label: str) -> str:
    """A label without what would steer a terminal or a page: line ends and other control characters are written out."""
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in label) or "(empty)"
