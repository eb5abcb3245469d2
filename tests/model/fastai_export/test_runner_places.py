"""A name that only runs programs is honest in a function of the file; anywhere else the file is refused."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from model.fastai_export.inert_pickle import PickleError, read_pickle
from tests.payloads import call, dynamic_function, entry, get, lists, number, ops_of, pairs, put, stacked, text, values, whole

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the payloads call sh")
SYSTEM, GETATTR, TYPE = entry("os", "system"), entry("builtins", "getattr"), entry("builtins", "type")
PARTIAL, SPACE = entry("functools", "partial"), entry("types", "SimpleNamespace")
OS = call(stacked("sys", "modules.get"), text("os"))
FOUND = call(GETATTR, OS, text("system"))
CLOUD = "cloudpickle.cloudpickle"


def made(*attributes: bytes, bases: bytes = b")") -> bytes:
    return call(TYPE, text("X"), bases, pairs(*attributes))


def skeleton(*attributes: bytes) -> bytes:
    return call(entry(CLOUD, "_make_skeleton_class"), TYPE, text("X"), b")", pairs(*attributes), b"N", b"N")


def holding(path: Path) -> bytes:
    """A function of the file's own whose globals have `os.system`."""
    made_of = ops_of(dynamic_function(path))
    function = made_of + put(3) + b"0"
    return function + call(entry(CLOUD, "_function_setstate"), get(3), values(b"}", pairs(
        text("__globals__"), pairs(text("run"), SYSTEM), text("__annotations__"), b"}", text("_cloudpickle_submodules"),
        lists(), text("__closure__"), b"N", text("__name__"), text("f")))) + b"0" + get(3)  # fmt: skip


Ops = Callable[[bytes], bytes]
# How opcodes come to run a command: each fires under plain pickle.
FIRES: dict[str, Ops] = {
    "out of a tuple": lambda sh: call(call(entry("operator", "getitem"), values(SYSTEM), number(0)), sh),
    "out of a dictionary": lambda sh: call(call(entry("operator", "getitem"), pairs(text("x"), SYSTEM), text("x")), sh),
    "out of a list": lambda sh: call(call(stacked("builtins", "list.pop"), lists(SYSTEM)), sh),
    "by itemgetter": lambda sh: call(call(call(entry("operator", "itemgetter"), number(0)), lists(SYSTEM)), sh),
    "out of a deque": lambda sh: call(call(stacked("collections", "deque.pop"), call(entry("collections", "deque"),
        lists(SYSTEM))), sh),
    "out of a mapping": lambda sh: call(call(stacked("types", "MappingProxyType.get"), call(entry("types", "MappingProxyType"),
        pairs(text("x"), SYSTEM)), text("x")), sh),
    "out of a cell": lambda sh: call(call(GETATTR, call(entry("types", "CellType"), SYSTEM), text("cell_contents")), sh),
    "out of a partial": lambda sh: call(call(GETATTR, call(PARTIAL, SYSTEM), text("func")), sh),
    "out of an object": lambda sh: call(call(GETATTR, call(SPACE) + pairs(text("x"), SYSTEM) + b"b", text("x")), sh),
    "a static method, called": lambda sh: call(call(entry("builtins", "staticmethod"), SYSTEM), sh),
    "a static method's function": lambda sh: call(call(GETATTR, call(entry("builtins", "staticmethod"), SYSTEM),
        text("__func__")), sh),
    "an alias, called": lambda sh: call(call(entry("types", "GenericAlias"), SYSTEM, b")"), sh),
    "what sets a state": lambda sh: call(SPACE) + pairs(text("__setstate__"), SYSTEM) + b"b" + sh + b"b",
    "what appends": lambda sh: call(SPACE) + pairs(text("append"), SYSTEM) + b"b" + sh + b"a",
    "what adds": lambda sh: call(SPACE) + pairs(text("add"), SYSTEM) + b"b(" + sh + b"\x90",
    "a class's state": lambda sh: made(text("__setstate__"), SYSTEM) + b")\x81" + sh + b"b",
    "a class's append": lambda sh: call(made(text("append"), SYSTEM)) + sh + b"a",
    "a class's call": lambda sh: call(call(made(text("__call__"), SYSTEM)), sh),
    "a class's property": lambda sh: call(GETATTR, call(made(text("p"), call(entry("builtins", "property"), SYSTEM),
        bases=values(entry("builtins", "str"))), sh), text("p")),
    "a class's missing key": lambda sh: call(entry("operator", "getitem"), call(made(text("__missing__"),
        call(entry("builtins", "staticmethod"), SYSTEM), bases=values(entry("builtins", "dict")))), sh),
    "cloudpickle's class": lambda sh: skeleton(text("__setstate__"), SYSTEM) + b")\x81" + sh + b"b",
    "cloudpickle's class, appended to": lambda sh: skeleton(text("append"), SYSTEM) + b")\x81" + sh + b"a",
    "cloudpickle's class, changed": lambda sh: made(text("x"), b"N") + put(0) + b"0" + call(entry(CLOUD, "_class_setstate"),
        get(0), values(pairs(text("__setstate__"), SYSTEM), b"}")) + b"0" + get(0) + b")\x81" + sh + b"b",
    "an ordinary attribute, called": lambda sh: call(call(GETATTR, skeleton(text("run"), SYSTEM), text("run")), sh),
    "an ordinary attribute, handed on": lambda sh: call(entry("builtins", "list"), call(entry("builtins", "map"),
        call(GETATTR, skeleton(text("run"), SYSTEM), text("run")), lists(sh))),
    "an ordinary attribute of a thread": lambda sh: call(stacked("threading", "Thread.run"),
        call(entry("threading", "Thread")) + pairs(text("_target"), SYSTEM, text("_args"), values(sh)) + b"b"),
    "by sys.modules": lambda sh: call(FOUND, sh),
    "by sys.modules, a dictionary": lambda sh: call(call(GETATTR, call(stacked("builtins", "dict.get"), entry("sys", "modules"),
        text("os")), text("system")), sh),
    "by _operator": lambda sh: call(call(call(entry("_operator", "attrgetter"), text("system")), OS), sh),
    "by object": lambda sh: call(call(stacked("builtins", "object.__getattribute__"), OS, text("system")), sh),
    "by inspect": lambda sh: call(call(entry("inspect", "getattr_static"), OS, text("system")), sh),
    "by reduce": lambda sh: call(call(entry("functools", "reduce"), GETATTR, lists(OS, text("system"))), sh),
    "a thread": lambda sh: call(stacked("threading", "Thread.run"), call(entry("threading", "Thread"), b"N", FOUND, b"N",
        values(sh))),
    "when the process ends": lambda sh: call(entry("atexit", "register"), FOUND, sh),
    "a weak reference": lambda sh: call(call(call(entry("weakref", "ref"), entry("subprocess", "Popen"))),
        lists(text("sh"), text("-c"), sh)),
    "uuid": lambda sh: call(entry("uuid", "_get_command_stdout"), text("sh"), text("-c"), sh),
    "a map of a function's globals": lambda sh: call(entry("builtins", "list"), call(entry("builtins", "map"),
        call(entry("operator", "getitem"), call(GETATTR, holding(Path("x")), text("__globals__")), text("run")), lists(sh))),
}  # fmt: skip


