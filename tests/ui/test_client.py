"""Whose request is being answered."""

from __future__ import annotations

import gradio as gr
import pytest
from gradio.context import LocalContext
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from ui.client import ForClient, client


@pytest.fixture
def http():
    async def who(request: Request) -> PlainTextResponse:
        return PlainTextResponse(client())

    with TestClient(Starlette(routes=[Route("/", who)], middleware=[Middleware(ForClient)])) as http:
        yield http


def test_a_request_is_its_addresss_and_what_a_proxy_adds(http):
    alone, behind = http.get("/").text, http.get("/", headers={"X-Forwarded-For": "10.1.2.3"}).text
    assert alone == "testclient "
    assert behind == "testclient 10.1.2.3"
    assert client() == ""


def test_a_function_of_gradio_is_called_for_the_request_that_gradio_names():
    scope = {"type": "http", "headers": [(b"x-forwarded-for", b"10.9.9.9")], "client": ("10.0.0.1", 5)}
    token = LocalContext.request.set(gr.Request(Request(scope)))
    try:
        assert client() == "10.0.0.1 10.9.9.9"
    finally:
        LocalContext.request.reset(token)
