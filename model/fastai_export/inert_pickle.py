"""A pickle, read and not run.

A pickle is a program: its opcodes name functions and call them. Here every opcode is carried out on paper only. A name
(GLOBAL, STACK_GLOBAL, INST) becomes a `Global`, which is two strings; a call (REDUCE, NEWOBJ, OBJ, INST) becomes an
`Object`, which records what would have been called with what. Nothing is imported, nothing that a file names is called,
no class of it is made, no matter what the file says. Only numbers, strings, bytes, lists, tuples, dicts and sets become
what they are.

What is bounded: the number of opcodes, and through it memory, which grows linearly with the file (a value that is used
twice is held once); keys that hash alike, which would make a dictionary slow. What is refused outright, because no
classifier needs it: calls that run programs or open files where plain pickle opens the file (`what_runs`), the copyreg
extension registry, and dictionary keys that are not plain.
"""

from __future__ import annotations

import io
import pickletools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from model.errors import ModelError, first_line
from model.fastai_export.budget import is_trusted, spend
from model.fastai_export.inert_tree import Global, Object, Persistent, shown
from model.fastai_export.runner_places import runner_outside_functions
from model.fastai_export.what_runs import Calls

MAX_OPCODES: Final = 2_000_000  # a learner around a large transformer has about a tenth of it
MAX_NAME: Final = 1_000  # characters
MAX_KEY_BITS: Final = 64  # no more than sixteen such numbers hash alike
_MAX_KEY_PARTS: Final = 64  # of a tuple
_MAX_ALIKE: Final = 100  # tuples of the same hash
_LONG_KEY: Final = 100  # characters, from which comparing costs
_MAX_MEMO: Final = 2**32
_CHARGED_AT_ONCE: Final = 1_000  # opcodes
_STEPS_FOR_AN_OPCODE: Final = 3
_STEPS_FOR_AN_OBJECT: Final = 5
_STORAGE_BYTES: Final = Global("torch.storage", "_load_from_bytes")


class PickleError(ModelError):
    """A pickle that cannot be read, or that no honest file would hold."""


@dataclass(slots=True)
class InertPickle:
    """A pickle's value, every name that stood in it, and every call, also those whose result was thrown away.

    Attributes:
        looked_up: what calls would import or look up: `os` for cloudpickle's `subimport("os")`.
    """

    value: Any
    names: list[Global]
    objects: list[Object]
    looked_up: list[str]


def read_pickle(stream: io.BytesIO, where: str) -> InertPickle:
    """Read one pickle, from where `stream` stands to its STOP.

    Args:
        where: what the file is called in an error.

    Raises:
        PickleError: it is no whole pickle, or holds what no classifier needs.
    """
    machine = _Machine()
    position = stream.tell()
    try:
        for count, (opcode, argument, at) in enumerate(_opcodes(stream)):
            position = at if at is not None else position
            if count % _CHARGED_AT_ONCE == 0:
                spend(_STEPS_FOR_AN_OPCODE * _CHARGED_AT_ONCE)
            if count > MAX_OPCODES and not is_trusted():
                raise PickleError(f"has more than {MAX_OPCODES:,} opcodes, many times what a classifier has")
            machine.step(opcode, argument)
    except PickleError as error:
        raise PickleError(f"{where} {error}") from None
    except (ValueError, IndexError, KeyError, TypeError, AttributeError, OverflowError, MemoryError, RecursionError) as error:
        reason = first_line(error, limit=120)
        raise PickleError(f"{where} is damaged or cut short: its pickle breaks off at byte {position:,} ({reason})") from None
    if len(machine.stack) != 1 or machine.marks:
        raise PickleError(f"{where} is damaged: its pickle ends with {len(machine.stack)} values")
    runner = runner_outside_functions(machine.objects, machine.names, machine.stack[0], machine.calls.stands_for)
    if runner:
        raise PickleError(
            f"{where} names {runner}, which serves to run programs or code, outside of any function, where it could be called "
            "when plain pickle opens it; no classifier does that, and nothing of it was run. Do not open this file elsewhere"
        )
    return InertPickle(machine.stack[0], list(machine.names), machine.objects, machine.calls.looked_up)


