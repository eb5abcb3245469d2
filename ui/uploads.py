"""The folder that uploads are kept in for a while: of this process alone, and gone with it."""

from __future__ import annotations

import atexit
import shutil
import signal
import sys
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from types import FrameType

_PREFIX = "cat-or-dog-uploads-"


def make_uploads_folder(environment: Mapping[str, str]) -> Path:
    """A new folder that only this user can open, in GRADIO_TEMP_DIR or the system's temporary folder.

    Gradio's own choice, `gradio` in the temporary folder, belongs to whoever came first, who can read or replace what is in
    it; and of GRADIO_TEMP_DIR, Gradio would show visitors whatever lies there already. The folder goes when the process ends.

    Raises:
        ValueError: it cannot be made; the message says why, and what to do.
    """
    chosen = environment.get("GRADIO_TEMP_DIR", "").strip()
    try:
        parent = Path(chosen).absolute() if chosen else Path(tempfile.gettempdir())
        parent.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent)).resolve()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        if chosen:
            raise ValueError(f"GRADIO_TEMP_DIR is {chosen[:200]!r}, and no folder can be made there: {reason}") from None
        raise ValueError(f"uploads need a folder, and none can be made: {reason}; set GRADIO_TEMP_DIR to one") from None
    atexit.register(_remove, folder)
    if threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, _exit)  # what ends services would leave the folder behind
    return folder


def _remove(folder: Path) -> None:
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # a second one must not stop this
    shutil.rmtree(folder, ignore_errors=True)


def _exit(number: int, frame: FrameType | None) -> None:
    sys.exit(128 + number)
