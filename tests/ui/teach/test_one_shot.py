"""`POST /api/teach`, as a program sees it."""

from __future__ import annotations

import asyncio
import base64
import io
import zipfile

import httpx
import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from tests.pictures import CAT
from tests.running import run_alone
from tests.ui.teach.clock import Clock
from tests.ui.teach.drawn import drawn
from tests.ui.teach.test_routes import KINDS, SESSIONS, filled
from ui.service import Service
from ui.teach import budget, one_shot
from ui.teach.routes import teach_routes
from ui.teach.sessions import Sessions


def photos(count: int = 4, kinds: tuple[str, ...] = KINDS) -> list[tuple[str, tuple[str, bytes]]]:
    return [(kind, (f"{kind}{number}.jpg", drawn(kind, number))) for number in range(count) for kind in kinds]


def unpacked(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        return {name: file.read(name) for name in file.namelist()}


def test_photos_in_a_model_out(http):
    response = http.post("/api/teach", files=photos())
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "application/zip"
    assert response.headers["content-disposition"] == 'attachment; filename="my-model.zip"'
    names = {name.removeprefix("my-model/") for name in unpacked(response.content)}
    assert {"config.json", "model.onnx", "README.md", "quality.json"} <= names


def test_the_page_and_the_route_teach_the_same_head(http):
    session = filled(http)
    assert http.post(f"{session}/train").status_code == 200
    by_page = unpacked(http.get(f"{session}/model.zip").content)["my-model/model.onnx"]
    by_route = unpacked(http.post("/api/teach", files=photos()).content)["my-model/model.onnx"]
    assert by_page == by_route


def test_json_where_that_is_asked_for(http):
    files = [*photos(), ("Neither", ("cat.jpg", CAT.read_bytes()))]
    document = http.post("/api/teach", files=files, headers={"accept": "application/json"}).json()
    assert list(document) == ["quality", "model"]
    assert document["quality"]["labels"] == list(KINDS)
    assert document["quality"]["neither"] == 1
    assert "my-model/model.onnx" in unpacked(base64.b64decode(document["model"]))


def test_it_leaves_no_session_behind(http, service):
    http.post("/api/teach", files=photos())
    assert not service.sessions._open


@pytest.mark.parametrize(
    ("options", "status", "words"),
    [
        ({"content": b"abc"}, 400, "multipart/form-data"),
        ({"files": []}, 400, "multipart/form-data"),
        ({"files": photos(2)}, 400, "'disk' has 2 photos"),
        ({"files": photos(3, ("disk",))}, 400, "2 classes"),
        ({"files": [*photos(), ("cup", ("cup.jpg", drawn("square", 1)))]}, 400, "'cup' has 1 photos"),
        ({"files": [*photos(), ("disk", ("notes.txt", b"milk"))]}, 415, "'notes.txt' of 'disk': This is not a photo"),
        ({"files": [("disk", ("a.jpg", CAT.read_bytes()[:5000]))]}, 400, "'a.jpg' of 'disk': This photo is cut off"),
        ({"files": {"disk": ("", drawn("disk", 1)[:100])}}, 400, "'photo 1' of 'disk'"),
        ({"files": [("Disk", ("a", drawn("disk", 1))), ("disk", ("b", drawn("disk", 2)))]}, 409, "already"),
        ({"files": [("x" * 41, ("a", drawn("disk", 1)))]}, 400, "40 characters"),
        ({"files": [("", ("a", drawn("disk", 1)))]}, 400, "needs a name"),
    ],
)
def test_errors_are_json_and_name_the_photo(http, options, status, words):
    response = http.post("/api/teach", **options)
    assert response.status_code == status, response.text
    assert words in response.json()["error"]


def test_get_says_how(http):
    response = http.get("/api/teach")
    assert (response.status_code, response.headers["allow"]) == (405, "POST")


def test_one_request_of_a_client_at_a_time_and_few_of_all(http, service, monkeypatch):
    observe = service.sessions.lessons.observe
    under_way: set[str] = set()

    async def visit() -> tuple[list[httpx.Response], ...]:
        gate = asyncio.Event()

        async def slow(session, *arguments):
            under_way.add(session.token)
            await gate.wait()
            return await observe(session, *arguments)

        monkeypatch.setattr(service.sessions.lessons, "observe", slow)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(http.app), base_url="http://test", timeout=60) as client:

            async def send(name: str) -> httpx.Response:
                return await client.post("/api/teach", files=photos(), headers={"x-forwarded-for": name})

            first = [asyncio.create_task(send(name)) for name in "abcd"]
            while len(under_way) < 4:
                await asyncio.sleep(0.01)
            refused = [await send("a"), await send("e")]
            gate.set()
            return await asyncio.gather(*first), refused, [await send("a")]

    first, (same, fifth), (later,) = run_alone(visit())
    assert [each.status_code for each in (*first, later)] == [200] * 5
    assert (same.status_code, fifth.status_code) == (429, 503)
    assert "teaching already" in same.json()["error"]
    assert int(same.headers["retry-after"]) >= 1
    assert int(fifth.headers["retry-after"]) >= 1


def test_it_waits_for_its_budget_instead_of_failing(classifier, monkeypatch):
    monkeypatch.setattr(budget, "PER_MINUTE", 120_000_000)
    monkeypatch.setattr(budget, "LEAST", 30_000_000)  # four photos at once, then one in 15 seconds
    clock = Clock()
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        clock.now += seconds

    monkeypatch.setattr(one_shot.asyncio, "sleep", sleep)
    service = Service(classifier, sessions=Sessions(classifier, clock))
    http = TestClient(Starlette(routes=teach_routes(service)))
    assert http.post("/api/teach", files=photos(3)).status_code == 200
    assert sum(slept) == pytest.approx(30, abs=1)
    assert http.post(SESSIONS).status_code == 201
