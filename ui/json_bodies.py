"""JSON that nobody honest sends, refused before anything parses it: nested without end, numbers of a megabyte, half characters.

Gradio, the Model Context Protocol and our own routes parse JSON each in their own way, and each stumbles elsewhere: over
recursion, over integers too long to convert, over lone surrogates that fit into no answer and no log. What is checked here,
for all of them, are the bytes, in linear time and without building a value (RFC 8259).
"""

from __future__ import annotations

import asyncio
import math
import re

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ui.api import problem
from ui.request_photo import MAX_BODY, TOO_LARGE, Refused, read_body

DEEPEST = 100  # lists and objects within each other
MOST_VALUES = 100_000
MOST_QUOTES = 1_000_000  # also those inside of texts
LONGEST_NUMBER = 100  # characters
_ASIDE = 100_000  # bytes from which on it is looked through on a thread
_METHODS = ("POST", "PUT", "PATCH", "DELETE")
_TOO_MANY = f"The JSON has more than {MOST_VALUES:,} values."
_IN_JSON = ' A photo in JSON is {"inputs": "the photo in base64"}.'
_HINTS = {"/api/classify": _IN_JSON, "/api/explain": _IN_JSON}
_OWN = "/api/"  # routes that take raw photos as well, and JSON where the request calls it so

_TEXT = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)', re.DOTALL)
_NO_BRACKETS = re.compile(rb"[^][{}]+")
_NUMBER = re.compile(rb"[0-9.eE+-]++")
_NO_NUMBER = re.compile(rb"NaN|Infinity")
_PAIR = re.compile(rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}")
_HALF = re.compile(rb"\\u[dD][89a-fA-F][0-9a-fA-F]{2}")


class SoundJson:
    """The whole server, to which no JSON comes that is deep, huge or broken: 400, and a sentence that says what is wrong.

    Such a body is read whole, as whoever parses it would do; every other body passes as it comes.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or hand it on."""
        if not _may_be_json(scope):
            await self._app(scope, receive, send)
            return
        try:
            body = await read_body(Request(scope, receive), MAX_BODY, TOO_LARGE)
        except Refused as refused:
            await problem(refused.status, str(refused))(scope, receive, send)
            return
        except ClientDisconnect:
            return
        wrong = what_is_wrong(body) if len(body) < _ASIDE else await asyncio.to_thread(what_is_wrong, body)
        if wrong:
            await problem(400, wrong + _HINTS.get(_path(scope), ""))(scope, receive, send)
            return
        given = False

        async def replay() -> Message:
            nonlocal given
            if given:
                return await receive()  # that the client has gone
            given = True
            return {"type": "http.request", "body": body, "more_body": False}

        await self._app(scope, replay, send)


def what_is_wrong(body: bytes) -> str | None:
    """Why these bytes are no JSON that is taken here, as a sentence; None where nothing is to be said against them.

    Whether they are JSON at all is for those to say who parse them.
    """
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return "The JSON is not written in UTF-8."
    if _has_half_characters(body):
        return "The JSON has half a character in it: \\ud800 to \\udfff stand in pairs only."
    if body.count(b'"') > MOST_QUOTES:
        return f"The JSON has more than {MOST_QUOTES:,} quotation marks."
    bare = _TEXT.sub(b'""', body)
    if sum(map(bare.count, (b",", b"[", b"{"))) > MOST_VALUES:
        return _TOO_MANY
    depth = 0
    for bracket in _NO_BRACKETS.sub(b"", bare)[: 2 * MOST_VALUES]:
        depth += 1 if bracket in b"[{" else -1
        if depth > DEEPEST:
            return f"The JSON is nested more than {DEEPEST} deep."
    if _NO_NUMBER.search(bare):
        return "The JSON has a NaN or an Infinity in it, which JSON does not know."
    for count, number in enumerate(_NUMBER.finditer(bare)):
        if count > MOST_VALUES:
            return _TOO_MANY
        if number.end() - number.start() > LONGEST_NUMBER:
            return f"The JSON has a number of more than {LONGEST_NUMBER} characters."
        if b"e" in number[0].lower() and _is_endless(number[0]):
            return "The JSON has a number in it that is too large."
    return None


def _may_be_json(scope: Scope) -> bool:
    if scope["type"] != "http" or scope["method"] not in _METHODS:
        return False
    content_type = Headers(scope=scope).get("content-type", "").lower()
    return "json" in content_type or not (_path(scope).startswith(_OWN) or content_type.startswith("multipart/"))


def _path(scope: Scope) -> str:
    return str(scope["path"]).removeprefix(scope.get("root_path", ""))


def _has_half_characters(body: bytes) -> bool:
    if b"\\u" not in body:
        return False
    escapes = body.replace(b"\\\\", b"..")  # what stands behind an escaped backslash is no escape
    return _HALF.search(_PAIR.sub(b"..", escapes)) is not None


def _is_endless(number: bytes) -> bool:
    try:
        return math.isinf(float(number))
    except ValueError:
        return False
