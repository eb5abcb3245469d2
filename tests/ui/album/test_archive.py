"""Zips from strangers."""

from __future__ import annotations

import struct
import zipfile
from pathlib import Path

import pytest

from model.photo import MAX_BYTES
from tests.pictures import CAT
from tests.ui.album.conftest import packed
from ui.album import archive
from ui.album.archive import Archive, ArchiveError


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
