"""Visitors sign in as Gradio has it, with the real client on a Hub of our own, and what they publish is theirs."""

from __future__ import annotations

import importlib.util
import json
import shutil
import time
from urllib.parse import parse_qs, urlsplit

import gradio as gr
import httpx
import pytest
from starlette.requests import Request

from model import Classifier
from model.hub.spaces import space_files
from tests.hub import TOKEN, VISITOR, Fault, Hub, log_in, running_hub
from tests.running import running_app
from ui.teach.publish import PublishError, can_publish, login_button, publish, signed_in

pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")
needs_oauth = pytest.mark.skipif(
    importlib.util.find_spec("authlib") is None, reason='needs pip install "gradio[oauth]", which Spaces have'
)
OAUTH = {"OAUTH_CLIENT_ID": "client", "OAUTH_CLIENT_SECRET": "secret", "OAUTH_SCOPES": "openid profile contribute-repos"}
REPO, SPACE = "alice/cups", "alice/cups-app"


@pytest.fixture
def hub(monkeypatch, tmp_path):
    """An empty Hub; the token that the environment has is none of it."""
    with running_hub() as server:
        log_in(server, monkeypatch, tmp_path)
        monkeypatch.setenv("HF_TOKEN", "hf_of_the_space")
        yield server


@pytest.fixture
def on_a_space(monkeypatch):
    """This process takes itself for a Space that lets visitors sign in, with all that Gradio needs for it."""
    for name, value in {"SYSTEM": "spaces", "SPACE_ID": "team/page", "SPACE_HOST": "team-page.hf.space"}.items():
        monkeypatch.setenv(name, value)
    for name, value in (OAUTH | {"OPENID_PROVIDER_URL": "https://hub"}).items():
        monkeypatch.setattr(f"gradio.oauth.{name}", value)
    monkeypatch.setattr("ui.teach.publish.find_spec", lambda _: True)


def session(**changes: object) -> dict[str, object]:
    """What Gradio keeps of a visitor who signed in, as authlib gives it."""
    return {
        "access_token": VISITOR,
        "token_type": "bearer",
        "expires_in": 28800,
        "scope": "openid profile contribute-repos",
        "expires_at": int(time.time()) + 60,
        "userinfo": {"sub": "62a", "name": "Alice", "preferred_username": "alice", "profile": "", "picture": ""},
    } | changes


