"""Whom a request is from: what is bounded for each client, a turn, a line of the log, a correction, is counted by this name."""

from __future__ import annotations

import logging
from contextvars import ContextVar

import gradio as gr
from gradio.context import LocalContext
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

logger = logging.getLogger(__name__)
_client: ContextVar[str] = ContextVar("client", default="")


def client_of(request: gr.Request | Request) -> str:
    """Whom something is counted for: the address, and what a proxy adds. A forged one still meets the limit for all."""
    host = request.client.host if request.client else ""
    return f"{host} {request.headers.get('x-forwarded-for', '')}"


def client() -> str:
    """The client whose request is being answered here, as `client_of` names it; empty where there is none."""
    request = LocalContext.request.get(None)  # Gradio calls functions of the page outside of their request
    return client_of(request) if request is not None else _client.get()


class ForClient:
    """The whole server, which remembers for which client it works.

    What an exception says is written here, and goes no further, where it would end the connection as well.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand a request on."""
        token = _client.set(client_of(Request(scope)) if scope["type"] == "http" else str(scope.get("client")))
        try:
            await self._app(scope, receive, send)
        except Exception:  # it was answered already, where it still could be
            if scope["type"] != "http":
                raise
            logger.exception("a request failed")
        finally:
            _client.reset(token)
