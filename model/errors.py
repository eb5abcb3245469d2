"""What callers are told: one exception for each kind of mistake. Photos have `model.photo.PhotoError`."""

from __future__ import annotations


class ModelError(Exception):
    """A model that cannot be used. The message names the model, what is wrong with it, and the way out."""


class OutputError(Exception):
    """Something cannot be written where it was asked for. The message names the place, and the way out."""


def first_line(error: BaseException, limit: int = 200) -> str:
    """What a library's exception says, in one line: its first one that is not empty, else the name of its type.

    Args:
        limit: characters that are kept.
    """
    lines = (line.strip() for line in str(error).splitlines())
    return next((line for line in lines if line), type(error).__name__)[:limit]
