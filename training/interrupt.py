"""Ctrl-C ends a script with a sentence instead of a traceback."""

from __future__ import annotations

import sys
from types import TracebackType


def say_when_interrupted(sentence: str) -> None:
    """From now on a Ctrl-C that nobody else takes care of ends the script with `sentence`; silently, if that is empty."""

    def end(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            if sentence:
                print(f"\n{sentence}", file=sys.stderr)
        else:
            sys.__excepthook__(kind, error, trace)

    sys.excepthook = end
