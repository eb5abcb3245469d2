"""The album: zips from strangers, uploads that are not uploads, and what comes out."""

from __future__ import annotations

import csv
import io
import struct
import threading
import time
import zipfile
from pathlib import Path

import gradio as gr
import httpx
import numpy as np
import pytest
from PIL import Image

from model.classifier import Classifier, Prediction
from model.photo import MAX_BYTES, PhotoError
from tests.pictures import CAT, COFFEE, encoded
from tests.running import run_alone, running_app
from ui import album
from ui.album import archive
from ui.album.archive import Archive, ArchiveError
from ui.album.drop import Source, Upload, sources, uploads
from ui.album.views import Row, csv_name, gallery, problems, table, write_csv
from ui.service import Service

ANSWERS = ("Cat", "Dog", "neither")


def packed(path: Path, entries: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as zipped:
        for name, content in entries.items():
            zipped.writestr(name, content)
    return path


def contents(path: Path) -> dict[str, bytes | str]:
    """What each entry holds, or the sentence that says why it cannot be read."""
    opened = Archive(path)
    found: dict[str, bytes | str] = {}
    for entry in opened.entries:
        try:
            found[entry.filename] = opened.read(entry)
        except ArchiveError as error:
            found[entry.filename] = str(error)
    return found


def row(name: str, cat: float) -> Row:
    return Row(name, Prediction(ANSWERS, (cat, 1 - cat, 0.0)), b"jpeg")


def test_folders_and_litter_are_passed_over(tmp_path):
    names = ["a/", "a/cat.jpg", "__MACOSX/a/._cat.jpg", ".DS_Store", "a/Thumbs.db", "a\\desktop.ini"]
    assert contents(packed(tmp_path / "a.zip", dict.fromkeys(names, b"x"))) == {"a/cat.jpg": b"x"}


@pytest.mark.parametrize("name", ["/etc/passwd", "../../evil.jpg", "a/../../evil.jpg", "C:/evil.jpg", "..\\evil.jpg"])
def test_names_that_lead_outside_are_refused_and_nothing_is_written(tmp_path, name):
    path = packed(tmp_path / "a.zip", {name: b"x", "cat.jpg": b"y"})
    before = set(tmp_path.rglob("*"))
    good, bad = sorted(map(str, contents(path).values()), key=lambda text: "leads out" in text)
    assert "leads out of the zip" in bad
    assert good == str(b"y")
    assert set(tmp_path.rglob("*")) == before


def test_an_entry_is_read_no_further_than_the_limit(tmp_path):
    path = packed(tmp_path / "a.zip", {"bomb.jpg": bytes(3 * MAX_BYTES)})
    assert path.stat().st_size < 100_000
    assert len(contents(path)["bomb.jpg"]) == MAX_BYTES + 1


def test_a_zip_that_unpacks_to_too_much_is_stopped(tmp_path, monkeypatch):
    monkeypatch.setattr(archive, "MAX_UNPACKED", 3_000)
    found = contents(packed(tmp_path / "a.zip", {f"{n}.jpg": bytes(1_000) for n in range(5)}))
    assert [len(content) for content in found.values()][:3] == [1_000] * 3
    assert all("larger than" in str(content) for content in list(found.values())[3:])


def test_damaged_entries_use_up_the_allowance_too(tmp_path, monkeypatch):
    monkeypatch.setattr(archive, "MAX_UNPACKED", 3_000)
    path = packed(tmp_path / "a.zip", {f"{n}.jpg": bytes(1_000) for n in range(5)}, zipfile.ZIP_STORED)
    path.write_bytes(path.read_bytes().replace(bytes(1_000), b"\1" * 1_000))
    found = list(contents(path).values())
    assert all("damaged" in str(content) for content in found[:3])
    assert all("larger than" in str(content) for content in found[3:])


def test_too_many_entries_are_refused_before_they_are_listed(tmp_path, monkeypatch):
    path = packed(tmp_path / "a.zip", {f"{n}.jpg": b"" for n in range(5_001)})
    monkeypatch.setattr(zipfile, "ZipFile", None)
    with pytest.raises(ArchiveError, match="more than 5,000 entries"):
        Archive(path)


def test_encrypted_and_unusual_entries_are_named(tmp_path):
    path = packed(tmp_path / "a.zip", {"cat.jpg": b"x" * 50})
    data = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):  # the flags of its two headers
        data[data.index(signature) + offset] |= 1
    path.write_bytes(data)
    assert "without a password" in str(contents(path)["cat.jpg"])
    assert "unusual way" in str(contents(packed(tmp_path / "b.zip", {"cat.jpg": b"x"}, zipfile.ZIP_LZMA))["cat.jpg"])


