"""What plain pickle would run of a file, and what it would only look up. tests/payloads.py has what others thought of."""

from __future__ import annotations

import io

import pytest

from model.fastai_export.inert_pickle import PickleError, read_pickle
from tests.payloads import call, dynamic_function, get, lists, ops_of, pairs, put, stacked, text, values, whole

OS = call(stacked("cloudpickle.cloudpickle", "subimport"), text("os"))
DILL_OS = call(stacked("dill._dill", "_import_module"), text("os"))
SYSTEM, MKDIR = stacked("os", "system"), stacked("posix", "mkdir")
GETATTR, PARTIAL, TYPE = stacked("builtins", "getattr"), stacked("functools", "partial"), stacked("builtins", "type")
DILL_TYPE = stacked("dill._dill", "_create_type")
ENVIRON = stacked("os", "_Environ") + b")\x81"
CLASS = (text("Label"), b")", pairs(text("run"), SYSTEM))


def dill_type(name: str) -> bytes:
    return call(stacked("dill._dill", "_load_type"), text(name))


def read(ops: bytes):
    return read_pickle(io.BytesIO(whole(ops)), "model.pkl")


HARMLESS = {
    "a name alone": MKDIR,
    "a name of old protocols": b"ccPickle\nPickler\n",
    "names in containers": pairs(text("a"), lists(MKDIR, values(MKDIR))),
    "what names a module": OS,
    "an attribute of a module": call(GETATTR, OS, text("listdir")),
    "a partial": call(PARTIAL, MKDIR, text("ls")) + values(MKDIR, values(text("ls")), b"}", b"N") + b"b",
    "a method of whatever comes": call(stacked("operator", "methodcaller"), text("lower")),
    "the state of an object": stacked("mine", "Label") + b")\x81" + pairs(text("run"), MKDIR) + b"b",
    "a class of cloudpickle's": call(stacked("cloudpickle.cloudpickle", "_make_skeleton_class"), TYPE, *CLASS, b"N", b"N"),
    "what is in a class of cloudpickle's": call(stacked("cloudpickle.cloudpickle", "_class_setstate"),
        call(stacked("cloudpickle.cloudpickle", "_make_skeleton_class"), TYPE, text("A"), b")", b"}", b"N", b"N"),
        values(pairs(text("run"), SYSTEM), b"}")),
    "a class of dill's": call(DILL_TYPE, dill_type("type"), *CLASS),
    "a class with a metaclass": call(DILL_TYPE, stacked("fastai.torch_core", "PrePostInitMeta"), text("Label"), b")",
        pairs(text("run"), MKDIR)),
    "what dill adds to a class": call(stacked("builtins", "setattr"), call(DILL_TYPE, dill_type("type"), *CLASS), text("x"),
        MKDIR),
    "a method that dill names": call(stacked("dill._dill", "_getattr"), stacked("builtins", "str"), text("lower"),
        text("<method 'lower' of 'str' objects>")),
    "a partial of dill's": call(DILL_TYPE, dill_type("PartialType"), MKDIR),
    "an annotation": call(stacked("operator", "getitem"), stacked("typing", "Union"),
        values(stacked("os", "stat_result"), MKDIR)),
    "what a file's status holds": call(stacked("os", "stat_result"), values(text("x")), b"}"),
    "the environment": ENVIRON + pairs(text("_data"), b"}") + b"b",
    "a function of that name elsewhere": call(stacked("numpy", "trace"), text("x")),
}  # fmt: skip


@pytest.mark.parametrize("ops", HARMLESS.values(), ids=HARMLESS.keys())
def test_what_is_only_looked_up_does_not_refuse_a_file(ops):
    read(ops)


