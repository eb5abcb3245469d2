"""What the common objects of an inert pickle stand for: lists of fastcore, numbers of NumPy, paths, enums.

Each function takes a value as `inert_pickle` gives it and looks at its names; the classes themselves are not used.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath
from typing import Any

import numpy as np

from model.fastai_export.budget import spend
from model.fastai_export.inert_pickle import MAX_KEY_BITS
from model.fastai_export.inert_tree import Global, Object, shown

_SEQUENCES = ("fastcore.foundation.L", "fastcore.basics.fastuple", "torch.Size", "builtins.list", "builtins.tuple",
              "builtins.set", "__builtin__.list", "__builtin__.tuple", "__builtin__.set", "fastcore.utils.fastuple",
              "fastai.data.transforms.CategoryMap", "fastcore.foundation.CollBase", "collections.deque")  # fmt: skip
_MAPPINGS = ("collections.OrderedDict", "builtins.dict", "__builtin__.dict", "collections.defaultdict",
             "fastcore.basics.AttrDict", "fastcore.xtras.AttrDict", "fastcore.basics.AttrDictDefault")  # fmt: skip
_TYPE_LOOK_UPS = ("cloudpickle.cloudpickle._builtin_type", "dill._dill._load_type")
_DILL_TYPES = {
    "PartialType": "functools.partial", "AttrGetterType": "operator.attrgetter", "ItemGetterType": "operator.itemgetter",
}  # fmt: skip
_PATHS = ("PosixPath", "WindowsPath", "PurePosixPath", "PureWindowsPath", "Path", "PurePath")
_MAX_ARRAY_BYTES = 4_000_000
_MAX_KEY = 1_000  # characters
_STEPS_FOR_A_LOOK = 3  # at one of objects in objects in objects …
_MAX_CODE = 6  # characters of a dtype
CODE_ARGUMENTS = 18  # of types.CodeType, in the newest Python
FUNCTION_MAKERS = ("cloudpickle.cloudpickle._make_function", "dill._dill._create_function", "types.FunctionType")


def name_of(value: Any) -> str:
    """The full name of an object's class or of the function that makes it, `module.name`; "" where it has none."""
    if isinstance(value, Global):
        return str(value)
    if isinstance(value, Object) and isinstance(value.function, Object):
        return _type_name(value.function)
    if not isinstance(value, Object) or not isinstance(value.function, Global):  # a tuple here may be endless to print
        return ""
    name = str(value.function)
    if name in ("copyreg._reconstructor", "copy_reg._reconstructor") and value.args:
        return str(value.args[0]) if isinstance(value.args[0], Global) else ""
    return name


def type_name(value: Any) -> str:
    """The full name of a class, also where dill or cloudpickle look it up by a short one: `_load_type("set")`."""
    return (_type_name(value) if isinstance(value, Object) else "") or name_of(value)


def _type_name(look_up: Object) -> str:
    by_name = isinstance(look_up.function, Global) and str(look_up.function) in _TYPE_LOOK_UPS
    if not by_name or len(look_up.args) != 1 or not isinstance(look_up.args[0], str):
        return ""
    name = look_up.args[0]
    return _DILL_TYPES.get(name, f"types.{name}" if name.endswith("Type") else f"builtins.{name}")


def attributes(value: Any) -> Mapping[Any, Any]:
    """The attributes an object would have had: what BUILD would have put into its `__dict__` and slots.

    Where there is one state they are looked at and not copied: a file may give a million objects the same large one.
    """
    if not isinstance(value, Object):
        return {}
    if len(value.state) > 1:
        spend(len(value.state))
    states = [state if isinstance(state, tuple) and len(state) == 2 else (state,) for state in value.state]
    parts = [part for state in states for part in state if isinstance(part, dict)]
    if len(parts) == 1:
        return parts[0]
    spend(sum(map(len, parts)))
    return {name: item for part in parts for name, item in part.items()}