@pytest.mark.parametrize("cut", [10, 40, 200])
def test_a_zip_that_is_cut_off_is_named(tmp_path, cut):
    path = packed(tmp_path / "a.zip", {"cat.jpg": CAT.read_bytes()})
    path.write_bytes(path.read_bytes()[:-cut])
    with pytest.raises(ArchiveError, match="damaged or cut off"):
        Archive(path)


def test_a_lying_header_is_survived(tmp_path):
    path = packed(tmp_path / "a.zip", {"cat.jpg": b"x" * 1000}, zipfile.ZIP_STORED)
    data = path.read_bytes()
    directory = data.index(b"PK\x01\x02")
    path.write_bytes(data[: directory + 20] + struct.pack("<II", 2**31, 2**31) + data[directory + 28 :])
    assert "damaged" in str(contents(path)["cat.jpg"])


def test_sources_of_files_and_zips(tmp_path):
    inner = packed(tmp_path / "inner.zip", {"cat.jpg": b"x"}).read_bytes()
    path = packed(tmp_path / "a.zip", {"b/cat\u202egpj.jpg": CAT.read_bytes(), "inner.zip": inner})
    empty = packed(tmp_path / "empty.zip", {})
    found, bad, left_out = sources([Upload("a.zip", path), Upload("cat.jpg", CAT), Upload("e.zip", empty)])
    assert [each.name for each in found] == ["a.zip/b/cat�gpj.jpg", "a.zip/inner.zip", "cat.jpg"]
    assert found[0].read() == found[2].read() == CAT.read_bytes()
    assert bad == [("e.zip", "This zip is empty: there are no photos in it.")]
    assert left_out == 0


def test_more_than_a_thousand_are_left_out_and_counted(tmp_path):
    many = packed(tmp_path / "a.zip", {f"{n}.jpg": b"" for n in range(1_200)})
    found, _, left_out = sources([Upload("a.zip", many), Upload("cat.jpg", CAT)])
    assert (len(found), left_out) == (1_000, 201)


def test_a_file_that_was_deleted_meanwhile_is_named(tmp_path):
    (source,), _, _ = sources([Upload("cat.jpg", CAT)])
    assert source.read()
    _, bad, _ = sources([Upload("gone.jpg", tmp_path / "gone.jpg")])
    assert bad == [("gone.jpg", "It was deleted before it could be read. Upload it again.")]


@pytest.mark.parametrize(
    "said",
    [
        {"files": [{"path": path, "name": "a.jpg"}], "too_large": [], "left_out": 0}
        for path in ("/etc/passwd", "../app.py", "http://127.0.0.1/a.jpg", "\0", 1, None, "")
    ]
    + [None, {}, {"files": "a", "too_large": [], "left_out": 0}, {"files": [], "too_large": [1], "left_out": 0},
       {"files": [], "too_large": [], "left_out": float("inf")}],
)  # fmt: skip
def test_what_is_not_among_the_uploads_is_refused(said, tmp_path):
    with pytest.raises(gr.Error, match="not among the uploads"):
        uploads(gr.EventData(None, said), tmp_path)


def test_no_more_files_are_looked_at_than_are_answered(tmp_path):
    (tmp_path / "a.jpg").write_bytes(b"x")
    many = [{"path": str(tmp_path / "a.jpg"), "name": "a.jpg"}] * 1000 + [{"path": "/etc/passwd", "name": "b"}] * 5000
    files, too_large, left_out = uploads(
        gr.EventData(None, {"files": many, "too_large": ["c"] * 3000, "left_out": 1e300}), tmp_path
    )
    assert (len(files), len(too_large), left_out) == (1000, 1000, 5000 + 2000 + 1_000_000)
    assert uploads(gr.EventData(None, {"files": [], "too_large": [], "left_out": -5}), tmp_path) == ([], [], 0)


def test_uploads_are_taken_with_names_fit_to_be_shown(tmp_path):
    (tmp_path / "a.jpg").write_bytes(b"x")
    said = {"files": [{"path": str(tmp_path / "a.jpg"), "name": "b\n" + 500 * "c"}], "too_large": ["d"], "left_out": 3}
    ((found,), too_large, left_out) = uploads(gr.EventData(None, said), tmp_path)
    assert found.path.name == "a.jpg"
    assert found.name.startswith("b�c")
    assert len(found.name) < 130
    assert (too_large, left_out) == (["d"], 3)


def test_csv_is_safe_for_spreadsheets():
    evil = ["=1+1", "+1", "-1", "@A1", "\t=1"]
    rows = [*(row(name, 0.9) for name in evil), Row('bad,"name"', problem="=no")]
    data = write_csv(rows, ANSWERS, "en")
    assert data.startswith(b"\xef\xbb\xbf")
    read = list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"))))
    assert [each["file"] for each in read] == [*(f"'{name}" for name in evil), 'bad,"name"']
    assert read[0] | {"file": ""} == {
        "file": "", "answer": "Cat", "probability": "0.900000", "Cat": "0.900000", "Dog": "0.100000", "neither": "0.000000",
        "problem": "",
    }  # fmt: skip
    assert read[-1]["problem"] == "'=no"
    assert csv_name("Cat/Dog: β", "embedded") == "Cat-Dog-embedded.csv"


