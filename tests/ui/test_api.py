"""`POST /api/explain`, as a program sees it; `/api/classify` is in test_app.py."""

from __future__ import annotations

import base64

import httpx
import numpy as np
import pytest
from PIL import Image
from starlette.applications import Starlette
from starlette.testclient import TestClient

from model.errors import ModelError
from model.photo import MAX_BYTES
from tests.pictures import CAT, COFFEE, encoded
from ui.api import routes
from ui.service import Service


@pytest.fixture
def http(app):
    with httpx.Client(base_url=app.url, timeout=60) as http:
        yield http


def test_the_answer_is_explained_where_no_label_is_named(http):
    document = http.post("/api/explain", content=CAT.read_bytes()).json()
    assert list(document) == ["scores", "label", "method", "heat", "box"]
    assert document["scores"] == http.post("/api/classify", content=CAT.read_bytes()).json()
    assert document["label"] == "Cat"
    assert document["method"] == "CAM"
    # three quarters of the width, as `keep` says, in whole pixels of the 451
    assert document["box"] == pytest.approx([0.125, 0, 0.875, 1], abs=1 / 451)
    heat = np.array(document["heat"])
    assert heat.ndim == 2
    assert heat.min() >= 0
    assert heat.max() == 1


def test_a_label_of_ones_choice_is_explained(http):
    cat, neither = (
        http.post(f"/api/explain?label={label}", content=COFFEE.read_bytes()).json() for label in ("Cat", "neither")
    )
    assert (cat["label"], neither["label"]) == ("Cat", "neither")
    assert cat["heat"] != neither["heat"]
    assert cat["scores"] == neither["scores"]


def test_every_kind_of_body_that_classify_takes(http):
    photo = CAT.read_bytes()
    raw = http.post("/api/explain", content=photo).json()
    assert http.post("/api/explain", files={"file": photo}).json() == raw
    body = {"inputs": base64.b64encode(photo).decode(), "parameters": {"top_k": 1}}
    assert http.post("/api/explain", json=body).json() == raw | {"scores": raw["scores"][:1]}


@pytest.mark.parametrize(
    ("query", "content", "status", "words"),
    [
        ("?label=Cow", CAT.read_bytes(), 400, "no answer 'Cow'. It has: Cat, Dog, neither"),
        ("", b"", 400, "no body"),
        ("", CAT.read_bytes()[:3000], 400, "cut off"),
        ("", bytes(MAX_BYTES + 1), 413, "20 MB"),
        ("", b"not a photo", 415, "not a photo"),
    ],
)
def test_errors_are_json_with_a_sentence(http, query, content, status, words):
    response = http.post(f"/api/explain{query}", content=content)
    assert response.status_code == status
    assert words in response.json()["error"]


def test_get_says_how_to_send_a_photo(http):
    response = http.get("/api/explain")
    assert response.status_code == 405
    assert "POST" in response.json()["error"]


def test_a_network_that_cannot_be_explained_is_501(classifier, monkeypatch):
    service = Service(classifier)

    async def explain(photo: bytes, label: str | None = None) -> None:
        raise ModelError("This network has no feature maps.")

    monkeypatch.setattr(service, "explain", explain)
    response = TestClient(Starlette(routes=routes(service))).post("/api/explain", content=CAT.read_bytes())
    assert (response.status_code, response.json()) == (501, {"error": "This network has no feature maps."})


def test_the_box_of_a_photo_that_the_model_crops(folder, config):
    from model import Classifier

    document, write = config
    document["input"] |= {"resize": "crop", "keep": 0}
    write(document)
    client = TestClient(Starlette(routes=routes(Service(Classifier.load(folder)))))
    wide = Image.open(CAT).convert("RGB").resize((600, 300))
    assert client.post("/api/explain", content=encoded(wide, "PNG")).json()["box"] == [0.25, 0, 0.75, 1]