def _opcodes(stream: io.BytesIO) -> Iterator[tuple[str, Any, int | None]]:
    return ((opcode.name, argument, at) for opcode, argument, at in pickletools.genops(stream))


class _Machine:
    """The pickle virtual machine on inert values (PEP 307, PEP 3154, PEP 574; Lib/pickletools.py)."""

    def __init__(self) -> None:
        self.stack: list[Any] = []
        self.marks: list[int] = []
        self.memo: dict[int, Any] = {}
        self.names: dict[Global, None] = {}
        self.objects: list[Object] = []
        self.calls = Calls()
        self.keys = _Keys()

    def step(self, opcode: str, argument: Any) -> None:
        handler = _HANDLERS.get(opcode)
        if handler is None:
            raise PickleError(f"uses the opcode {opcode}, which no classifier needs")
        handler(self, argument)

    def pop(self) -> Any:
        if self.marks and len(self.stack) <= self.marks[-1]:
            raise ValueError("nothing left to take")
        return self.stack.pop()

    def top(self) -> Any:
        if not self.stack or (self.marks and len(self.stack) <= self.marks[-1]):
            raise ValueError("nothing there to use")
        return self.stack[-1]

    def since_mark(self) -> list[Any]:
        if not self.marks:
            raise ValueError("no mark")
        start = self.marks.pop()
        values = self.stack[start:]
        del self.stack[start:]
        return values

    def named(self, module: Any, name: Any) -> Global:
        if not isinstance(module, str) or not isinstance(name, str):
            raise PickleError("builds a name out of something that is not text; no honest file does")
        if len(module) + len(name) > MAX_NAME:
            raise PickleError(f"has a name of more than {MAX_NAME:,} characters; no honest file does")
        full = Global(module, name)
        self.names.setdefault(full)
        return full

    def call(self, function: Any, args: Any, is_new: bool) -> None:
        if not isinstance(args, tuple):
            raise ValueError("a call without arguments")
        if isinstance(function, Global) and function == _STORAGE_BYTES:
            raise PickleError(
                "holds pickles inside a pickle, as pickle.dump() writes a learner; write it with learn.export() instead"
            )
        spend(_STEPS_FOR_AN_OBJECT)
        made = Object(function, args, is_new)
        self.objects.append(made)
        self.stack.append(made)
        self.refuse(self.calls.harm(made))

    def refuse(self, harm: str) -> None:
        """Refuse the file, where plain pickle would do harm: `calls os.system(rm)`."""
        if harm:
            raise PickleError(
                f"{harm} when plain pickle opens it, as no classifier does; nothing of it was run. Do not open this file "
                "elsewhere"
            )

    def push_memo(self, index: int) -> None:
        if index not in self.memo:
            raise ValueError(f"memo {shown(index)} was never set")
        self.stack.append(self.memo[index])


