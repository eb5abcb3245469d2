"""The sessions' routes, as the page and programs see them."""

from __future__ import annotations

import asyncio
import io
import tempfile
import zipfile
from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from model import Classifier
from model.photo import MAX_BYTES
from tests.pictures import CAT
from tests.running import run_alone, running_app
from tests.ui.teach.clock import Clock
from tests.ui.teach.drawn import drawn
from ui import request_photo
from ui.service import Service
from ui.teach import budget, publish
from ui.teach.routes import teach_routes
from ui.teach.sessions import Sessions

KINDS = ("disk", "stripes")
SESSIONS = "/api/teach/sessions"


def opened(http: TestClient) -> str:
    """The path of a new session."""
    response = http.post(SESSIONS)
    assert response.status_code == 201, response.text
    return f"{SESSIONS}/{response.json()['session']}"


def filled(http: TestClient, photos: int = 4, kinds: tuple[str, ...] = KINDS) -> str:
    """The path of a session with so many photos of each kind."""
    session = opened(http)
    for kind in kinds:
        number = http.post(f"{session}/classes", json={"name": kind}).json()["id"]
        for photo in range(photos):
            response = http.post(f"{session}/classes/{number}/photos", content=drawn(kind, photo))
            assert response.status_code == 200, response.text
    return session


def taught(http: TestClient) -> str:
    session = filled(http)
    assert http.post(f"{session}/train").status_code == 200
    return session


def by_label(scores: list[dict]) -> dict[str, float]:
    return {each["label"]: each["score"] for each in scores}


def test_from_photos_to_an_answer(http):
    session = filled(http, photos=6)
    quality = http.post(f"{session}/train").json()
    assert quality["labels"] == list(KINDS)
    assert quality["photos"] == [6, 6]
    assert http.get(session).json()["quality"] == quality
    for kind in KINDS:
        document = http.post(f"{session}/classify", content=drawn(kind, 100)).json()
        assert list(document) == ["scores"]
        assert {each["label"] for each in document["scores"]} == set(quality["answers"])
        assert document["scores"][0]["label"] == kind
    other = http.post("/api/classify", content=CAT.read_bytes()).json()
    assert other[0]["label"] == "Cat"  # whatever is taught beside it


def test_a_new_session_says_what_it_may_hold(http):
    state = http.post(SESSIONS).json()
    assert state["classes"] == []
    assert state["quality"] is None
    assert state["limits"] == {"classes": 20, "photos": 1000, "per_class": 300, "minutes": 10, "max_bytes": MAX_BYTES}
    assert state["publish"] == {"possible": False, "user": None}


def test_classes_and_photos_come_and_go(http):
    session = opened(http)
    first, second = (
        http.post(f"{session}/classes", json=body).json()["id"] for body in ({}, {"name": "Cup", "neither": False})
    )
    photo = http.post(f"{session}/classes/{first}/photos?name=a.jpg&burst=b1", content=drawn("disk", 1)).json()
    again = http.post(f"{session}/classes/{first}/photos?burst=b1", content=drawn("disk", 1)).json()
    assert photo["thumbnail"].startswith("data:image/jpeg;base64,")
    assert (photo["alike"], again["alike"]) == (0, 1)
    assert http.patch(f"{session}/classes/{first}", json={"name": "Mug"}).json() == {}
    assert http.get(session).json()["classes"] == [
        {
            "id": first,
            "name": "Mug",
            "neither": False,
            "photos": [{"id": each["id"], "thumbnail": each["thumbnail"], "burst": "b1"} for each in (photo, again)],
        },
        {"id": second, "name": "Cup", "neither": False, "photos": []},
    ]
    assert http.delete(f"{session}/photos/{photo['id']}").json() == {}
    assert http.delete(f"{session}/classes/{second}").json() == {}
    assert [len(each["photos"]) for each in http.get(session).json()["classes"]] == [1]
    assert http.delete(session).json() == {}
    ended = http.get(session)
    assert (ended.status_code, ended.json()["ended"]) == (404, "lost")


def test_what_changed_is_taught_again_and_what_did_not_is_not(http):
    session = taught(http)
    first = http.post(f"{session}/train").json()
    assert http.get(session).json()["quality"] == first
    number = http.get(session).json()["classes"][0]["id"]
    assert http.patch(f"{session}/classes/{number}", json={"name": "Mug"}).status_code == 200
    assert http.post(f"{session}/train").json()["labels"] == ["Mug", "stripes"]
    http.delete(f"{session}/classes/{number}")
    response = http.post(f"{session}/train")
    assert response.status_code == 409
    assert "2 classes" in response.json()["error"]
    assert http.get(session).json()["quality"] is None
    assert http.post(f"{session}/classify", content=drawn("disk", 1)).status_code == 409
    assert http.get(f"{session}/model.zip").status_code == 409


