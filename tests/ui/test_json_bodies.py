"""JSON that nobody honest sends is refused before any of the parsers behind sees it, in a time that its length bounds."""

from __future__ import annotations

import json
import time

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from ui.json_bodies import DEEPEST, MOST_VALUES, SoundJson, what_is_wrong
from ui.request_photo import MAX_BODY

MANY = 100_000
HOSTILE = {
    "lists": b"[" * MANY,
    "closed lists": b"[" * MANY + b"]" * MANY,
    "objects": b'{"a":' * MANY + b"1" + b"}" * MANY,
    "both": b'[{"a":' * MANY,
    "one too deep": b"[" * (DEEPEST + 1) + b"]" * (DEEPEST + 1),
    "deep in data": b'{"data":[' + b"[" * 5000 + b"]" * 5000 + b'],"fn_index":0,"session_hash":"x"}',
    "deep behind a text": b'{"a":"]]]]\\"]]]","b":' + b"[" * 500 + b"]" * 500 + b"}",
    "deep behind spaces": b" \n\t" * MANY + b"[" * 500,
    "many values": b"[" + b"1," * MOST_VALUES + b"1]",
    "many empty lists": b"[" + b"[]," * MOST_VALUES + b"1]",
    "many texts": b'["",' + b'"",' * 1_000_000 + b'""]',
    "an integer of a megabyte": b'{"data":[' + b"9" * 1_000_000 + b"]}",
    "an integer of 5,000 digits": b'{"fn_index":' + b"9" * 5000 + b"}",
    "a fraction of a megabyte": b"0." + b"1" * 1_000_000,
    "a number too large": b'{"data":[1e999]}',
    "a number too small": b'{"data":[-1E+400]}',
    "NaN": b'{"data":[NaN]}',
    "Infinity": b'{"data":[-Infinity]}',
    "half a character": b'{"session_hash":"\\udfff"}',
    "half a character first": b'{"\\ud800":1}',
    "halves in the wrong order": b'["\\udc00\\ud800"]',
    "half behind a backslash": b'["\\\\\\ud800"]',
    "no UTF-8": b'{"data":["\xff\xfe"]}',
    "a half in UTF-8": b'["\xed\xa0\x80"]',
    "UTF-16": '{"data":[1]}'.encode("utf-16"),
    "deep UTF-16": ("[" * MANY).encode("utf-16"),
    "UTF-32": "[[1]]".encode("utf-32"),
}
HONEST = {
    "a text of brackets": json.dumps({"data": ["[" * MANY]}).encode(),
    "a text of commas": json.dumps(["," * 10 * MANY]).encode(),
    "a text of NaN": b'{"NaN":"Infinity"}',
    "a text of digits": json.dumps(["9" * MANY]).encode(),
    "escapes": json.dumps(['"\\\\[["\\' * 100, "\\ud800", "\U0001f600"]).encode(),
    "an escaped backslash before": b'["\\\\ud800", "\\ud83d\\ude00"]',
    "as deep as may be": b"[" * DEEPEST + b"]" * DEEPEST,
    "wide, not deep": b"[" + b"[]," * 1000 + b"[]]",
    "a photo": json.dumps({"inputs": "A" * 1_000_000}).encode(),
    "numbers": b"[1e9, -0.5, 1E-400, 12345678901234567890]",
    "nothing": b"",
    "no JSON at all": b"}{",
    "of Unicode": '{"Katze": "猫"}'.encode(),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile(name):
    assert what_is_wrong(HOSTILE[name]).startswith("The JSON ")


@pytest.mark.parametrize("name", HONEST)
def test_honest(name):
    assert what_is_wrong(HONEST[name]) is None


@pytest.mark.parametrize(
    "unit", [b"[", b"]", b'{"a":', b'"', b'"",', b"\\", b'"\\', b"\\n", b"1 ", b"1,", b"1e9 ", b"9", b"-", b" ", b"NaN",
             b"\\ud83d\\ude00"],
)  # fmt: skip
def test_no_body_takes_long(unit):
    for start in (b"", b'"'):
        body = start + unit * (MAX_BODY // 8 // len(unit))
        began = time.process_time()
        what_is_wrong(body)
        assert time.process_time() - began < 2  # it is some 0.1 s


def small_app() -> TestClient:
    async def echo(request: Request) -> JSONResponse:
        return JSONResponse({"length": len(await request.body())})

    methods = ["POST", "PUT", "PATCH", "DELETE"]
    routes = [Route(path, echo, methods=methods) for path in ("/gradio_api/run", "/api/classify", "/gradio_api/upload")]
    return TestClient(SoundJson(Starlette(routes=routes)))


DEEP = HOSTILE["lists"]


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize(
    "content_type",
    ["application/json", "APPLICATION/JSON", "application/json; charset=utf-8", "application/vnd.api+json", "text/json", "",
     "text/plain"],
)  # fmt: skip
def test_every_way_to_send_it_to_gradio_is_closed(method, content_type):
    response = small_app().request(method, "/gradio_api/run", content=DEEP, headers={"Content-Type": content_type})
    assert response.status_code == 400
    assert response.json() == {"error": "The JSON is nested more than 100 deep."}


@pytest.mark.parametrize("content_type", ["image/jpeg", "application/octet-stream", ""])
def test_photos_for_our_own_routes_pass_unread(content_type):
    photo = b"\xff\xd8" + b"[" * 1000
    assert small_app().post("/api/classify", content=photo, headers={"Content-Type": content_type}).json() == {"length": 1002}


def test_uploads_pass_as_they_come():
    content = {"files": ("a.json", DEEP)}
    assert small_app().post("/gradio_api/upload", files=content).json()["length"] > MANY


def test_what_is_honest_passes_whole():
    body = b'{"data": [1, 2, "' + b"a" * 3_000_000 + b'"]}'
    chunks = (body[at : at + 10_000] for at in range(0, len(body), 10_000))
    headers = {"Content-Type": "application/json"}
    assert small_app().post("/gradio_api/run", content=chunks, headers=headers).json() == {"length": len(body)}


def test_what_is_too_large_is_not_read():
    headers = {"Content-Type": "application/json", "Content-Length": "1000000000"}
    response = small_app().post("/gradio_api/run", content=b"[", headers=headers)
    assert response.status_code == 413


ROUTES = [
    "/api/classify", "/api/explain", "/api/album", "/api/teach/sessions", "/gradio_api/mcp", "/gradio_api/mcp/",
    "/gradio_api/run/classify", "/gradio_api/call/classify", "/gradio_api/call/v2/classify", "/gradio_api/queue/join",
    "/gradio_api/component_server", "/gradio_api/cancel", "/gradio_api/reset", "/gradio_api/upload", "/gradio_api/api/predict",
]  # fmt: skip


@pytest.mark.parametrize("path", ROUTES)
def test_no_route_of_the_app_stumbles(app, path):
    headers = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
    before = app.log.stat().st_size
    for name, body in HOSTILE.items():
        response = httpx.post(f"{app.url}{path}", content=body, headers=headers, timeout=30)
        assert 400 <= response.status_code < 500, (name, response.status_code)
        assert response.json()["error"], name
    with app.log.open("rb") as log:
        log.seek(before)
        written = log.read()
    assert b"Traceback" not in written
    assert written.count(b"\n") < 5  # what the app says as it starts
    assert httpx.get(f"{app.url}/health").status_code == 200
