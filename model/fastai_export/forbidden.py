"""Names that only serve to run programs, open files or load more code: a file with one of them is refused outright.

This reader runs nothing in any case. The list is there for the error: whoever would open the same file elsewhere is told what
is in it.
"""

from __future__ import annotations

from typing import Final

from model.fastai_export.inert_tree import Global

# Modules whole, and single names.
FORBIDDEN_MODULES: Final = frozenset((
    "os", "posix", "nt", "subprocess", "_posixsubprocess", "pty", "runpy", "socket", "_socket", "ctypes", "_ctypes", "cffi",
    "importlib", "imp", "pkgutil", "zipimport", "pickle", "_pickle", "cPickle", "dill", "marshal", "joblib", "shutil", "code",
    "codeop", "pdb", "bdb", "cProfile", "profile", "timeit", "trace", "pydoc", "doctest", "idlelib", "lib2to3", "webbrowser",
    "antigravity", "asyncio", "multiprocessing", "pip", "venv", "ensurepip", "setuptools", "distutils", "site", "ftplib",
    "smtplib", "telnetlib", "imaplib", "poplib", "http", "urllib", "ssl", "numpy.testing", "numpy.f2py", "torch.hub",
    "torch.fx", "torch.package", "torch.serialization", "torch.utils.cpp_extension", "torch.utils.collect_env",
    "torch._inductor", "torch.distributed.rpc", "torch.utils.bottleneck", "fastai.data.external",
))  # fmt: skip
FORBIDDEN_NAMES: Final = frozenset((
    *(f"{module}.{name}" for module in ("builtins", "__builtin__", "__builtins__") for name in (
        "eval", "exec", "execfile", "compile", "__import__", "open", "input", "breakpoint", "globals", "locals", "vars",
        "delattr", "setattr", "exit", "quit", "help", "apply", "file")),
    "io.open", "_io.open", "io.FileIO", "_io.FileIO", "io.open_code", "_io.open_code", "sys.exit", "sys.settrace",
    "sys.setprofile", "signal.raise_signal", "torch.load", "torch.compile", "torch.save", "torch.storage._load_from_bytes",
    "types.FunctionType", "logging.config.dictConfig", "logging.config.fileConfig", "logging.config.listen",
    "operator.methodcaller", "_operator.methodcaller", "operator.call", "_operator.call", "numpy.load", "numpy.fromfile",
    "numpy.memmap", "numpy.save", "pandas.read_pickle", "pandas.eval", "torchvision.datasets.utils.download_url",
    "torch.jit.load",
))  # fmt: skip


def is_forbidden(name: Global) -> bool:
    """Whether the name serves to run programs or open files; `os.PathLike`, an annotation, does not."""
    if name.name in ("PathLike", "fspath"):
        return False
    return _reaches(str(name)) or _reaches(name.name)  # a dotted name reaches into modules: torch.nn, "os.system"


def _reaches(path: str) -> bool:
    parts = path.split(".")
    return any(
        ".".join(parts[:end]) in FORBIDDEN_MODULES or ".".join(parts[:end]) in FORBIDDEN_NAMES
        for end in range(1, len(parts) + 1)
    )
