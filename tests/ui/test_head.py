"""The page as it comes from the server: its language and its title are those of the visitor, from the first byte on."""

from __future__ import annotations

import re

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from ui.head import PageHead, page_title
from ui.texts import TEXTS


@pytest.mark.parametrize(
    ("accepted", "language", "title"),
    [
        ("de-AT,de;q=0.9", "de", "Katze oder Hund?"),
        ("es", "es", "¿Gato o perro?"),
        ("fr-CA", "fr", "Chat ou chien ?"),
        ("it,fr;q=0.7", "fr", "Chat ou chien ?"),
        ("it-IT,it;q=0.9", "en", "Cat or Dog?"),
        ("", "en", "Cat or Dog?"),
    ],
)
def test_the_page_is_in_the_visitors_language(app, accepted, language, title):
    response = httpx.get(app.url, headers={"Accept-Language": accepted})
    assert response.status_code == 200
    assert re.search(r'<html\s+lang="(\w+)"', response.text)[1] == language
    assert re.findall(r"<title>(.*?)</title>", response.text) == [title]
    assert response.headers["content-language"] == language
    assert "accept-language" in response.headers["vary"].lower()


def test_a_page_of_which_only_the_head_is_asked_for(app):
    response = httpx.head(app.url)
    assert (response.status_code, response.content) == (200, b"")


@pytest.mark.parametrize(
    ("labels", "titles"),
    [
        (("Cat", "Dog"), {"en": "Cat or Dog?", "de": "Katze oder Hund?"}),
        (("cat",), {"en": "Cat?", "fr": "Chat ?"}),
        (("cup", "dog", "Fork"), {"en": "Cup, Dog or Fork?", "es": "¿Cup, perro o Fork?"}),
        (("a", "b", "c", "d"), {"en": "of four", "de": "of four"}),
    ],
)
def test_a_title_asks_for_the_labels_where_they_are_few(classifier, labels, titles):
    config = classifier.config.model_copy(update={"labels": labels, "name": "of four"})
    assert {language: page_title(config, language) for language in titles} == titles


def test_titles_are_text_and_everything_else_stays_as_it_is():
    async def page(request: Request) -> Response:
        return HTMLResponse('<html lang="en"><head><meta charset="utf-8"></head><body></body></html>')

    async def picture(request: Request) -> Response:
        return Response(b"</head>", media_type="image/png")

    titles = dict.fromkeys(TEXTS, "<b>?")
    app = PageHead(Starlette(routes=[Route("/", page), Route("/x", picture)]), titles)
    client = TestClient(app)
    assert "<title>&lt;b&gt;?</title>" in client.get("/").text
    assert client.get("/x").content == b"</head>"
