"""Corrections: what is kept, how much, where, and that training can read it."""

from __future__ import annotations

import hashlib
import io
import json
import os
import signal
import time
from pathlib import Path

import httpx
import pytest
from PIL import Image

from model.photo import PhotoError
from tests.hub import TOKEN, Hub, log_in, running_hub
from tests.pictures import CAT, COFFEE, corners, encoded, quadrants
from tests.running import running_app
from training.data.sources import open_data
from ui.corrections import store as correction_store
from ui.corrections.dataset import CorrectionDataset
from ui.corrections.store import CannotUndo, CorrectionStore, Limit, StoreFull, usable_labels
from ui.settings import Settings

ANSWERS = ("Cat", "Dog", "neither")
ABOUT = {"answer": "Dog", "probability": 0.6, "model": "pets", "revision": "abc"}
REPO = "alice/corrections"
KEY = f"datasets/{REPO}"
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")  # the Hub's client itself


@pytest.fixture
def store(tmp_path) -> CorrectionStore:
    return CorrectionStore(tmp_path / "corrections", ANSWERS, 10_000_000)


@pytest.fixture
def hub(monkeypatch, tmp_path):
    with running_hub() as server:
        log_in(server, monkeypatch, tmp_path)
        yield server


def photo(shade: int) -> bytes:
    return encoded(Image.new("RGB", (40, 30), (shade, 255 - shade, 7)), "PNG")


def kept(store: CorrectionStore) -> list[str]:
    """`label/` of every photo in the folder."""
    return sorted(path.parent.name for path in store.folder.glob("*/*"))


def lines(store: CorrectionStore) -> list[dict[str, object]]:
    return [json.loads(line) for line in (store.folder / "corrections.jsonl").read_text("utf-8").splitlines()]


def test_a_photo_is_kept_upright_small_and_without_metadata(store):
    exif = Image.Exif()
    exif[0x0112] = 6  # turn it
    exif[0x010F] = "A camera"
    exif.get_ifd(0x8825)[2] = (52.0, 31.0, 12.0)  # where it was taken
    stored_turned = quadrants(3000, 2000).transpose(Image.Transpose.ROTATE_90)
    store.add(encoded(stored_turned, "JPEG", exif=exif.tobytes(), comment=b"secret"), "Cat", ABOUT)
    (path,) = store.folder.glob("Cat/*.jpg")
    image = Image.open(path)
    assert image.format == "JPEG"
    assert image.size == (1024, 683)
    assert not image.getexif()
    assert b"Exif" not in path.read_bytes()
    assert b"secret" not in path.read_bytes()
    red, green, blue, white = corners(image)
    assert (red[0], green[1], blue[2]) == pytest.approx((255, 255, 255), abs=8)
    assert min(white) > 240
    assert path.stem == hashlib.sha256(path.read_bytes()).hexdigest()[:32]


def test_the_log_says_what_was_done(store):
    receipt = store.add(CAT, "Cat", ABOUT)
    store.undo(receipt)
    first, second = lines(store)
    assert first.items() >= (ABOUT | {"action": "add", "label": "Cat"}).items()
    assert first["file"].endswith(".jpg")
    assert first["time"].startswith("20")
    assert second["action"] == "undo"
    assert (second["file"], second["id"]) == (first["file"], first["id"])
    assert receipt not in (store.folder / "corrections.jsonl").read_text("utf-8")


def test_a_line_that_a_crash_cut_off_stays_alone(store):
    store.add(photo(1), "Cat", ABOUT)
    log = store.folder / "corrections.jsonl"
    log.write_bytes(log.read_bytes() + b'{"half": ')
    unfinished = store.folder / "Cat" / ".x.jpg.part"
    unfinished.write_bytes(b"half a photo")
    again = CorrectionStore(store.folder, ANSWERS, 10_000_000)
    again.add(photo(2), "Dog", ABOUT)
    assert [line[:8] for line in log.read_text("utf-8").splitlines()] == ['{"time":', '{"half":', '{"time":']
    assert not unfinished.exists()


def test_the_same_photo_is_kept_once_and_the_last_label_wins(store):
    store.add(CAT, "Cat", ABOUT)
    store.add(CAT.read_bytes(), "Cat", ABOUT)
    assert kept(store) == ["Cat"]
    store.add(CAT, "Dog", ABOUT)
    assert kept(store) == ["Dog"]
    assert [line["label"] for line in lines(store)] == ["Cat", "Cat", "Dog"]


def test_undo_brings_back_what_was_before(store):
    first = store.add(CAT, "Cat", ABOUT)
    second = store.add(CAT, "Dog", ABOUT)
    third = store.add(CAT, "Dog", ABOUT)
    store.undo(second)
    assert kept(store) == ["Dog"]
    store.undo(third)
    assert kept(store) == ["Cat"]
    store.undo(first)
    assert kept(store) == []
    with pytest.raises(CannotUndo):
        store.undo(first)
    with pytest.raises(CannotUndo):
        store.undo("guessed")


