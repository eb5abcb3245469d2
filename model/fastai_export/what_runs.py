"""What plain `pickle.load` would run of a file: its calls of `forbidden` names, also those made by way of something harmless.

A name that is only looked up, or put into a function, a class or a container, is not run by opening a file. It is run where
it is called (REDUCE, NEWOBJ, OBJ, INST), where something that stands for it is called (`getattr(os, "system")`,
`functools.partial(os.system, …)`), and where it is handed to a function that may call it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from model.fastai_export.budget import spend
from model.fastai_export.forbidden import is_forbidden, today
from model.fastai_export.inert_tree import Global, Object, shown
from model.fastai_export.known_calls import (
    APPLY,
    EVALUATE,
    FUNCTIONS,
    GETATTR,
    GETTERS,
    HARMLESS_TEXT,
    HOLD,
    IMPORT,
    MADE_CLASSES,
    METHODS,
    PARTIALS,
    SET,
    TYPES,
)

_DEEP: Final = 50  # partials of partials of partials …
_SERVES: Final = "which serves to run programs or open files"
_FEW: Final = 8  # arguments
_COPIED_IN_A_STEP: Final = 100  # arguments
_MAX_TEXT: Final = 500  # characters
_CHARGED_AT_ONCE: Final = 1_000  # values looked at
_MAX_PATH: Final = 300  # characters
_MAX_STEPS: Final = 2_000_000  # values looked at


class Calls:
    """The calls of one pickle, each looked at when plain pickle would make it."""

    def __init__(self) -> None:
        self._paths: dict[int, str] = {}  # what objects stand for, by their id: `os.system` for getattr(os, "system")
        self._steps = 0

    @property
    def looked_up(self) -> list[str]:
        """What plain pickle would import or look up beside the names: `os`, `pathlib.Path.read_text`."""
        return list(dict.fromkeys(self._paths.values()))

    def harm(self, call: Object) -> str:
        """What plain pickle would run by making this call, as in `… calls os.system(rm)`; "" where that is nothing known.

        Raises:
            ValueError: the same values are handed to functions over and over.
        """
        function, args, is_new = call.function, call.args, call.is_new
        path, is_maker = "", False
        for _ in range(_DEEP):
            path = self.stands_for(function)
            if self._is_harmful(path):
                deed = f"calls {shown(path)}({', '.join(shown(arg) for arg in args[:2])}{', …' * (len(args) > 2)})"
                return f"names {shown(path)}, {_SERVES}, and {deed}"
            maker, made_of = self._made_by(function)
            spend((len(args) + len(made_of)) // _COPIED_IN_A_STEP)
            if path in APPLY and args:
                function, args, is_new = args[0], args[1:], path.startswith("copy")
                is_maker = True
            elif maker in PARTIALS:
                function, args = made_of[0], _joined(made_of[1:], args)
            elif maker in METHODS:
                return f"calls the method {shown(made_of[0])} of an object"
            elif maker in FUNCTIONS:
                return "calls a function whose code is in the file"
            else:
                break
        else:
            return "calls what is wrapped too often to be looked at"
        if isinstance(function, Object) and not path and not self._is_followed(function):
            return f"calls what {shown(self.stands_for(function.function)) or 'another call'} gives, which may be anything,"
        if path in SET and args and not self._is_made_here(args[0]):
            return f"changes {shown(self.stands_for(args[0]) or args[0])}"
        if path in EVALUATE and not _is_plain(args):
            return f"calls {path}, which runs text,"
        found = self._found(path, function, args)
        if found:
            self._paths[id(call)] = found
        if len(found) > _MAX_PATH:
            return "looks up a name that is too long to be one"
        if is_new or path in HOLD or self._made_by(function)[0] in GETTERS or (is_maker and _is_class_body(args)):
            return ""
        for part in self._callables(args):
            name, deed = self.stands_for(part), f"to {shown(path) or 'a function'}"
            if self._is_harmful(name):
                return f"names {shown(name)}, {_SERVES}, and hands {shown(name)} {deed}"
            maker, made_of = self._made_by(part)
            if maker in METHODS:
                return f"hands the method {shown(made_of[0])} {deed}"
        return ""

    def harm_by_change(self, target: Any, items: bool) -> str:
        """What plain pickle would change outside of the file by giving `target` items, or a state; "" where that is nothing."""
        path = self.stands_for(target)
        if path and (path in ("builtins", "sys") or is_forbidden(path)):
            return f"changes {shown(path)}"
        is_environment = items and isinstance(target, Object) and self.stands_for(target.function) == "os._Environ"
        return "changes the environment" if is_environment else ""

    def stands_for(self, value: Any) -> str:
        """What a value stands for, `module.name`; "" where it is an object of its own."""
        if isinstance(value, Global):
            return today(value)
        return self._paths.get(id(value), "") if isinstance(value, Object) else ""

    def _is_followed(self, value: Object) -> bool:
        """Whether this is a class that the file makes, or what gets an attribute or an item, whose result is followed."""
        maker, made_of = self._made_by(value)
        return maker in (*MADE_CLASSES, *GETTERS) or _is_class_body(made_of)

    @staticmethod
    def _is_harmful(path: str) -> bool:
        return path not in HOLD and path not in APPLY and is_forbidden(path)

    def _made_by(self, value: Any) -> tuple[str, tuple[Any, ...]]:
        """What an object was made by, and of what: the last state of a partial counts, as it does when it is called."""
        if not isinstance(value, Object) or id(value) in self._paths:
            return "", ()
        function, args = value.function, value.args
        while self.stands_for(function) in APPLY and args:
            spend(1 + len(args) // _COPIED_IN_A_STEP)
            function, args = args[0], args[1:]
        maker = self.stands_for(function)
        if maker in PARTIALS and value.state and isinstance(value.state[-1], tuple) and len(value.state[-1]) > 1:
            function, inner = value.state[-1][:2]
            args = (function, *_joined(inner, ())) if isinstance(inner, tuple) else (function,)
        return (maker, args) if args else ("", ())

    def _is_made_here(self, value: Any) -> bool:
        """Whether this is a function, a class, a cell, a dictionary or an object of the file's own, or of the notebook's."""
        path = self.stands_for(value)
        if path or not isinstance(value, Object):
            return isinstance(value, dict) or path.startswith(("__main__.", "builtins.__main__"))  # dill's name for it
        maker, made_of = self._made_by(value)
        return value.is_new or _is_class_body(made_of) or (maker in HOLD and maker not in (*GETATTR, *IMPORT, *TYPES))

    def _found(self, path: str, function: Any, args: tuple[Any, ...]) -> str:
        """What the result of a call is, where that exists without the file: a module, or something in one."""
        first, second = (*args, None, None)[:2] if len(args) < 2 else args[:2]
        if path in GETATTR and isinstance(second, str):
            if path.startswith("dill") and is_forbidden(f"builtins.{second}"):
                return f"builtins.{second}"  # where it looks if the first has none
            base = self.stands_for(first)
            return f"{base}.{second}" if base else ""
        if path in IMPORT and isinstance(first, str):
            return first
        if path in TYPES and isinstance(first, str):
            return f"types.{first}" if first.endswith("Type") else f"builtins.{first}"
        maker, made_of = self._made_by(function)
        if maker in GETTERS and isinstance(made_of[0], str):
            base = self.stands_for(first)
            return f"{base}.{made_of[0]}" if base else ""
        return ""

    def _callables(self, args: tuple[Any, ...]) -> Iterator[Any]:
        """What a function that is given `args` might call: what stands in them, containers and partials opened."""
        waiting: list[Any] = [args]
        seen: set[int] = set()
        while waiting:
            part = waiting.pop()
            self._steps += 1
            if self._steps % _CHARGED_AT_ONCE == 0:
                spend(2 * _CHARGED_AT_ONCE)
            if self._steps > _MAX_STEPS:
                raise ValueError("the same values are handed to functions over and over")
            if id(part) in seen:
                continue
            seen.add(id(part))
            if isinstance(part, (list, tuple, set, frozenset, dict)):
                waiting += part.values() if isinstance(part, dict) else part
            elif isinstance(part, (Global, Object)):
                yield part
                maker, made_of = self._made_by(part)
                if maker in PARTIALS:
                    waiting += made_of


def _joined(inner: tuple[Any, ...], args: tuple[Any, ...]) -> tuple[Any, ...]:
    """The arguments of a partial and of its call: the first few one by one, many as they lie there."""
    if len(inner) + len(args) <= _FEW:
        return (*inner, *args)
    return (*(*inner[:_FEW], *args[:_FEW])[:_FEW], inner, args)


def _is_plain(args: tuple[Any, ...]) -> bool:
    """Whether the texts among these are what dill writes: they name a method of a class, or are a number's or a range's."""
    spend(len(args))
    return all(len(arg) <= _MAX_TEXT and HARMLESS_TEXT.fullmatch(arg) for arg in args if isinstance(arg, str)) and not any(
        isinstance(arg, Object) and not isinstance(arg.function, Global) for arg in args
    )


def _is_class_body(args: tuple[Any, ...]) -> bool:
    """Whether these are what metaclasses make a class of: its name, its bases, its names."""
    return len(args) > 2 and isinstance(args[0], str) and isinstance(args[1], tuple) and isinstance(args[2], dict)
