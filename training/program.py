"""What every program in this folder begins with."""

from __future__ import annotations

import os
import sys
import time
from types import TracebackType

STARTED = time.monotonic()  # a run of so many minutes counts from here
NEEDS = "    pip install -r requirements-dev.txt"
IN_NOTEBOOK = "ipykernel" in sys.modules
MAIN_PROCESS = int(os.environ.get("RANK", 0)) == 0  # under `accelerate launch` there are several
if not MAIN_PROCESS:
    os.environ["TQDM_DISABLE"] = "1"


def say_when_interrupted(sentence: str) -> None:
    """From now on a Ctrl-C that nobody else takes care of ends the program with `sentence` instead of a traceback.

    Of several processes the first one says it. A notebook shows its interruptions itself. A package that is not installed ends
    the program with what to install.
    """
    if IN_NOTEBOOK:
        return

    def end(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if isinstance(error, ModuleNotFoundError) and error.name and error.name.partition(".")[0] not in ("model", "training"):
            print(f"{error}: training, measuring and publishing need\n{NEEDS}", file=sys.stderr)
        elif not issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, error, trace)
        elif MAIN_PROCESS:
            print(f"\n{sentence}", file=sys.stderr)

    sys.excepthook = end
