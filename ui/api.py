"""The routes beside the page: `POST /api/classify` for programs, `GET /health` for whoever watches."""

from __future__ import annotations

import base64
import binascii
import json

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Message

from model.photo import FORMAT_NAMES, MAX_BYTES, PhotoError, PhotoFormatError, PhotoTooLarge
from ui.service import Busy, Service

# base64 in JSON is the longest way to write a photo; multipart adds its boundaries
_MAX_BODY = MAX_BYTES * 4 // 3 + 100_000


class _Refused(Exception):
    """A request that gets no answer: HTTP status and the sentence that says why."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


def routes(service: Service) -> list[Route]:
    """The routes, ready for the server that carries the page."""

    async def classify(request: Request) -> Response:
        """A photo as the raw body, as the multipart field `file`, or as base64 in the Hub's JSON → scores, best first."""
        try:
            photo, top_k = await _read_photo(request)
            prediction = await service.answer(photo)
        except _Refused as refused:
            return _error(refused.status, str(refused))
        except PhotoTooLarge as error:
            return _error(413, str(error))
        except PhotoFormatError as error:
            return _error(415, str(error))
        except PhotoError as error:
            return _error(400, str(error))
        except Busy as error:
            return _error(503, str(error), {"Retry-After": "1"})
        except ClientDisconnect:
            return Response(status_code=400)
        scores = [{"label": label, "score": score} for label, score in prediction.as_dict().items()]
        return JSONResponse(scores[:top_k])

    async def health(request: Request) -> Response:
        """Which model answers here."""
        config = service.classifier.config
        return JSONResponse(
            {
                "status": "ok",
                "model": config.name,
                "revision": service.classifier.revision,
                "labels": list(config.labels),
                "answers": list(config.answers),
            }
        )

    async def usage(request: Request) -> Response:
        return _error(405, "Send the photo with POST: as the body, or as the multipart field 'file'.", {"Allow": "POST"})

    return [
        Route("/api/classify", classify, methods=["POST"]),
        Route("/api/classify", usage, methods=["GET", "PUT", "PATCH", "DELETE"]),
        Route("/health", health, methods=["GET"]),
    ]


async def _read_photo(request: Request) -> tuple[bytes, int | None]:
    """The encoded photo, and how many scores are wanted (None: all)."""
    body = await _read_body(request)
    if not body:
        raise _Refused(400, f"The request has no body. Send a photo: the bytes of a {FORMAT_NAMES} file.")
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type == "multipart/form-data":
        return await _from_form(request, body), None
    if content_type == "application/json":
        return _from_json(body)
    return body, None


async def _read_body(request: Request) -> bytes:
    """The body, read no further than the limit."""
    too_large = _Refused(413, f"The photo is larger than {MAX_BYTES // 1_000_000} MB. Send a smaller one.")
    length = request.headers.get("content-length", "")
    if length.isdigit() and int(length) > _MAX_BODY:
        raise too_large
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MAX_BODY:
            raise too_large
    return bytes(body)


async def _from_form(request: Request, body: bytes) -> bytes:
    async def replay() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    try:
        async with Request(request.scope, replay).form(max_files=1, max_fields=8) as form:
            file = form.get("file")
            if isinstance(file, UploadFile):
                return await file.read()
    except (HTTPException, MultiPartException, ValueError) as error:  # a wrong charset is a UnicodeError, so a ValueError
        detail = getattr(error, "detail", None) or getattr(error, "message", None) or "its headers make no sense"
        raise _Refused(400, f"The multipart body cannot be read: {detail}") from None
    raise _Refused(400, "The multipart body has no file in the field 'file'.")


def _from_json(body: bytes) -> tuple[bytes, int | None]:
    """The Hub's own JSON: {"inputs": base64, "parameters": {"top_k": n}}."""
    try:
        document = json.loads(body)
        photo = base64.b64decode("".join(document["inputs"].split()), validate=True)
        top_k = (document.get("parameters") or {}).get("top_k")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, binascii.Error):
        raise _Refused(400, 'JSON must be {"inputs": "the photo in base64"}; or send the bytes of the photo.') from None
    if top_k is not None and (not isinstance(top_k, int) or isinstance(top_k, bool) or top_k < 1):
        raise _Refused(400, "parameters.top_k must be a whole number of at least 1")
    return photo, top_k


def _error(status: int, sentence: str, headers: dict[str, str] | None = None) -> JSONResponse:
    return JSONResponse({"error": sentence}, status, headers)
