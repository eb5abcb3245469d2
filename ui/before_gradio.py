"""What has to happen before Gradio is imported, and happens as this is: its variables are read, or a sentence ends the app.
Nothing but app.py imports this, and first of all.
"""

from __future__ import annotations

import os
import sys
from types import TracebackType

from ui.frugal import give_memory_back
from ui.gradio_variables import prepare

give_memory_back()


def _say(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if not issubclass(kind, KeyboardInterrupt):  # Ctrl-C while the app starts is no accident
        sys.__excepthook__(kind, error, trace)


sys.excepthook = _say

try:
    ADDRESS = prepare(os.environ)
except ValueError as problem:
    raise SystemExit(f"Cannot start: {problem}") from None
