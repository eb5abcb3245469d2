"""Classify with a model that a visitor taught, as the page asks for it."""

from __future__ import annotations

import json
import secrets
from typing import Any

import httpx
import pytest

from tests.pictures import CAT
from tests.running import running_app
from tests.ui.teach.drawn import drawn
from tests.ui.teach.test_routes import KINDS, SESSIONS, taught


class Page:
    """What a browser does with the page of a running app."""

    def __init__(self, url: str):
        self.http = httpx.Client(base_url=url, timeout=60)
        self.config = self.http.get("/config").json()
        self.session = secrets.token_hex(8)

    def component(self, elem_id: str) -> dict[str, Any]:
        return next(each for each in self.config["components"] if each["props"].get("elem_id") == elem_id)

    def event(self, elem_id: str, name: str) -> dict[str, Any]:
        """The event of a component that Python answers."""
        target = [self.component(elem_id)["id"], name]
        return next(each for each in self.config["dependencies"] if target in each["targets"] and each["backend_fn"])

    def upload(self, photo: bytes) -> dict[str, Any]:
        (path,) = self.http.post("/gradio_api/upload", files={"files": ("mine.jpg", photo)}).json()
        return {"path": path, "meta": {"_type": "gradio.FileData"}, "orig_name": "mine.jpg"}

    def send(self, event: dict[str, Any], data: list[Any], said: Any = None, language: str = "en") -> dict[str, Any]:
        """Output components' elem_ids (or numbers) → what they are given."""
        body = {"fn_index": event["id"], "data": data, "event_data": said, "session_hash": self.session}
        self.http.post("/gradio_api/queue/join", json=body, headers={"accept-language": language}).raise_for_status()
        with self.http.stream("GET", "/gradio_api/queue/data", params={"session_hash": self.session}) as stream:
            for line in stream.iter_lines():
                if line.startswith("data:"):
                    message = json.loads(line[5:])
                    if message["msg"] == "process_completed":
                        break
        if not message["success"]:
            return {"error": message["output"]["error"], "title": message.get("title")}
        names = {each["id"]: each["props"].get("elem_id") or each["id"] for each in self.config["components"]}
        return {names[number]: value for number, value in zip(event["outputs"], message["output"]["data"], strict=False)}


@pytest.fixture(scope="module")
def corrected_app(tmp_path_factory):
    """The app, where visitors may correct."""
    with running_app({"CORRECTIONS_FOLDER": str(tmp_path_factory.mktemp("corrections"))}) as server:
        yield server


@pytest.fixture
def page(corrected_app):
    page = Page(corrected_app.url)
    yield page
    page.http.close()


@pytest.fixture
def token(page):
    return taught(page.http).rpartition("/")[2]


def answers(shown: dict[str, Any]) -> set[str]:
    return {row["label"] for row in shown["rows"]}


def test_classify_answers_by_the_chosen_model(page, token):
    change = page.event("photo", "change")
    served = page.send(change, [page.upload(CAT.read_bytes()), "", "first"])
    assert served["answer"]["rows"][0]["label"] == "Cat"
    assert served["answer"]["of"] == "first"
    mine = page.send(change, [page.upload(drawn("stripes", 70)), token, "second"])
    assert mine["answer"]["rows"][0]["label"] == "stripes"
    assert answers(mine["answer"]) in ({*KINDS, "neither"}, set(KINDS))
    assert mine["answer"]["explained"] == "stripes"
    assert "for <b>stripes</b>" in mine["answer"]["caption"]
    assert "my-model (taught)" in mine["model"]


def test_another_answer_of_my_model_is_explained(page, token):
    asked = {"of": "it", "label": "disk"}
    shown = page.send(page.event("answer", "explain"), [page.upload(drawn("stripes", 70)), token], asked)["answer"]
    assert (shown["of"], shown["explained"]) == ("it", "disk")
    assert "<b>disk</b>" in shown["caption"]


def test_what_makes_no_sense_explains_the_answer(page):
    for asked in (None, "x", {"label": 7, "of": []}):
        shown = page.send(page.event("answer", "explain"), [page.upload(CAT.read_bytes()), ""], asked)["answer"]
        assert shown["explained"] == "Cat"


def test_switching_answers_again_and_hides_what_is_for_the_other_model(page, token):
    switch = page.event("which-model", "change")
    mine = page.send(switch, [page.upload(drawn("disk", 70)), token, ""])
    assert mine["answer"]["rows"][0]["label"] == "disk"
    assert mine["corrections"]["visible"] is False
    served = page.send(switch, [page.upload(drawn("disk", 70)), "", ""])
    assert answers(served["answer"]) == {"Cat", "Dog", "neither"}
    assert served["corrections"]["visible"] is True
    assert page.send(switch, [None, token, ""])["answer"] == {}


def test_a_model_that_is_gone_says_so_in_the_visitors_language(page, token):
    change, photo = page.event("photo", "change"), page.upload(CAT.read_bytes())
    assert page.http.delete(f"{SESSIONS}/{token}").status_code == 200
    for language, words in (("en", "Your model is gone"), ("de", "Ihr Modell ist weg"), ("es", "Tu modelo ya no está")):
        assert page.send(change, [photo, token, ""], language=language)["answer"]["problem"].startswith(words)
    assert page.send(change, [photo, "", ""])["answer"]["rows"][0]["label"] == "Cat"


@pytest.mark.parametrize("token", [5, None, [], {"a": 1}])
def test_what_is_no_token_is_the_model_that_is_served(page, token):
    shown = page.send(page.event("photo", "change"), [page.upload(CAT.read_bytes()), token, ""])
    assert shown["answer"]["rows"][0]["label"] == "Cat"


def test_the_switch_appears_when_something_is_taught_and_goes_when_it_has_ended(page):
    assert page.component("which-model")["props"]["visible"] is False
    update = page.send(page.event("teach", "taught"), [""], {"session": "token"})["which-model"]
    assert update["visible"] is True
    assert [choice[1] for choice in update["choices"]] == ["", "token"]
    assert update["value"] == ""
    again = page.send(page.event("teach", "taught"), ["old"], {"session": "new"})["which-model"]
    assert again["value"] == "new"  # who had chosen it, keeps it
    ended = page.send(page.event("teach", "ended"), [])["which-model"]
    assert (ended["visible"], ended["value"], len(ended["choices"])) == (False, "", 1)
    for nonsense in (None, [], {}, {"session": 5}):
        assert "choices" not in (page.send(page.event("teach", "taught"), [""], nonsense)["which-model"] or {})
