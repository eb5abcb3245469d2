"""What a server behind `Compressed` sends, as a client sees it, and when."""

from __future__ import annotations

import asyncio
import gzip

import brotli
import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from tests.running import run_alone
from ui.compress import Compressed, accepted_encoding

TEXT = "A page says the same words again and again. " * 200
FILE = "/assets/index-DphvyggB.js"


@pytest.fixture
def asked():
    """The paths that reached the app."""
    return []


@pytest.fixture
def app(asked, tmp_path):
    def answer(response: Response):
        def endpoint(request: Request) -> Response:
            asked.append((request.url.path, request.headers.get("accept-encoding")))
            return response

        return endpoint

    async def echo(request: Request) -> Response:
        return JSONResponse({"text": TEXT})

    script = Response(TEXT, media_type="text/javascript", headers={"ETag": '"1"', "Access-Control-Allow-Origin": "*"})
    return Compressed(
        Starlette(
            routes=[
                Route("/", answer(Response(TEXT, media_type="text/html"))),
                Route("/photo", answer(Response(TEXT.encode(), media_type="image/jpeg"))),
                Route("/short", answer(PlainTextResponse("ok"))),
                Route("/gone.js", answer(PlainTextResponse(TEXT, 404))),
                Route("/part", answer(PlainTextResponse(TEXT, 206))),
                Route("/done", answer(PlainTextResponse(TEXT, headers={"Content-Encoding": "x"}))),
                Route("/echo", echo, methods=["POST"]),
                Route(FILE, answer(script)),
                Route("/assets/plain.js", answer(script)),
            ]
        )
    )


@pytest.fixture
def get(app):
    def get(path: str, encoding: str = "gzip, deflate, br", method: str = "GET", **headers: str):
        """The answer as it is on the wire."""

        async def ask() -> tuple[httpx.Response, bytes]:
            async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://page") as client:
                request = client.build_request(method, path, headers={"Accept-Encoding": encoding, **headers})
                response = await client.send(request, stream=True)
                return response, b"".join([part async for part in response.aiter_raw()])

        return run_alone(ask())

    return get


UNPACK = {"br": brotli.decompress, "gzip": gzip.decompress, None: bytes}


@pytest.mark.parametrize(
    ("accepted", "encoding"), [("gzip, deflate, br", "br"), ("gzip", "gzip"), ("identity", None), ("", None)]
)
@pytest.mark.parametrize("path", ["/", FILE])
def test_text_arrives_as_it_was(get, path, accepted, encoding):
    for _ in range(2):  # a file comes from memory the second time
        response, body = get(path, accepted)
        assert response.headers.get("content-encoding") == encoding
        assert UNPACK[encoding](body).decode() == TEXT
        assert response.headers["content-length"] == str(len(body))
        assert encoding is None or (len(body) < len(TEXT) / 20 and "Accept-Encoding" in response.headers["vary"])


def test_a_file_named_by_its_content_is_compressed_once_and_kept_by_browsers(get, asked):
    first, body = get(FILE)
    again, kept = get(FILE)
    assert asked == [(FILE, None)]  # and nobody else compresses it
    assert brotli.decompress(kept) == brotli.decompress(body)
    for response in (first, again):
        assert response.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert response.headers["etag"] == 'W/"1"'
    get(FILE, "gzip")
    get("/assets/plain.js")
    assert "cache-control" not in get("/assets/plain.js")[0].headers
    assert len(asked) == 4


def test_another_site_gets_what_the_server_says_about_it(get, asked):
    for _ in range(2):
        get(FILE, Origin="https://other.site")
    assert len(asked) == 2


@pytest.mark.parametrize("path", ["/photo", "/short", "/gone.js", "/part", "/done"])
def test_what_is_no_plain_text_is_left_as_it_is(get, path):
    response, body = get(path)
    assert response.headers.get("content-encoding") in (None, "x")
    assert body in (TEXT.encode(), b"ok")


def test_parts_and_heads_and_answers_to_posts_are_left_as_they_are(get):
    assert get("/", Range="bytes=0-9")[1] == TEXT.encode()
    head, body = get("/", method="HEAD")
    assert (head.status_code, head.headers["content-length"], body) == (200, str(len(TEXT)), b"")
    assert "content-encoding" not in get("/echo", method="POST")[0].headers


def test_a_stream_passes_as_it_comes():
    async def check() -> None:
        seen, more = asyncio.Queue(), asyncio.Event()

        async def news():
            yield "data: first\n\n"
            await more.wait()
            yield "data: second\n\n"

        async def receive():
            await asyncio.Event().wait()

        scope = {"type": "http", "method": "GET", "path": "/", "headers": [(b"accept-encoding", b"br")]}
        app = Compressed(StreamingResponse(news(), media_type="text/event-stream"))
        task = asyncio.create_task(app(scope, receive, seen.put))
        async with asyncio.timeout(10):
            assert (await seen.get())["type"] == "http.response.start"
            assert (await seen.get())["body"] == b"data: first\n\n"
            more.set()
            assert (await seen.get())["body"] == b"data: second\n\n"
            await task

    run_alone(check())


@pytest.mark.parametrize(
    ("header", "encoding"),
    [
        ("br;q=0, gzip", "gzip"),
        ("gzip;q=0.5, br;q=0.1", "br"),
        ("GZIP ; q=1", "gzip"),
        ("*", ""),
        ("broken;q=", ""),
        ("br;q=.", ""),
        ("", ""),
    ],
)
def test_what_a_client_can_read(header, encoding):
    assert accepted_encoding(header) == encoding
