"""An export read, rebuilt and tried in a process of its own first, which has a clock and a wall for its memory.

Work is counted in any case (`budget`); what counting does not see ends here. What comes back is text and numbers as JSON:
nothing of the file is handed over, and what opens it afterwards does the same work again, now that it is known to be little.
The process ends with the one that started it. `limits` is what it does to itself; this is the side that waits for it.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any, Final

from model.errors import ModelError, Option
from model.fastai_export.budget import MEGABYTE, Budget, over_budget
from model.fastai_export.options import ExportOptions
from model.own_limits import STRUCK

WALL: Final = 3  # times the seconds of work that a file may take, on a machine that does other things, too
_START_SECONDS: Final = 240  # imports, on such a machine
_END_SECONDS: Final = 20
_MAX_ANSWER_BYTES: Final = 100_000_000
_COMMAND: Final = "from model.fastai_export.trial import main; main()"


def try_apart(path: Path, options: ExportOptions, start_seconds: float = _START_SECONDS) -> dict[str, Any]:
    """Open the export at `path` in a process of its own.

    Args:
        start_seconds: how long that process may take beside the file's own time.

    Returns:
        What `facts.facts_of` finds.

    Raises:
        ModelError: it cannot be opened, or took more time or memory than `budget` allows.
    """
    size = path.stat().st_size if path.exists() else 0
    budget = Budget(str(path), size)
    request = {"path": str(path), "labels": options.labels and list(options.labels), "allow": list(options.allow),
               "size": options.size, "activation": options.activation}  # fmt: skip
    beside = {"PYTHONPATH": os.pathsep.join(place or str(Path.cwd()) for place in sys.path)}
    process = subprocess.Popen(
        [sys.executable, "-c", _COMMAND],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=os.environ | beside,
    )
    try:
        answer, is_late = _ask(process, request, WALL * budget.seconds + start_seconds)
        if answer is None and not is_late:
            process.wait(_END_SECONDS)
    except subprocess.TimeoutExpired:
        answer, is_late = None, True
    finally:
        process.kill()  # also on Ctrl-C
        status = process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()
    if answer is None:
        raise _ended(status, is_late, budget)
    if "facts" in answer:
        facts: dict[str, Any] = answer["facts"]
        return facts
    raise ModelError(*(part if isinstance(part, str) else _option(part) for part in answer["refused"]))


def _ask(process: subprocess.Popen[bytes], request: dict[str, Any], seconds: float) -> tuple[dict[str, Any] | None, bool]:
    """The answer of the process, None where there is none, and whether there was none in time."""
    lines: list[bytes] = []
    stdin, stdout = process.stdin, process.stdout
    assert stdin is not None
    assert stdout is not None
    reader = threading.Thread(target=lambda: lines.append(stdout.readline(_MAX_ANSWER_BYTES)), daemon=True)
    reader.start()
    try:
        stdin.write(json.dumps(request).encode() + b"\n")
        stdin.flush()  # and not closed: its end is the end of this process
    except BrokenPipeError:
        return None, False
    reader.join(seconds)
    if not lines:
        process.kill()
        reader.join()
        return None, True
    try:
        answer = json.loads(lines[0])
    except ValueError:
        return None, False
    return (answer if isinstance(answer, dict) and answer.keys() & {"facts", "refused"} else None), False


def _option(part: dict[str, Any]) -> Option:
    value = part["value"]
    return Option(part["name"], tuple(value) if isinstance(value, list) else value)


def _ended(status: int, is_late: bool, budget: Budget) -> ModelError:
    """What it means that the process ended without an answer."""
    name = signal.Signals(-status).name if status < 0 and -status in set(signal.Signals) else f"status {status}"
    if is_late or name in STRUCK:
        return over_budget(budget.name, f"takes more than {budget.seconds:,.0f} s", "opening it", budget.size)
    memory = f"{budget.max_bytes // MEGABYTE:,} MB"
    return over_budget(
        budget.name, f"ends the process that opens it ({name}), for want of more than {memory} of memory or by a fault of a "
        "library", "opening it", budget.size,
    )  # fmt: skip
