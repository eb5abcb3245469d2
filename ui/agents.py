"""Tools for agents, over the Model Context Protocol (https://modelcontextprotocol.io): `classify` and `explain`.

Gradio can make tools of a page by itself. Its tools fetch web addresses, keep photos that come as base64 on the disk,
and open the server's own files at a client's word; these take no file and keep none.
"""

from __future__ import annotations

import logging
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from model.errors import ModelError
from model.formats import FORMAT_NAMES
from model.photo import MAX_BYTES, PhotoError, PhotoSource
from ui.api import evidence, scores
from ui.data_url import WEB, from_text
from ui.desk import Busy
from ui.photo_input import PhotoData, PhotoInput
from ui.request_photo import MAX_BODY
from ui.service import Service

if TYPE_CHECKING:
    from mcp.server.lowlevel import Server
    from mcp.types import Tool

PATH = "/gradio_api/mcp"  # where clients look for the tools of a Gradio app
_UPLOADED = "/gradio_api/file="
_PHOTO = (
    f"A {FORMAT_NAMES} file of at most {MAX_BYTES // 1_000_000} MB: in base64, with or without `data:image/jpeg;base64,` "
    f"before it; or, after POSTing it to /gradio_api/upload as the multipart field `files`, the address of this server with "
    f"{_UPLOADED} and the path that came back. Other web addresses are not fetched."
)


class Agents:
    """An ASGI app: an MCP server without sessions, over streamable HTTP. Needs the package `mcp`."""

    def __init__(self, service: Service) -> None:
        from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

        self._manager = StreamableHTTPSessionManager(
            _server(service), json_response=True, stateless=True, max_request_body_size=MAX_BODY
        )

    def ready(self) -> AbstractAsyncContextManager[None]:
        """While the block runs, calls are answered."""
        running: AbstractAsyncContextManager[None] = self._manager.run()
        return running

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request."""
        if scope["method"] == "POST":
            await self._manager.handle_request(scope, receive, send)
        else:
            text = "This is an MCP server without sessions: agents talk to it with POST."
            await JSONResponse({"error": text}, 405, {"Allow": "POST"})(scope, receive, send)


def _server(service: Service) -> Server[Any, Any]:
    from mcp.server.lowlevel import Server

    config = service.classifier.config
    photo_input = PhotoInput(render=False)
    server: Server[Any, Any] = Server(config.name, version=service.classifier.revision)

    @server.list_tools()  # type: ignore[no-untyped-call, untyped-decorator]
    async def list_tools() -> list[Tool]:
        return _tools(config.answers)

    @server.call_tool()  # type: ignore[untyped-decorator]
    async def call_tool(name: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """What `ui.api` answers, or an exception with a sentence for the agent, which the package hands on."""
        if name not in ("classify", "explain"):
            raise ValueError(f"There is no tool {name[:60]!r}. There are classify and explain.")
        try:
            photo = _photo(arguments["photo"], photo_input)
            if name == "classify":
                prediction = await service.answer(photo)
                return {"label": prediction.label, "scores": scores(prediction)}
            prediction, heat_map = await service.explain(photo, arguments.get("label"))
            return {"scores": scores(prediction)} | evidence(heat_map)
        except (PhotoError, Busy, ModelError, ValueError):
            raise
        except Exception:
            logging.getLogger(__name__).exception("the tool %s failed", name)
            raise RuntimeError("Something went wrong in this server; its log says what.") from None

    return server


def _tools(answers: tuple[str, ...]) -> list[Tool]:
    from mcp.types import Tool, ToolAnnotations

    names = ", ".join(answers[:50])
    photo = {"type": "string", "description": _PHOTO}
    label = {"type": "string", "description": f"One of: {names}. By default, the most probable one."}
    score = {"type": "object", "properties": {"label": {"type": "string"}, "score": {"type": "number"}}}
    result = {"label": {"type": "string"}, "scores": {"type": "array", "items": score}}
    annotations = ToolAnnotations(readOnlyHint=True, idempotentHint=True, openWorldHint=False)
    return [
        Tool(
            name="classify",
            description=f"Says what a photo shows, as a probability (0 to 1) for each of: {names}. Best first.",
            inputSchema=_arguments(photo=photo),
            outputSchema={"type": "object", "properties": result, "required": ["label", "scores"]},
            annotations=annotations,
        ),
        Tool(
            name="explain",
            description="Says where in a photo the evidence for an answer lies: `heat` is a grid of numbers from 0 to 1, row "
            "by row from the top; `box` is the part of the photo that it covers: left, top, right, bottom, as shares of it.",
            inputSchema=_arguments(photo=photo, label=label),
            outputSchema={"type": "object", "properties": {**result, "heat": {"type": "array"}, "box": {"type": "array"}}},
            annotations=annotations,
        ),
    ]


def _arguments(**schemas: dict[str, str]) -> dict[str, Any]:
    """What a tool takes: a photo, and nothing that is not named here."""
    return {"type": "object", "properties": schemas, "required": ["photo"], "additionalProperties": False}


def _photo(given: str, uploads: PhotoInput) -> PhotoSource:
    """A photo given in base64, as a `data:` URL, or as the address of an upload to this server.

    Raises:
        ValueError: it is none of these; the message is for the agent.
    """
    if not given.startswith(WEB):
        return from_text(given)
    _, is_upload, path = given.partition(_UPLOADED)
    if not is_upload:
        raise ValueError("Web addresses are not fetched. Send the photo in base64, or upload it first.")
    return uploads.preprocess(PhotoData(path=unquote(path))) or b""
