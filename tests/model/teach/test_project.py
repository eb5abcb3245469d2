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
    array = io.BytesIO()
    np.save(array, np.zeros((5, body.channels)))
    nan = io.BytesIO()
    np.save(nan, np.full((5, body.channels), np.nan, np.float16))
    pickled = io.BytesIO()
    np.save(pickled, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    large = encoded(quadrants(400, 300), "JPEG")
    for data, words in (
        (b"nothing", "not a saved project"),
        (index(saved, body="0" * 64, model="theirs"), "belongs to another model, 'theirs'"),
        (index(saved, format_version=9), "another version"),
        (index(saved, classes=[{"name": "a\nb", "neither": False, "photos": []}]), "damaged"),
        (index(saved, classes=3), "damaged"),
        (changed(saved, "features.npy", array.getvalue()), "features do not belong"),
        (changed(saved, "features.npy", nan.getvalue()), "features do not belong"),
        (changed(saved, "features.npy", pickled.getvalue()), "damaged"),
        (changed(saved, "edges.npy", array.getvalue()), "edges do not belong"),
        (changed(saved, "thumbnails/0001.jpg", large), "thumbnail is too large"),
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
            file.writestr("features.npy", bytes(70_000_000))
        read_project(body, buffer.getvalue(), 1000)