HARMFUL = {
    "a call": (call(SYSTEM, text("ls")), "calls os.system(ls)"),
    "a call by Python 2's name": (call(b"ccommands\ngetoutput\n", text("ls")), "calls subprocess.getoutput(ls)"),
    "a new object": (stacked("subprocess", "Popen") + b")\x81", "calls subprocess.Popen()"),
    "an attribute, called": (call(call(GETATTR, OS, text("system")), text("ls")), "calls os.system(ls)"),
    "an attribute of an attribute": (
        call(call(GETATTR, call(GETATTR, stacked("shutil", "copy"), text("__globals__")), text("x"))),
        "calls shutil.copy.__globals__.x()"),
    "an attribute that dill finds": (call(call(stacked("dill._dill", "_get_attr"), DILL_OS, text("system")), text("ls")),
        "calls os.system(ls)"),
    "a builtin that dill falls back to": (call(call(stacked("dill._dill", "_get_attr"), b"N", text("exec")), text("1")),
        "calls builtins.exec(1)"),
    "an attribute by attrgetter": (call(call(call(stacked("operator", "attrgetter"), text("system")), OS), text("ls")),
        "calls os.system(ls)"),
    "a method, called": (call(call(stacked("operator", "methodcaller"), text("system"), text("ls")), OS),
        "calls the method system"),
    "a partial, called": (call(call(PARTIAL, SYSTEM, text("ls"))), "calls os.system(ls)"),
    "a partial of getattr": (call(call(call(PARTIAL, GETATTR, OS), text("system")), text("ls")), "calls os.system(ls)"),
    "a partial of a partial": (call(call(PARTIAL, call(PARTIAL, SYSTEM), text("ls"))), "calls os.system(ls)"),
    "a partial of dill's, called": (call(call(DILL_TYPE, dill_type("PartialType"), SYSTEM), text("ls")), "calls os.system(ls)"),
    "a bound method, called": (call(call(stacked("types", "MethodType"), SYSTEM, text("ls"))), "calls os.system(ls)"),
    "a call that dill makes": (call(DILL_TYPE, SYSTEM, text("ls")), "calls os.system(ls)"),
    "a metaclass": (call(stacked("cloudpickle.cloudpickle", "_make_skeleton_class"), SYSTEM, text("ls"), b")", b"}"),
        "calls os.system(ls"),
    "text that dill runs": (call(stacked("dill._dill", "_eval_repr"), text("print(1)")),
        "calls dill._dill._eval_repr, which runs text"),
    "bytecode that dill runs": (call(stacked("dill._dill", "_unmarshal"), b"N"), "calls dill._dill._unmarshal"),
    "a file that dill opens": (call(stacked("dill._dill", "_create_filehandle"), text("x"), text("w")),
        "calls dill._dill._create_filehandle(x, w)"),
    "a call for each": (call(stacked("builtins", "map"), MKDIR, lists(text("x"))), "calls posix.mkdir(a list)"),
    "a call for each, by Python 2's name": (call(b"citertools\nimap\n", MKDIR, lists(text("x"))), "calls posix.mkdir(a list)"),
    "handed to a stranger": (call(stacked("mine", "apply"), lists(call(PARTIAL, SYSTEM)), text("ls")),
        "hands os.system to mine.apply"),
    "a method handed to a stranger": (call(stacked("mine", "apply"), call(stacked("operator", "methodcaller"), text("x"))),
        "hands the method x to mine.apply"),
    "a class that exists, changed": (call(stacked("cloudpickle.cloudpickle", "_class_setstate"), stacked("torch.nn", "Linear"),
        values(b"}", b"}")), "changes torch.nn.Linear"),
    "a module's name, changed": (call(stacked("builtins", "setattr"), OS, text("sep"), text("!")), "changes os"),
    "a module's state": (OS + pairs(text("sep"), text("!")) + b"b", "changes os"),
    "the environment, changed": (ENVIRON + text("PATH") + text("x") + b"s", "changes the environment"),
    "a partial that gets its function last": (call(PARTIAL, stacked("mine", "f")) + put(0) + values(SYSTEM, b")", b"}", b"N")
        + b"b0" + call(get(0), text("ls")), "calls os.system(ls"),
}  # fmt: skip


@pytest.mark.parametrize(("ops", "words"), HARMFUL.values(), ids=HARMFUL.keys())
def test_what_plain_pickle_would_run_is_refused_and_said(ops, words):
    with pytest.raises(PickleError) as caught:
        read(ops)
    assert str(caught.value).startswith("model.pkl ")
    assert words in str(caught.value)
    assert "when plain pickle opens it, as no classifier does; nothing of it was run. Do not open this file elsewhere" in str(
        caught.value
    )


def test_a_function_of_the_file_is_harmless_until_it_is_called(tmp_path):
    function = ops_of(dynamic_function(tmp_path))
    read(function)
    for called in (function, call(PARTIAL, function), call(DILL_TYPE, dill_type("FunctionType"), b"N", b"}")):
        with pytest.raises(PickleError, match="calls a function whose code is in the file"):
            read(call(called))


def test_calls_are_refused_before_the_damage_that_follows_them():
    with pytest.raises(PickleError, match=r"calls os\.system"):
        read(call(SYSTEM, text("ls")) + b"\xff")


def test_what_would_be_imported_or_looked_up_is_listed():
    assert read(values(OS, call(GETATTR, DILL_OS, text("listdir")))).looked_up == ["os", "os.listdir"]


def test_the_same_values_over_and_over_are_not_looked_through():
    many = lists(*[b"N"] * 3000) + put(0) + b"0"
    with pytest.raises(PickleError, match="over and over"):
        read(many + lists(*[call(stacked("mine", "f"), get(0))] * 3000))


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("fastcore.xtras", "save_pickle"), ("fastcore.xtras", "open_file"), ("fastcore.xtras", "mkdir"),
        ("fastcore.basics", "exec_local"), ("fastai.basics", "exec_eval"), ("fastai.vision.all", "run"),
        ("huggingface_hub.utils", "run_subprocess"), ("uuid", "_get_command_stdout"), ("pathlib", "Path.write_text"),
        ("pathlib", "PosixPath.unlink"), ("pathlib._local", "Path.mkdir"), ("gzip", "open"), ("bz2", "BZ2File"),
        ("lzma", "open"), ("sqlite3", "connect"), ("logging.handlers", "RotatingFileHandler"),
        ("torch.utils.file_baton", "FileBaton"), ("numpy.lib._npyio_impl", "load"), ("torch.jit._serialization", "load"),
        ("pandas.core.computation.eval", "eval"), ("pandas.io.pickle", "read_pickle"), ("shelve", "open"), ("dbm", "open"),
        ("PIL.Image", "open"), ("tempfile", "mkdtemp"), ("atexit", "register"), ("threading", "Thread"),
        ("threading", "Timer"), ("concurrent.futures.thread", "ThreadPoolExecutor"), ("sys", "modules.get"),
    ],
)  # fmt: skip
def test_what_runs_code_or_writes_files_is_refused(module, name):
    with pytest.raises(PickleError, match="nothing of it was run"):
        read(call(stacked(module, name), text("x")))
