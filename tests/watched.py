"""Open model files under watch, in a process of its own that may be killed: `Watch` starts it, `main` is what it runs.

Every file is loaded, asked for one answer where it opens, and inspected. Meanwhile an audit hook notes whatever a reader
of inert data has no reason to do: import, execute, compile, unpickle, start, connect, write, or read another file.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import math
import os
import pickle
import re
import subprocess
import sys
import threading
from pathlib import Path
from types import FrameType
from typing import Any

from tests.running import ROOT

SECONDS = 20  # for one file
START_SECONDS = 180
MEGABYTES = 1500  # that one file may add to what an honest one took
_HEADROOM_MEGABYTES = 6000  # of addresses, so that a bomb ends this process and not the machine
_STEPS = """
    os.system os.exec os.fork os.posix_spawn os.spawn os.startfile os.kill os.remove os.rename os.mkdir os.rmdir os.chmod
    os.chown os.link os.symlink os.truncate os.utime os.putenv os.unsetenv os.chdir pty. subprocess. socket. ctypes. pickle.
    marshal.load code.__new__ function.__new__ object.__setattr__ object.__delattr__ webbrowser. urllib. http. ftplib.
    smtplib. shutil. sqlite3. tempfile. cpython. builtins.input builtins.breakpoint gc. signal. winreg. msvcrt. syslog.
    sys.setprofile sys.settrace open exec compile import
"""
_WATCHED = tuple(_STEPS.split())
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


class Hook:
    """An audit hook that notes forbidden steps while `watching` the opening of one file."""

    def __init__(self) -> None:
        self.watching = False
        sys.addaudithook(self)

    def watch(self, path: str, photo: str) -> None:
        self.steps: list[str] = []
        self.readable = (path, photo)
        small = Path(path).is_file() and os.access(path, os.R_OK) and Path(path).stat().st_size < 2**26
        self.content = Path(path).read_bytes() if small else b""
        self.watching = True

    def __call__(self, event: str, args: tuple[Any, ...]) -> None:
        if self.watching and event.startswith(_WATCHED) and not self._is_harmless(event, args) and not _importing():
            self.steps.append(f"{event} {str(args)[:200]}")

    def _is_harmless(self, event: str, args: tuple[Any, ...]) -> bool:
        if event == "open":
            path, mode, flags = str(args[0]), args[1] or "", args[2] or 0
            if any(letter in mode for letter in "wax+") or flags & _WRITING:
                return False
            sources = (getattr(module, "__file__", None) for module in [*sys.modules.values()])  # for a traceback
            return path.startswith(self.readable) or path in sources
        if event == "compile":  # torch parses type annotations, and the lines of a traceback
            source = args[0] if isinstance(args[0], bytes) else str(args[0]).encode("utf-8", "replace")
            return source.isalnum() or (b"canary" not in source and source not in self.content)
        if event == "exec":  # without `compile` before, there was `code.__new__` or `marshal.loads`
            return args[0].co_filename in ("<string>", "<unknown>")
        return False


# Libraries import parts of themselves late; not the parts that the file names.
_EXPECTED = re.compile(r"(encodings|numpy|scipy|PIL|torch|torchvision|timm|fastai|fastcore|onnxruntime|model)\b").match


def _importing() -> bool:
    """Whether this happens because an import that was noted already goes on."""
    frame: FrameType | None = sys._getframe(2)
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
        frame = frame.f_back
    return False


def peak_megabytes() -> float:
    """The most memory that this process has held so far."""
    if sys.platform == "linux":  # its ru_maxrss begins with what the parent held
        held = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
        return int(held[1]) / 2**10 if held else 0.0
    if sys.platform == "win32":
        import psutil

        return float(psutil.Process().memory_info().peak_wset) / 2**20
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def limit_memory() -> None:
    """Let allocations fail before the machine does, where the system can."""
    if sys.platform != "linux":
        return
    import resource

    held = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (held + _HEADROOM_MEGABYTES * 2**20, resource.RLIM_INFINITY))


def problem_of_text(written: str) -> list[str]:
    """What is wrong with a text that names things from a file: terminal codes, or far too much of it."""
    odd = next((letter for letter in written if not letter.isprintable() and letter != "\n"), None)
    return [f"writes the character {odd!r}"] * (odd is not None) + [f"writes {len(written):,} characters"] * (
        len(written) > 10**5
    )


def load(path: str, photo: str) -> tuple[str, list[str]]:
    """Load a model and ask it. Returns what came of it, and what should not have."""
    from model import Classifier, ModelError

    try:
        scores = Classifier.load(path).classify([photo])[0].as_dict()
    except ModelError as error:
        said = str(error)
        outcome = f"refused: {said[:2000]}"
        if not said or "\n" in said or len(said) > 2000:
            return outcome, [f"refuses in {len(said):,} characters, not in a sentence: {said[:200]!r}"]
        return outcome, [f"the error {wrong}: {said[:200]!r}" for wrong in problem_of_text(said)]
    except BaseException as error:
        return "failed", [f"{type(error).__name__} from Classifier: {str(error)[:300]} at {_place(error)}"]
    if all(isinstance(name, str) and math.isfinite(p) and -1e-6 <= p <= 1.000001 for name, p in scores.items()):
        return "opened", []
    return "opened", [f"answers {str(scores)[:200]}"]


def inspect(path: str) -> list[str]:
    """What `python -m model inspect` does that it should not."""
    from model.commands import inspect_main

    shown = io.StringIO()
    try:
        with contextlib.redirect_stdout(shown), contextlib.redirect_stderr(shown):
            status = inspect_main([path], apart=False)  # whose process could not be watched
    except BaseException as error:
        return [f"{type(error).__name__} from inspect: {str(error)[:300]} at {_place(error)}"]
    problems = [f"inspect {wrong}" for wrong in problem_of_text(shown.getvalue())]
    return problems if status in (0, 1, 2) else [*problems, f"inspect returns {status!r}"]


def load_and_inspect(path: str, photo: str) -> tuple[str, list[str]]:
    outcome, problems = load(path, photo)
    return outcome, problems + inspect(path)


def unpickle(path: str, photo: str) -> tuple[str, list[str]]:
    """What the files do to those who open them as they are meant to be opened."""
    try:
        with Path(path).open("rb") as file:
            pickle.load(file)
    except Exception as error:
        return f"refused: {type(error).__name__}", []
    return "opened", []


READERS = {reader.__name__: reader for reader in (load, load_and_inspect, unpickle)}


def _place(error: BaseException) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None and "model" in trace.tb_next.tb_frame.f_code.co_filename:
        trace = trace.tb_next
    return f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else "?"


def warm(honest: str, photo: str) -> None:
    """Do once what only the first file makes a process do: imports, thread pools, caches."""
    for library in ("fastai.vision.all", "timm", "torchvision"):
        importlib.import_module(library)
    "x".encode("cp437"), b"x".decode("raw_unicode_escape")  # names in archives, text in old pickles
    for _ in range(2):
        outcome, problems = load_and_inspect(honest, photo)
        if outcome != "opened" or problems:
            raise RuntimeError(f"the honest export is not opened: {outcome} {problems}")
    load_and_inspect(str(Path(honest).with_name("no such file.pkl")), photo)  # the way of an error


def main(honest: str, photo: str, canary: str, reader: str) -> None:
    """Open the files whose names come on standard input, and write a line of JSON for each."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # nothing that a file makes this process print is taken for an answer
    hook = Hook()
    if reader != "unpickle":
        warm(honest, photo)
    limit_memory()
    allowed, base = set(sys.modules), peak_megabytes()
    print(json.dumps({"ready": True}), file=answers, flush=True)
    for line in sys.stdin:
        path = json.loads(line)
        before = peak_megabytes()
        hook.watch(path, photo)
        outcome, problems = READERS[reader](path, photo)
        hook.watching = False
        problems += [f"did {step}" for step in dict.fromkeys(hook.steps)]
        if Path(canary).exists():
            problems.append("ran the payload: the canary was touched")
        peak = peak_megabytes()
        if peak > before and peak - base > MEGABYTES:
            problems.append(f"took {peak - base:,.0f} MB more than an honest file")
        new = set(sys.modules) - allowed
        allowed |= new
        problems += [f"imported {name}" for name in sorted(new) if not _EXPECTED(name) or name.encode() in hook.content]
        answer = {"outcome": outcome, "problems": problems, "megabytes": round(peak - base)}
        print(json.dumps(answer), file=answers, flush=True)


