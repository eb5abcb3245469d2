"""What nobody foresaw: the request gets a sentence, and the log says what happened."""

from __future__ import annotations

import errno
import traceback
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from ui.api import problem

_NO_ROOM = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))
_OURS = tuple(str(folder) for folder in (Path(__file__).parent, Path(__file__).parents[1] / "model"))


async def unexpected(request: Request, error: Exception) -> Response:
    """507 where the disk is full, 400 where Gradio could make nothing of the request, and nothing of ours was called, else 500.

    Gradio checks little of what it is sent: a function that there is none, or a field too many, is an exception in its routes.
    The server hands the exception on to the log.
    """
    if isinstance(error, OSError) and error.errno in _NO_ROOM:
        return problem(507, "There is no room for this on the server at the moment. Try again later.")
    frames = traceback.extract_tb(error.__traceback__)
    if any(frame.filename.startswith(_OURS) and frame.name != "__call__" for frame in frames):
        return problem(500, "Something went wrong in this server; its log says what.")
    return problem(400, "This request cannot be understood. What there is to ask, and how, is at /?view=api.")
