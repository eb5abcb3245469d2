"""What callers are told: one exception for each kind of mistake, and how a message quotes what went wrong elsewhere.

Photos have `model.photo.PhotoError`.
"""

from __future__ import annotations

from collections.abc import Sequence


class ModelError(Exception):
    """A model that cannot be used. The message names the model, what is wrong with it, and the way out."""


class OutputError(Exception):
    """Something cannot be written where it was asked for. The message names the place, and the way out."""


def first_line(error: BaseException, limit: int = 200) -> str:
    """What a library's exception says, in one line: its first one that is not empty, else the name of its type.

    Args:
        limit: characters that are kept.
    """
    return _first_line(str(error), type(error).__name__, limit)


def first_mismatch(error: RuntimeError, limit: int = 200) -> str:
    """The first thing that torch's `load_state_dict` says does not fit, in one line: what follows its heading."""
    _, _, mismatches = str(error).partition("\n")
    return _first_line(mismatches, first_line(error, limit), limit)


def _first_line(text: str, otherwise: str, limit: int) -> str:
    return next((line.strip() for line in text.splitlines() if line.strip()), otherwise)[:limit]


def few(names: Sequence[str], limit: int = 8) -> str:
    """The first names of a list with commas between them, each of 80 characters at most."""
    return ", ".join(name[:80] for name in names[:limit]) + (", …" if len(names) > limit else "")
