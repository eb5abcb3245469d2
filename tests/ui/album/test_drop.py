"""What was uploaded, and what only says so."""

from __future__ import annotations

import gradio as gr
import pytest

from tests.pictures import CAT
from tests.ui.album.conftest import packed
from ui.album.drop import Upload, sources, uploads


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
