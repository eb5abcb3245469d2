from __future__ import annotations

import subprocess
import sys

import pytest

from model import ModelError
from model.fastai_export.options import ExportOptions
from model.source import STARTER, load
from tests.exports.files import IS_CAT
from tests.hub import COMMIT, OLD_COMMIT, running_hub
from tests.running import ROOT


@pytest.fixture
def hub(monkeypatch, tmp_path):
    with running_hub() as server:
        monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", server.url)
        monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
        monkeypatch.setattr("huggingface_hub.constants.HUGGINGFACE_CO_URL_TEMPLATE",
                            server.url + "/{repo_id}/resolve/{revision}/{filename}")  # fmt: skip
        yield server


def serving_files() -> dict[str, bytes]:
    return {name: (STARTER / name).read_bytes() for name in ("config.json", "model.onnx")}


def test_the_starter_is_the_default():
    assert load().revision == "embedded"
    assert load().config.labels == ("Cat", "Dog")


def test_a_folder(folder):
    assert load(str(folder)).revision == "local"


def test_a_hub_repository_is_loaded_at_the_commit_its_branch_stands_for(hub):
    hub.add("someone/pets", serving_files())
    classifier = load("someone/pets")
    assert classifier.revision == COMMIT
    assert classifier.config.answers == ("Cat", "Dog", "neither")


def test_a_named_commit_is_exactly_what_is_loaded(hub):
    old = serving_files()
    old["config.json"] = old["config.json"].replace(b'"Cat"', b'"Kitten"')
    hub.add("someone/pets", serving_files())
    hub.add("someone/pets", old, OLD_COMMIT)
    assert load("someone/pets", OLD_COMMIT).config.labels == ("Kitten", "Dog")
    assert load("someone/pets", COMMIT).config.labels == ("Cat", "Dog")


def test_a_commit_in_the_cache_needs_no_network(hub):
    hub.add("someone/pets", serving_files())
    load("someone/pets", COMMIT)
    hub.faults["someone/pets"] = (500, "")
    hub.requests.clear()
    assert load("someone/pets", COMMIT).revision == COMMIT
    assert hub.requests == []


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ((404, "RepoNotFound"), "does not exist, or is private"),
        ((401, "RepoNotFound"), "does not exist, or is private"),
        ((403, "GatedRepo"), "permission"),
        ((404, "RevisionNotFound"), "no commit, tag or branch"),
        ((404, "EntryNotFound"), r"no config\.json"),
        pytest.param((500, ""), "cannot be", marks=pytest.mark.slow),  # the Hub's client tries for 23 seconds
    ],
)
def test_what_the_hub_refuses_is_said_in_a_sentence(hub, fault, words):
    hub.add("someone/pets", serving_files())
    hub.faults["someone/pets"] = fault
    with pytest.raises(ModelError, match=words) as caught:
        load("someone/pets", "v1")
    assert "someone/pets" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_repository_without_a_graph_is_refused(hub):
    hub.add("someone/pets", {"config.json": serving_files()["config.json"]})
    with pytest.raises(ModelError, match=r"no model\.onnx"):
        load("someone/pets")


@pytest.mark.slow
def test_no_network_is_said_plainly(monkeypatch, tmp_path):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr("huggingface_hub.constants.HUGGINGFACE_CO_URL_TEMPLATE",
                        "http://127.0.0.1:9/{repo_id}/resolve/{revision}/{filename}")  # fmt: skip
    with pytest.raises(ModelError, match="cannot be reached"):
        load("someone/pets")


@pytest.mark.parametrize("name", ["pets", "/no/such/folder", "./models/none", "a/b/c", "some one/pets"])
def test_names_that_are_neither_folder_nor_repository(name):
    with pytest.raises(ModelError, match="there is no model folder or export|not a valid"):
        load(name)


def test_a_folder_has_no_revisions(folder):
    with pytest.raises(ModelError, match="no revision"):
        load(str(folder), "v1")


def test_serving_imports_neither_torch_nor_fastai():
    code = (
        "import sys; from model import Classifier; Classifier.load().classify(['ui/examples/cat.jpg']);"
        "print([name for name in ('torch', 'torchvision', 'fastai', 'gradio') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("name", ["model.pkl", "export.pkl"])
def test_a_repository_with_only_an_export_in_the_layout_of_push_to_hub_fastai(hub, name):
    hub.add("someone/pets", {name: IS_CAT.read_bytes(), "README.md": b"# pets", "pyproject.toml": b"[build-system]"})
    classifier = load("someone/pets", options=ExportOptions(labels=("dog", "cat")))
    assert classifier.revision == COMMIT
    assert (classifier.config.labels, classifier.config.name) == (("dog", "cat"), "pets")


def test_an_export_beside_a_config_is_not_opened(hub):
    hub.add("someone/pets", serving_files() | {"model.pkl": b"not even a pickle"})
    assert load("someone/pets").config.labels == ("Cat", "Dog")


def test_a_repository_with_neither_is_named(hub):
    hub.add("someone/pets", {"README.md": b"# nothing"})
    with pytest.raises(ModelError, match=r"someone/pets has no config\.json and no model\.pkl"):
        load("someone/pets")


def test_a_repository_without_the_network_is_named(hub):
    hub.add("someone/pets", {"config.json": serving_files()["config.json"]})
    with pytest.raises(ModelError, match=r"someone/pets has no model\.onnx"):
        load("someone/pets")


def test_an_export_on_the_hub_at_a_commit(hub):
    other = IS_CAT.with_name("from_df.pkl").read_bytes()
    hub.add("someone/pets", {"model.pkl": IS_CAT.read_bytes()})
    hub.add("someone/pets", {"model.pkl": other}, OLD_COMMIT)
    assert load("someone/pets", OLD_COMMIT).config.probabilities == "independent"
    assert load("someone/pets", COMMIT).config.labels == ("False", "True")


def test_an_export_has_no_revision():
    with pytest.raises(ModelError, match="is a file and has no revision"):
        load(IS_CAT, "v1")
