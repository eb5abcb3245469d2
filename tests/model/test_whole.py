"""Files and folders appear whole or not at all."""

from __future__ import annotations

import pytest

from model.errors import OutputError
from model.whole import check_replaceable, whole_file, whole_folder, write_text


def test_a_file_appears_when_it_is_whole(tmp_path):
    target = tmp_path / "report.html"
    with whole_file(target) as file:
        file.write(b"whole")
        assert not target.exists()
    assert target.read_bytes() == b"whole"
    assert list(tmp_path.iterdir()) == [target]


def test_a_failed_rewrite_leaves_the_old_file(tmp_path):
    target = tmp_path / "report.html"
    write_text(target, "old\r\n猫")
    with pytest.raises(ZeroDivisionError), whole_file(target) as file:
        file.write(b"new")
        raise ZeroDivisionError
    assert target.read_bytes() == "old\r\n猫".encode()
    assert list(tmp_path.iterdir()) == [target]


def test_a_file_that_cannot_be_written_is_an_os_error(tmp_path):
    with pytest.raises(OSError, match="no such folder"):
        write_text(tmp_path / "no such folder" / "report.html", "text")


def test_a_folder_appears_when_it_is_whole(tmp_path):
    target = tmp_path / "reports" / "mine"
    with pytest.raises(ZeroDivisionError), whole_folder(target, "report.html", "a report") as folder:
        (folder / "report.html").write_text("half")
        raise ZeroDivisionError
    assert list(target.parent.iterdir()) == []
    with whole_folder(target, "report.html", "a report") as folder:
        (folder / "report.html").write_text("whole")
        assert not target.exists()
    assert (target / "report.html").read_text() == "whole"
    assert list(target.parent.iterdir()) == [target]


def test_a_failed_rewrite_leaves_the_old_folder(tmp_path):
    target = tmp_path / "mine"
    with whole_folder(target, "report.html", "a report") as folder:
        (folder / "report.html").write_text("old")
        (folder / "figure.png").write_bytes(b"old")
    with pytest.raises(ZeroDivisionError), whole_folder(target, "report.html", "a report") as folder:
        (folder / "report.html").write_text("new")
        raise ZeroDivisionError
    assert (target / "report.html").read_text() == "old"
    with whole_folder(target, "report.html", "a report") as folder:
        (folder / "report.html").write_text("new")
    assert [path.name for path in target.iterdir()] == ["report.html"]
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("content", ["holiday.jpg", None])
def test_what_is_something_else_is_never_overwritten(tmp_path, content):
    target = tmp_path / "mine"
    target.mkdir() if content else target.write_bytes(b"a file")
    if content:
        (target / content).write_bytes(b"photo")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(OutputError, match="exists and is not a report; choose another name"), \
            whole_folder(target, "report.html", "a report"):  # fmt: skip
        raise AssertionError
    assert sorted(tmp_path.rglob("*")) == before


def test_an_empty_folder_may_be_filled(tmp_path):
    check_replaceable(tmp_path, "report.html", "a report")
    (tmp_path / "report.html").write_text("one of the same kind")
    check_replaceable(tmp_path, "report.html", "a report")


def test_a_place_that_cannot_be_written_to_is_named(tmp_path):
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(OutputError, match=r"file cannot be written to \(.+\); choose another folder"), \
            whole_folder(tmp_path / "file" / "mine", "report.html", "a report"):  # fmt: skip
        raise AssertionError