def sequence(value: Any) -> list[Any] | None:
    """The members of a list, a tuple, fastcore's `L` or `fastuple`, or `torch.Size`; None for anything else."""
    if isinstance(value, (list, tuple, set, frozenset)):
        spend(len(value))
        return list(value)
    if not isinstance(value, Object) or name_of(value) not in _SEQUENCES:
        return None
    spend(_STEPS_FOR_A_LOOK)
    inner = attributes(value).get("items")
    if inner is not None and not isinstance(inner, Object):
        return sequence(inner)
    if isinstance(inner, Object):
        numbers = array(inner)
        if numbers is None:
            return sequence(inner)
        spend(numbers.size)
        listed: list[Any] = numbers.tolist()
        return listed
    arguments = value.args[-1] if value.args and isinstance(value.args[-1], (list, tuple)) else ()
    spend(len(arguments) + len(value.items))
    return [*arguments, *value.items]


def mapping(value: Any) -> dict[Any, Any] | None:
    """The pairs of a dict, an `OrderedDict` or the like; None for anything else."""
    if isinstance(value, dict):
        return value
    if not isinstance(value, Object) or name_of(value) not in _MAPPINGS:
        return None
    first = value.args[0] if value.args else []
    spend(len(value.pairs) + (len(first) if isinstance(first, (list, tuple)) else 0))
    given = (
        [pair for pair in first if isinstance(pair, (list, tuple)) and len(pair) == 2]
        if isinstance(first, (list, tuple))
        else []
    )
    return {**{key: item for key, item in given if _is_key(key)}, **dict(value.pairs)}


def _is_key(key: Any) -> bool:
    """Whether this is text or a number of which no two that differ hash alike, or few."""
    return key.bit_length() <= MAX_KEY_BITS if isinstance(key, int) else isinstance(key, str) and len(key) <= _MAX_KEY


