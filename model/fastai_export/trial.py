"""The process in which `apart` has an export opened: it limits itself, opens the file, and answers with one line of JSON."""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from model.errors import ModelError
from model.fastai_export.apart import WALL
from model.fastai_export.budget import Budget, over_budget
from model.fastai_export.options import ExportOptions
from model.own_limits import address_space, bound_memory, set_clocks

_ADDRESSES: Final = 300_000_000  # bytes that are reserved and not used: stacks, arenas of the allocator
_PR_SET_PDEATHSIG: Final = 1


def main() -> None:
    """Read a request from standard input, answer on standard output, and end."""
    _end_with_parent()
    request = json.loads(_first_line())
    threading.Thread(target=_wait_for_parent, daemon=True).start()
    answers = os.dup(1)
    os.dup2(2, 1)  # nothing that a library prints is taken for the answer
    answer = json.dumps(_opened(Path(request.pop("path")), request)).encode() + b"\n"
    while answer:
        answer = answer[os.write(answers, answer) :]
    os._exit(0)


def _opened(path: Path, said: dict[str, Any]) -> dict[str, Any]:
    try:
        size = tuple(said["size"]) if said["size"] else None
        options = ExportOptions(said["labels"], said["allow"], size, said["activation"])
        return {"facts": _facts(path, options)}
    except ModelError as error:
        return {"refused": [part if isinstance(part, str) else {"name": part.name, "value": part.value}
                            for part in error.parts]}  # fmt: skip


def _facts(path: Path, options: ExportOptions) -> dict[str, Any]:
    from model.fastai_export.facts import facts_of
    from model.fastai_export.inert_tree import walk
    from model.fastai_export.inert_values import class_name, is_layer
    from model.fastai_export.learner import read_learner

    budget = Budget(str(path), path.stat().st_size if path.exists() else 0)
    try:
        with limits(budget):
            learner = read_learner(path, options)  # which needs no torch: most of what is wrong with a file shows here
            layers = {class_name(part) for part in walk(learner.network) if is_layer(part)}
        _import_libraries(path, layers, options)
        with limits(budget):
            return facts_of(path, options)
    except MemoryError:
        raise over_budget(
            budget.name, f"takes more than {budget.max_bytes // 10**6:,} MB of memory", "opening it", budget.size
        ) from None


def _import_libraries(path: Path, layers: set[str], options: ExportOptions) -> None:
    """Import what building these layers needs, so that the clock does not run meanwhile."""
    with contextlib.suppress(ImportError):
        torch = importlib.import_module("torch")
        torch.set_num_threads(1)  # so that time of processors is time
        for name in ("model.fastai_export.layers", "model.fastai_export.dry_run"):
            importlib.import_module(name)
        allowed = importlib.import_module("model.fastai_export.allowed_layers")
        fake = importlib.import_module("torch._subclasses.fake_tensor")
        with fake.FakeTensorMode():
            torch.nn.Conv2d(3, 1, 1)(torch.zeros(1, 3, 2, 2))
        for name in layers:
            with contextlib.suppress(ModelError):  # of which building says more
                allowed.library_class(name, path)
        for entry in options.allow:
            with contextlib.suppress(ModelError):
                allowed.callers_class(entry.rpartition("=")[2])


@contextmanager
def limits(budget: Budget) -> Iterator[None]:
    """End this process when what is in the block takes more time or memory than `budget` has.

    Where the system has no such limits (Windows), the side that waits ends it.
    """
    set_clocks(budget.seconds, WALL * budget.seconds)
    held = address_space()
    before = bound_memory(held + budget.max_bytes + _ADDRESSES if held else -1)
    try:
        yield
    finally:
        bound_memory(before)
        set_clocks(0, 0)


def _end_with_parent() -> None:
    """On Linux the system ends this process with its parent, also where a library never lets another thread run."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _first_line() -> bytes:
    line = b""
    while not line.endswith(b"\n"):
        part = os.read(0, 1 << 16)
        if not part:
            os._exit(1)
        line += part
    return line


def _wait_for_parent() -> None:
    """Everywhere else, the end of standard input is the end of the parent."""
    while os.read(0, 1):
        pass
    os._exit(1)
