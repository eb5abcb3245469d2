"""Names that only serve to run programs, open files or load more code.

This reader runs nothing in any case. The lists are there for what is said: a file that calls one of them when plain pickle
opens it is refused (`what_runs` finds the calls); where one is merely named, as by a label function, that is listed.
"""

from __future__ import annotations

import functools
from _compat_pickle import IMPORT_MAPPING, NAME_MAPPING
from typing import Final

from model.fastai_export.budget import spend
from model.fastai_export.inert_tree import Global

_MAX_DOTS: Final = 30  # in a name; no library has as many
_MAX_PARTS: Final = 5  # of the names below
# Modules whole, and single names.
FORBIDDEN_MODULES: Final = frozenset((
    "os", "posix", "nt", "subprocess", "_posixsubprocess", "pty", "runpy", "socket", "_socket", "ctypes", "_ctypes", "cffi",
    "importlib", "imp", "pkgutil", "zipimport", "pickle", "_pickle", "cPickle", "dill", "marshal", "joblib", "shutil", "code",
    "codeop", "pdb", "bdb", "cProfile", "profile", "timeit", "trace", "pydoc", "doctest", "idlelib", "lib2to3", "webbrowser",
    "antigravity", "asyncio", "multiprocessing", "pip", "venv", "ensurepip", "setuptools", "distutils", "site", "ftplib",
    "smtplib", "telnetlib", "imaplib", "poplib", "http", "urllib", "ssl", "numpy.testing", "numpy.f2py", "torch.hub",
    "torch.fx", "torch.package", "torch.serialization", "torch.utils.cpp_extension", "torch.utils.collect_env",
    "torch._inductor", "torch.distributed.rpc", "torch.utils.bottleneck", "fastai.data.external", "torch.utils.file_baton",
    "torch.utils.model_zoo", "torch.jit._serialization", "torch.utils._freeze", "fastcore.net", "fastcore.parallel",
    "fastcore.script", "timm.models._hub", "huggingface_hub", "pandas.io", "pandas.core.computation", "numpy.lib._npyio_impl",
    "numpy.lib.npyio", "numpy.memmap", "logging.handlers", "tempfile", "concurrent", "threading", "_thread", "atexit",
    "sqlite3",
    "_sqlite3", "shelve", "dbm", "_dbm", "_gdbm", "linecache", "fileinput", "mmap", "_xxsubinterpreters", "_interpreters",
    "xmlrpc", "socketserver", "nntplib", "sched", "signal", "faulthandler", "resource", "readline",
))  # fmt: skip
_BUILTINS: Final = ("builtins", "__builtins__")
FORBIDDEN_NAMES: Final = frozenset((
    *(f"{module}.{name}" for module in _BUILTINS for name in (
        "eval", "exec", "execfile", "compile", "__import__", "open", "input", "breakpoint", "globals", "locals", "vars",
        "delattr", "setattr", "exit", "quit", "help", "apply", "file")),
    "io.open", "_io.open", "io.FileIO", "_io.FileIO", "io.open_code", "_io.open_code", "codecs.open", "sys.exit",
    "sys.settrace", "sys.setprofile", "signal.raise_signal", "torch.load", "torch.compile", "torch.save",
    "torch.storage._load_from_bytes", "logging.config.dictConfig", "logging.config.fileConfig", "logging.config.listen",
    "logging.FileHandler", "operator.call", "_operator.call", "numpy.load", "numpy.fromfile", "numpy.memmap", "numpy.save",
    "numpy.savez", "numpy.savez_compressed", "numpy.savetxt", "numpy.loadtxt", "numpy.genfromtxt", "numpy.core.memmap.memmap",
    "numpy._core.memmap.memmap", "numpy.ndarray.tofile", "numpy.ndarray.dump", "numpy.lib.format.open_memmap",
    "pandas.read_pickle", "pandas.to_pickle", "pandas.eval", "pandas.core.frame.DataFrame.eval",
    "pandas.core.frame.DataFrame.query", "torchvision.datasets.utils.download_url", "torch.jit.load", "platform.popen",
    "zipfile.ZipFile", "tarfile.open", "py_compile.compile", "cloudpickle.loads", "cloudpickle.load",
    "cloudpickle.cloudpickle.loads", "cloudpickle.cloudpickle.load", "fastai.learner.load_learner",
    "timm.models._helpers.load_state_dict",
    "timm.models._helpers.load_checkpoint", "uuid._get_command_stdout", "gzip.open", "gzip.GzipFile", "bz2.open", "bz2.BZ2File",
    "lzma.open", "lzma.LZMAFile", "tokenize.open", "zipfile.PyZipFile", "tarfile.TarFile", "tarfile.TarFile.open",
    "PIL.Image.open", "PIL.Image.Image.save", "PIL.Image.Image.show", "PIL.ImageShow.show",
    "logging.basicConfig", "sys.modules", "sys.addaudithook", "sys.setrecursionlimit", "codecs.register", "_codecs.register",
    "weakref.finalize", "torch.nn.modules.module.Module.apply", "torch.from_file",
    *(f"{module}.{cls}.{name}" for module in ("pathlib", "pathlib._local") for cls in ("Path", "PosixPath", "WindowsPath")
        for name in (
            "write_text", "write_bytes", "read_text", "read_bytes", "touch", "mkdir", "open", "unlink", "rename", "replace",
            "rmdir", "chmod", "lchmod", "symlink_to", "hardlink_to", "link_to", "copy", "move", "copy_into", "move_into")),
))  # fmt: skip
# fastcore's, which it and fastai have in many modules.
_FAST: Final = ("fastcore", "fastai", "fasttransform")
_FAST_RUNNERS: Final = ("run", "shell", "ssh", "rsync_multi", "exec_new", "exec_eval", "exec_local", "exec_import")
_FAST_FILES: Final = (
    "load_pickle", "save_pickle", "open_file", "maybe_open", "mkdir", "untar_dir", "bunzip", "atomic_save", "load_mod",
    "import_module", "import_no_init", "save_config_file", "read_config_file", "Config", "parse_env", "image_size",
    "modified_env", "working_directory",
    "instantiate", "load_learner", "untar_data", "download_url", "download_data", "urlsave", "startproc",
    "threaded", "parallel", "getcallable", "nested_callable",
)  # fmt: skip
# What of these holds values and does nothing else.
_DATA: Final = frozenset((
    *(f"{module}.{name}" for module in ("os", "posix", "nt") for name in (
        "PathLike", "fspath", "stat_result", "terminal_size", "times_result", "uname_result", "statvfs_result", "_Environ",
        "DirEntry")),
    *(f"urllib.parse.{name}" for name in (
        "SplitResult", "SplitResultBytes", "ParseResult", "ParseResultBytes", "DefragResult", "DefragResultBytes")),
    "torch.serialization._get_layout", "http.HTTPStatus", "http.HTTPMethod", "http.cookiejar.CookieJar",
    "http.cookiejar.Cookie", "http.cookiejar.DefaultCookiePolicy",
    "http.cookies.SimpleCookie", "http.cookies.Morsel", "urllib.request.Request",
    "socket.AddressFamily", "socket.SocketKind", "ssl.TLSVersion", "ssl.VerifyMode", "ssl.VerifyFlags", "ssl.Options",
    "threading.local", "_thread._local", "signal.Signals", "signal.Handlers", "signal.Sigmasks",
    "subprocess.CompletedProcess", "subprocess.CalledProcessError", "subprocess.TimeoutExpired", "shutil._ntuple_diskusage",
    "multiprocessing.context.DefaultContext", "multiprocessing.context.ForkContext", "multiprocessing.context.SpawnContext",
    "multiprocessing.context.ForkServerContext",
))  # fmt: skip
# What runs programs or code, and does nothing else.
_OF_SYSTEMS: Final = (
    "system", "popen", "startfile", "fork", "forkpty", "posix_spawn", "posix_spawnp",
    *(f"exec{how}" for how in ("l", "le", "lp", "lpe", "v", "ve", "vp", "vpe")),
    *(f"spawn{how}" for how in ("l", "le", "lp", "lpe", "v", "ve", "vp", "vpe")),
)  # fmt: skip
RUNNERS: Final = frozenset((
    *(f"{module}.{name}" for module in ("os", "posix", "nt") for name in _OF_SYSTEMS),
    *(f"{module}.{name}" for module in _BUILTINS for name in ("eval", "exec", "execfile")),
    *(f"subprocess.{name}" for name in ("Popen", "run", "call", "check_call", "check_output", "getoutput", "getstatusoutput")),
    "_posixsubprocess.fork_exec", "pty.spawn", "runpy.run_path", "runpy.run_module", "platform.popen",
    *(f"{module}.__import__" for module in _BUILTINS), "sys.modules", "code.interact", "codeop.compile_command",
    *(f"{module}.{name}" for module in ("pickle", "_pickle", "dill", "dill._dill", "cloudpickle", "cloudpickle.cloudpickle")
        for name in ("load", "loads")),
    "uuid._get_command_stdout", "huggingface_hub.utils.run_subprocess", "huggingface_hub.utils._subprocess.run_subprocess",
))  # fmt: skip
# Modules of which every name but those of _DATA does so, and those that give such names to whoever has them.
_RUNNER_MODULES: Final = frozenset(("subprocess", "_posixsubprocess", "pty", "runpy", "importlib", "imp"))
_MODULES_WITH_RUNNERS: Final = frozenset(
    ("os", "posix", "nt", "builtins", "__builtins__", "sys", "platform", "pickle", "_pickle")
)


