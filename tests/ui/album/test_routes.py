"""One photo of an album, as the page asks for it."""

from __future__ import annotations

import asyncio
import base64
import io
from pathlib import Path

import httpx
import numpy as np
import pytest
from PIL import Image
from starlette.applications import Starlette
from starlette.testclient import TestClient

from model import Classifier
from tests.pictures import CAT, COFFEE
from tests.running import run_alone
from tests.ui.teach.test_routes import KINDS, drawn, taught
from ui.album.routes import Line, album_routes, csv_name
from ui.desk import Busy
from ui.service import Service
from ui.teach.routes import teach_routes
from ui.teach.sessions import Sessions


@pytest.fixture(scope="module")
def http(classifier: Classifier):
    service = Service(classifier, 64, Sessions(classifier))
    with TestClient(Starlette(routes=[*album_routes(service), *teach_routes(service)])) as client:
        yield client


def test_an_answer_is_that_of_the_classifier_with_a_thumbnail(http, classifier):
    for path in (CAT, COFFEE):
        document = http.post("/api/album", content=path.read_bytes()).json()
        (expected,) = classifier.classify([path])
        assert np.allclose(document["probabilities"], expected.probabilities, atol=1e-6)
        assert document["labels"] == list(expected.labels)
        assert document["probability"] == max(document["probabilities"])
        thumbnail = base64.b64decode(document["thumbnail"].removeprefix("data:image/jpeg;base64,"))
        assert max(Image.open(io.BytesIO(thumbnail)).size) == 112
        assert document["model"]["answers"] == list(expected.answers)
        assert document["model"]["csv"].endswith(".csv")


@pytest.mark.parametrize(("language", "words"), [("en", "not a photo"), ("de", "kein Foto"), ("es", "no es una foto")])
def test_what_is_wrong_with_a_photo_is_said_in_the_visitors_language(http, language, words):
    response = http.post("/api/album", content=b"notes", headers={"accept-language": language})
    assert response.status_code == 415
    assert words in response.json()["error"]


def test_the_model_of_a_session_answers_and_each_model_has_its_number(http):
    token = taught(http).rpartition("/")[2]
    photo = drawn("disk", 70)
    mine = http.post("/api/album", params={"session": token}, content=photo).json()
    again = http.post("/api/album", params={"session": token}, content=photo).json()
    served = http.post("/api/album", content=photo).json()
    assert mine["labels"] == ["disk"]
    assert set(KINDS) <= set(mine["model"]["answers"])
    assert mine["model"]["number"] == again["model"]["number"] != served["model"]["number"]
    assert http.post(f"/api/teach/sessions/{token}/train").status_code == 200
    retrained = http.post("/api/album", params={"session": token}, content=photo).json()
    assert retrained["model"]["csv"] == mine["model"]["csv"] == "my-model-taught.csv"


@pytest.mark.parametrize(("language", "words"), [("en", "Your model is gone"), ("de", "Ihr Modell ist weg")])
def test_a_model_that_is_gone_is_named_in_the_visitors_language(http, language, words):
    headers = {"accept-language": language}
    response = http.post("/api/album", params={"session": "gone"}, content=CAT.read_bytes(), headers=headers)
    assert response.status_code == 404
    assert response.json()["error"].startswith(words)


def test_other_methods_are_told_what_to_do(http):
    response = http.get("/api/album")
    assert (response.status_code, response.headers["allow"]) == (405, "POST")


def test_few_are_answered_at_once_some_wait_and_one_more_is_turned_away():
    async def visit() -> tuple[int, int]:
        line, under_way, most, done = Line(2, 3), 0, 0, 0

        async def one() -> None:
            nonlocal under_way, most, done
            async with line:
                under_way += 1
                most = max(most, under_way)
                await asyncio.sleep(0.01)
                under_way -= 1
                done += 1

        waiting = [asyncio.create_task(one()) for _ in range(5)]
        await asyncio.sleep(0)
        with pytest.raises(Busy):
            await one()
        waiting.pop().cancel()  # a visitor leaves, and the place is free again
        await asyncio.sleep(0)
        await one()
        await asyncio.gather(*waiting)
        return most, done

    assert run_alone(visit()) == (2, 5)


def test_nothing_of_a_photo_is_kept(app):
    before = set(app.log.parent.rglob("*"))
    assert httpx.post(f"{app.url}/api/album", content=CAT.read_bytes() + b"mine").status_code == 200
    assert set(app.log.parent.rglob("*")) == before


def test_the_file_is_named_after_the_model():
    assert csv_name("Cat/Dog: β", "embedded") == "Cat-Dog-embedded.csv"
    assert csv_name("..", "") == "answers.csv"
    assert Path(csv_name("../../a", "b" * 40)).name == csv_name("../../a", "b" * 40)
