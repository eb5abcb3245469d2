"""Publishing a model, with the real client, on a Hub of our own that fails in every way a Hub can fail."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import httpx2
import pytest

from model import Classifier, ModelError
from model.hub.client import PublishError, check_access
from model.hub.models import OPTIONAL, REQUIRED, push
from tests.hub import TOKEN, VISITOR, Fault, Hub, Repository, whoami
from tests.running import ROOT
from training.quality.card import PICTURES

# what the client itself does when it uploads by the LFS protocol
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")

REPO = "alice/pets"


@pytest.fixture
def complete(folder) -> Path:
    """A model folder with everything that is published, and things that are not."""
    (folder / "report").mkdir()
    for name in OPTIONAL:
        (folder / name).write_bytes(name.encode())
    for name in (".env", "notes.txt", "report/holiday.png", "report/notes.txt"):
        (folder / name).write_bytes(b"mine")
    return folder


def test_the_listed_files():
    assert set(REQUIRED) == {"config.json", "model.onnx", "model.safetensors", "README.md"}
    drawn = ("confusion", "reliability", "top_losses", "robustness", "curves", "predictions")
    report = {"report/report.html", "report/metrics.json", *(f"report/{name}.png" for name in drawn)}
    assert {f"report/{name}" for name in PICTURES} < report  # the card shows no others
    assert set(OPTIONAL) == {"model.pkl", "background.npz"} | report


def repository(hub: Hub) -> Repository:
    return hub.repositories[REPO]


def test_a_push_creates_the_repository_with_the_listed_files_and_tags_it(hub, complete):
    version = push(complete, REPO)
    made = repository(hub)
    assert set(made.files) == {".gitattributes", *REQUIRED, *OPTIONAL}
    assert all(made.files[name] == (complete / name).read_bytes() for name in (*REQUIRED, *OPTIONAL) if name != "README.md")
    assert (version.tag, version.url) == ("v1", f"{hub.url}/{REPO}")
    assert (made.head, made.tags, made.private) == (version.commit, {"v1": version.commit}, False)
    assert len(made.commits) == 2  # the empty one, and everything at once
    assert Classifier.load(REPO, "v1").revision == version.commit


def test_the_card_says_how_to_load_this_repository(hub, folder):
    push(folder, REPO)
    card = repository(hub).files["README.md"].decode()
    assert f'Classifier.load("{REPO}")' in card
    assert card.startswith("---\n")


def test_the_next_version_replaces_files_and_deletes_those_that_are_gone(hub, complete, config):
    first = push(complete, REPO).commit
    uploads = len(hub.asked("PUT /upload"))
    document, write = config
    write(document | {"temperature": 2.5})
    for name in ("model.pkl", "background.npz"):
        (complete / name).unlink()
    shutil.rmtree(complete / "report")
    hub.repositories[REPO].files["notes.md"] = b"written on the Hub"
    second = push(complete, REPO).commit
    made = repository(hub)
    assert made.tags == {"v1": first, "v2": second}
    assert set(made.files) == {".gitattributes", "notes.md", *REQUIRED}
    assert len(hub.asked("PUT /upload")) == uploads  # the weights are there already
    assert Classifier.load(REPO, "v2").config.temperature == 2.5
    assert Classifier.load(REPO, "v1").config.temperature == document["temperature"]


def test_a_version_is_never_replaced(hub, folder):
    commit = push(folder, REPO, version="v7").commit
    with pytest.raises(PublishError, match="has a v7 already"):
        push(folder, REPO, version="v7")
    with pytest.raises(PublishError, match="has a main already"):
        push(folder, REPO, version="main")
    with pytest.raises(PublishError, match="cannot be the name of a version"):
        push(folder, REPO, version="../v8")
    assert repository(hub).tags == {"v7": commit}
    push(folder, REPO)
    assert list(repository(hub).tags) == ["v7", "v8"]


def test_a_repository_of_something_else_is_left_alone(hub, folder):
    hub.add(REPO, {"config.json": b"{}", "pytorch_model.bin": b"", "README.md": b""})
    with pytest.raises(PublishError, match="is not a model of this project"):
        push(folder, REPO)
    assert len(repository(hub).commits) == 1


def test_a_repository_made_by_hand_is_filled(hub, folder):
    hub.add(REPO, {".gitattributes": b"", "README.md": b"to be written"})
    push(folder, REPO)
    assert b"to be written" not in repository(hub).files["README.md"]


def test_private_is_private_or_refused(hub, folder):
    push(folder, REPO, private=True)
    assert repository(hub).private
    push(folder, REPO, private=True)
    repository(hub).private = False
    with pytest.raises(PublishError, match="is public"):
        push(folder, REPO, private=True)
    assert list(repository(hub).tags) == ["v1", "v2"]


def test_with_a_token_of_its_own_that_of_the_environment_is_not_used(hub, folder, monkeypatch, capfd):
    monkeypatch.setenv("HF_TOKEN", "hf_wrong")
    for tag in ("v1", "v2"):
        assert push(folder, REPO, private=True, token=VISITOR).tag == tag
    assert hub.tokens_seen == {VISITOR, None}  # uploads go to addresses that need none
    assert VISITOR not in "".join(capfd.readouterr())


def test_a_visitor_may_write_to_nothing_but_what_the_app_made(hub, folder):
    hub.add(REPO, {".gitattributes": b""}).creator = TOKEN
    with pytest.raises(PublishError, match=r"may not do this .*: sign out, then sign in again, or choose another name"):
        push(folder, REPO, token=VISITOR)
    repository(hub).private = True  # then it is not even seen
    with pytest.raises(PublishError, match="the name is taken .You already created this repo"):
        push(folder, REPO, token=VISITOR)
    assert set(repository(hub).files) == {".gitattributes"}


def test_a_visitor_whose_token_has_expired_signs_in_again(hub, folder):
    with pytest.raises(PublishError, match="the token is wrong, expired or revoked: sign out, then sign in again") as caught:
        push(folder, REPO, token="hf_oauth_expired")
    assert "hf_oauth_expired" not in str(caught.value)


def test_an_organisation_one_may_write_to(hub, folder):
    push(folder, "pets/classifier")
    assert list(hub.repositories["pets/classifier"].tags) == ["v1"]


@pytest.mark.parametrize("name", REQUIRED)
def test_an_incomplete_folder_is_refused_before_anything_is_asked(hub, folder, name):
    (folder / name).unlink()
    with pytest.raises(ModelError, match=f"{name}.* is missing"):
        push(folder, REPO)
    assert hub.requests == []


def test_a_folder_without_weights_is_published_where_that_is_meant_and_leaves_no_older_ones(hub, folder):
    push(folder, REPO)
    (folder / "model.safetensors").unlink()
    assert push(folder, REPO, needs_weights=False).tag == "v2"
    assert "model.safetensors" not in repository(hub).files
    (folder / "README.md").unlink()
    with pytest.raises(ModelError, match="model.safetensors, README.md is missing"):
        push(folder, REPO, needs_weights=False)


def test_cut_off_weights_are_refused_before_anything_is_asked(hub, folder):
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    with pytest.raises(ModelError, match="is not a safetensors file"):
        push(folder, REPO)
    assert hub.requests == []


def test_a_card_that_the_hub_cannot_read_stops_the_upload(hub, folder):
    (folder / "README.md").write_text("# No metadata", "utf-8")
    with pytest.raises(PublishError, match=r"status 400 \(no metadata\)"):
        push(folder, REPO)
    assert not hub.asked("PUT")


def test_an_object_that_the_storage_refuses_is_named_with_its_reason(hub, folder):
    hub.refused_objects = "Repository storage is full"
    with pytest.raises(PublishError, match=r"LFS batch API returned errors: .*Repository storage is full"):
        push(folder, REPO)
    assert repository(hub).tags == {}


def fine_grained(entity: str, *permissions: str) -> dict:
    scope = {"entity": {"type": "user", "name": entity}, "permissions": list(permissions)}
    return whoami("fineGrained", fineGrained={"global": ["discussion.write"], "scoped": [scope]})


@pytest.mark.parametrize(
    ("repo", "who", "words"),
    [
        ("alice/new", whoami("read"), "may only read"),
        ("bob/new", whoami(), "may not create repositories in 'bob', only in alice, pets"),
        ("zoo/new", whoami(), "may not create repositories in 'zoo'"),
        ("alice/new", fine_grained("alice", "repo.content.read"), "may not write to repositories in 'alice'"),
        ("alice/new", fine_grained("pets", "repo.write"), "may not write to repositories in 'alice'"),
        ("bob/there", whoami(), "may not do this .You don't have the rights to write to bob."),
        ("pets", whoami(), "write USER/NAME"),
        ("https://huggingface.co/alice/pets", whoami(), "write USER/NAME"),
        ("alice/my pets", whoami(), "its name is not valid"),
        ("alice/my--pets", whoami(), "its name is not valid"),
    ],
)
def test_access_is_refused_in_a_sentence(hub, repo, who, words):
    hub.tokens[TOKEN] = who
    hub.add("bob/there", {})
    with pytest.raises(PublishError, match=words):
        check_access(repo)


@pytest.mark.parametrize("who", [whoami(), fine_grained("Alice", "repo.content.read", "repo.write")])
@pytest.mark.parametrize("repo", ["alice/new", "Alice/new", "alice/there"])
def test_access_is_granted(hub, repo, who):
    hub.tokens[TOKEN] = who
    hub.add("alice/there", {})
    check_access(repo)
    assert not hub.asked("POST")


def test_without_a_token_it_says_how_to_get_one(hub, monkeypatch):
    monkeypatch.delenv("HF_TOKEN")
    with pytest.raises(PublishError, match=r"there is no token: make one .*/settings/tokens and set HF_TOKEN"):
        check_access(REPO)
    assert hub.requests == []


def test_a_wrong_token_is_called_wrong(hub, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_wrong")
    with pytest.raises(PublishError, match="the token is wrong, expired or revoked"):
        check_access(REPO)


@pytest.mark.parametrize("endpoint", ["http://127.0.0.1:9", "nowhere"])
def test_no_network_is_noticed_at_once(hub, monkeypatch, endpoint):
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", endpoint)
    started = time.monotonic()
    with pytest.raises(PublishError, match=f"{endpoint} cannot be reached: check the network"):
        check_access(REPO)
    assert time.monotonic() - started < 5


def test_offline_mode_is_named(hub, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(PublishError, match="HF_HUB_OFFLINE is set"):
        check_access(REPO)


def test_a_hub_that_does_not_answer_is_given_up(hub, monkeypatch):
    monkeypatch.setattr("model.hub.client.TIMEOUTS", httpx2.Timeout(0.3))
    hub.faults["whoami"] = "slow"
    with pytest.raises(PublishError, match="did not answer in time"):
        check_access(REPO)


QUOTA = Fault(403, message="Private repository storage limit reached, please upgrade your plan")
FAULTS = [
    ("whoami", Fault(500), "a problem of its own .status 500"),
    ("whoami", Fault(429), "too many requests.*try again in some minutes"),
    ("auth_check", Fault(403, message="no write"), "may not do this .no write."),
    ("create", Fault(402, message="PRO needed"), "a payment or a plan .PRO needed."),
    ("create", Fault(409, message="name taken"), "the name is taken"),
    ("create", QUOTA, "a quota is used up .Private repository storage limit"),
    ("refs", Fault(404, "RepoNotFound"), "no such repository"),
    ("validate_yaml", "cut", "was cut"),
    ("preupload", Fault(401, message="Invalid credentials in Authorization header"), "the token is wrong"),
    ("batch", QUOTA, "a quota is used up"),
    ("batch", Fault(413), "too large"),
    ("upload", Fault(403, message="signature expired"), "signature expired"),
    ("upload", Fault(500), "a problem of its own"),
    ("upload", "cut", "was cut"),
    ("verify", Fault(404), "no such"),
    ("commit", Fault(412, message="A commit has happened since"), "somebody else changed it at the same time"),
    ("commit", Fault(429, headers={"Retry-After": "31"}), "too many requests.*try again in 31 seconds"),
    ("commit", Fault(503), "a problem of its own .status 503"),
    ("commit", "cut", "was cut"),
]


@pytest.mark.parametrize(("endpoint", "fault", "words"), FAULTS)
def test_what_fails_before_the_commit_publishes_nothing(hub, folder, endpoint, fault, words):
    hub.faults[endpoint] = fault
    with pytest.raises(PublishError, match=words) as caught:
        push(folder, REPO)
    assert str(caught.value).startswith(REPO)
    assert "\n" not in str(caught.value)
    assert all((set(made.files), made.tags) == ({".gitattributes"}, {}) for made in hub.repositories.values())
    hub.faults.clear()
    push(folder, REPO)
    assert list(repository(hub).tags) == ["v1"]


@pytest.mark.parametrize(("endpoint", "fault", "words"), [case for case in FAULTS if case[0] in ("upload", "commit")])
def test_what_fails_before_the_commit_leaves_the_version_before_it(hub, folder, endpoint, fault, words):
    first = push(folder, REPO).commit
    (folder / "model.pkl").write_bytes(b"new")
    hub.faults[endpoint] = fault
    with pytest.raises(PublishError, match=words):
        push(folder, REPO)
    assert (repository(hub).head, repository(hub).tags) == (first, {"v1": first})


@pytest.mark.parametrize(
    ("endpoint", "fault", "words"),
    [
        ("commit", "lose", "was cut"),
        (REPO, "corrupt", "differs from what was sent"),
        (REPO, "short", "differs from what was sent"),
        (REPO, Fault(404, "EntryNotFound"), "no such"),
        ("tag", Fault(409, message="Tag v1 already exists"), "Tag v1 already exists"),
        ("tag", Fault(500), "a problem of its own"),
        ("tag", "cut", "was cut"),
    ],
)
def test_what_fails_after_the_commit_leaves_it_without_a_version(hub, folder, endpoint, fault, words):
    hub.faults[endpoint] = fault
    with pytest.raises(PublishError, match=words) as caught:
        push(folder, REPO)
    assert str(caught.value).startswith(REPO)
    assert "\n" not in str(caught.value)
    assert set(REQUIRED) < set(repository(hub).files)
    assert repository(hub).tags == {}
    hub.faults.clear()
    commit = push(folder, REPO).commit
    assert repository(hub).tags == {"v1": commit}
    assert len(repository(hub).commits) == 2  # the second time there was nothing to commit


@pytest.mark.parametrize(
    ("endpoint", "fault"),
    [
        ("preupload", Fault(429, headers={"Retry-After": "0"}, times=1)),
        ("upload", Fault(500, times=2)),
        ("upload", Fault(way="cut", times=1)),
        (REPO, Fault(way="truncate", times=2)),
    ],
)
def test_what_passes_is_sat_out(hub, folder, endpoint, fault):
    hub.faults[endpoint] = fault
    push(folder, REPO)
    assert fault.times == 0
    assert list(repository(hub).tags) == ["v1"]


def test_a_change_by_somebody_else_in_between_is_not_overwritten(hub, folder):
    hub.faults["commit"] = Fault(way="race", times=1)
    with pytest.raises(PublishError, match="somebody else changed it"):
        push(folder, REPO)
    assert set(repository(hub).files) == {".gitattributes", "notes.md"}


def command(hub: Hub, home: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    variables = {"HF_ENDPOINT": hub.url, "HF_TOKEN": TOKEN, "HF_HOME": str(home), "HF_HUB_DISABLE_XET": "1"}
    return subprocess.run(
        [sys.executable, "-m", "training.publish", *arguments],
        cwd=ROOT,
        env=os.environ | variables | environment,
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_the_command_line(hub, folder, tmp_path):
    done = command(hub, tmp_path, str(folder), REPO, "--version", "v3", "--private")
    assert done.returncode == 0, done.stderr
    assert f"{REPO} v3: {hub.url}/{REPO}/tree/v3 (commit {repository(hub).head})" in done.stdout
    assert list(repository(hub).tags) == ["v3"]
    assert repository(hub).private


@pytest.mark.parametrize(
    ("repo", "environment", "words"),
    [
        (REPO, {"HF_TOKEN": ""}, "there is no token"),
        (REPO, {"HF_ENDPOINT": "http://127.0.0.1:9"}, "cannot be reached"),
        ("bob/pets", {}, "may not create repositories"),
    ],
)
def test_the_command_line_ends_with_a_sentence(hub, folder, tmp_path, repo, environment, words):
    done = command(hub, tmp_path, str(folder), repo, **environment)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("Cannot publish: ")
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert hub.repositories == {}


def test_a_folder_that_is_no_model_is_named(hub, tmp_path):
    done = command(hub, tmp_path, str(tmp_path / "none"), REPO)
    assert done.returncode == 1
    assert done.stderr.strip() == f"Cannot publish: {tmp_path / 'none'} is not a folder"
    assert hub.requests == []
