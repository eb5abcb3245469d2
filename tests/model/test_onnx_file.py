"""Hostile ONNX files are refused by a look at them, at once; those that cost are refused by a trial, within its limits."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from model import onnx_trial
from model.errors import ModelError
from model.folder import load_folder
from model.network import OnnxNetwork
from model.onnx_file import ALLOWED, MOST_FIELDS, check_onnx
from model.source import STARTER
from tests.model.hostile_onnx import COSTLY, NAMED, SIDE, network, node
from tests.running import ROOT


@pytest.fixture
def model_of(folder, config):
    """Makes of the bytes of a network a model folder for the labels a and b."""
    document, write = config
    del document["neither"], document["architecture"]["rows"]
    document["input"] |= {"height": SIDE, "width": SIDE}
    write(document | {"labels": ["a", "b"]})

    def make(content: bytes) -> Path:
        (folder / "model.onnx").write_bytes(content)
        return folder

    return make


@pytest.mark.parametrize("name", NAMED)
def test_a_look_at_the_file_is_enough(tmp_path, name):
    content, words = NAMED[name]
    path = tmp_path / "model.onnx"
    path.write_bytes(content())
    with pytest.raises(ModelError) as caught:
        check_onnx(path)
    assert str(caught.value).startswith(f"{path} ")
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 500


@pytest.mark.skipif(sys.platform == "win32", reason="bounds memory by resource, which Windows has not")
@pytest.mark.parametrize("name", COSTLY)
def test_a_trial_tells(model_of, name, monkeypatch):
    monkeypatch.setattr(onnx_trial, "SECONDS", 3)
    content, words = COSTLY[name]
    folder = model_of(content())
    with pytest.raises(ModelError, match=rf"model\.onnx .*({words})") as caught:
        load_folder(folder)
    assert "\n" not in str(caught.value)


def test_an_honest_network_passes(model_of):
    classifier = load_folder(model_of(network().SerializeToString()))
    assert classifier.config.answers == ("a", "b")


def test_a_size_that_is_open_takes_that_of_the_config(model_of):
    assert load_folder(model_of(network(side="s").SerializeToString())).config.labels == ("a", "b")


def test_what_is_the_same_to_the_byte_is_tried_once(model_of, monkeypatch):
    folder = model_of(network([node("Neg", ["zero"], ["extra"])]).SerializeToString())
    load_folder(folder)
    monkeypatch.setattr(subprocess, "run", None)
    load_folder(folder)
    shutil.copytree(folder, folder.parent / "copy")
    load_folder(folder.parent / "copy")


def test_the_starter_needs_no_trial(monkeypatch):
    monkeypatch.setattr(subprocess, "run", None)
    load_folder(STARTER)


def test_the_process_that_tries_is_gone_after_its_time(model_of, monkeypatch):
    started = []
    popen = subprocess.Popen
    monkeypatch.setattr(subprocess, "Popen", lambda *args, **how: started.append(popen(*args, **how)) or started[-1])
    monkeypatch.setattr(onnx_trial, "SECONDS", 0)
    with pytest.raises(ModelError, match="takes more than 1 s"):
        load_folder(model_of(COSTLY["2,000 convolutions"][0]()))
    assert started[0].returncode is not None


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes in folders")
@pytest.mark.parametrize("name", ["config.json", "model.onnx"])
@pytest.mark.parametrize(
    ("kind", "words"),
    [("a pipe", "a pipe"), ("a device", "a device"), ("a folder", "a folder"), ("a link to a device", "a device"),
     ("a link to itself", "symbolic links"), ("a link to nowhere", "is missing")],
)  # fmt: skip
def test_what_is_no_file_is_not_waited_for(folder, name, kind, words):
    path = folder / name
    path.unlink()
    match kind:
        case "a pipe":
            os.mkfifo(path)
        case "a folder":
            path.mkdir()
        case "a link to itself":
            path.symlink_to(path)
        case "a link to nowhere":
            path.symlink_to(folder / "nowhere")
        case _:
            path.symlink_to("/dev/zero")
    caught: list[BaseException] = []

    def load() -> None:
        try:
            load_folder(folder)
        except ModelError as error:
            caught.append(error)

    thread = threading.Thread(target=load, daemon=True)
    thread.start()
    thread.join(20)
    assert caught, "it still waits, or loaded"
    assert words in str(caught[0])
    assert name in str(caught[0])


def test_links_into_the_cache_of_the_hub_are_followed(folder, tmp_path):
    blobs, snapshot = tmp_path / "blobs", tmp_path / "snapshots" / "0123"
    blobs.mkdir()
    snapshot.mkdir(parents=True)
    for name in ("config.json", "model.onnx"):
        (folder / name).rename(blobs / name.replace(".", ""))
        (snapshot / name).symlink_to(Path("..") / ".." / "blobs" / name.replace(".", ""))
    assert load_folder(snapshot).config.answers == ("Cat", "Dog", "neither")


def test_the_starter_is_looked_through_with_much_to_spare(monkeypatch):
    monkeypatch.setattr("model.onnx_file.MOST_FIELDS", MOST_FIELDS // 50)
    check_onnx(STARTER / "model.onnx")


def test_damaged_files_are_refused_in_a_sentence_or_run(tmp_path):
    """Every flipped byte, cut and doubled part of an honest file is refused as others are, or is honest still."""
    whole = network().SerializeToString()
    random = np.random.default_rng(0)
    path = tmp_path / "model.onnx"
    refused = 0
    for _ in range(400):
        damaged = bytearray(whole)
        for _ in range(random.integers(1, 4)):
            at = int(random.integers(len(damaged)))
            match random.integers(3):
                case 0:
                    damaged[at] = int(random.integers(256))
                case 1:
                    del damaged[at : at + int(random.integers(1, 30))]
                case 2:
                    damaged[at:at] = damaged[at : at + int(random.integers(1, 30))]
        path.write_bytes(damaged)
        try:
            check_onnx(path)
        except ModelError:
            refused += 1
    assert refused > 100


def test_operations_that_read_or_repeat_are_not_among_those_that_run():
    assert not ALLOWED & {"Loop", "Scan", "If", "SequenceMap", "RandomNormal", "RandomUniform", "Multinomial", "Bernoulli",
                          "ImageDecoder", "TfIdfVectorizer", "StringSplit", "Optional"}  # fmt: skip


def test_the_trial_runs_where_the_program_was_started_elsewhere(model_of, tmp_path):
    folder = model_of(network([node("Abs", ["zero"], ["extra"])]).SerializeToString())
    load = "from model import Classifier; print(Classifier.load('model').config.labels)"
    script = f"import sys; sys.path.insert(0, {str(ROOT)!r}); {load}"
    done = subprocess.run([sys.executable, "-c", script], cwd=folder.parent, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "('a', 'b')", done.stderr


def test_a_network_by_itself_is_looked_through_too(tmp_path):
    path = tmp_path / "x.onnx"
    path.write_bytes(NAMED["weights in /etc/passwd"][0]())
    with pytest.raises(ModelError, match="in another file"):
        OnnxNetwork(path)
