"""No visitor's photo is kept."""

from __future__ import annotations

import time
from pathlib import Path

import httpx
import pytest
from gradio_client import Client, handle_file

from tests.pictures import CAT
from tests.running import running_app

IN_A_HURRY = "from ui import page; page.DELETE_UPLOADS = (1, 2); import app; app.main()"


def held(uploads: Path) -> list[bytes]:
    return [path.read_bytes() for path in uploads.rglob("*") if path.is_file()]


@pytest.mark.slow
def test_photos_are_deleted_when_their_time_is_over(tmp_path):
    uploads = tmp_path / "uploads"
    photo = CAT.read_bytes() + b"a visitor's own"
    mine = tmp_path / "mine.jpg"
    mine.write_bytes(photo)
    with running_app({"GRADIO_TEMP_DIR": str(uploads)}, ["-c", IN_A_HURRY]) as hurried:
        httpx.post(f"{hurried.url}/gradio_api/upload", files={"files": ("mine.jpg", photo)}).raise_for_status()
        assert photo in held(uploads)
        client = Client(hurried.url, verbose=False)
        assert client.predict(photo=handle_file(mine), api_name="/classify")["label"] == "Cat"
        client.close()
        deadline = time.monotonic() + 15
        while photo in held(uploads) and time.monotonic() < deadline:
            time.sleep(0.2)
        assert photo not in held(uploads)


def test_the_raw_route_writes_nothing(app):
    before = set(app.log.parent.rglob("*"))
    photo = CAT.read_bytes() + b"raw"
    httpx.post(f"{app.url}/api/classify", content=photo).raise_for_status()
    httpx.post(f"{app.url}/api/classify", files={"file": photo}).raise_for_status()
    assert set(app.log.parent.rglob("*")) == before
