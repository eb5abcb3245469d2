"""What a Space gets, from here and from another Space, and what is refused before it is touched."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from huggingface_hub import RepoCard

from model.hub.client import PublishError
from model.hub.spaces import Space, check_space, create_space, space_files
from tests.hub import COMMIT, TOKEN, VISITOR, Fault
from tests.model.hub.conftest import MODEL, SPACE
from tests.running import ROOT

pytestmark = [pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning"), pytest.mark.usefixtures("published")]


def refused(words: str, **options: object) -> str:
    with pytest.raises(PublishError, match=words) as caught:
        create_space(SPACE, MODEL, "main", **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def read(content: Path | bytes) -> bytes:
    return content if isinstance(content, bytes) else content.read_bytes()


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
    beside_the_starter = {"model/starter/background.npz"} & files.keys()  # it is of every model with the same body
    assert {name for name in files if name.startswith(("model/", "ui/"))} == ours | beside_the_starter
    assert {"model/fastai_export/learner.py", "model/inside/graph.py", "model/hub/spaces.py"} < ours
    requirements = read(files["requirements.txt"]).decode()
    assert requirements == (ROOT / "requirements-serve.txt").read_text("utf-8")
    assert not re.search(r"^(torch|fastai)", requirements, re.MULTILINE)


def test_a_space_publishes_the_files_that_it_was_published_with(tmp_path, monkeypatch):
    ours = {name: read(content) for name, content in space_files(MODEL).items()}
    for name, content in ours.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    for name in (
        "notes.txt",
        "model/app.log",
        "model/__pycache__/folder.cpython-312.pyc",
        "ui/upload.png",
    ):  # what running leaves
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    monkeypatch.setattr("model.hub.spaces.ROOT", tmp_path)
    assert {name: read(content) for name, content in space_files(MODEL).items()} == ours
    other = space_files("bob/cups")
    assert other.keys() == ours.keys()
    assert RepoCard(read(other["README.md"]).decode()).data["models"] == ["bob/cups"]


def test_the_data_and_the_pictures_that_modules_lie_beside_go_along(tmp_path, monkeypatch):
    for name in ("README.md", "requirements.txt", "model/teach/words.npz", "ui/teach/icons/cup.svg", "model/teach/words.bin"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("---\nsdk: gradio\n---\n", "utf-8")
    monkeypatch.setattr("model.hub.spaces.ROOT", tmp_path)
    expected = {"README.md", "requirements.txt", "model/teach/words.npz", "ui/teach/icons/cup.svg"}
    assert space_files(MODEL).keys() == expected


def test_the_front_matter_names_the_model_and_the_gradio_that_is_installed():
    files = space_files(MODEL)
    data = RepoCard(read(files["README.md"]).decode()).data.to_dict()
    assert data["models"] == [MODEL]
    assert (data["sdk"], data["app_file"], data["python_version"], data["emoji"]) == ("gradio", "app.py", "3.12", "🐈")
    assert f"gradio=={data['sdk_version']}\n" in read(files["requirements.txt"]).decode()


def test_visitors_may_sign_in_and_are_asked_for_no_more_than_what_publishing_needs():
    data = RepoCard(read(space_files(MODEL)["README.md"]).decode()).data.to_dict()
    assert (data["hf_oauth"], data["hf_oauth_scopes"]) == (True, ["contribute-repos"])


def test_a_space_is_created_and_not_waited_for(hub):
    made = create_space(SPACE, MODEL, "main", hardware="zero-a10g")
    there = hub.repositories[f"spaces/{SPACE}"]
    assert made == Space(SPACE, f"{hub.url}/spaces/{SPACE}", there.head, COMMIT, needs_token=False)
    assert set(there.files) == {".gitattributes", *space_files(MODEL)}
    assert there.variables == {"MODEL_REPO": MODEL, "MODEL_REVISION": COMMIT}
    assert (there.sdk, there.hardware, there.private) == ("gradio", "zero-a10g", False)


def test_with_a_token_of_its_own_that_of_the_environment_is_not_used(hub, published, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_wrong")
    published.private, published.creator = True, VISITOR
    made = create_space(SPACE, MODEL, "main", private=True, secret_later=True, token=VISITOR)
    assert hub.repositories[f"spaces/{SPACE}"].private
    assert check_space(SPACE, token=VISITOR)
    assert create_space(SPACE, MODEL, "main", secret_later=True, token=VISITOR) == made
    assert hub.tokens_seen == {VISITOR, None}  # uploads go to addresses that need none


def test_old_files_of_the_app_go_and_others_stay(hub, space):
    old = {"app.py": b"", "model/classifier.py": b"", "model/old.py": b"", "model/starter/model.onnx": b"", "notes.md": b""}
    hub.add(f"spaces/{SPACE}", old)
    create_space(SPACE, MODEL, "main")
    assert set(space.files) == {".gitattributes", "notes.md", *space_files(MODEL)}


def test_hardware_is_requested_where_it_differs(hub, space):
    create_space(SPACE, MODEL, "main", hardware="cpu-basic")
    assert not hub.asked("POST", "/hardware")
    create_space(SPACE, MODEL, "main", hardware="t4-small")
    assert space.hardware == "t4-small"


def test_a_private_model_needs_a_token_in_the_space(published, space):
    published.private = True
    refused("alice/pets is private, and the Space alice/app has no token to read it with: add the secret HF_TOKEN")
    assert (set(space.files), space.variables) == ({".gitattributes"}, {})
    assert create_space(SPACE, MODEL, "main", secret_later=True).needs_token
    assert space.variables["MODEL_REPO"] == MODEL
    space.secrets["HF_TOKEN"] = "hf_read"
    assert not create_space(SPACE, MODEL, "main").needs_token


@pytest.mark.parametrize(
    ("endpoint", "fault", "words"),
    [
        ("create", Fault(402, message="PRO needed"), "a payment or a plan .PRO needed."),
        ("create", Fault(429, headers={"Retry-After": "9"}), "try again in 9 seconds"),
        ("variables", Fault(500), "a problem of its own"),
        ("commit", Fault(403), "the token may not do this"),
        ("commit", "cut", "was cut"),
    ],
)
def test_what_the_hub_refuses_is_said_in_a_sentence(hub, endpoint, fault, words):
    hub.faults[endpoint] = fault
    assert refused(words).startswith(f"the Space {SPACE} cannot be published")
    assert "app.py" not in getattr(hub.repositories.get(f"spaces/{SPACE}"), "files", {})


def test_what_is_not_ours_is_left_alone(hub, space):
    assert check_space(SPACE)
    hub.add(f"spaces/{SPACE}", {"app.py": b"print()", "README.md": b""})
    for words, private in (("exists and is not the app of this project", False), ("exists and is public", True)):
        assert refused(words, private=private).startswith(f"the Space {SPACE} ")
        with pytest.raises(PublishError, match=words):
            check_space(SPACE, private=private)
    assert space.files["app.py"] == b"print()"


def test_a_place_for_a_space_is_looked_at_without_taking_it(hub):
    assert not check_space(SPACE)
    with pytest.raises(PublishError, match="may not create repositories in 'bob'"):
        check_space("bob/app")
    assert not hub.asked("POST")


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
        create_space(SPACE, model, revision)
    assert not hub.asked("POST")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["space", SPACE, MODEL, "--wait-minutes", "0"], "does not serve the new version after 0 minutes"),
        (["publish", "model/starter", "alice/new", "--space", SPACE, "--wait-minutes", "0"], "does not serve"),
        (["publish", "model/starter", "alice/new", "--space", "bob/app"], "may not create repositories in 'bob'"),
        (["publish", "model/starter", "alice/new", "--space", "alice/other"], "is not the app of this project"),
    ],
)
def test_the_command_lines(hub, space, tmp_path, arguments, words):
    hub.add("spaces/alice/other", {"app.py": b"print()"})
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
