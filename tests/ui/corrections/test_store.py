"""What is kept, how much, where, and that training can read it."""

from __future__ import annotations

import hashlib
import io
import json

import pytest
from PIL import Image

from model.photo import PhotoError
from tests.pictures import CAT, COFFEE, corners, encoded, quadrants
from tests.ui.corrections.conftest import ABOUT, ANSWERS, photo
from training.data.sources import open_data
from ui.corrections import store as correction_store
from ui.corrections.store import CannotUndo, CorrectionStore, StoreFull, usable_labels


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
    photos = open_data(store.folder, tmp_path / "unpacked").train
    assert photos.counts() == {"Cat": 3, "Dog": 3}
    assert all(path.read_bytes().startswith(b"\xff\xd8") for path in photos.paths)


def test_training_reads_neither_from_the_same_folder(store, tmp_path):
    for shade in range(2):
        for offset, label in ((0, "Cat"), (80, "Dog"), (160, "neither")):
            store.add(photo(offset + shade), label, ABOUT)
    photos = open_data(store.folder, tmp_path / "unpacked", neither=store.folder / "neither").train
    assert photos.counts() == {"Cat": 2, "Dog": 2, "neither": 2}
    assert photos.labels == ("Cat", "Dog")


def test_an_encoded_photo_is_the_same_every_time():
    first, second = correction_store.encode(COFFEE), correction_store.encode(io.BytesIO(COFFEE.read_bytes()))
    assert first == second
