"""What a caller may say about an export, as the file itself does not, or says otherwise."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, get_args

from model.config import Activation
from model.errors import ModelError, Option, few

_SMALLEST, _LARGEST = 16, 2048  # pixels
_CLASS: Final = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)+")


@dataclass(frozen=True)
class ExportOptions:
    """What replaces or completes what an export says; a model folder says all of it itself.

    Attributes:
        labels: names in place of the export's own, in its order; for a learner of False and True, `("dog", "cat")`.
        allow: layer classes of yours that it may contain: `mypkg.MyLayer`, or `name.in.File=mypkg.MyLayer` for a class that
            lived elsewhere when the file was written. Their modules are imported, which runs them.
        size: (height, width) in pixels, for an export that does not resize photos itself.
        activation: what turns logits into probabilities, for an export whose loss is a class of its maker's own.
        trust: whether the export may cost more time and memory than `budget` allows, as your own may. Nothing in it is run
            in any case.

    Raises:
        ModelError: a value is none that can be used; the message names the option.
    """

    labels: Sequence[str] | None = None
    allow: Iterable[str] = ()
    size: tuple[int, int] | None = None
    activation: Activation | None = None
    trust: bool = False

    def __post_init__(self) -> None:
        """Refuse what cannot be meant, whatever a caller's type checker did not see."""
        if self.labels is not None:
            _check_labels(_texts(self.labels, "labels", ("dog", "cat")))
        object.__setattr__(self, "allow", _texts(self.allow, "allow", ("mypkg.MyLayer",)))  # which may be an iterator
        for entry in self.allow:
            old, equals, new = entry.partition("=")
            if not _CLASS.fullmatch(old) or (equals and not _CLASS.fullmatch(new)):
                raise ModelError(f"{entry[:80]!r} is no layer class that could be allowed: name the module and the class, ",
                                 Option("allow", ("mypkg.MyLayer",)), ", or where it moved, ",
                                 Option("allow", ("__main__.MyLayer=mypkg.MyLayer",)))  # fmt: skip
        if self.size is not None and not _is_size(self.size):
            raise ModelError(f"a size is a height and a width from {_SMALLEST} to {_LARGEST} pixels, ",
                             Option("size", (224, 320)), f", not {str(self.size)[:40]!r}")  # fmt: skip
        if self.activation is not None and self.activation not in get_args(Activation):
            raise ModelError(
                "what makes probabilities of logits is ", Option("activation", "softmax"), ", where one label is right, or ",
                Option("activation", "sigmoid"), f", where any number is, not {str(self.activation)[:40]!r}",
            )  # fmt: skip

    @property
    def said(self) -> list[Option]:
        """What is said at all, to be named in an error."""
        values = {"labels": self.labels, "allow": tuple(self.allow) or None, "size": self.size, "activation": self.activation,
                  "trust": self.trust or None}  # fmt: skip
        return [Option(name) for name, value in values.items() if value is not None]


def _texts(values: object, name: str, example: tuple[str, ...]) -> tuple[str, ...]:
    """A list of texts, and not one text, which is a list of letters."""
    if isinstance(values, str) or not isinstance(values, Iterable):
        raise ModelError(f"{name} is a list of names, ", Option(name, example), f", not {str(values)[:40]!r}")
    found = tuple(values)
    strange = [value for value in found if not isinstance(value, str)]
    if strange:
        kind = type(strange[0]).__name__
        raise ModelError(f"{name} is a list of texts, ", Option(name, example), f", not of {str(strange[0])[:40]} ({kind})")
    return found


def _check_labels(labels: tuple[str, ...]) -> None:
    twice = [label for label, count in Counter(labels).items() if count > 1]
    if twice:
        raise ModelError(f"{few(twice)} is there more than once; every label needs a name of its own: ",
                         Option("labels", ("dog", "cat")))  # fmt: skip
    if not labels or not all(label.strip() for label in labels):
        raise ModelError("a label needs a name that is not empty: ", Option("labels", ("dog", "cat")))


def _is_size(size: object) -> bool:
    return isinstance(size, tuple) and len(size) == 2 and all(
        type(side) is int and _SMALLEST <= side <= _LARGEST for side in size
    )  # fmt: skip


NO_OPTIONS = ExportOptions()


def read_size(text: str) -> tuple[int, int]:
    """`224` or `224x320`: height and width in pixels.

    Raises:
        ValueError: it is neither, or a side is not from 16 to 2048.
    """
    match = re.fullmatch(r"(\d{1,4})(?:[x×](\d{1,4}))?", text)
    sides = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
    if not _is_size(sides):
        raise ValueError(f"a size is 224, or 224x320 for height x width, from 16 to 2048, not {text[:20]!r}")
    return sides