@functools.lru_cache(maxsize=4096)
def is_forbidden(name: Global | str) -> bool:
    """Whether a name, `module.name`, serves to run programs or open files; `os.PathLike`, an annotation, does not."""
    return str(name).count(".") > _MAX_DOTS or any(
        path in FORBIDDEN_MODULES or path in FORBIDDEN_NAMES or _is_of_fastcore(path, (*_FAST_RUNNERS, *_FAST_FILES))
        for whole in _readings(name)
        if whole not in _DATA
        for path in _beginnings(whole)
    )


def runs_programs(name: Global | str) -> bool:
    """Whether a name, `module.name`, does nothing but run programs or code."""
    return any(
        whole in RUNNERS
        or _is_of_fastcore(whole, _FAST_RUNNERS)
        or (whole not in _DATA and "." in whole and whole.partition(".")[0] in _RUNNER_MODULES)
        or whole.startswith("sys.modules.")
        for whole in _readings(name)
    )


def reaches_programs(name: str) -> bool:
    """Whether a name is that of a module that has such names, or of its dictionary."""
    return any(whole.removesuffix(".__dict__") in _RUNNER_MODULES | _MODULES_WITH_RUNNERS for whole in (name, *_readings(name)))


def today(name: Global | str) -> str:
    """`module.name` in Python 3: old protocols have the names of Python 2, and `commands.run` is read as `subprocess.run`."""
    if isinstance(name, str):
        return name
    module, attribute = NAME_MAPPING.get((name.module, name.name), (IMPORT_MAPPING.get(name.module, name.module), name.name))
    return f"{module}.{attribute}"


def _readings(name: Global | str) -> list[str]:
    """A name, and what a dotted one reaches on its way through other modules: `os.system` of `torch.serialization.os.system`.

    What comes last is no module: `numpy.trace` reaches nothing called `trace`.
    """
    parts = today(name).split(".", _MAX_DOTS + 1)[: _MAX_DOTS + 1]
    spend(4 * len(parts))
    return [".".join(parts[start:]) for start in range(max(1, len(parts) - 1))]


def _is_of_fastcore(path: str, names: tuple[str, ...]) -> bool:
    home, _, name = path.rpartition(".")
    return name in names and home.partition(".")[0] in _FAST


def _beginnings(path: str) -> list[str]:
    parts = path.split(".", _MAX_PARTS)[:_MAX_PARTS]
    return [".".join(parts[:end]) for end in range(1, len(parts) + 1)]