@pytest.mark.parametrize("ops", FIRES.values(), ids=FIRES)
def test_a_name_that_could_be_called_refuses_the_file(ops):
    with pytest.raises(PickleError, match="nothing of it was run"):
        read_pickle(io.BytesIO(whole(ops(text("true")))), "model.pkl")


def test_all_of_them_do_run_where_pickle_opens_them(tmp_path):
    for index, ops in enumerate(FIRES.values()):
        (tmp_path / f"{index}.pkl").write_bytes(whole(ops(text(f"echo>{tmp_path}/{index}.ran"))))
    code = (
        "import contextlib, pathlib, pickle, sys\n"
        "for path in sorted(pathlib.Path(sys.argv[1]).glob('*.pkl')):\n"
        "    with contextlib.suppress(Exception): pickle.loads(path.read_bytes())\n"
    )
    subprocess.run([sys.executable, "-W", "ignore", "-c", code, str(tmp_path)], check=True)
    assert [name for index, name in enumerate(FIRES) if not (tmp_path / f"{index}.ran").exists()] == []


NAMED = {
    "alone": SYSTEM,
    "thrown away": SYSTEM + b"0N",
    "in a list": lists(SYSTEM),
    "in an object": entry("mine", "Label") + b")\x81" + pairs(text("run"), SYSTEM) + b"b",
    "in a partial": call(PARTIAL, SYSTEM, text("ls")),
    "in a class of type()": made(text("run"), SYSTEM),
    "in a class with a metaclass": call(entry(CLOUD, "_make_skeleton_class"), entry("mine", "Meta"), text("X"), b")",
        pairs(text("run"), SYSTEM), b"N", b"N"),
    "in a class of a library's": call(entry(CLOUD, "_make_skeleton_class"), TYPE, text("X"),
        values(entry("threading", "Thread")), pairs(text("run"), SYSTEM), b"N", b"N"),
}  # fmt: skip


@pytest.mark.parametrize("ops", NAMED.values(), ids=NAMED)
def test_it_is_said_where_the_name_stands(ops):
    with pytest.raises(PickleError) as caught:
        read_pickle(io.BytesIO(whole(ops)), "model.pkl")
    assert str(caught.value).startswith(
        "model.pkl names os.system, which serves to run programs or code, outside of any function"
    )


def test_it_is_honest_in_a_function_and_as_a_method_of_a_class(tmp_path):
    for ops in (holding(tmp_path), skeleton(text("run"), call(entry("builtins", "staticmethod"), SYSTEM))):
        assert "os.system" in map(str, read_pickle(io.BytesIO(whole(ops)), "model.pkl").names)
