"""Publishing the Space: its files must run by themselves, and every way in which a Space fails is told apart."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from model.hub.client import PublishError
from model.hub.serving import publish_space
from tests.hub import COMMIT, OLD_COMMIT, TOKEN, VISITOR, Fault, space_environment
from tests.model.hub.conftest import MODEL, SPACE
from tests.running import ROOT, running_app

pytestmark = [pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning"), pytest.mark.usefixtures("published")]


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr("model.hub.serving.POLL_SECONDS", 0.02)


def fails(words: str, **options: object) -> str:
    with pytest.raises(PublishError, match=words) as caught:
        publish_space(SPACE, MODEL, "main", wait_minutes=0.005, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_space_is_created_runs_its_own_files_and_is_asked_once(hub, tmp_path, monkeypatch, capsys):
    with ThreadPoolExecutor(1) as pool:
        publishing = pool.submit(publish_space, SPACE, MODEL, "main", hardware="zero-a10g", wait_minutes=2)
        while not hub.asked("/runtime") and not publishing.done():
            time.sleep(0.02)
        made = hub.repositories[f"spaces/{SPACE}"]
        assert made.variables == {"MODEL_REPO": MODEL, "MODEL_REVISION": COMMIT}
        with running_app(space_environment(hub, SPACE, tmp_path), [str(tmp_path / "app.py")]) as app:
            assert not publishing.done()
            made.host = app.url
            made.stages = ["APP_STARTING", "RUNNING_BUILDING", "RUNNING"]
            assert publishing.result(60) == f"{hub.url}/spaces/{SPACE}"
            assert f"{hub.url}/spaces/{SPACE} answers Cat (100.0%) to cat.jpg" in capsys.readouterr().out

            changes = len(hub.asked("POST", "/variables")), len(made.commits)
            assert publish_space(SPACE, MODEL, "main") == f"{hub.url}/spaces/{SPACE}"  # nothing differs: nothing is sent
            assert (len(hub.asked("POST", "/variables")), len(made.commits)) == changes

            monkeypatch.setattr("model.hub.serving.PHOTO", ROOT / "README.md")
            fails(r"which runs at .* cannot be asked: .*not a photo")


def test_a_private_space_is_waited_for_and_asked_with_the_token_that_is_given(
    hub, published, space, tmp_path, monkeypatch, capfd
):
    for made in (published, space):
        made.private, made.creator = True, VISITOR
    space.secrets["HF_TOKEN"] = TOKEN
    space.stages = ["RUNNING"]
    fails("does not serve the new version", token=VISITOR)  # its files are there now
    environment = space_environment(hub, SPACE, tmp_path) | {"HF_TOKEN": TOKEN}
    hub.tokens_seen.clear()
    with running_app(environment, [str(tmp_path / "app.py")]) as app:
        space.host = app.url
        assert hub.tokens_seen == {TOKEN}
        monkeypatch.setenv("HF_TOKEN", "hf_wrong")
        assert publish_space(SPACE, MODEL, "main", wait_minutes=1, token=VISITOR) == f"{hub.url}/spaces/{SPACE}"
        assert VISITOR not in app.log.read_text("utf-8")
    assert "hf_wrong" not in hub.tokens_seen
    assert VISITOR not in "".join(capfd.readouterr())


@pytest.mark.parametrize(
    ("stage", "words"),
    [
        ("BUILD_ERROR", r"does not run: BUILD_ERROR \(no such package\); its log is at .*/spaces/alice/app\?logs=build"),
        ("RUNTIME_ERROR", r"does not run: RUNTIME_ERROR \(no such package\); .*logs=container"),
        ("CONFIG_ERROR", "does not run: CONFIG_ERROR"),
        ("PAUSED", r"is updated, but it is paused \(no such package\): start it at .*/settings"),
    ],
)
def test_a_space_that_ends_says_how_and_where_its_log_is(space, stage, words):
    space.stages = ["BUILDING", stage]
    space.runtime = {"errorMessage": "no such\npackage"}
    fails(words)


def test_the_error_of_the_version_before_is_not_taken_for_this_one(space, monkeypatch):
    space.stages = ["RUNTIME_ERROR"]
    space.runtime = {"sha": OLD_COMMIT}
    fails("does not serve the new version after 0.005 minutes .stage RUNTIME_ERROR")
    monkeypatch.setattr("model.hub.serving.STALE_SECONDS", 0.01)
    fails("does not run: RUNTIME_ERROR")


def test_the_version_before_is_not_taken_for_this_one(space, app):
    space.stages = ["RUNNING"]
    space.host = app.url  # it answers, with another model
    fails("does not serve the new version after 0.005 minutes .stage RUNNING.: look at .*logs=container")
    space.host = "http://127.0.0.1:9"
    fails("does not serve the new version")


def test_a_hub_that_fails_while_one_waits_is_named(hub):
    hub.faults["runtime"] = Fault(503)
    assert fails("a problem of its own").startswith(f"the Space {SPACE} cannot be published")
