"""Where an export comes from, and what in it was not run: read off the traces that writing it left."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

from model.fastai_export.budget import spend
from model.fastai_export.forbidden import RUNNERS, runs_programs, today
from model.fastai_export.inert_tree import Global, Object
from model.fastai_export.inert_values import as_bytes, as_path, class_made_here, code_arguments, code_place, name_of
from model.fastai_export.torch_file import TorchFile

_LIBRARIES: Final = (
    "fastai", "fastcore", "fasttransform", "torch", "torchvision", "timm", "numpy", "pandas", "PIL", "builtins", "__builtin__",
    "collections", "dill",
    "functools", "pathlib", "copyreg", "copy_reg", "_codecs", "inspect", "typing", "types", "plum", "cloudpickle",
    "random",
    "operator", "_operator", "itertools", "re", "datetime", "fastprogress", "beartype", "weakref", "abc", "_abc", "enum",
)  # fmt: skip
# Modules of which exports have objects, or functions that put objects together: calling those is what opening a file is.
_CALLED: Final = (
    *_LIBRARIES, "decimal", "fractions", "uuid", "zoneinfo", "io", "_io", "logging", "threading", "collections", "ipaddress",
)  # fmt: skip
_DATA: Final = ("collections.OrderedDict", "_codecs.encode", "torch.Size", "torch.device")
_MAX_CODE: Final = 1_000  # functions looked at
_MAX_PLACE: Final = 1_000  # characters of a path
_MAX_OPCODES: Final = 100_000  # of a function
_RESUME_313, _RESUME_311, _RETURN_CONST = 149, 151, 121


@dataclass(frozen=True)
class Origin:
    """What a file tells of its making.

    Attributes:
        versions: Python, fastai and torch, as far as traces tell: "3.11", "2.8 or newer".
        platform: `Windows` or `POSIX`, where the file holds a path; "" where not.
        code: the functions and classes whose own code is in the file, as `module.name`. None was run.
        strangers: names from outside the usual libraries that the file refers to. None was imported.
        inert: all other names of functions and classes that were not used.
        calls: functions and classes of no library in `_CALLED` that plain pickle calls when it opens the file.
        runners: names in `strangers` and `inert`, or in the code, that do nothing but run programs: `os.system`.
    """

    versions: dict[str, str]
    platform: str
    code: tuple[str, ...]
    strangers: tuple[str, ...]
    inert: tuple[str, ...]
    runners: tuple[str, ...] = ()
    calls: tuple[str, ...] = ()


def origin_of(file: TorchFile) -> Origin:
    """Read the traces in `file`."""
    code = [part for part in file.objects if _is_code(part)][:_MAX_CODE]
    modules = {name.module for name in file.names}
    versions = {"python": _python(code, modules), "fastai": _fastai(modules), "torch": _torch(file)}
    paths = [part.function.name for part in file.objects if as_path(part) is not None]
    names = dict.fromkeys([*(today(name) for name in file.names if not _is_data(name)), *file.looked_up])
    strangers = [name for name in names if not _is_usual(name)]
    usual = [name for name in names if _is_usual(name)]
    own = dict.fromkeys([*(_code_name(part) for part in code), *_classes(file.objects)])
    return Origin(
        versions={key: value for key, value in versions.items() if value},
        platform="Windows" if any("Windows" in name for name in paths) else "POSIX" if paths else "",
        code=tuple(sorted(own, key=lambda name: "/" in name)),  # the maker's own first, then the libraries'
        strangers=tuple(strangers),
        inert=tuple(usual),
        runners=tuple(dict.fromkeys([*filter(runs_programs, names), *_runners_in_code(code, file.looked_up)])),
        calls=tuple(dict.fromkeys(filter(None, map(_stranger_called, file.objects)))),
    )


def _is_usual(name: str) -> bool:
    return name.partition(".")[0] in _LIBRARIES


def _stranger_called(call: Object) -> str:
    """The function or class that plain pickle calls, where exports do not usually have it; "" where they do."""
    name = today(call.function) if isinstance(call.function, Global) else ""
    return name if name.partition(".")[0] not in (*_CALLED, "") else ""


def _runners_in_code(code: list[Object], imported: list[str]) -> list[str]:
    """What functions of the file call that runs programs: `os.system`, where code names `system` and the file imports `os`."""
    used = {
        text
        for part in code
        for argument in code_arguments(part)
        if isinstance(argument, tuple)
        for text in _counted(argument)
        if isinstance(text, str)
    }
    return sorted(f"{module}.{name}" for module, _, name in (runner.partition(".") for runner in RUNNERS)
                  if name in used and (module in imported or module in used))  # fmt: skip


def _counted(values: tuple[Any, ...]) -> tuple[Any, ...]:
    """The same values: many functions may share them, and each looks through them."""
    spend(len(values))
    return values


def _is_data(name: Global) -> bool:
    return str(name) in _DATA or name.module == "torch._utils" or (name.module == "torch" and name.name.endswith("Storage"))


def _is_code(part: Object) -> bool:
    return name_of(part) in ("types.CodeType", "dill._dill._create_code")


def _code_name(code: Object) -> str:
    """The function that code belongs to, and where."""
    place, name = (text[-_MAX_PLACE:] for text in code_place(code))
    file = re.split(r"[/\\]site-packages[/\\]|[/\\]", place)[-1]
    library = re.search(r"site-packages[/\\](.+)", place)
    return f"{name} ({library[1] if library else file})"[:120]


def _classes(objects: list[Object]) -> list[str]:
    made = [made for part in objects if (made := class_made_here(part)) is not None]
    return [f"class {one.name[:100]}" for one in made[:_MAX_CODE]]


def _python(code: list[Object], modules: set[str]) -> str:
    """The Python that wrote the file: by the paths and the bytecode of functions in it, or by pathlib's own name."""
    for part in code:
        for text in code_arguments(part):
            match = (
                re.search(r"[/\\](?:python|Python)(3)\.?(\d{1,2})[/\\]", text[:_MAX_PLACE]) if isinstance(text, str) else None
            )
            if match:
                return f"{match[1]}.{match[2]}"
    if "pathlib._local" in modules:
        return "3.13"
    for part in code:
        if len(code_arguments(part)) == 16:
            return "3.10 or older"
        opcodes = next((bytes_[: 2 * _MAX_OPCODES : 2] for bytes_ in map(as_bytes, code_arguments(part)) if bytes_), b"")
        spend(len(opcodes) // 1000)
        if _RESUME_313 in opcodes[:8]:
            return "3.13"
        if _RESUME_311 in opcodes[:8]:
            return "3.12" if _RETURN_CONST in opcodes else "3.11 or 3.12"
    return ""


def _fastai(modules: set[str]) -> str:
    if any(module.startswith(("fasttransform", "cloudpickle")) for module in modules):
        return "2.8 or newer"
    return "2.7 or older" if any(module.startswith("fastcore") for module in modules) else ""


def _torch(file: TorchFile) -> str:
    if ".format_version" in file.entries:
        return "2.7 or newer"
    if "byteorder" in file.entries:
        return "2.0 to 2.6"
    return {"zip": "1.6 or newer", "legacy": "1.5 or older"}.get(file.layout, "")