def request(session: object = None, **headers: str) -> Request:
    scope = {"type": "http", "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]}
    return Request(scope if session is None else scope | {"session": session})


def buttons() -> list[type]:
    """What the page gets."""
    with gr.Row() as row:
        login_button()
    return [type(child) for child in row.children]


def test_nobody_publishes_from_a_page_that_is_no_space():
    assert not can_publish()
    assert buttons() == []


def test_visitors_of_a_space_with_oauth_can_publish(on_a_space):
    assert can_publish()
    assert buttons() == [gr.LoginButton]


@pytest.mark.parametrize("missing", ["SYSTEM", *OAUTH, "OPENID_PROVIDER_URL", "authlib", "itsdangerous"])
def test_where_something_is_missing_nobody_can(on_a_space, monkeypatch, missing):
    if missing == "SYSTEM":
        monkeypatch.delenv(missing)
    elif missing.isupper():
        monkeypatch.setattr(f"gradio.oauth.{missing}", None)
    else:
        monkeypatch.setattr("ui.teach.publish.find_spec", lambda name: None if name == missing else True)
    assert not can_publish()
    assert buttons() == []


def test_who_is_signed_in_is_read_from_the_session_that_gradio_keeps():
    assert signed_in(request({"oauth_info": session()})) == ("alice", VISITOR)
    assert signed_in(request({"oauth_info": session(expires_at=None)})) == ("alice", VISITOR)  # as Gradio has it


@pytest.mark.parametrize(
    "session",
    [
        None,
        {},
        {"oauth_info": None},
        {"oauth_info": session(expires_at=int(time.time()) - 1)},
        {"oauth_info": session(expires_at=time.time() - 1.5)},
        {"oauth_info": session(access_token="")},
        {"oauth_info": session(access_token=None)},
        {"oauth_info": session(userinfo={})},
        {"oauth_info": session(userinfo={"preferred_username": ""})},
    ],
)
def test_nobody_is_signed_in_otherwise(session):
    assert signed_in(request(session)) is None


@pytest.mark.parametrize(("site", "is_known"), [("same-origin", True), ("cross-site", False), ("same-site", False)])
def test_what_another_site_asks_for_is_not_asked_by_the_visitor(site, is_known):
    answer = signed_in(request({"oauth_info": session()}, sec_fetch_site=site))
    assert answer == (("alice", VISITOR) if is_known else None)


PAGE = """
import gradio as gr
from ui.teach.publish import login_button, signed_in

def who(request: gr.Request) -> str:
    return str(signed_in(request.request))

with gr.Blocks() as page:
    login_button()
    page.load(who, None, gr.Textbox(), api_name="who")
page.launch()
"""


@needs_oauth
def test_a_visitor_signs_in_and_out(hub):
    host = "team-page.hf.space"
    environment = OAUTH | {"OPENID_PROVIDER_URL": hub.url, "SYSTEM": "spaces", "SPACE_ID": "team/page", "SPACE_HOST": host}
    with running_app(environment, ["-c", PAGE], "/") as app:

        def get(path: str, session: str = "", **query: str) -> httpx.Response:
            return httpx.get(app.url + path, params=query or None, headers={"Cookie": f"session={session}"})

        def ask(session: str = "", **headers: str) -> str:
            """What the page's function says, through the queue, as the page calls it."""
            headers |= {"Cookie": f"session={session}"}
            started = httpx.post(f"{app.url}/gradio_api/call/who", json={"data": []}, headers=headers).json()
            answer = httpx.get(f"{app.url}/gradio_api/call/who/{started['event_id']}").text.strip()
            return str(json.loads(answer.removeprefix("event: complete\ndata: "))[0])

        assert ask() == "None"
        asked = get("/login/huggingface")
        address = urlsplit(asked.headers["location"])
        assert f"{address.scheme}://{address.netloc}{address.path}" == f"{hub.url}/oauth/authorize"
        query = {name: values[0] for name, values in parse_qs(address.query).items()}
        assert (query["client_id"], query["scope"]) == (OAUTH["OAUTH_CLIENT_ID"], OAUTH["OAUTH_SCOPES"])
        assert query["redirect_uri"].startswith(f"https://{host}/login/callback?")
        back = get("/login/callback", asked.cookies["session"], code=query["nonce"], state=query["state"])
        session = back.cookies["session"]
        assert ask(session) == str(("alice", VISITOR))
        assert ask(session, **{"Sec-Fetch-Site": "cross-site"}) == "None"
        assert ask(session[:-2]) == "None"  # a cookie that Gradio has not signed
        assert ask(get("/logout", session).cookies.get("session", "")) == "None"
        assert VISITOR not in app.log.read_text("utf-8")


def test_what_is_published_is_the_visitors(hub, folder):
    done = publish(folder, "alice", "cups", VISITOR, private=False)
    assert done == {"model": f"{hub.url}/{REPO}", "space": f"{hub.url}/spaces/{SPACE}", "version": "v1"}
    assert hub.tokens_seen == {VISITOR, None}  # uploads go to addresses that need none
    model, space = hub.repositories[REPO], hub.repositories[f"spaces/{SPACE}"]
    assert Classifier.load(REPO, "v1").revision == model.head
    assert (model.creator, space.creator) == (VISITOR, VISITOR)
    assert set(space.files) == {".gitattributes", *space_files(REPO)}
    assert space.variables == {"MODEL_REPO": REPO, "MODEL_REVISION": model.head}
    assert space.hardware == "zero-a10g"


def test_a_second_time_it_is_the_next_version_on_the_machine_that_was_chosen(hub, folder, config):
    publish(folder, "alice", "cups", VISITOR, private=False)
    hub.repositories[f"spaces/{SPACE}"].hardware = "t4-small"
    document, write = config
    write(document | {"temperature": 2.5})
    assert publish(folder, "alice", "cups", VISITOR, private=False)["version"] == "v2"
    model, space = hub.repositories[REPO], hub.repositories[f"spaces/{SPACE}"]
    assert list(model.tags) == ["v1", "v2"]
    assert space.variables["MODEL_REVISION"] == model.head == model.tags["v2"]
    assert space.hardware == "t4-small"


def test_a_private_one_says_what_its_owner_does_before_it_starts(hub, folder):
    done = publish(folder, "alice", "cups", VISITOR, private=True)
    settings = f"{hub.url}/spaces/{SPACE}/settings"
    assert done["todo"] == (
        f"The model is private: add the secret HF_TOKEN, with a token of yours that may read {REPO}, at {settings}, and the "
        "Space starts."
    )
    assert hub.repositories[REPO].private
    assert hub.repositories[f"spaces/{SPACE}"].private
    assert hub.repositories[f"spaces/{SPACE}"].secrets == {}
    hub.repositories[f"spaces/{SPACE}"].secrets["HF_TOKEN"] = "hf_read"
    assert "todo" not in publish(folder, "alice", "cups", VISITOR, private=True)
    with pytest.raises(PublishError, match="the name is taken"):  # one that this page did not make, and may not see
        hub.add("alice/mugs", {}).private = True
        publish(folder, "alice", "mugs", VISITOR, private=True)


def refused(hub: Hub, folder, words: str, name: str = "cups", token: str = VISITOR, private: bool = False) -> None:
    with pytest.raises(PublishError, match=words) as caught:
        publish(folder, "alice", name, token, private=private)
    assert "\n" not in str(caught.value)
    assert token not in repr(caught.value)


def test_a_token_that_is_refused_is_said_to_be(hub, folder):
    refused(hub, folder, "the token is wrong, expired or revoked: sign out, then sign in again", token="hf_oauth_expired")
    hub.faults["auth_check"] = Fault(403, message="insufficient scope")
    refused(hub, folder, r"the token may not do this \(insufficient scope\): sign out, then sign in again")
    assert hub.repositories == {}


@pytest.mark.parametrize("place", [REPO, f"spaces/{SPACE}"])
def test_a_name_that_is_taken_is_said_to_be_and_nothing_is_published(hub, folder, place):
    hub.add(place, {"app.py": b"print()"}).creator = TOKEN
    refused(hub, folder, f"{place.removeprefix('spaces/')} cannot be published: .*or choose another name")
    hub.repositories[place].creator = VISITOR
    refused(hub, folder, "exists and is not .* of this project: choose another name, or delete it there first")
    hub.repositories[place].files.clear()
    refused(hub, folder, "exists and is public: make it private there, or publish without 'private'", private=True)
    assert set(hub.repositories) == {place}


@pytest.mark.parametrize("name", ["", "my cups", "cups/mugs", "../cups", "-cups", "cups--mugs", "c" * 97, "c" * 95])
def test_a_name_that_is_none_is_said_to_be_before_anything_is_published(hub, folder, name):
    refused(hub, folder, "its name is not valid|is not the name of a repository", name=name)
    assert hub.repositories == {}


def test_what_is_taught_on_a_space_has_no_weights_to_train_on(hub, folder):
    (folder / "model.safetensors").unlink()
    publish(folder, "alice", "cups", VISITOR, private=False)
    assert "model.safetensors" not in hub.repositories[REPO].files
    assert Classifier.load(REPO, "v1").config.labels


def test_another_namespace_is_refused(hub, folder):
    with pytest.raises(PublishError, match="alice may not create repositories in 'bob', only in alice"):
        publish(folder, "bob", "cups", VISITOR, private=False)


def test_a_folder_that_is_no_model_is_refused(hub, folder):
    shutil.rmtree(folder)
    refused(hub, folder, f"{REPO} cannot be published: {folder} is not a folder")


def test_where_the_space_fails_it_says_that_the_model_is_there(hub, folder):
    hub.faults["variables"] = Fault(402, message="PRO needed")
    refused(hub, folder, f"{REPO} is published as v1, but the Space {SPACE} cannot be published: .*PRO needed")
    hub.faults.clear()
    assert publish(folder, "alice", "cups", VISITOR, private=False)["version"] == "v2"


def test_nothing_of_the_token_is_printed_or_written(hub, folder, tmp_path, capfd):
    publish(folder, "alice", "cups", VISITOR, private=False)
    hub.faults["create"] = Fault(500)
    refused(hub, folder, "a problem of its own", name="mugs")
    assert VISITOR not in "".join(capfd.readouterr())
    assert all(VISITOR.encode() not in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    written = [*hub.repositories[REPO].files.values(), *hub.repositories[f"spaces/{SPACE}"].files.values()]
    assert all(VISITOR.encode() not in content for content in written)
