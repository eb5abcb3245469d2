"""What the routes of the tab Teach share: paths with a function for each method, and small JSON bodies."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ui.api import answering, problem
from ui.request_photo import Refused, read_body

SESSIONS = "/api/teach/sessions"
SESSION = f"{SESSIONS}/{{token}}"
_MAX_BYTES = 10_000
_LONGEST_NUMBER = 9  # digits

Work = Callable[[Request], Awaitable[Any]]


def route(path: str, **methods: Work) -> Route:
    """What a path answers to each method, and 405 in JSON to all others."""
    endpoints = {method: answering(work) for method, work in methods.items()}

    async def endpoint(request: Request) -> Response:
        if request.method not in endpoints:
            allowed = ", ".join(endpoints)
            return problem(405, f"{request.method} means nothing here. There is {allowed}.", {"Allow": allowed})
        return await endpoints[request.method](request)

    return Route(path, endpoint, methods=["GET", "POST", "PUT", "PATCH", "DELETE"])


def number_in(request: Request) -> int:
    """The number in a path, of a class or a photo.

    Raises:
        Refused: 404 where it is none.
    """
    text = str(request.path_params["number"])
    if not (text.isascii() and text.isdigit() and len(text) <= _LONGEST_NUMBER):
        raise Refused(404, f"There is nothing with the number {text[:_LONGEST_NUMBER]!r} in this session.")
    return int(text)


async def read_json(request: Request, fields: Mapping[str, type]) -> dict[str, Any]:
    """The fields of a small JSON object, any of which may be missing; an empty body has none.

    Raises:
        Refused: 413 for more than 10 kB, 400 for what is no JSON object, another field, or one of another type.
    """
    body = await read_body(request, _MAX_BYTES, f"The JSON is larger than {_MAX_BYTES // 1000} kB.")
    wanted = "{" + ", ".join(f'"{name}": {"a text" if kind is str else "true or false"}' for name, kind in fields.items()) + "}"
    try:
        document = json.loads(body or b"{}")
    except (ValueError, RecursionError):
        raise Refused(400, f"The body is no JSON. Send {wanted}.") from None
    if not isinstance(document, dict) or any(type(value) is not fields.get(name) for name, value in document.items()):
        raise Refused(400, f"The JSON must be {wanted}, and any of it may be missing.")
    return document
