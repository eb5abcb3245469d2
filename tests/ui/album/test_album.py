"""The answers of an album, beside other visitors."""

from __future__ import annotations

import io
import threading
import time

import httpx
import numpy as np
import pytest
from PIL import Image

from model.classifier import Classifier
from model.photo import PhotoError
from tests.pictures import CAT, COFFEE, encoded
from tests.running import run_alone, running_app
from ui import album
from ui.album.drop import Source
from ui.album.views import Row
from ui.service import Service


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


@pytest.mark.slow
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
            body = {"fn_index": event["id"], "data": [""], "event_data": said, "session_hash": "a"}
            client.post("/queue/join", json=body).raise_for_status()
            with client.stream("GET", "/queue/data", params={"session_hash": "a"}) as stream:
                assert any("process_completed" in line and ".csv" in line for line in stream.iter_lines())
        deadline = time.monotonic() + 15
        held = [*tmp_path.rglob("*.csv"), *tmp_path.rglob("mine*")]
        while any(path.exists() for path in held) and time.monotonic() < deadline:
            time.sleep(0.2)
        assert [path for path in held if path.exists()] == []
        assert ".csv" in {path.suffix for path in held}