def test_photos_that_it_gets_wrong_are_named_by_their_numbers(http):
    session = opened(http)
    photos = []
    for name in ("one", "two"):  # both are the same thing
        number = http.post(f"{session}/classes", json={"name": name}).json()["id"]
        for photo in range(6):
            content = drawn("disk", photo if name == "one" else photo + 50)
            photos.append(http.post(f"{session}/classes/{number}/photos", content=content).json()["id"])
    held_back = http.post(f"{session}/train").json()["held_back"]
    assert held_back["wrong"]
    for wrong in held_back["wrong"]:
        assert wrong["photo"] in photos
        assert "index" not in wrong
        heat = http.get(f"{session}/photos/{wrong['photo']}/heat", params={"label": wrong["answer"]}).json()
        assert heat["label"] == wrong["answer"]


def test_why_a_photo_is_answered_so(http):
    session = taught(http)
    photo = drawn("disk", 50)
    document = http.post(f"{session}/classify?heat=1&label=stripes", content=photo).json()
    assert list(document) == ["scores", "label", "method", "heat", "box"]
    assert (document["label"], document["method"]) == ("stripes", "CAM")
    plain = http.post(f"{session}/classify?heat=0", content=photo).json()["scores"]
    assert by_label(document["scores"]) == pytest.approx(by_label(plain), abs=1e-6)
    assert http.post(f"{session}/classify?heat=1", content=photo).json()["label"] == document["scores"][0]["label"]
    kept = http.get(session).json()["classes"][0]["photos"][0]
    small = http.get(f"{session}/photos/{kept['id']}/heat").json()
    assert small["thumbnail"] == kept["thumbnail"]
    assert small["overlay"].startswith("data:image/jpeg;base64,")
    assert small["label"] == small["scores"][0]["label"]
    for path in (f"{session}/photos/{kept['id']}/heat?label=Cow", f"{session}/classify?heat=1&label=Cow"):
        response = http.request("POST" if "classify" in path else "GET", path, content=photo)
        assert response.status_code == 400
        assert "no answer 'Cow'" in response.json()["error"]


def test_the_model_goes_with_its_visitor(http, tmp_path):
    session = taught(http)
    response = http.get(f"{session}/model.zip")
    assert response.headers["content-type"] == "application/zip"
    assert response.headers["content-disposition"] == 'attachment; filename="my-model.zip"'
    with zipfile.ZipFile(io.BytesIO(response.content)) as file:
        assert {"my-model/config.json", "my-model/model.onnx", "my-model/README.md", "my-model/quality.json"} <= set(
            file.namelist()
        )
        file.extractall(tmp_path)
    photo = drawn("stripes", 60)
    scores = by_label(http.post(f"{session}/classify", content=photo).json()["scores"])
    assert Classifier.load(tmp_path / "my-model").classify([photo])[0].as_dict() == pytest.approx(scores, abs=1e-4)


def test_a_project_is_saved_and_gone_on_with(http):
    session = filled(http)
    http.post(f"{session}/classes", json={"neither": True})
    saved = http.get(f"{session}/project.zip")
    assert saved.headers["content-disposition"] == 'attachment; filename="my-model-project.zip"'
    state = http.post(SESSIONS, content=saved.content)
    assert state.status_code == 201
    assert [(each["name"], each["neither"], len(each["photos"])) for each in state.json()["classes"]] == [
        ("disk", False, 4),
        ("stripes", False, 4),
        ("neither", True, 0),
    ]
    before, after = (http.post(f"{path}/train").json() for path in (session, f"{SESSIONS}/{state.json()['session']}"))
    assert before["held_back"] == after["held_back"] | {"wrong": before["held_back"]["wrong"]}
    for damaged in (saved.content[:-200], b"PK", b"no zip at all"):
        response = http.post(SESSIONS, content=damaged)
        assert response.status_code == 400
        assert "project" in response.json()["error"]
    assert http.post(SESSIONS, content=bytes(MAX_BYTES + 1)).status_code == 413


