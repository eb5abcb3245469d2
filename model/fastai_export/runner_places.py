"""Where a pickle names what only runs programs or code, such as `os.system`: honest in a function, and nowhere else.

cloudpickle and dill carry a function as its code, globals, defaults and closure, which opening the file calls nothing of. In
a container, in an object's state or among the arguments of a call, something could take the name out and call it, in more
ways than anybody can list. So a name is honest where nothing but functions of the file can reach it, or where it is an
ordinary attribute of a class of the file's own, as a static method is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import IntEnum
from typing import Any, Final

from model.fastai_export.budget import spend
from model.fastai_export.forbidden import reaches_programs, runs_programs, today
from model.fastai_export.inert_tree import Global, Object, Persistent, shown
from model.fastai_export.known_calls import (
    CELLS,
    CLASS_MAKERS,
    CLASS_SET,
    EVALUATE,
    FUNCTION_SET,
    FUNCTIONS,
    GETATTR,
    GETTERS,
    HOLD,
    IMPORT,
    METHODS,
)

_PLAIN_BASES: Final = ("builtins.object", "__builtin__.object")
_PLAIN_METACLASSES: Final = ("builtins.type", "__builtin__.type", "abc.ABCMeta")
_STATIC: Final = "builtins.staticmethod"
_CALLED_BY_PICKLE: Final = ("append", "extend", "add")
_LOOKS: Final = (*GETATTR, *GETTERS, *METHODS, *IMPORT, *EVALUATE)


class _Depth(IntEnum):
    """How far something could reach into what it is given."""

    HOLDS = 0  # not into functions, nor into the attributes of classes
    LOOKS = 1  # not into functions
    CALLS = 2  # into everything


def runner_outside_functions(objects: list[Object], names: Iterable[Global], value: Any, path: Callable[[Any], str]) -> str:
    """What only runs programs and is named where it could be called; "" where there is nothing of that kind.

    Args:
        objects: every call of the pickle. names: every name. value: what the pickle is.
        path: what a value stands for, `module.name`; "" where it is an object of its own.
    """
    found = {today(name) for name in names if runs_programs(name)} | {
        stands for part in objects if (stands := path(part)) and runs_programs(stands)
    }
    if not found:
        return ""
    places = _Places(path)
    for part in objects:
        places.look_at(part)
    places.reach([value], _Depth.HOLDS)
    outside = sorted(places.outside | (found - places.within))
    return shown(outside[0]) if outside else ""


class _Places:
    """What was met outside of functions, and within them."""

    def __init__(self, path: Callable[[Any], str]) -> None:
        self.outside: set[str] = set()
        self.within: set[str] = set()
        self._path = path
        self._seen: dict[int, _Depth] = {}
        self._seen_within: set[int] = set()
        self._plain: dict[int, bool] = {}  # classes, by the id of the call that makes them

    def look_at(self, call: Object) -> None:
        """What the call could reach of what it is given."""
        if self._path(call):
            return  # something that exists without the file, by its name
        maker = self._path(call.function)
        if maker == _STATIC:
            return  # it only holds a function, and is met where it is put
        self.reach([call.state, call.items, call.pairs], _Depth.HOLDS)
        if self._is_function(call) or (maker in FUNCTION_SET and call.args and self._is_function(call.args[0])):
            self._note_within(call.args)
        elif maker in CLASS_MAKERS or maker in CLASS_SET:
            self._reach_class(call, _Depth.HOLDS)
        elif maker in GETATTR and len(call.args) > 1 and _is_public(call.args[1]):
            self.reach(call.args, _Depth.LOOKS)
        elif maker in HOLD and maker not in _LOOKS:
            self.reach(call.args, _Depth.HOLDS)
        else:
            self.reach(call.args, _Depth.CALLS)
            self.reach([call.function], _Depth.HOLDS)

    def reach(self, values: Iterable[Any], depth: _Depth) -> None:
        """Note what can be reached from `values`."""
        waiting = list(values)
        spend(len(waiting))
        while waiting:
            part = waiting.pop()
            if self._seen.get(id(part), -1) >= depth:
                continue
            self._seen[id(part)] = depth
            path = self._path(part)
            if path:
                if runs_programs(path) or (depth and reaches_programs(path)):
                    self.outside.add(path)
            elif not isinstance(part, Object):
                waiting += _parts(part)
            elif self._is_function(part) and depth < _Depth.CALLS:
                self._note_within(part.args)
            elif self._path(part.function) in (*CLASS_MAKERS, *CLASS_SET) and depth == _Depth.HOLDS:
                self._reach_class(part, depth)
            else:
                waiting += [part.function, part.args, part.state, part.items, part.pairs]

    def _reach_class(self, call: Object, depth: _Depth) -> None:
        """What is in a class, or is put into it, but its ordinary attributes that nothing calls while a file is opened."""
        is_plain = self._is_plain_class(call.args[0] if self._path(call.function) in CLASS_SET and call.args else call)
        for argument in call.args:
            bodies: tuple[Any, ...] = argument if isinstance(argument, tuple) else (argument,)
            for body in bodies:
                if not isinstance(body, Mapping) or not is_plain:
                    self.reach([body], depth)
                    continue
                spend(2 * len(body))
                for name, item in body.items():
                    self._reach_attribute(name, item, depth)

    def _reach_attribute(self, name: Any, item: Any, depth: _Depth) -> None:
        inner = item
        if isinstance(item, Object) and self._path(item.function) == _STATIC and len(item.args) == 1:
            inner = item.args[0]
        path = self._path(inner)
        if path and runs_programs(path) and _is_public(name) and name not in _CALLED_BY_PICKLE:
            self.within.add(path)
        else:
            self.reach([name, item], depth)

    def _is_plain_class(self, value: Any, depth: int = 0) -> bool:
        """Whether a class is of the file's own and derived from nothing, so that no library's code knows its attributes."""
        if id(value) not in self._plain:  # many classes may share their bases, and those theirs
            self._plain[id(value)] = self._derives_from_nothing(value, depth)
        return self._plain[id(value)]

    def _derives_from_nothing(self, value: Any, depth: int) -> bool:
        if not isinstance(value, Object) or self._path(value.function) not in CLASS_MAKERS or len(value.args) < 4 or depth > 50:
            return False
        metaclass, _, bases = value.args[:3]
        spend(len(bases) if isinstance(bases, tuple) else 0)
        return self._path(metaclass) in _PLAIN_METACLASSES and isinstance(bases, tuple) and all(
            self._path(base) in _PLAIN_BASES or self._is_plain_class(base, depth + 1) for base in bases
        )  # fmt: skip

    def _is_function(self, value: Any) -> bool:
        """Whether this is a function of the file's own, or a cell of its closure."""
        if not isinstance(value, Object):
            return False
        maker = self._path(value.function)
        inner = self._path(value.args[0]) if maker == "dill._dill._create_type" and value.args else ""
        return maker in FUNCTIONS or maker in CELLS or inner in FUNCTIONS or inner in CELLS

    def _note_within(self, values: Iterable[Any]) -> None:
        waiting = list(values)
        spend(len(waiting))
        while waiting:
            part = waiting.pop()
            if id(part) in self._seen_within:
                continue
            self._seen_within.add(id(part))
            path = self._path(part)
            if path:
                self.within.add(path)
            elif isinstance(part, Object):
                waiting += [part.function, part.args, part.state, part.items, part.pairs]
            else:
                waiting += _parts(part)


def _parts(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        yield from value.keys()
        yield from value.values()
    elif isinstance(value, (list, tuple, set, frozenset)):
        yield from value
    elif isinstance(value, Persistent):
        yield value.id


def _is_public(name: Any) -> bool:
    return isinstance(name, str) and not name.startswith("_") and name != "cell_contents"
