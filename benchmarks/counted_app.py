"""Our app, with a route that counts how its photos met in batches: `python -m benchmarks.counted_app [nothing]`.

With `nothing`, the function that the page calls for a photo answers a constant of the usual size at once: what is left is
Gradio's upload and call, and the page around them.
"""

from __future__ import annotations

import sys
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

import app
from ui.server import app_options
from ui.service import Service
from ui.settings import Settings

_ANSWER = {"verdict": "Cat", "heat": "data:image/webp;base64," + "A" * 2500}


def counted(service: Service, settings: Settings) -> dict[str, Any]:
    """As `ui.server.app_options`, with GET /batches → {"photos": ..., "batches": ...} so far."""

    def batches(request: Request) -> Response:
        return JSONResponse({"photos": service.batcher.photos, "batches": service.batcher.batches})

    options = app_options(service, settings)
    return options | {"routes": [Route("/batches", batches), *options["routes"]]}


async def constant(*given: object) -> dict[str, str]:
    """The answer to any photo."""
    return _ANSWER


if __name__ == "__main__":
    app.app_options = counted
    if sys.argv[1:] == ["nothing"]:
        Service.show = constant  # type: ignore[method-assign, assignment]
    app.main()