def as_path(value: Any) -> Path | None:
    """A path of this platform for a path of any platform and Python (PosixPath, WindowsPath, pathlib._local)."""
    if isinstance(value, str):
        return Path(value)
    if not isinstance(value, Object) or not isinstance(value.function, Global):
        return None
    if value.function.module not in ("pathlib", "pathlib._local", "pathlib2") or value.function.name not in _PATHS:
        return None
    parts = [part for part in value.args if isinstance(part, str)]
    spend(len(value.args) + sum(map(len, parts)) // 10)
    if "Windows" in value.function.name:
        return Path(PureWindowsPath(*parts).as_posix())
    return Path(*parts)


def scalar(value: Any) -> Any:
    """A Python number, string or boolean for itself, a NumPy scalar or an enum member; None for anything else."""
    if isinstance(value, (str, int, float, bool)):
        return value
    if not isinstance(value, Object):
        return None
    spend(_STEPS_FOR_A_LOOK)
    name, number = name_of(value), numpy_scalar(value)
    if number is not None:
        return number.item()
    is_enum = name.startswith(("PIL.Image.", "timm.layers.format.", "torchvision.transforms."))
    if is_enum and not value.is_new and len(value.args) == 1 and isinstance(value.args[0], (int, str)):
        return value.args[0]
    if name in ("numpy.str_", "builtins.str", "builtins.bool", "builtins.int") and len(value.args) == 1:
        return scalar(value.args[0])
    return None


def numpy_scalar(value: Any) -> np.generic | None:
    """A NumPy scalar as it is; None for anything else."""
    name = name_of(value)
    if not name.endswith("multiarray.scalar") or not name.startswith("numpy") or len(value.args) != 2:
        return None
    kind, content = _dtype(value.args[0]), as_bytes(value.args[1])
    if kind is None or content is None or not 0 < kind.itemsize <= len(content):
        return None
    number: np.generic = np.frombuffer(content, kind, 1)[0]
    return number


def array(value: Any) -> np.ndarray | None:
    """A NumPy array, of numbers, booleans or text; None for anything else, and where it holds objects that are not text."""
    name = name_of(value)
    if not name.startswith("numpy") or not name.endswith(("multiarray._reconstruct", "numeric._frombuffer")):
        return None
    if name.endswith("_frombuffer"):
        content, kind, shape = as_bytes(value.args[0]), _dtype(value.args[1]), value.args[2]
    else:
        state = value.state[-1] if value.state else None
        if not isinstance(state, tuple) or len(state) != 5:
            return None
        _, shape, kind, _, content = state
        if isinstance(content, list):
            spend(len(content))
            texts = [scalar(item) for item in content]
            return None if None in texts else np.array(texts, dtype=object)
        kind, content = _dtype(kind), as_bytes(content)
    if kind is None or content is None or not _are_sizes(shape) or math.prod(shape) * kind.itemsize != len(content):
        return None
    if not content and len(shape) > 1:  # of nothing, there can be any number of rows
        return None
    return np.frombuffer(content, kind).reshape(shape)


def _are_sizes(shape: Any) -> bool:
    return (
        isinstance(shape, tuple)
        and len(shape) <= 8
        and all(type(side) is int and 0 <= side <= _MAX_ARRAY_BYTES for side in shape)
    )


def _dtype(value: Any) -> np.dtype[Any] | None:
    """The dtype of numbers, booleans or text that pickled as `numpy.dtype(code, …)` with a byte order."""
    if name_of(value) != "numpy.dtype" or not value.args or not isinstance(value.args[0], str):
        return None
    code = value.args[0]
    if len(code) > _MAX_CODE:
        return None
    order = value.state[-1][1] if value.state and isinstance(value.state[-1], tuple) and len(value.state[-1]) > 1 else "|"
    if code[:1] not in "iufbUS" or not code[1:].isdigit() or order not in ("<", ">", "|", "="):
        return None
    try:
        return np.dtype((order if order != "|" else "") + code)
    except TypeError:
        return None


def as_bytes(value: Any) -> bytes | None:
    """bytes, also as protocol 2 writes them: `_codecs.encode(text, "latin1")`."""
    if isinstance(value, bytes):
        return value
    if isinstance(value, Object) and name_of(value) == "_codecs.encode" and value.args:
        text, *codec = value.args
        if isinstance(text, str) and codec in (["latin1"], ["latin-1"]) and len(text) <= _MAX_ARRAY_BYTES:
            spend(len(text) // 1000)
            try:
                return text.encode("latin1")
            except UnicodeEncodeError:
                return None
    if isinstance(value, Object) and name_of(value) in ("builtins.bytes", "__builtin__.bytes") and not value.args:
        return b""
    return None


def class_name(value: Any) -> str:
    """The class of an inert object, `module.Name`, also where the file carries the class's own code (cloudpickle)."""
    name = name_of(value)
    made = class_made_here(value.function) if isinstance(value, Object) and not name else None
    if made is None:
        return name
    home = made.names.get("__module__")
    return f"{home if isinstance(home, str) else '__main__'}.{made.name}"


@dataclass(frozen=True)
class MadeClass:
    """A class whose own code is in the file.

    Attributes:
        bases: what it is derived from. names: what is in it from the start; cloudpickle adds the rest by `_class_setstate`.
    """

    name: str
    bases: tuple[Any, ...]
    names: Mapping[Any, Any]


def class_made_here(maker: Any) -> MadeClass | None:
    """The class that cloudpickle's or dill's call `maker` makes; None where it makes none."""
    if not isinstance(maker, Object) or not name_of(maker).endswith(("._make_skeleton_class", "._create_type")):
        return None
    match maker.args:
        case (_, str() as name, tuple() as bases, names, *_):
            return MadeClass(name, bases, mapping(names) or {})
    return None


def code_arguments(code: Object) -> tuple[Any, ...]:
    """What makes a code object, as `types.CodeType` takes it; dill puts a line table in front."""
    start = 0 if code.args and isinstance(code.args[0], int) else 1
    return code.args[start : start + CODE_ARGUMENTS]


def code_place(code: Object) -> tuple[str, str]:
    """The file and the function that code came from; "?" where it does not say."""
    texts = [part for part in code_arguments(code) if isinstance(part, str)]
    return (texts[0], texts[1]) if len(texts) > 1 else ("", texts[0] if texts else "?")


def is_layer(value: Any) -> bool:
    """Whether an inert object has the attributes that every `torch.nn.Module` has."""
    given = attributes(value)
    return "_modules" in given and "_parameters" in given


def described(value: Any) -> str:
    """A short name for what stands somewhere in a pickle, for an error or a listing."""
    name = class_name(value)
    if isinstance(value, Object) and name.endswith("getattr"):
        return ".".join(shown(name_of(part) or part) for part in value.args[:2])
    if isinstance(value, Object) and name == "functools.partial" and value.args:
        inner = value.args[0]
        return shown(name_of(inner) or inner) if name_of(inner) == name else described(inner)
    if isinstance(value, Object) and name.endswith(FUNCTION_MAKERS) and value.args and isinstance(value.args[0], Object):
        return shown(f"__main__.{code_place(value.args[0])[1]}")
    return shown(name or value)
