"""The tools for agents, driven by the MCP client itself; what happens where it is not installed is tested, too."""

from __future__ import annotations

import base64
import importlib.util
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.pictures import CAT, COFFEE
from tests.running import run_alone, running_app
from ui.agents import PATH
from ui.settings import Settings

needs_mcp = pytest.mark.skipif(importlib.util.find_spec("mcp") is None, reason='needs pip install "gradio[mcp]"')
BASE64 = base64.b64encode(CAT.read_bytes()).decode()


@pytest.fixture(scope="module")
def agents_app(tmp_path_factory):
    """The app, with a folder of its own for uploads."""
    uploads = tmp_path_factory.mktemp("uploads")
    with running_app({"GRADIO_TEMP_DIR": str(uploads), "GRADIO_MCP_SERVER": ""}) as server:
        yield server, uploads


def talk(url: str, name: str | None = None, arguments: dict[str, Any] | None = None) -> Any:
    """What the MCP client gets for one call of a tool; without a name, the list of tools."""
    from mcp import ClientSession
    from mcp.client.streamable_http import streamable_http_client

    async def run() -> Any:
        async with (
            streamable_http_client(f"{url}{PATH}/") as (reading, writing, _),
            ClientSession(reading, writing) as session,
        ):
            await session.initialize()
            return await (session.call_tool(name, arguments or {}) if name else session.list_tools())

    return run_alone(run())


@needs_mcp
def test_the_tools_say_what_they_do(agents_app):
    tools = {tool.name: tool for tool in talk(agents_app[0].url).tools}
    assert list(tools) == ["classify", "explain"]
    assert "Cat, Dog, neither" in tools["classify"].description
    assert tools["classify"].inputSchema["required"] == ["photo"]
    assert "base64" in tools["classify"].inputSchema["properties"]["photo"]["description"]
    assert all(tool.annotations.readOnlyHint for tool in tools.values())


@needs_mcp
@pytest.mark.parametrize("photo", [BASE64, f"data:image/jpeg;base64,{BASE64}", base64.encodebytes(CAT.read_bytes()).decode()])
def test_a_photo_in_base64(agents_app, photo):
    result = talk(agents_app[0].url, "classify", {"photo": photo})
    assert not result.isError
    assert result.structuredContent["label"] == "Cat"
    expected = httpx.post(f"{agents_app[0].url}/api/classify", content=CAT.read_bytes()).json()
    assert result.structuredContent["scores"] == expected


@needs_mcp
def test_an_uploaded_photo(agents_app):
    url = agents_app[0].url
    [path] = httpx.post(f"{url}/gradio_api/upload", files={"files": ("my cat.jpg", CAT.read_bytes())}).json()
    assert talk(url, "classify", {"photo": f"{url}/gradio_api/file={path}"}).structuredContent["label"] == "Cat"


@needs_mcp
def test_explain_says_where(agents_app):
    url = agents_app[0].url
    photo = base64.b64encode(COFFEE.read_bytes()).decode()
    found = talk(url, "explain", {"photo": photo, "label": "Dog"}).structuredContent
    assert found == httpx.post(f"{url}/api/explain?label=Dog", content=COFFEE.read_bytes()).json()


@needs_mcp
@pytest.mark.parametrize(
    ("tool", "arguments", "words"),
    [
        ("classify", {"photo": "http://127.0.0.1:1/cat.jpg"}, "Web addresses are not fetched"),
        ("classify", {"photo": "http://x/gradio_api/file=/etc/passwd"}, "not among the uploads"),
        ("classify", {"photo": "http://x/gradio_api/file=" + str(CAT)}, "not among the uploads"),
        ("classify", {"photo": str(CAT)}, "base64"),
        ("classify", {"photo": {"path": str(CAT), "meta": {"_type": "gradio.FileData"}}}, "is not of type 'string'"),
        ("classify", {"photo": ""}, "empty"),
        ("classify", {"photo": base64.b64encode(b"not a photo").decode()}, "not a photo"),
        ("classify", {}, "photo"),
        ("explain", {"photo": BASE64, "label": "Cow"}, "It has: Cat, Dog, neither"),
        ("nothing", {"photo": BASE64}, "nothing"),
        ("classify", {"photo": BASE64, "top_k": 1}, "'top_k' was unexpected"),
        ("explain", {"photo": BASE64, "function_to_apply": "none"}, "'function_to_apply' was unexpected"),
    ],
)
def test_what_goes_wrong_is_told_in_a_sentence(agents_app, tool, arguments, words):
    result = talk(agents_app[0].url, tool, arguments)
    assert result.isError
    assert words in result.content[0].text


@needs_mcp
def test_photos_of_agents_are_not_kept(agents_app):
    server, uploads = agents_app
    before = {path for path in Path(uploads).rglob("*") if path.is_file()}
    talk(server.url, "classify", {"photo": BASE64})
    assert {path for path in Path(uploads).rglob("*") if path.is_file()} == before


@needs_mcp
def test_too_much_is_refused_before_it_is_read(agents_app):
    headers = {"Accept": "application/json, text/event-stream", "Content-Type": "application/json"}
    response = httpx.post(f"{agents_app[0].url}{PATH}/", content=bytes(30_000_000), headers=headers, timeout=60)
    assert response.status_code == 413


@needs_mcp
def test_a_browser_is_told_what_this_is(agents_app):
    response = httpx.get(f"{agents_app[0].url}{PATH}/")
    assert response.status_code == 405
    assert "MCP" in response.json()["error"]


def test_the_owner_may_turn_it_off():
    with running_app({"GRADIO_MCP_SERVER": "False"}) as server:
        assert httpx.post(f"{server.url}{PATH}/", json={}).status_code in (404, 405)
        assert "MCP" not in server.log.read_text("utf-8")


def test_it_is_there_where_the_package_is(monkeypatch):
    monkeypatch.setattr("ui.settings.find_spec", lambda name: object())
    assert Settings.from_environment({}).agents
    assert not Settings.from_environment({"GRADIO_MCP_SERVER": "false"}).agents


def test_it_is_not_there_where_the_package_is_not(monkeypatch):
    monkeypatch.setattr("ui.settings.find_spec", lambda name: None)
    assert not Settings.from_environment({}).agents
    with pytest.raises(ValueError, match="gradio\\[mcp\\]"):
        Settings.from_environment({"GRADIO_MCP_SERVER": "True"})
