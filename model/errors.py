"""What callers are told: one exception for each kind of mistake, and how a message quotes what went wrong elsewhere.

Photos have `model.photo.PhotoError`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum


class EntryPoint(Enum):
    """Where a caller says what a model does not say itself."""

    PYTHON = "an argument of Classifier.load"
    COMMAND_LINE = "an option"
    APP = "a variable of the environment"


@dataclass(frozen=True)
class Option:
    """Something that a caller may say about a model, as the entry point at hand calls it.

    Attributes:
        name: of the argument in Python: `activation`. value: one that helps: "softmax", ("dog", "cat"), (224, 320).
    """

    name: str
    value: str | tuple[str, ...] | tuple[int, int] = ""

    def spelt(self, entry: EntryPoint) -> str:
        """`activation="softmax"`, `--activation softmax` or `MODEL_ACTIVATION=softmax`."""
        values = (self.value,) if isinstance(self.value, str) else self.value
        sides = [str(side) for side in values]
        text = ",".join(sides) if isinstance(values[0], str) else "x".join(sides[: 1 + (sides[0] != sides[-1])])
        match entry:
            case EntryPoint.COMMAND_LINE:
                return f"--{self.name} {text}".strip()
            case EntryPoint.APP:
                return f"MODEL_{self.name.upper()}={text}".removesuffix("=")
        if isinstance(self.value, str):
            return f'{self.name}="{self.value}"' if self.value else self.name
        if isinstance(values[0], str):
            return f"{self.name}=[" + ", ".join(f'"{value}"' for value in values) + "]"
        return f"{self.name}=({', '.join(sides)})"


class ModelError(Exception):
    """A model that cannot be used. The message names the model, what is wrong with it, and the way out.

    Args:
        parts: of the message, one after the other: text, and what the caller may say.
    """

    def __init__(self, *parts: str | Option) -> None:
        self.parts = parts
        super().__init__(self.at(EntryPoint.PYTHON))

    def at(self, entry: EntryPoint) -> str:
        """The message for whoever can be told what an `Option` is called at `entry`."""
        return "".join(part if isinstance(part, str) else part.spelt(entry) for part in self.parts)


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