@pytest.mark.parametrize(
    ("method", "path", "options", "status", "words"),
    [
        ("GET", "/nothing", {}, 404, "no such session"),
        ("POST", "{s}/classes", {"content": b"{"}, 400, '"name": a text'),
        ("POST", "{s}/classes", {"content": b"[" * 9000}, 400, "no JSON"),
        ("POST", "{s}/classes", {"content": b"[]"}, 400, "must be"),
        ("POST", "{s}/classes", {"json": {"name": 5}}, 400, "must be"),
        ("POST", "{s}/classes", {"json": {"name": "Mug", "neither": 1}}, 400, "must be"),
        ("POST", "{s}/classes", {"json": {"nam": "Mug"}}, 400, "must be"),
        ("POST", "{s}/classes", {"json": {"name": ""}}, 400, "needs a name"),
        ("POST", "{s}/classes", {"json": {"name": "x" * 41}}, 400, "40 characters"),
        ("POST", "{s}/classes", {"json": {"name": "disk"}}, 409, "already"),
        ("POST", "{s}/classes", {"content": bytes(20_000)}, 413, "10 kB"),
        ("PATCH", "{s}/classes/1", {"json": {"name": "stripes"}}, 409, "another name"),
        ("PATCH", "{s}/classes/1", {"json": {}}, 400, "needs a name"),
        ("PATCH", "{s}/classes/999", {"json": {"name": "x"}}, 404, "no class 999"),
        ("DELETE", "{s}/classes/999", {}, 404, "no class 999"),
        ("DELETE", "{s}/photos/999", {}, 404, "no photo 999"),
        ("DELETE", "{s}/photos/" + "9" * 5000, {}, 404, "nothing with the number"),
        ("DELETE", "{s}/photos/-1", {}, 404, "nothing with the number"),
        ("GET", "{s}/photos/999/heat", {}, 404, "no photo 999"),
        ("POST", "{s}/classes/999/photos", {"content": b"x"}, 404, "no class 999"),
        ("POST", "{s}/classes/1/photos", {"content": b"not a photo"}, 415, "not a photo"),
        ("POST", "{s}/classes/1/photos", {"content": b""}, 415, "empty"),
        ("POST", "{s}/classes/1/photos", {"content": CAT.read_bytes()[:5000]}, 400, "cut off"),
        ("POST", "{s}/classes/1/photos", {"content": bytes(MAX_BYTES + 1)}, 413, "20 MB"),
        ("POST", "{s}/classes/1/photos?burst=" + "x" * 65, {"content": b"x"}, 400, "64 visible"),
        ("POST", "{s}/classify", {"content": b"x"}, 409, "Nothing is taught"),
        ("PUT", "{s}", {}, 405, "GET, DELETE"),
        ("GET", "{s}/train", {}, 405, "POST"),
        ("POST", "{s}/publish", {"json": {"name": "mine"}}, 404, "Nobody can sign in here"),
    ],
)
def test_errors_are_json_with_a_sentence(http, method, path, options, status, words):
    session = filled(http, photos=0)
    path = path.replace("/nothing", f"{SESSIONS}/nothing").replace("{s}", session)
    response = http.request(method, path, **options)
    assert response.status_code == status, response.text
    assert words in response.json()["error"]


def test_a_visitor_who_sends_too_much_waits(classifier, monkeypatch):
    monkeypatch.setattr(budget, "PER_MINUTE", 2_500_000)
    clock = Clock()
    service = Service(classifier, sessions=Sessions(classifier, clock))
    with TestClient(Starlette(routes=teach_routes(service))) as http:
        session = opened(http)
        number = http.post(f"{session}/classes", json={}).json()["id"]
        answers = [http.post(f"{session}/classes/{number}/photos", content=drawn("disk", photo)) for photo in range(3)]
        assert [each.status_code for each in answers] == [200, 200, 429]
        wait = int(answers[2].headers["retry-after"])
        assert f"{wait} seconds" in answers[2].json()["error"]
        other = opened(http)  # is not hindered
        number_there = http.post(f"{other}/classes", json={}).json()["id"]
        assert http.post(f"{other}/classes/{number_there}/photos", content=drawn("disk", 1)).status_code == 200
        clock.now += wait
        assert http.post(f"{session}/classes/{number}/photos", content=drawn("disk", 3)).status_code == 200