def test_the_gallery_shows_a_part_and_says_so():
    rows = [row(f"{n}.jpg", 0.5 + n / 1000) for n in range(1, 400)] + [row("dog.jpg", 0.1), Row("bad", problem="bad")]
    html = gallery(rows, "en")
    assert html.count("<img") == 61
    assert "The first 60 of 399 are shown" in html
    assert html.index("1.jpg: Cat") < html.index("2.jpg: Cat") < html.index("dog.jpg: Dog")


def test_names_are_text_in_html():
    evil = '<script>alert(1)</script>" onload="x'
    for html in (gallery([row(evil, 0.9)], "en"), problems([(evil, evil)], 0, "en")):
        assert "<script" not in html
        assert '" onload' not in html


def test_a_table_of_many_answers_has_no_column_for_each():
    many = tuple(f"label {n}" for n in range(50))
    found = table([Row("a", Prediction(many, (1.0, *(0.0 for _ in many[1:]))))], many, "en")
    assert found["headers"] == ["file", "answer", "probability"]
    assert found["data"] == [["a", "label 0", 1.0]]


def answer_all(service: Service, found: list[Source]) -> list[Row | None]:
    async def run() -> list[Row | None]:
        done: list[Row | None] = [None] * len(found)
        async for _ in album._answer_all(service, found, done, lambda: False):
            pass
        return done

    return run_alone(run())


def test_answers_are_those_of_the_classifier(classifier):
    rows = answer_all(Service(classifier), [Source(path.name, path.read_bytes) for path in (CAT, COFFEE)])
    expected = classifier.classify([CAT, COFFEE])
    for found, wanted in zip(rows, expected, strict=True):
        assert np.allclose(found.prediction.probabilities, wanted.probabilities, atol=1e-6)
        assert max(Image.open(io.BytesIO(found.thumbnail)).size) == 112


def test_a_bad_photo_is_a_row_and_the_rest_goes_on(classifier):
    def gone() -> bytes:
        raise PhotoError("It is gone.")

    found = [Source("a", gone), Source("b", lambda: b"%PDF"), Source("c", CAT.read_bytes)]
    first, second, third = answer_all(Service(classifier), found)
    assert first.problem == "It is gone."
    assert "PDF" in second.problem
    assert third.answer("en") == "Cat"


def test_an_album_leaves_room_for_other_visitors_and_waits_where_there_is_none(classifier):
    """A network that counts what is under way; one place in all, so that every photo of the album meets `Busy`."""
    most, lock = 0, threading.Lock()

    class Slow:
        def logits(self, batch: np.ndarray) -> np.ndarray:
            nonlocal most
            with lock:
                most = max(most, len(batch))
            time.sleep(0.01)
            return np.zeros((len(batch), 3), np.float32)

    found = [Source(str(number), CAT.read_bytes) for number in range(12)]
    service = Service(Classifier(Slow(), classifier.config), max_waiting=64)
    assert all(row.prediction for row in answer_all(service, found))
    assert most <= 4
    assert all(row.prediction for row in answer_all(Service(service.classifier, max_waiting=1), found[:3]))


def test_photos_and_csv_file_are_deleted_when_its_time_is_over(tmp_path):
    hurried = "from ui import page; page.DELETE_UPLOADS = (1, 2); import app; app.main()"
    with running_app({"GRADIO_TEMP_DIR": str(tmp_path)}, ["-c", hurried]) as app:
        with httpx.Client(base_url=f"{app.url}/gradio_api", timeout=60) as client:
            photo = encoded(Image.open(CAT), "JPEG")
            (path,) = client.post("/upload", files={"files": ("mine.jpg", photo)}).json()
            config = client.get(f"{app.url}/config").json()
            files = next(each["id"] for each in config["components"] if each["props"].get("elem_id") == "album-files")
            event = next(each for each in config["dependencies"] if [files, "upload"] in each["targets"])
            said = {"files": [{"path": path, "name": "mine.jpg"}], "too_large": [], "left_out": 0}
            body = {"fn_index": event["id"], "data": [], "event_data": said, "session_hash": "a"}
            client.post("/queue/join", json=body).raise_for_status()
            with client.stream("GET", "/queue/data", params={"session_hash": "a"}) as stream:
                assert any("process_completed" in line and ".csv" in line for line in stream.iter_lines())
        deadline = time.monotonic() + 15
        held = [*tmp_path.rglob("*.csv"), *tmp_path.rglob("mine*")]
        while any(path.exists() for path in held) and time.monotonic() < deadline:
            time.sleep(0.2)
        assert [path for path in held if path.exists()] == []
        assert len(held) >= 1
