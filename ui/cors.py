"""Which other sites' pages may call this server (https://fetch.spec.whatwg.org/#http-cors-protocol)."""

from __future__ import annotations

import re

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

ANY = "*"
_ORIGIN = re.compile(r"(http://(?!.*:80$)|https://(?!.*:443$))([a-z0-9]([a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:]+\])(:[1-9]\d{0,4})?")


def is_origin(text: str) -> bool:
    """Whether this is an origin as browsers write it: scheme and host in lower case, no default port, no path."""
    return _ORIGIN.fullmatch(text) is not None


class CrossOrigin:
    """The whole server, with a rule for pages of other sites that call it.

    The routes beside the page answer to the pages of `origins` alone, and never with credentials. Gradio's own routes
    answer to these pages too, for `@gradio/client`; to others as Gradio sees fit.

    Args:
        app: the server.
        origins: origins such as `https://my.site`, or `*` for every site.
        beside: what the paths beside the page begin with, such as `/api/`.
    """

    def __init__(self, app: ASGIApp, origins: tuple[str, ...], beside: tuple[str, ...]) -> None:
        async def without_origin(scope: Scope, receive: Receive, send: Send) -> None:
            # Gradio would allow every origin, with credentials, wherever the host is not localhost
            headers = [(name, value) for name, value in scope.get("headers", []) if name != b"origin"]
            await app({**scope, "headers": headers}, receive, send)

        self._app = app
        self._origins = origins
        self._beside = beside
        self._ours = CORSMiddleware(
            without_origin,
            allow_origins=origins,
            allow_methods=("GET", "POST", "PATCH", "DELETE"),
            allow_headers=("*",),
            expose_headers=("Retry-After",),
        )
        self._gradio = CORSMiddleware(
            app, allow_origins=origins, allow_methods=("*",), allow_headers=("*",), allow_credentials=True
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or hand it on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        if path.startswith(self._beside):
            await self._ours(scope, receive, send)
        elif ANY in self._origins or Headers(scope=scope).get("origin") in self._origins:
            await self._gradio(scope, receive, send)
        else:
            await self._app(scope, receive, send)