def test_a_model_that_cannot_be_taught_is_501(classifier):
    class Odd:
        def logits(self, batch):
            raise AssertionError

    odd = Classifier(Odd(), classifier.config)
    http = TestClient(Starlette(routes=teach_routes(Service(odd, sessions=Sessions(odd)))))
    response = http.post(SESSIONS)
    assert response.status_code == 501
    assert "cannot be taught" in response.json()["error"]


def test_a_session_that_ends_while_it_is_used(classifier, monkeypatch):
    clock = Clock()
    service = Service(classifier, sessions=Sessions(classifier, clock))
    with TestClient(Starlette(routes=teach_routes(service))) as http:
        session = filled(http)
        observe = service.sessions.lessons.observe

        async def slow(*arguments):
            seen = await observe(*arguments)
            clock.now += 11 * 60
            return seen

        monkeypatch.setattr(service.sessions.lessons, "observe", slow)
        response = http.post(f"{session}/classes/1/photos", content=drawn("disk", 9))
        assert (response.status_code, response.json()["ended"]) == (404, "idle")


def test_a_model_is_published_in_the_account_of_who_is_signed_in(http, monkeypatch):
    session = taught(http)
    visitor = None
    monkeypatch.setattr(publish, "can_publish", lambda: True)
    monkeypatch.setattr(publish, "signed_in", lambda request: visitor)
    assert http.get(session).json()["publish"] == {"possible": True, "user": None}
    response = http.post(f"{session}/publish", json={"name": "mine"})
    assert (response.status_code, response.json()["error"]) == (401, "Sign in first, with the button on the page.")
    visitor = ("ann", "secret")
    assert http.get(session).json()["publish"] == {"possible": True, "user": "ann"}
    for name in ("", "a b", "../x", "x" * 100, ".x"):
        assert http.post(f"{session}/publish", json={"name": name}).status_code == 400

    def done(folder, user, name, token, *, private):
        assert (user, name, token, private) == ("ann", "mine", "secret", False)
        assert Classifier.load(folder).config.labels == KINDS
        return {"model": "https://hub/ann/mine", "space": "https://hub/spaces/ann/mine-app"}

    monkeypatch.setattr(publish, "publish", done)
    assert http.post(f"{session}/publish", json={"name": "mine", "private": False}).json()["model"] == "https://hub/ann/mine"

    def refused(*arguments, **options):
        raise publish.PublishError("ann/mine belongs to somebody else.")

    monkeypatch.setattr(publish, "publish", refused)
    response = http.post(f"{session}/publish", json={"name": "mine"})
    assert (response.status_code, response.json()["error"]) == (400, "ann/mine belongs to somebody else.")


def test_a_body_that_stops_arriving_is_given_up(http, monkeypatch):
    monkeypatch.setattr(request_photo, "_SILENCE", 0.2)
    session = filled(http, 1)

    async def slow() -> AsyncIterator[bytes]:
        yield b"half"
        await asyncio.sleep(3)

    async def send() -> httpx.Response:
        transport = httpx.ASGITransport(http.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
            return await client.post(f"{session}/classes/1/photos", content=slow())

    response = run_alone(send())
    assert response.status_code == 408
    assert "Nothing arrived for" in response.json()["error"]


def test_photos_touch_no_disk(http, monkeypatch):
    session = taught(http)

    def refuse(*arguments, **options):
        raise AssertionError("a file was made")

    for name in ("TemporaryFile", "NamedTemporaryFile", "SpooledTemporaryFile", "mkstemp", "mkdtemp"):
        monkeypatch.setattr(tempfile, name, refuse)
    large = drawn("disk", 1) + bytes(3_000_000)
    assert http.post(f"{session}/classes/1/photos", content=large).status_code == 200
    assert http.post(f"{session}/classify", content=large).status_code == 200
    files = [(kind, (f"{photo}.jpg", drawn(kind, photo) + bytes(2_000_000))) for kind in KINDS for photo in range(3)]
    assert http.post("/api/teach", files=files).status_code == 200


def test_teaching_can_be_turned_off(classifier):
    assert teach_routes(Service(classifier)) == []
    with running_app({"TEACH": "off"}) as app, httpx.Client(base_url=app.url) as http:
        for path in (SESSIONS, "/api/teach", f"{SESSIONS}/token/classes/1"):
            for method in ("GET", "POST", "DELETE"):
                response = http.request(method, path)
                assert response.status_code == 404
                assert "started with TEACH=off" in response.json()["error"]
        ids = [each["props"].get("elem_id") for each in http.get("/config").json()["components"]]
        assert "photo" in ids
        assert "teach" not in ids