class Watch:
    """A process that opens files under watch; one that hangs or dies is noted and replaced."""

    def __init__(
        self, honest: Path, photo: Path, canary: Path, reader: str = "load_and_inspect", seconds: float = SECONDS
    ) -> None:
        self.arguments = [str(honest), str(photo), str(canary), reader]
        self.seconds = seconds
        self.canary = canary
        self.process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Watch:
        return self

    def __exit__(self, *details: object) -> None:
        if self.process is not None:
            self._end(self.process)

    def _end(self, process: subprocess.Popen[str]) -> int:
        """Let the process end by itself, as what runs then may touch the canary too. Returns its status."""
        assert process.stdin is not None
        assert process.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()
        try:
            return process.wait(SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            return process.wait()
        finally:
            process.stdout.close()
            self.process = None

    def open(self, path: Path) -> dict[str, Any]:
        """What became of one file: `outcome`, `problems`, `megabytes` above an honest one."""
        if self.process is None:
            search = os.pathsep.join(filter(None, (str(ROOT), str(self.canary.parent), os.environ.get("PYTHONPATH"))))
            self.process = subprocess.Popen(
                [sys.executable, "-c", f"from tests.watched import main; main(*{self.arguments!r})"],
                cwd=ROOT,
                env=os.environ
                | {"PYTHONPATH": search, "PYTHONDONTWRITEBYTECODE": "1", "OMP_NUM_THREADS": "1", "CANARY": str(self.canary)},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                encoding="utf-8",
            )
            if self._line(START_SECONDS) is None:
                raise RuntimeError(f"the watched process did not start: status {self._end(self.process)}")
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(str(path)) + "\n")
        self.process.stdin.flush()
        answer = self._line(self.seconds)
        if answer is None:
            status = self._end(self.process)
            gone = f"hung for {self.seconds} s" if self.timed_out else f"ended the process with status {status}"
            return {"outcome": "failed", "problems": [gone], "megabytes": 0}
        return answer

    def _line(self, seconds: float) -> dict[str, Any] | None:
        """The next line, or None where the process ended or had to be."""
        assert self.process is not None
        assert self.process.stdout is not None
        process, self.timed_out = self.process, False

        def stop() -> None:
            self.timed_out = True
            process.kill()

        timer = threading.Timer(seconds, stop)
        timer.start()
        line = process.stdout.readline()
        timer.cancel()
        answer: dict[str, Any] | None = json.loads(line) if line.endswith("\n") else None
        return answer