class _Keys:
    """Dictionary keys and set members of one pickle: plain, so that hashing and comparing them costs next to nothing.

    Python hashes text and bytes by a secret of the process, so that nobody can choose what hashes alike; numbers it does not,
    nor tuples of them.
    """

    def __init__(self) -> None:
        self._same: dict[Any, Any] = {}  # one object for equal ones: the same object is equal without a look inside
        self._alike: dict[int, int] = {}  # how many tuples have a hash

    def __call__(self, value: Any) -> Any:
        if isinstance(value, tuple) and len(value) <= _MAX_KEY_PARTS and not any(isinstance(part, tuple) for part in value):
            spend(len(value))
            return self._tuple(tuple([self(part) for part in value]))
        if isinstance(value, int) and value.bit_length() > MAX_KEY_BITS:
            raise PickleError("has a huge number as a dictionary key; no honest file does")
        if isinstance(value, (str, bytes)) and len(value) > _LONG_KEY:
            spend(len(value) // 1000)
            return self._same.setdefault(value, value)
        if isinstance(value, (str, bytes, int, float, bool, type(None), Global, Object, Persistent)):
            return value
        raise PickleError(f"has a {type(value).__name__} as a dictionary key or set member; no honest file does")

    def _tuple(self, value: tuple[Any, ...]) -> tuple[Any, ...]:
        before = len(self._same)
        same: tuple[Any, ...] = self._same.setdefault(value, value)
        if len(self._same) > before:
            code = hash(value)
            self._alike[code] = self._alike.get(code, 0) + 1
            if self._alike[code] > _MAX_ALIKE:
                raise PickleError(f"has more than {_MAX_ALIKE} dictionary keys that hash alike; no honest file does")
        return same


def _set_pairs(keys: _Keys, target: Any, values: list[Any]) -> None:
    if len(values) % 2:
        raise ValueError("a key without a value")
    pairs = [(keys(key), value) for key, value in zip(values[::2], values[1::2], strict=True)]
    if isinstance(target, dict):
        target.update(pairs)
    elif isinstance(target, Object):
        target.pairs += pairs
    else:
        raise ValueError(f"items set on a {type(target).__name__}")


def _append(target: Any, values: list[Any]) -> None:
    if isinstance(target, (list, Object)):
        (target if isinstance(target, list) else target.items).extend(values)
    else:
        raise ValueError(f"values appended to a {type(target).__name__}")


def _add(keys: _Keys, target: Any, values: list[Any]) -> None:
    if isinstance(target, set):
        target.update(map(keys, values))
    elif isinstance(target, Object):
        target.items += values
    else:
        raise ValueError(f"values added to a {type(target).__name__}")


def _pushing(make: Callable[[_Machine, Any], Any]) -> Callable[[_Machine, Any], None]:
    return lambda machine, argument: machine.stack.append(make(machine, argument))


def _build(machine: _Machine, _: Any) -> None:
    state = machine.pop()
    target = machine.top()
    if not isinstance(target, Object):
        raise ValueError(f"a state given to a {type(target).__name__}")
    machine.refuse(machine.calls.harm_by_change(target, items=False))
    target.state.append(state)


def _pop(machine: _Machine, _: Any) -> None:
    if machine.marks and len(machine.stack) == machine.marks[-1]:
        machine.marks.pop()  # POP takes a mark too
    else:
        machine.stack.pop()


def _put(machine: _Machine, index: Any) -> None:
    if index > _MAX_MEMO:
        raise ValueError("remembers under a number that is too large")
    machine.memo[index] = machine.top()


def _reduce(machine: _Machine, _: Any) -> None:
    args, function = machine.pop(), machine.pop()
    machine.call(function, args, is_new=False)


def _newobj(machine: _Machine, _: Any) -> None:
    args, cls = machine.pop(), machine.pop()
    machine.call(cls, args, is_new=True)


def _newobj_ex(machine: _Machine, _: Any) -> None:
    keywords, args, cls = machine.pop(), machine.pop(), machine.pop()
    machine.call(cls, args, is_new=True)
    machine.stack[-1].pairs.append(("**kwargs", keywords))


def _inst(machine: _Machine, argument: str) -> None:
    args = tuple(machine.since_mark())
    module, _, name = argument.partition(" ")
    machine.call(machine.named(module, name), args, is_new=False)


def _obj(machine: _Machine, _: Any) -> None:
    cls, *args = machine.since_mark()
    machine.call(cls, tuple(args), is_new=False)


def _setitems(machine: _Machine, _: Any) -> None:
    values = machine.since_mark()
    machine.refuse(machine.calls.harm_by_change(machine.top(), items=True))
    _set_pairs(machine.keys, machine.top(), values)


def _setitem(machine: _Machine, _: Any) -> None:
    value, key = machine.pop(), machine.pop()
    machine.refuse(machine.calls.harm_by_change(machine.top(), items=True))
    _set_pairs(machine.keys, machine.top(), [key, value])


def _appends(machine: _Machine, _: Any) -> None:
    values = machine.since_mark()
    _append(machine.top(), values)


def _additems(machine: _Machine, _: Any) -> None:
    values = machine.since_mark()
    _add(machine.keys, machine.top(), values)


def _stack_global(machine: _Machine, _: Any) -> Global:
    name, module = machine.pop(), machine.pop()
    return machine.named(module, name)


def _text_global(machine: _Machine, argument: str) -> Global:
    module, _, name = argument.partition(" ")
    return machine.named(module, name)


def _dict(machine: _Machine, _: Any) -> dict[Any, Any]:
    made: dict[Any, Any] = {}
    _set_pairs(machine.keys, made, machine.since_mark())
    return made


def _tuple_of(count: int) -> Callable[[_Machine, Any], tuple[Any, ...]]:
    def take(machine: _Machine, _: Any) -> tuple[Any, ...]:
        return tuple([machine.pop() for _ in range(count)][::-1])

    return take


_LITERALS = (
    "INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "STRING", "BINSTRING", "SHORT_BINSTRING", "UNICODE",
    "SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8", "BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "FLOAT", "BINFLOAT",
)  # fmt: skip

_HANDLERS: dict[str, Callable[[_Machine, Any], None]] = {
    **dict.fromkeys(("PROTO", "FRAME", "STOP"), lambda machine, argument: None),
    **dict.fromkeys(_LITERALS, _pushing(lambda machine, argument: argument)),
    "BYTEARRAY8": _pushing(lambda machine, argument: bytes(argument)),
    "NONE": _pushing(lambda machine, argument: None),
    "NEWTRUE": _pushing(lambda machine, argument: True),
    "NEWFALSE": _pushing(lambda machine, argument: False),
    "EMPTY_LIST": _pushing(lambda machine, argument: []),
    "EMPTY_TUPLE": _pushing(lambda machine, argument: ()),
    "EMPTY_DICT": _pushing(lambda machine, argument: {}),
    "EMPTY_SET": _pushing(lambda machine, argument: set()),
    "LIST": _pushing(lambda machine, argument: machine.since_mark()),
    "TUPLE": _pushing(lambda machine, argument: tuple(machine.since_mark())),
    "TUPLE1": _pushing(_tuple_of(1)),
    "TUPLE2": _pushing(_tuple_of(2)),
    "TUPLE3": _pushing(_tuple_of(3)),
    "DICT": _pushing(_dict),
    "FROZENSET": _pushing(lambda machine, argument: frozenset(map(machine.keys, machine.since_mark()))),
    "DUP": _pushing(lambda machine, argument: machine.top()),
    "GLOBAL": _pushing(_text_global),
    "STACK_GLOBAL": _pushing(_stack_global),
    "PERSID": _pushing(lambda machine, argument: Persistent(argument)),
    "BINPERSID": _pushing(lambda machine, argument: _persistent(machine.pop())),
    "MARK": lambda machine, argument: machine.marks.append(len(machine.stack)),
    "POP": _pop,
    "POP_MARK": lambda machine, argument: machine.since_mark().clear(),
    "PUT": _put,
    "BINPUT": _put,
    "LONG_BINPUT": _put,
    "MEMOIZE": lambda machine, argument: _put(machine, len(machine.memo)),
    "GET": lambda machine, argument: machine.push_memo(argument),
    "BINGET": lambda machine, argument: machine.push_memo(argument),
    "LONG_BINGET": lambda machine, argument: machine.push_memo(argument),
    "APPEND": lambda machine, argument: _append_one(machine),
    "APPENDS": _appends,
    "SETITEM": _setitem,
    "SETITEMS": _setitems,
    "ADDITEMS": _additems,
    "BUILD": _build,
    "REDUCE": _reduce,
    "NEWOBJ": _newobj,
    "NEWOBJ_EX": _newobj_ex,
    "INST": _inst,
    "OBJ": _obj,
}


def _persistent(reference: Any) -> Persistent | Global:
    """A reference; torch's older layout refers to layer classes, too, and carries their source text along."""
    match reference:
        case ("module", Global() as cls, *_):
            return cls
    return Persistent(reference)


def _append_one(machine: _Machine) -> None:
    value = machine.pop()
    _append(machine.top(), [value])
