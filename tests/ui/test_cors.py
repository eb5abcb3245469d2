"""Which other sites' pages may call the running app, asked as a browser asks."""

from __future__ import annotations

import httpx
import pytest

from tests.pictures import CAT
from tests.running import running_app
from ui.cors import is_origin
from ui.settings import Settings

LISTED, OTHER = "https://my.site", "https://other.site"
OURS = ["/api/classify", "/api/explain", "/health"]
HOSTS = [None, "somebody-cat-or-dog.hf.space"]  # Gradio treats localhost in another way than public hosts


@pytest.fixture
def http(open_app):
    with httpx.Client(base_url=open_app.url, timeout=60) as http:
        yield http


def ask(http: httpx.Client, path: str, origin: str, host: str | None = None) -> httpx.Headers:
    """The headers of an answer."""
    headers = {"Origin": origin} | ({"Host": host} if host else {})
    if path.startswith("/api"):
        response = http.post(path, content=CAT.read_bytes(), headers=headers)
    else:
        response = http.get(path, headers=headers)
    assert response.status_code == 200
    return response.headers


def preflight(http: httpx.Client, path: str, origin: str, host: str | None = None) -> httpx.Response:
    headers = {"Origin": origin, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
    return http.options(path, headers=headers | ({"Host": host} if host else {}))


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("path", OURS)
def test_a_listed_site_may_call(http, path, host):
    headers = ask(http, path, LISTED, host)
    assert headers["access-control-allow-origin"] == LISTED
    assert "Origin" in headers["vary"]
    assert "access-control-allow-credentials" not in headers
    before = preflight(http, path, LISTED, host)
    assert before.status_code == 200
    assert before.headers["access-control-allow-origin"] == LISTED
    assert "POST" in before.headers["access-control-allow-methods"]
    assert "content-type" in before.headers["access-control-allow-headers"].lower()
    assert "access-control-allow-credentials" not in before.headers


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("origin", [OTHER, "null", "http://my.site", "https://my.site.evil.example", "https://x.my.site"])
@pytest.mark.parametrize("path", OURS)
def test_other_sites_may_not(http, path, origin, host):
    headers = ask(http, path, origin, host)
    assert "access-control-allow-origin" not in headers
    assert "Origin" in headers["vary"]
    before = preflight(http, path, origin, host)
    assert before.status_code == 400
    assert "access-control-allow-origin" not in before.headers


def test_a_listed_site_may_teach_step_by_step(http):
    allowed = preflight(http, "/api/teach/sessions/token", LISTED).headers["access-control-allow-methods"]
    assert {"GET", "POST", "PATCH", "DELETE"} <= set(allowed.split(", "))


def test_errors_can_be_read_by_a_listed_site(http):
    response = http.post("/api/classify", content=b"not a photo", headers={"Origin": LISTED})
    assert response.status_code == 415
    assert response.headers["access-control-allow-origin"] == LISTED
    assert "Retry-After" in response.headers["access-control-expose-headers"]


@pytest.mark.parametrize("host", HOSTS)
def test_gradios_own_routes_answer_to_listed_sites(http, host):
    assert ask(http, "/config", LISTED, host)["access-control-allow-origin"] == LISTED
    before = preflight(http, "/gradio_api/queue/join", LISTED, host)
    assert before.headers["access-control-allow-origin"] == LISTED


def test_gradios_own_routes_answer_to_others_as_gradio_does(http):
    assert "access-control-allow-origin" not in ask(http, "/config", OTHER)
    assert ask(http, "/config", http.base_url.scheme + "://localhost")["access-control-allow-origin"] == "http://localhost"


@pytest.mark.parametrize("host", HOSTS)
def test_the_tools_for_agents_are_not_open_to_other_sites(http, host):
    before = preflight(http, "/gradio_api/mcp/", "https://evil.example", host)
    assert before.status_code == 400
    assert "access-control-allow-origin" not in before.headers
    assert preflight(http, "/gradio_api/mcp/", LISTED, host).headers["access-control-allow-origin"] == LISTED


def test_nobody_may_where_no_site_is_listed(app):
    with httpx.Client(base_url=app.url, timeout=60) as http:
        assert "access-control-allow-origin" not in ask(http, "/api/classify", LISTED, HOSTS[1])
        assert preflight(http, "/api/classify", LISTED, HOSTS[1]).status_code == 400


def test_every_site_may_where_the_owner_says_so():
    with running_app({"CORS_ORIGINS": "*"}) as server, httpx.Client(base_url=server.url, timeout=60) as http:
        assert ask(http, "/api/classify", OTHER)["access-control-allow-origin"] == "*"
        assert preflight(http, "/api/classify", OTHER).headers["access-control-allow-origin"] == "*"
        assert ask(http, "/config", OTHER)["access-control-allow-origin"] == OTHER


@pytest.mark.parametrize(
    "origin",
    ["https://my.site", "http://localhost:8000", "https://a-b.c.example:8443", "http://127.0.0.1", "http://[::1]:8000"],
)
def test_origins_as_browsers_write_them(origin):
    assert is_origin(origin)
    assert Settings.from_environment({"CORS_ORIGINS": f"{origin}, https://other.site"}).cors_origins == (origin, OTHER)


@pytest.mark.parametrize(
    "origins",
    ["my.site", "https://my.site/", "https://My.site", "https://my.site:443", "http://my.site:80", "https://me@my.site", "null",
     "ftp://my.site", "https://", "https://my.site/page", "https://*.my.site", "*, https://my.site", "https://my.site\nx",
     "https://my.site,,https://other.site"],
)  # fmt: skip
def test_what_is_no_list_of_origins_is_refused_with_a_sentence(origins):
    with pytest.raises(ValueError, match="CORS_ORIGINS must be"):
        Settings.from_environment({"CORS_ORIGINS": origins})


def test_no_site_is_listed_by_default():
    assert Settings.from_environment({"CORS_ORIGINS": " "}).cors_origins == ()