def test_undo_leaves_what_was_there_before_this_process(store):
    store.add(CAT, "Cat", ABOUT)
    again = CorrectionStore(store.folder, ANSWERS, 10_000_000)
    again.undo(again.add(CAT, "Dog", ABOUT))
    assert kept(again) == ["Cat"]


def test_after_ten_minutes_nothing_is_undone(store, monkeypatch):
    receipt = store.add(CAT, "Cat", ABOUT)
    monkeypatch.setattr(correction_store, "UNDO_SECONDS", 0)
    with pytest.raises(CannotUndo):
        store.undo(receipt)
    assert kept(store) == ["Cat"]


def test_the_folder_never_grows_beyond_its_size(tmp_path):
    store = CorrectionStore(tmp_path, ANSWERS, 5_000)
    with pytest.raises(StoreFull):
        for shade in range(100):
            store.add(photo(shade), "Cat", ABOUT)
    assert 1 < len(kept(store)) < 20
    size = sum(path.stat().st_size for path in tmp_path.rglob("*") if path.is_file())
    assert size <= 5_000
    with pytest.raises(StoreFull):
        CorrectionStore(tmp_path, ANSWERS, 5_000).add(photo(200), "Cat", ABOUT)


@pytest.mark.parametrize("label", ["Horse", "../Cat", "", "cat", "Cat/.."])
def test_only_the_model_s_answers_are_labels(store, label):
    with pytest.raises(ValueError, match="not a label"):
        store.add(CAT, label, ABOUT)
    assert kept(store) == []


def test_labels_that_cannot_be_folders_are_not_offered(tmp_path):
    assert usable_labels(["Cat", "a/b", "..", ".git", "CON", "x:y", "dot.", "new\nline", "", " a", "CAT", "Gato ñ"]) == (
        "Cat",
        "Gato ñ",
    )
    with pytest.raises(ValueError, match="no label"):
        CorrectionStore(tmp_path, ["a/b"], 1000)


def test_what_is_no_photo_is_refused(store):
    with pytest.raises(PhotoError, match="This is a PDF"):
        store.add(b"%PDF-1.7", "Cat", ABOUT)


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ValueError, match="corrections cannot be kept in"):
        CorrectionStore(tmp_path / "file" / "folder", ANSWERS, 1000)


def test_training_reads_the_folder_as_data(store, tmp_path):
    for shade in range(3):
        store.add(photo(shade), "Cat", ABOUT)
        store.add(photo(100 + shade), "Dog", ABOUT)
    photos = open_data(store.folder, tmp_path / "unpacked")["all"]
    assert photos.counts() == {"Cat": 3, "Dog": 3}
    assert all(path.read_bytes().startswith(b"\xff\xd8") for path in photos.paths)


def test_training_reads_neither_from_the_same_folder(store, tmp_path):
    for shade in range(2):
        for offset, label in ((0, "Cat"), (80, "Dog"), (160, "neither")):
            store.add(photo(offset + shade), label, ABOUT)
    photos = open_data(store.folder, tmp_path / "unpacked", neither=store.folder / "neither")["all"]
    assert photos.counts() == {"Cat": 2, "Dog": 2, "neither": 2}
    assert photos.labels == ("Cat", "Dog")


def test_a_limit_counts_each_client_and_all():
    now = [0.0]
    limit = Limit(2, 3, lambda: now[0])
    assert [limit.take(client) for client in "aaabb"] == [True, True, False, True, False]
    now[0] = 61
    assert limit.take("b")


def test_settings():
    assert Settings().corrections_folder is None
    found = Settings.from_environment({"CORRECTIONS_FOLDER": "/data/c", "CORRECTIONS_REPO": "a/b", "CORRECTIONS_MAX_MB": "5"})
    assert (found.corrections_folder, found.corrections_repo, found.corrections_max_mb) == (Path("/data/c"), "a/b", 5)
    for wrong in ({"CORRECTIONS_MAX_MB": "0"}, {"CORRECTIONS_REPO": "nobody"}, {"CORRECTIONS_REPO": "a/b/c"}):
        with pytest.raises(ValueError, match="CORRECTIONS_"):
            Settings.from_environment(wrong)


def test_without_settings_the_page_knows_no_corrections(app):
    components = json.dumps(httpx.get(f"{app.url}/config").json()["components"])
    assert "classify.photo" in components
    assert "corrections" not in components


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


def test_an_encoded_photo_is_the_same_every_time():
    first, second = correction_store.encode(COFFEE), correction_store.encode(io.BytesIO(COFFEE.read_bytes()))
    assert first == second
