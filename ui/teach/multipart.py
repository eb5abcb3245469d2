"""The parts of a multipart body as they arrive, one at a time in memory: none of them touches the disk."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import NamedTuple

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import Request

from model.photo import MAX_BYTES
from ui.request_photo import Refused, chunks

MAX_BODY = 300_000_000


class Part(NamedTuple):
    """One part of a form: the field's name, the file's, empty where there is none, and what is in it."""

    field: str
    file: str
    content: bytes


async def parts(request: Request) -> AsyncIterator[Part]:
    """Every part of the body. Nothing more is read while one is worked on.

    Raises:
        Refused: 400 for a body that is no multipart form, 413 for one of more than 300 MB, or with a part of more
            than 20 MB, 408 for one that stops arriving.
    """
    kind, options = parse_options_header(request.headers.get("content-type"))
    if kind != b"multipart/form-data" or not options.get(b"boundary"):
        raise Refused(400, "Send the photos as multipart/form-data: a part for each, whose field is the name of its class.")
    reader = _Reader()
    received = 0
    try:
        parser = MultipartParser(options[b"boundary"], reader.callbacks())  # type: ignore[arg-type]
        async for chunk in chunks(request):
            received += len(chunk)
            if received > MAX_BODY:
                raise Refused(413, f"The photos have more than {MAX_BODY // 1_000_000} MB together. Send smaller ones.")
            parser.write(chunk)
            while reader.done:
                yield reader.done.pop(0)
        parser.finalize()
    except (FormParserError, UnicodeDecodeError) as error:
        raise Refused(400, f"The multipart body cannot be read: {error}") from None
    if not reader.is_whole:
        raise Refused(400, "The multipart body is cut off: its last boundary is missing. Send it again.")


class _Reader:
    """Puts parts together from what the parser finds."""

    def __init__(self) -> None:
        self.done: list[Part] = []
        self.is_whole = False
        self._header, self._value = b"", b""
        self._field = self._file = ""
        self._content = bytearray()

    def callbacks(self) -> dict[str, object]:
        return {
            "on_part_begin": self._begin,
            "on_header_field": self._on_header,
            "on_header_value": self._on_value,
            "on_header_end": self._on_header_end,
            "on_part_data": self._on_data,
            "on_part_end": self._end,
            "on_end": self._on_end,
        }

    def _begin(self) -> None:
        self._field = self._file = ""
        self._content = bytearray()

    def _on_header(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _on_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _on_header_end(self) -> None:
        if self._header.lower() == b"content-disposition":
            _, options = parse_options_header(self._value)
            self._field = options.get(b"name", b"").decode("utf-8")
            self._file = options.get(b"filename", b"").decode("utf-8", "replace")
        self._header, self._value = b"", b""

    def _on_data(self, data: bytes, start: int, end: int) -> None:
        if len(self._content) + end - start > MAX_BYTES:
            named = f"{self._file[:60]!r}" if self._file else f"A photo of {self._field[:60]!r}"
            raise Refused(413, f"{named} is larger than {MAX_BYTES // 1_000_000} MB. Send a smaller one.")
        self._content += data[start:end]

    def _end(self) -> None:
        self.done.append(Part(self._field, self._file, bytes(self._content)))
        self._content = bytearray()

    def _on_end(self) -> None:
        self.is_whole = True
