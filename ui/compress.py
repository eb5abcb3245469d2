"""What the server sends as text goes compressed, and Gradio's files are for browsers to keep.

Gradio compresses its scripts and styles anew for every visitor, and neither the page itself nor anything else without a suffix.
"""

from __future__ import annotations

import asyncio
import gzip
import re
from dataclasses import dataclass

import brotli  # Gradio brings it
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_TEXT = re.compile(r"text/(html|css|plain|csv|javascript)|application/(json|javascript|manifest\+json)|image/svg\+xml")
_NAMED_BY_CONTENT = re.compile(r"/assets/[^/]+-[\w-]{8,}\.(css|js|woff2|svg|png|wasm)")  # another content has another name
_FOREVER = "public, max-age=31536000, immutable"
_SMALLEST, _LARGEST = 500, 8_000_000  # bytes: below it saves nothing; above it takes long
_QUICK, _SMALL = 5, 11  # brotli's qualities: at once, and for what is sent to everybody
_SMALL_UP_TO = 1_000_000  # bytes that quality 11 takes on: some 2 s of a core
_MEMORY = 8_000_000  # bytes of compressed files that are kept


@dataclass(frozen=True)
class _Kept:
    headers: list[tuple[bytes, bytes]]
    body: bytes


class Compressed:
    """The whole server, whose text is compressed for those who can read it so; streams pass as they come.

    Only answers to GET, whole and of known length: an answer to a POST may repeat what somebody else made the visitor send
    beside what is secret, and its length would give that away (https://www.breachattack.com).
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._kept: dict[tuple[str, str], _Kept] = {}
        self._room = _MEMORY

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, from memory or by handing it on."""
        if scope["type"] != "http" or scope["method"] != "GET":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        forever = _NAMED_BY_CONTENT.fullmatch(path) is not None
        encoding = "" if "range" in headers else accepted_encoding(headers.get("accept-encoding", ""))
        # to another site's page Gradio says whether it may read the file, which is not for everybody to hear
        key = (path, encoding) if forever and encoding and "origin" not in headers else None
        if key in self._kept:
            kept = self._kept[key]
            await send({"type": "http.response.start", "status": 200, "headers": kept.headers})
            await send({"type": "http.response.body", "body": kept.body})
            return
        answer = _Answer(send, encoding, forever)
        plain = [(name, value) for name, value in scope["headers"] if name != b"accept-encoding"]
        await self._app({**scope, "headers": plain} if encoding else scope, receive, answer)
        if key and answer.plain and key not in self._kept:  # the visitor has it by now
            quality = _SMALL if len(answer.plain) <= _SMALL_UP_TO else _QUICK
            self._keep(key, answer.headers, await asyncio.to_thread(_compress, answer.plain, encoding, quality))

    def _keep(self, key: tuple[str, str], headers: MutableHeaders, body: bytes) -> None:
        if key in self._kept or len(body) > self._room:
            return
        self._room -= len(body)
        kept = MutableHeaders(raw=[*headers.raw])
        kept["content-length"] = str(len(body))
        self._kept[key] = _Kept(kept.raw, body)


class _Answer:
    """Takes what the app sends, and sends it on compressed where that is worth it.

    Attributes:
        headers, plain: of an answer that was compressed, its body as it was.
    """

    def __init__(self, send: Send, encoding: str, forever: bool) -> None:
        self._send, self._encoding, self._forever = send, encoding, forever
        self._start: Message | None = None
        self._parts: list[bytes] = []
        self.headers = MutableHeaders()
        self.plain = b""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.headers = MutableHeaders(raw=[*message["headers"]])
            if self._forever and message["status"] == 200:
                self.headers["cache-control"] = _FOREVER
            message = {**message, "headers": self.headers.raw}
            if self._encoding and message["status"] == 200 and _worth_it(self.headers):
                self._start = message  # waits for the body
                return
        elif message["type"] == "http.response.body" and self._start:
            self._parts.append(message.get("body", b""))
            if not message.get("more_body", False):
                await self._finish(self._start)
            return
        await self._send(message)

    async def _finish(self, start: Message) -> None:
        self.plain = b"".join(self._parts)
        body = await asyncio.to_thread(_compress, self.plain, self._encoding, _QUICK)
        self.headers["content-encoding"] = self._encoding
        self.headers["content-length"] = str(len(body))
        self.headers.add_vary_header("Accept-Encoding")
        if self.headers.get("etag", "").startswith('"'):  # the same file in other bytes
            self.headers["etag"] = f"W/{self.headers['etag']}"
        await self._send({**start, "headers": self.headers.raw})
        await self._send({"type": "http.response.body", "body": body})


def accepted_encoding(header: str) -> str:
    """`br`, else `gzip`, else nothing: what an Accept-Encoding header allows (RFC 9110, 12.5.3)."""
    found = re.findall(r"([\w*]+)\s*(?:;\s*q=(\d+(?:\.\d*)?))?\s*(?:,|$)", header.lower())
    allowed = {name for name, weight in found if not weight or float(weight) > 0}
    return next((name for name in ("br", "gzip") if name in allowed), "")


def _worth_it(headers: Headers) -> bool:
    length = headers.get("content-length", "")
    return (
        _TEXT.match(headers.get("content-type", "")) is not None
        and "content-encoding" not in headers
        and length.isdigit()
        and _SMALLEST <= int(length) <= _LARGEST
    )


def _compress(body: bytes, encoding: str, quality: int) -> bytes:
    if encoding == "gzip":
        return gzip.compress(body, 9 if quality == _SMALL else 6, mtime=0)
    compressed: bytes = brotli.compress(body, mode=brotli.MODE_TEXT, quality=quality)
    return compressed
