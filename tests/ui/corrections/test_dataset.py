"""Corrections go on to a dataset on the Hub."""

from __future__ import annotations

import os
import signal
import time

import pytest

from tests.hub import TOKEN, Hub, log_in, running_hub
from tests.pictures import CAT, COFFEE
from tests.running import running_app
from tests.ui.corrections.conftest import ABOUT, ANSWERS, photo
from ui.corrections import store as correction_store
from ui.corrections.dataset import CorrectionDataset
from ui.corrections.store import CorrectionStore, StoreFull

REPO = "alice/corrections"
KEY = f"datasets/{REPO}"
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")  # the Hub's client itself


@pytest.fixture
def hub(monkeypatch, tmp_path):
    with running_hub() as server:
        log_in(server, monkeypatch, tmp_path)
        yield server


def photos_on(hub: Hub) -> list[str]:
    return sorted(name.split("/")[0] for name in hub.repositories[KEY].files if name.endswith(".jpg"))


def test_a_dataset_gets_photos_and_log_in_one_commit_when_they_cannot_be_undone(hub, store, monkeypatch):
    dataset = CorrectionDataset(store, REPO)
    assert hub.repositories[KEY].private
    assert dataset.is_private
    for shade, label in ((1, "Cat"), (2, "Dog")):
        store.add(photo(shade), label, ABOUT)
    undone = store.add(photo(3), "Dog", ABOUT)
    assert dataset.send()
    assert photos_on(hub) == []
    store.undo(undone)
    monkeypatch.setattr(correction_store, "UNDO_SECONDS", 0)
    commits = len(hub.repositories[KEY].commits)
    assert dataset.send()
    assert photos_on(hub) == ["Cat", "Dog"]
    assert len(hub.repositories[KEY].commits) == commits + 1
    (log,) = (content for name, content in hub.repositories[KEY].files.items() if name.endswith(".jsonl"))
    assert len(log.splitlines()) == 4
    assert dataset.send()
    assert len(hub.repositories[KEY].commits) == commits + 1  # nothing new, no commit


def test_a_photo_with_a_new_label_moves_in_the_dataset_also_after_a_restart(hub, tmp_path):
    first = CorrectionStore(tmp_path / "first", ANSWERS, 10_000_000)
    dataset = CorrectionDataset(first, REPO)
    first.add(CAT, "Cat", ABOUT)
    assert dataset.send(everything=True)
    second = CorrectionStore(tmp_path / "second", ANSWERS, 10_000_000)
    dataset = CorrectionDataset(second, REPO)
    second.add(CAT, "Dog", ABOUT)
    assert dataset.send(everything=True)
    assert photos_on(hub) == ["Dog"]
    assert sum(name.endswith(".jsonl") for name in hub.repositories[KEY].files) == 2


def test_the_dataset_counts_among_the_size(hub, tmp_path):
    hub.add(KEY, {"Cat/a.jpg": b"x" * 9_000, "README.md": b""})
    store = CorrectionStore(tmp_path, ANSWERS, 9_200)
    CorrectionDataset(store, REPO)
    with pytest.raises(StoreFull):
        store.add(photo(1), "Cat", ABOUT)


def test_what_the_hub_refuses_is_sent_later(hub, store, caplog):
    dataset = CorrectionDataset(store, REPO)
    store.add(CAT, "Cat", ABOUT)
    hub.faults["commit"] = (403, "")
    assert not dataset.send(everything=True)
    assert "could not be sent to alice/corrections" in caplog.text
    hub.faults.clear()
    assert dataset.send(everything=True)
    assert photos_on(hub) == ["Cat"]


def test_a_dataset_that_cannot_be_used_is_named(hub, store):
    with pytest.raises(ValueError, match="CORRECTIONS_REPO: the dataset zoo/corrections cannot be used"):
        CorrectionDataset(store, "zoo/corrections")


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
def test_an_app_that_ends_sends_what_it_has(interruptible, hub, tmp_path, end):
    environment = {
        "CORRECTIONS_REPO": REPO,
        "CORRECTIONS_FOLDER": str(tmp_path / "corrections"),
        "HF_ENDPOINT": hub.url,
        "HF_TOKEN": TOKEN,
        "HF_HUB_DISABLE_XET": "1",
        "HF_HOME": str(tmp_path / "home"),
    }
    with running_app(environment) as app:
        for index, path in enumerate((CAT, COFFEE)):  # as if a visitor had just corrected them
            CorrectionStore(tmp_path / "corrections", ANSWERS, 10_000_000).add(path, ANSWERS[index], ABOUT)
        assert photos_on(hub) == []
        os.kill(app.pid, end)
        deadline = time.monotonic() + 20
        while len(photos_on(hub)) < 2 and time.monotonic() < deadline:
            time.sleep(0.1)
    assert photos_on(hub) == ["Cat", "Dog"]
