"""The one rule for the photos in a folder, and what it says of the rest."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from model.photo_files import (
    AGAIN,
    ARCHIVE,
    HIDDEN,
    NOT_PHOTOS,
    NOWHERE,
    SPECIAL,
    LeftOut,
    is_hidden,
    is_photo_name,
    list_photos,
    shown,
)  # fmt: skip

JPEG = b"\xff\xd8\xff\xe0"
needs_posix = pytest.mark.skipif(os.name != "posix", reason="links and pipes of POSIX")


def lay(root: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)
    return root


def test_contents_tell_photos_and_names_tell_broken_ones(tmp_path):
    files = {
        "cat/1.jpg?width=800": JPEG,
        "cat/2": JPEG,
        "cat/3.JFIF": JPEG,
        "cat/4.png": b"<html>",
        "notes.txt": b"a",
        "a.ZIP": b"PK",
    }
    found = list_photos(lay(tmp_path, files))
    assert found.names == ("cat/1.jpg?width=800", "cat/2", "cat/3.JFIF", "cat/4.png")
    assert found.others == ("a.ZIP", "notes.txt")
    assert found.left_out.counts == {ARCHIVE: 1, NOT_PHOTOS: 1}


def test_what_is_hidden_is_left_out_at_any_depth_and_counted(tmp_path):
    hidden = ["a/.git/b/c.jpg", "a/__macosx/1.jpg", "a/b/Thumbs.db", ".DS_Store", "a/@eaDir/x/2.jpg"]
    found = list_photos(lay(tmp_path, dict.fromkeys((*hidden, "a/1.jpg"), JPEG)))
    assert found.names == ("a/1.jpg",)
    assert found.folders == ("a", "a/b")
    assert found.left_out.counts == {HIDDEN: 5}


def test_hidden_folders_may_lie_deep_in_one_another(tmp_path):
    here = os.open(tmp_path, os.O_RDONLY)
    before = Path.cwd()
    lay(tmp_path, {"a/1.jpg": JPEG})
    try:
        os.chdir(tmp_path)
        Path(".hidden").mkdir()
        os.chdir(".hidden")
        for _ in range(1500):
            Path("d").mkdir()
            os.chdir("d")
        Path("2.jpg").write_bytes(JPEG)
    finally:
        os.chdir(before)
        os.close(here)
    found = list_photos(tmp_path)
    assert found.names == ("a/1.jpg",)
    assert found.left_out.counts == {HIDDEN: 1}
    for _ in range(1500):  # shutil.rmtree calls itself for each level
        inner = tmp_path / ".hidden" / "d"
        aside = tmp_path / "aside"
        if (inner / "d").exists():
            (inner / "d").rename(aside)
            inner.rmdir()
            aside.rename(inner)


@needs_posix
def test_links_are_followed_once(tmp_path):
    data, pool = tmp_path / "data", lay(tmp_path / "pool", {"1.jpg": JPEG, "2.jpg": JPEG})
    lay(data, {"cat/0.jpg": JPEG})
    for name, target in {
        "cat/5.jpg": pool / "1.jpg", "cat/gone.jpg": tmp_path / "nothing", "cat/more": pool, "dog": pool,
    }.items():  # fmt: skip
        (data / name).symlink_to(target)
    os.mkfifo(data / "pipe.jpg")
    found = list_photos(data)
    assert found.names == ("cat/0.jpg", "cat/5.jpg", "cat/more/2.jpg")
    assert found.left_out.counts == {SPECIAL: 1, NOWHERE: 1, AGAIN: 2}


@needs_posix
@pytest.mark.parametrize("target", [".", "..", "../data/cat"])
def test_links_in_a_circle_end(tmp_path, target):
    data = lay(tmp_path / "data", {"cat/0.jpg": JPEG, "dog/1.jpg": JPEG})
    (data / "round").symlink_to(target)
    found = list_photos(data)
    assert found.names == ("cat/0.jpg", "dog/1.jpg")
    assert found.left_out.counts == {AGAIN: 1}


@needs_posix
def test_a_file_with_two_names_is_two_files(tmp_path):
    data = lay(tmp_path, {"cat/0.jpg": JPEG})
    (data / "cat" / "1.jpg").hardlink_to(data / "cat" / "0.jpg")
    assert list_photos(data).names == ("cat/0.jpg", "cat/1.jpg")


def test_a_folder_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        list_photos(tmp_path / "nothing")


@pytest.mark.parametrize(("path", "hidden"), [
    (".git", True), ("a/.x/b", True), ("__MACOSX/a", True), ("a/THUMBS.DB", True), ("lost+found", True),
    ("git", False), ("a/x.y/b", False), ("MACOSX/a", False), ("a/thumbs.jpg", False), ("lost", False),
])  # fmt: skip
def test_hidden(path, hidden):
    assert is_hidden(path) == hidden


@pytest.mark.parametrize(
    ("name", "says_so"), [("a.JPG", True), ("1.jpg?w=8", True), ("C#/a.png", True), ("a.txt", False), ("jpg", False)]
)
def test_names_that_say_photo(name, says_so):
    assert is_photo_name(name) == says_so


@pytest.mark.parametrize(
    ("name", "text"), [("caf\udce9", r"caf\xe9"), ("a\nb", r"a\nb"), ("ä 猫", "ä 猫"), ("\x1b[1m", r"\x1b[1m")]
)
def test_any_name_can_be_printed(name, text):
    assert shown(name) == text
    text.encode("utf-8")


def test_what_is_left_out_is_told_with_three_examples():
    left_out = LeftOut()
    for number in range(5):
        left_out.add(NOT_PHOTOS, f"{number}.txt")
    left_out.add(HIDDEN, ".git/", 1200)
    assert left_out.sentences() == [
        f"left out, {NOT_PHOTOS}: 5 (0.txt, 1.txt, 2.txt, …)", f"left out, {HIDDEN}: 1,200 (.git/, …)",
    ]  # fmt: skip
    again = LeftOut.from_json(left_out.to_json())
    assert again.sentences() == left_out.sentences()
    again.take_back(NOT_PHOTOS, ["1.txt", "4.txt"])
    assert again.counts == {NOT_PHOTOS: 3, HIDDEN: 1200}
    both = LeftOut()
    both.update(again, "pets")
    both.update(again, "pets")
    assert both.counts == {NOT_PHOTOS: 6, HIDDEN: 2400}
    assert both.to_json()[0]["examples"] == ["pets/0.txt", "pets/2.txt", "pets/0.txt"]
    assert not LeftOut()
