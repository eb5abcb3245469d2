"""What a pickle is read into: names, calls and references, which nothing looks up, makes or follows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from model.fastai_export.budget import spend

_SHOWN_BITS = 64
_CHARGED_AT_ONCE = 1_000  # values


@dataclass(frozen=True, slots=True)
class Global:
    """A name that a pickle would look up: never looked up here."""

    module: str
    name: str

    def __str__(self) -> str:
        return f"{self.module}.{self.name}"


@dataclass(slots=True, eq=False)
class Object:
    """What a pickle would have made by a call.

    Attributes:
        function: the class or function: a `Global`, or whatever else stood there.
        args: what it would have been called with.
        is_new: made by `cls.__new__(cls, *args)`, not by a call.
        state: what BUILD would have given it, one entry per BUILD.
        items: what APPEND and ADDITEMS would have added. pairs: what SETITEM would have set.
    """

    function: Any
    args: tuple[Any, ...] = ()
    is_new: bool = False
    state: list[Any] = field(default_factory=list)
    items: list[Any] = field(default_factory=list)
    pairs: list[tuple[Any, Any]] = field(default_factory=list)

    def __repr__(self) -> str:  # the default one would walk the whole tree
        return f"<{self.function if isinstance(self.function, Global) else 'object'}>"


@dataclass(frozen=True, slots=True, eq=False)
class Persistent:
    """A reference out of the pickle: in torch's files, to a storage of numbers."""

    id: Any


def walk(value: Any) -> Iterator[Any]:
    """`value` and everything in it, each once, from the outside in."""
    seen: set[int] = set()
    rest, looks = [value], 0
    while rest:
        part = rest.pop()
        looks += 1
        if looks % _CHARGED_AT_ONCE == 0:
            spend(_CHARGED_AT_ONCE)
        if id(part) in seen:
            continue
        seen.add(id(part))
        yield part
        match part:
            case Object():
                rest += [part.function, part.args, part.state, part.items, part.pairs]  # whole: many may share their arguments
            case Persistent():
                rest.append(part.id)
            case dict():
                rest += [*part.keys(), *part.values()]
            case list() | tuple() | set() | frozenset():
                rest += part


def shown(value: Any) -> str:
    """A value as an error shows it: short, one line, and never a walk through a large one."""
    if isinstance(value, str):
        return repr(value[:80])[1:-1] + ("…" if len(value) > 80 else "")
    if isinstance(value, int) and abs(value).bit_length() > _SHOWN_BITS:
        return "a huge number"
    if isinstance(value, (int, float, bool, type(None))):
        return repr(value)
    if isinstance(value, Global):
        return shown(str(value))
    if isinstance(value, Object):
        return f"an object of {shown(value.function)}" if isinstance(value.function, Global) else "an object"
    return f"a {type(value).__name__}"
