"""The photo in a request's body: raw bytes, the multipart field `file`, or base64 in the Hub's JSON; and parameters."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import Request
from starlette.types import Message

from model.formats import FORMAT_NAMES
from model.photo import MAX_BYTES
from model.photo_problems import one_of
from ui.data_url import WEB, from_text
from ui.errors import UploadError

# base64 in JSON is the longest way to write a photo; multipart adds its boundaries
MAX_BODY = MAX_BYTES * 4 // 3 + 100_000
_SILENCE = 20  # seconds
_FIELDS = ("inputs", "parameters", "options")  # of the Hub's JSON
_OPTIONS = ("use_cache", "use_gpu", "wait_for_model")  # they are for the Hub's servers, and change nothing here
TOO_LARGE = f"The photo is larger than {MAX_BYTES // 1_000_000} MB. Send a smaller one."


class Refused(Exception):
    """A request that gets no answer: HTTP status, the sentence that says why, and after how many seconds it may come again."""

    def __init__(self, status: int, sentence: str, retry_after: int | None = None) -> None:
        super().__init__(sentence)
        self.status = status
        self.retry_after = retry_after


async def read_photo(request: Request) -> tuple[bytes, dict[str, Any]]:
    """The encoded photo, and the parameters by name: of the query, of the form's other fields, or of the JSON.

    In the query, names that begin with `_` are not for this server.

    Raises:
        Refused: there is no photo in the body, it is too large, or there is something besides that is not known.
        model.photo.PhotoError: it is JSON, and the photo in it is not base64.
    """
    body = await read_body(request, MAX_BODY, TOO_LARGE)
    if not body:
        raise Refused(400, f"The request has no body. Send a photo: the bytes of a {FORMAT_NAMES} file.")
    asked = [(name, value) for name, value in request.query_params.multi_items() if not name.startswith("_")]
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type == "multipart/form-data":
        body, others = await _from_form(request, body)
    elif content_type == "application/json":
        body, others = _from_json(body)
    else:
        others = []
    parameters: dict[str, Any] = {}
    for name, value in (*asked, *others):
        before = parameters.get(name)
        if _is_given(before) and _is_given(value) and str(before) != str(value):
            raise Refused(400, f"The parameter {name[:60]!r} is given twice, with two values.")
        parameters[name] = value if _is_given(value) else before
    return body, parameters


def _is_given(value: object) -> bool:
    return value not in (None, "")


async def read_body(request: Request, most: int, sentence: str) -> bytes:
    """The body, read no further than the limit.

    Raises:
        Refused: it has more than `most` bytes; the sentence says so. Or it stops arriving, as `chunks` has it.
    """
    too_large = Refused(413, sentence)
    length = request.headers.get("content-length", "")
    if length.isdecimal() and (len(length) > 18 or int(length) > most):
        raise too_large
    body = bytearray()
    async for chunk in chunks(request):
        body += chunk
        if len(body) > most:
            raise too_large
    return bytes(body)


async def chunks(request: Request) -> AsyncIterator[bytes]:
    """The body as it arrives.

    Raises:
        Refused: 408 where nothing arrives for a while: what is held in memory meanwhile belongs to others.
    """
    stream = request.stream()
    while True:
        try:
            async with asyncio.timeout(_SILENCE):
                chunk = await anext(stream)
        except StopAsyncIteration:
            return
        except TimeoutError:
            raise Refused(408, f"Nothing arrived for {_SILENCE} seconds. Send it again, faster.") from None
        yield chunk


def known_names(given: Mapping[str, object], known: tuple[str, ...], kind: str) -> None:
    """Pass what is known.

    Args:
        kind: what they are called: `parameter`.

    Raises:
        Refused: something else is named.
    """
    for name in given:
        if name not in known:
            raise Refused(400, f"There is no {kind} {name[:60]!r} here. There are {one_of(known, 'and')}.")


async def _from_form(request: Request, body: bytes) -> tuple[bytes, list[tuple[str, Any]]]:
    async def replay() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    try:
        async with Request(request.scope, replay).form(max_files=1, max_fields=8) as form:
            file = form.get("file")
            if isinstance(file, UploadFile):
                return await file.read(), [pair for pair in form.multi_items() if pair[0] != "file"]
    except (HTTPException, MultiPartException, ValueError) as error:  # a wrong charset is a UnicodeError, so a ValueError
        detail = getattr(error, "detail", None) or getattr(error, "message", None) or "its headers make no sense"
        raise Refused(400, f"The multipart body cannot be read: {detail}") from None
    raise Refused(400, "The multipart body has no file in the field 'file'.")


def _from_json(body: bytes) -> tuple[bytes, list[tuple[str, Any]]]:
    """The Hub's own JSON: {"inputs": base64 or a `data:` URL, "parameters": {"top_k": n}}."""
    try:
        document = json.loads(body)
        written = document["inputs"]
    except (ValueError, KeyError, TypeError, RecursionError):
        written = None
    if not isinstance(written, str):
        raise Refused(400, 'JSON must be {"inputs": "the photo in base64"}; or send the bytes of the photo.')
    if written.startswith(WEB):
        raise UploadError("sent_address")
    known_names(document, _FIELDS, "field")
    known_names(_object(document, "options"), _OPTIONS, "option")
    return from_text(written), [*_object(document, "parameters").items()]


def _object(document: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = document.get(name)
    if not isinstance(value, dict | None):
        raise Refused(400, f'{name} must be an object: "{name}": {{...}}')
    return value or {}
