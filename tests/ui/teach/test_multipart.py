"""The parts of a form, however the body is cut into pieces."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.requests import Request

from tests.running import run_alone
from ui.request_photo import Refused
from ui.teach import multipart
from ui.teach.multipart import Part, parts

FILES = [("Mug", ("a.jpg", b"first")), ("Café", ("b\r\n.jpg", b"")), ("Mug", ("c.jpg", bytes(range(256)) * 300))]


def form(files: list[tuple[str, tuple[str, bytes]]]) -> tuple[bytes, str]:
    """The body and its content type, as httpx writes them."""
    request = httpx.Request("POST", "http://x", files=files)
    return request.read(), request.headers["content-type"]


def read(body: bytes, content_type: str, piece: int = 65_536) -> list[Part]:
    async def receive() -> AsyncIterator[dict]:
        for start in range(0, len(body), piece):
            yield {"type": "http.request", "body": body[start : start + piece], "more_body": True}
        yield {"type": "http.request", "body": b"", "more_body": False}

    pieces = receive()
    scope = {"type": "http", "method": "POST", "headers": [(b"content-type", content_type.encode("latin-1"))]}

    async def run() -> list[Part]:
        return [part async for part in parts(Request(scope, pieces.__anext__))]

    return run_alone(run())


@pytest.mark.parametrize("piece", [1_000_000, 1000, 7])
def test_parts_are_whole_however_they_arrive(piece):
    found = read(*form(FILES), piece)
    assert [(part.field, part.content) for part in found] == [(field, content) for field, (_, content) in FILES]
    assert found[0].file == "a.jpg"


def test_a_part_without_a_file_name_and_one_without_a_name():
    body = b'--x\r\nContent-Disposition: form-data; name="Mug"\r\n\r\nabc\r\n--x\r\n\r\ndef\r\n--x--\r\n'
    assert read(body, "multipart/form-data; boundary=x") == [Part("Mug", "", b"abc"), Part("", "", b"def")]


@pytest.mark.parametrize(
    ("body", "content_type", "words"),
    [
        (b"abc", "image/jpeg", "multipart/form-data"),
        (b"", "", "multipart/form-data"),
        (b"--x", "multipart/form-data", "multipart/form-data"),
        (b"abc", "multipart/form-data; boundary=x", "cannot be read"),
        (b"", "multipart/form-data; boundary=x", "cut off"),
        (b"--x", f"multipart/form-data; boundary={'x' * 300}", "cannot be read"),
        (b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nabc', "multipart/form-data; boundary=x", "cut off"),
        (b"--x\r\n" + b"A: b\r\n" * 100 + b"\r\nabc\r\n--x--\r\n", "multipart/form-data; boundary=x", "cannot be read"),
        (b"--x\r\nA: " + b"b" * 10_000 + b"\r\n\r\nabc\r\n--x--\r\n", "multipart/form-data; boundary=x", "cannot be read"),
        (
            b'--x\r\nContent-Disposition: form-data; name="\xff"\r\n\r\nabc\r\n--x--\r\n',
            "multipart/form-data; boundary=x",
            "cannot be read",
        ),
    ],
)
def test_what_is_no_form_is_refused_with_a_sentence(body, content_type, words):
    with pytest.raises(Refused, match=words) as refused:
        read(body, content_type)
    assert refused.value.status == 400


def test_a_part_and_all_of_them_may_be_so_large(monkeypatch):
    monkeypatch.setattr(multipart, "MAX_BYTES", 1000)
    monkeypatch.setattr(multipart, "MAX_BODY", 5000)
    assert len(read(*form([("Mug", ("a.jpg", bytes(1000)))] * 3))) == 3
    with pytest.raises(Refused, match=r"'a\.jpg' is larger") as refused:
        read(*form([("Mug", ("a.jpg", bytes(1001)))]))
    assert refused.value.status == 413
    with pytest.raises(Refused, match="together") as refused:
        read(*form([("Mug", ("a.jpg", bytes(1000)))] * 6), 500)
    assert refused.value.status == 413


def test_nothing_touches_the_disk(monkeypatch):
    def refuse(*args: object, **options: object) -> None:
        raise AssertionError("a file was made")

    for name in ("TemporaryFile", "NamedTemporaryFile", "SpooledTemporaryFile", "mkstemp"):
        monkeypatch.setattr(tempfile, name, refuse)
    assert len(read(*form([("Mug", ("a.jpg", bytes(5_000_000)))]))[0].content) == 5_000_000
