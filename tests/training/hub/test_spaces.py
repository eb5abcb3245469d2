"""Publishing the Space: its files must run by themselves, and every way in which a Space fails is told apart."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from huggingface_hub import RepoCard

from model.source import STARTER
from tests.hub import COMMIT, OLD_COMMIT, TOKEN, Fault, Repository, log_in, running_hub, space_environment
from tests.running import ROOT, running_app
from training.hub.models import PublishError
from training.hub.spaces import publish_space, space_files

pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")

MODEL, SPACE = "alice/pets", "alice/app"


@pytest.fixture
def hub(monkeypatch, tmp_path):
    monkeypatch.setattr("training.hub.spaces.POLL_SECONDS", 0.02)
    with running_hub() as server:
        log_in(server, monkeypatch, tmp_path)
        server.add(MODEL, {name: (STARTER / name).read_bytes() for name in ("config.json", "model.onnx")})
        yield server


@pytest.fixture
def space(hub) -> Repository:
    """A new Space that builds for ever."""
    made = hub.add(f"spaces/{SPACE}", {".gitattributes": b""})
    made.stages = ["BUILDING"]
    return made


def fails(words: str, **options: object) -> str:
    with pytest.raises(PublishError, match=words) as caught:
        publish_space(SPACE, MODEL, "main", wait_minutes=0.005, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_the_files_are_those_that_serve():
    files = space_files(MODEL)
    folders = {str(Path(name).parent) for name in files}
    assert {folder.partition("/")[0] for folder in folders} == {".", "model", "ui"}
    assert {"app.py", "LICENSE", "README.md", "requirements.txt", "model/classifier.py", "ui/api.py"} < files.keys()
    ours = {
        path.relative_to(ROOT).as_posix()
        for folder in ("model", "ui")
        for path in (ROOT / folder).rglob("*.*")
        if "__pycache__" not in path.parts and "starter" not in path.parts and path.suffix not in (".md", ".pyi")
    }
    assert {name for name in files if name.startswith(("model/", "ui/"))} == ours
    assert {"model/fastai_export/learner.py", "model/inside/graph.py"} < ours
    requirements = files["requirements.txt"].read_text("utf-8")
    assert requirements == (ROOT / "requirements-serve.txt").read_text("utf-8")
    assert not re.search(r"^(torch|fastai)", requirements, re.MULTILINE)


def test_the_front_matter_names_the_model_and_the_gradio_that_is_installed():
    files = space_files(MODEL)
    data = RepoCard(files["README.md"].decode()).data.to_dict()
    assert data["models"] == [MODEL]
    assert (data["sdk"], data["app_file"], data["python_version"], data["emoji"]) == ("gradio", "app.py", "3.12", "🐈")
    assert f"gradio=={data['sdk_version']}\n" in files["requirements.txt"].read_text("utf-8")


def test_a_space_is_created_runs_its_own_files_and_is_asked_once(hub, tmp_path, monkeypatch, capsys):
    with ThreadPoolExecutor(1) as pool:
        publishing = pool.submit(publish_space, SPACE, MODEL, "main", hardware="zero-a10g", wait_minutes=2)
        while not hub.asked("/runtime") and not publishing.done():
            time.sleep(0.02)
        made = hub.repositories[f"spaces/{SPACE}"]
        assert made.variables == {"MODEL_REPO": MODEL, "MODEL_REVISION": COMMIT}
        assert (made.sdk, made.hardware, made.private) == ("gradio", "zero-a10g", False)
        with running_app(space_environment(hub, SPACE, tmp_path), [str(tmp_path / "app.py")]) as app:
            assert not publishing.done()
            made.host = app.url
            made.stages = ["APP_STARTING", "RUNNING_BUILDING", "RUNNING"]
            assert publishing.result(60) == f"{hub.url}/spaces/{SPACE}"
            assert f"{hub.url}/spaces/{SPACE} answers Cat (100.0%) to cat.jpg" in capsys.readouterr().out

            changes = len(hub.asked("POST", "/variables")), len(made.commits)
            assert publish_space(SPACE, MODEL, "main") == f"{hub.url}/spaces/{SPACE}"  # nothing differs: nothing is sent
            assert (len(hub.asked("POST", "/variables")), len(made.commits)) == changes

            monkeypatch.setattr("training.hub.spaces.PHOTO", ROOT / "README.md")
            fails(r"which runs at .* cannot be asked: .*not a photo")


def test_old_files_of_the_app_go_and_others_stay(hub, space):
    old = {"app.py": b"", "model/classifier.py": b"", "model/old.py": b"", "model/starter/model.onnx": b"", "notes.md": b""}
    hub.add(f"spaces/{SPACE}", old)
    fails("does not serve the new version")
    assert set(space.files) == {".gitattributes", "notes.md", *space_files(MODEL)}


@pytest.mark.parametrize(
    ("stage", "words"),
    [
        ("BUILD_ERROR", r"does not run: BUILD_ERROR \(no such package\); its log is at .*/spaces/alice/app\?logs=build"),
        ("RUNTIME_ERROR", r"does not run: RUNTIME_ERROR \(no such package\); .*logs=container"),
        ("CONFIG_ERROR", "does not run: CONFIG_ERROR"),
        ("PAUSED", r"is updated, but it is paused \(no such package\): start it at .*/settings"),
    ],
)
def test_a_space_that_ends_says_how_and_where_its_log_is(hub, space, stage, words):
    space.stages = ["BUILDING", stage]
    space.runtime = {"errorMessage": "no such\npackage"}
    fails(words)


def test_the_error_of_the_version_before_is_not_taken_for_this_one(hub, space, monkeypatch):
    space.stages = ["RUNTIME_ERROR"]
    space.runtime = {"sha": OLD_COMMIT}
    fails("does not serve the new version after 0.005 minutes .stage RUNTIME_ERROR")
    monkeypatch.setattr("training.hub.spaces.STALE_SECONDS", 0.01)
    fails("does not run: RUNTIME_ERROR")


def test_the_version_before_is_not_taken_for_this_one(hub, space, app):
    space.stages = ["RUNNING"]
    space.host = app.url  # it answers, with another model
    fails("does not serve the new version after 0.005 minutes .stage RUNNING.: look at .*logs=container")
    space.host = "http://127.0.0.1:9"
    fails("does not serve the new version")


def test_hardware_is_requested_where_it_differs(hub, space):
    fails("does not serve", hardware="cpu-basic")
    assert not hub.asked("POST", "/hardware")
    fails("does not serve", hardware="t4-small")
    assert space.hardware == "t4-small"


def test_a_private_model_needs_a_token_in_the_space(hub, space):
    hub.repositories[MODEL].private = True
    fails("alice/pets is private, and the Space alice/app has no token to read it with: add the secret HF_TOKEN")
    assert (set(space.files), space.variables) == ({".gitattributes"}, {})
    space.secrets["HF_TOKEN"] = "hf_read"
    fails("does not serve the new version")
    assert space.variables["MODEL_REPO"] == MODEL


@pytest.mark.parametrize(
    ("endpoint", "fault", "words"),
    [
        ("create", Fault(402, message="PRO needed"), "a payment or a plan .PRO needed."),
        ("create", Fault(429, headers={"Retry-After": "9"}), "try again in 9 seconds"),
        ("variables", Fault(500), "a problem of its own"),
        ("commit", Fault(403), "the token may not do this"),
        ("commit", "cut", "was cut"),
        ("runtime", Fault(503), "a problem of its own"),
    ],
)
def test_what_the_hub_refuses_is_said_in_a_sentence(hub, endpoint, fault, words):
    hub.faults[endpoint] = fault
    assert fails(words).startswith(f"the Space {SPACE} cannot be published")
    assert endpoint == "runtime" or "app.py" not in getattr(hub.repositories.get(f"spaces/{SPACE}"), "files", {})


def test_what_is_not_ours_is_left_alone(hub, space):
    hub.add(f"spaces/{SPACE}", {"app.py": b"print()", "README.md": b""})
    fails("the Space alice/app exists and is not the app of this project")
    fails("exists and is public", private=True)
    assert space.files["app.py"] == b"print()"


@pytest.mark.parametrize(
    ("model", "revision", "words"),
    [
        (MODEL, "v9", "the model alice/pets at v9 cannot be served: there is no such repository, revision or file"),
        ("alice/none", "main", "alice/none at main cannot be served"),
        ("alice/bert", "main", "is not a model of this project"),
    ],
)
def test_the_model_is_looked_for_first(hub, model, revision, words):
    hub.add("alice/bert", {"config.json": b"{}", "model.safetensors": b""})
    with pytest.raises(PublishError, match=words):
        publish_space(SPACE, model, revision)
    assert not hub.asked("POST")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["space", SPACE, MODEL, "--wait-minutes", "0"], "does not serve the new version after 0 minutes"),
        (["publish", "model/starter", "alice/new", "--space", SPACE, "--wait-minutes", "0"], "does not serve"),
        (["publish", "model/starter", "alice/new", "--space", "bob/app"], "may not create repositories in 'bob'"),
    ],
)
def test_the_command_lines(hub, space, tmp_path, arguments, words):
    variables = {"HF_ENDPOINT": hub.url, "HF_TOKEN": TOKEN, "HF_HOME": str(tmp_path), "HF_HUB_DISABLE_XET": "1"}
    program, *options = arguments
    done = subprocess.run(
        [sys.executable, "-m", f"training.{program}", *options],
        cwd=ROOT,
        env=os.environ | variables,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("Cannot publish: ")
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert ("alice/new" in hub.repositories) == (program == "publish" and SPACE in options)
    if "alice/new" in hub.repositories:
        assert space.variables == {"MODEL_REPO": "alice/new", "MODEL_REVISION": hub.repositories["alice/new"].tags["v1"]}
