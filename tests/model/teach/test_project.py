from __future__ import annotations

import io
import json
import zipfile

import numpy as np
import pytest

from model.teach.examples import observe
from model.teach.lesson import LessonError
from model.teach.project import ProjectClass, read_project, write_project
from tests.model.teach.conftest import drawing
from tests.pictures import encoded, quadrants


@pytest.fixture(scope="module")
def classes(body, shown) -> list[ProjectClass]:
    held = [observe(body, drawing("bottle", number), burst="b1") for number in range(2)]
    return [ProjectClass("mug", False, shown("mug", 3)), ProjectClass("", True, held)]


@pytest.fixture(scope="module")
def saved(body, classes) -> bytes:
    return write_project(body, classes)


def changed(saved: bytes, name: str, content: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(saved)) as old, zipfile.ZipFile(buffer, "w") as new:
        for entry in old.namelist():
            new.writestr(entry, content if entry == name else old.read(entry))
    return buffer.getvalue()


def index(saved: bytes, **changes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(saved)) as file:
        return changed(saved, "project.json", json.dumps(json.loads(file.read("project.json")) | changes).encode())


def test_what_is_read_is_what_was_written(body, classes, saved):
    read = read_project(body, saved, 1000)
    assert [(each.name, each.neither) for each in read] == [("mug", False), ("", True)]
    for one, other in zip(classes, read, strict=True):
        for before, after in zip(one.examples, other.examples, strict=True):
            assert np.array_equal(before.features, after.features)
            assert np.array_equal(before.look.edge, after.look.edge)
            assert (before.look.format, before.look.width, before.look.bytes) == (
                after.look.format,
                after.look.width,
                after.look.bytes,
            )
            assert before.burst == after.burst
            assert after.thumbnail[:2] == b"\xff\xd8"


def test_strangers_files_are_refused_with_a_reason(body, saved):
    short = np.zeros((4, body.channels), np.float16).tobytes()
    nan, vast = (np.full((5, body.channels), value, np.float16).tobytes() for value in (np.nan, 65504))
    photo = {"format": "JPEG", "width": 4, "height": 3, "bytes": 9}

    def with_photos(**changes) -> bytes:
        return index(saved, classes=[{"name": "mug", "neither": False, "photos": [photo | changes] * 5}])

    large = encoded(quadrants(400, 300), "JPEG")
    for data, words in (
        (b"nothing", "not a saved project"),
        (index(saved, body="0" * 64, model="theirs"), "belongs to another model, 'theirs'"),
        (index(saved, format_version=9), "another version"),
        (index(saved, classes=[{"name": "a\nb", "neither": False, "photos": []}]), "damaged"),
        (index(saved, classes=3), "damaged"),
        (changed(saved, "features.float16", short), "damaged"),
        (changed(saved, "features.float16", nan), "no photo gives"),
        (changed(saved, "features.float16", vast), "no photo gives"),
        (changed(saved, "edges.uint8", short), "damaged"),
        (changed(saved, "thumbnails/0001.jpg", large), "damaged"),
        (with_photos(width=float("inf")), "damaged"),
        (with_photos(width=0), "makes no sense"),
        (with_photos(burst="\ud800"), "makes no sense"),
        (with_photos(burst="b" * 65), "makes no sense"),
        (changed(saved, "thumbnails/0001.jpg", b"GIF89a"), "damaged"),
        (changed(saved, "project.json", b"[" * 100_000), "damaged"),
        (saved[:-30], "damaged"),
    ):
        with pytest.raises(LessonError, match=words):
            read_project(body, data, 1000)
    with pytest.raises(LessonError, match="has 5 photos; at most 4"):
        read_project(body, saved, 4)


def test_a_zip_that_unpacks_too_far_is_refused(body, saved):
    with pytest.raises(LessonError, match="Unpacked, this project is larger"):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
            file.writestr("features.float16", bytes(70_000_000))
        read_project(body, buffer.getvalue(), 1000)
