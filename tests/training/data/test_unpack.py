"""Archives by the rule for folders: photos are told by their contents, names are understood, and the rest is counted."""

from __future__ import annotations

import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.training.data.folders import JPEG, counts, read, refusal

TWO = {"cat": 2, "dog": 2}
PHOTOS = [f"{label}/{index}.jpg" for label in ("cat", "dog") for index in range(2)]


class AsBytes(zipfile.ZipInfo):
    """A member whose name is written as these bytes, without a word on what they mean."""

    raw: bytes

    def _encodeFilenameFlags(self) -> tuple[bytes, int]:
        return self.raw, 0


def zipped(path: Path, *names: str | bytes, **contents: bytes) -> Path:
    """A zip of photos, and of other files by their names."""
    with zipfile.ZipFile(path, "w") as file:
        for name in names:
            info = zipfile.ZipInfo("x") if isinstance(name, str) else AsBytes("x")
            info.filename = name if isinstance(name, str) else name.decode("cp437")
            if isinstance(name, bytes):
                info.raw = name
            file.writestr(info, JPEG)
        for name, content in contents.items():
            file.writestr(name, content)
    return path


def tarred(path: Path, *names: str, links: dict[str, tuple[bytes, str]] | None = None) -> Path:
    """A tar of photos, and of links by their names."""
    with tarfile.open(path, "w:gz") as file:
        for name in names:
            info = tarfile.TarInfo(name)
            info.size = len(JPEG)
            file.addfile(info, io.BytesIO(JPEG))
        for name, (kind, target) in (links or {}).items():
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, target
            file.addfile(info)
    return path


@pytest.mark.parametrize("pack", [zipped, tarred])
def test_contents_tell_photos_and_hidden_parts_are_left_out(tmp_path, pack):
    extra = ("cat/a.jfif", "cat/noending", "dog/b.jpg?width=8", "dog/.thumbs/x.jpg", "__MACOSX/cat/._0.jpg", "cat/@eaDir/0.jpg")
    found = read(pack(tmp_path / "my.archive", *PHOTOS, *extra))
    assert counts(found) == {"train": {"cat": 4, "dog": 3}}
    assert found.left_out.counts == {"hidden, or what systems put beside photos": 3}


def test_what_is_left_out_is_said_again_by_a_second_run(tmp_path):
    archive = zipped(tmp_path / "my.zip", *(f"pets\\{name.replace('/', chr(92))}" for name in PHOTOS), **{"a.txt": b"x"})
    first, again = read(archive), read(archive)
    assert first.left_out.counts == {"not photos": 1}
    assert first.remarks == again.remarks == [
        "backslashes in the archive's names are taken as separators of folders",
        "everything lies in pets/, so what is in there was taken",
        "left out, not photos: 1 (a.txt)",
    ]  # fmt: skip


@pytest.mark.parametrize(("encoding", "labels", "told"), [
    ("gbk", ("猫", "狗"), "GBK"),
    ("gbk", ("训练/苹果", "训练/香蕉"), "GBK"),
    ("cp932", ("いぬ", "表"), "Shift JIS"),  # its second byte is a backslash
    ("cp949", ("고양이", "강아지"), "EUC-KR (cp949)"),
    ("big5", ("貓咪", "寵物"), "Big5"),
    ("cp866", ("кошки", "собаки"), "cp866"),
    ("cp1251", ("кошки", "собаки"), "cp1251"),
    ("cp850", ("Schäfer", "Kätzchen"), "cp437"),
    ("cp1252", ("Schäfer", "Hündin"), "cp1252"),
    ("cp852", ("żółw", "łoś"), "cp852"),
    ("utf-8", ("Schäfer", "猫"), "UTF-8"),
])  # fmt: skip
def test_names_in_a_code_page(tmp_path, encoding, labels, told):
    names = [f"{label}/{index}.jpg".encode(encoding) for label in labels for index in range(2)]
    found = read(zipped(tmp_path / "my.zip", *names))
    assert set(found.train.labels) == {label.rpartition("/")[2] for label in labels}
    assert f"the archive does not say how its names are written; they are taken as {told}" in found.remarks


def test_names_in_a_tar_that_are_no_utf_8(tmp_path):
    found = read(tarred(tmp_path / "my.tgz", *(f"Sch\udce4fer/{i}.jpg" for i in range(2)), *PHOTOS))
    assert counts(found) == {"train": {**TWO, "Schäfer": 2}}


def test_ascii_names_need_no_guess(tmp_path):
    assert read(zipped(tmp_path / "my.zip", *PHOTOS)).remarks == []


def test_archives_in_an_archive_are_named(tmp_path):
    told = refusal(zipped(tmp_path / "my.zip", **{"train.zip": b"PK", "test.tar.gz": b"x", "sample.csv": b"id"}))
    assert "holds no photos" in told
    assert "(train.zip, test.tar.gz)" in told
    assert "name the archives in it after --data" in told
    assert not list((tmp_path / "unpacked").glob("*"))
    found = read(zipped(tmp_path / "other.zip", *PHOTOS, **{"more.zip": b"PK"}))
    assert counts(found) == {"train": TWO}
    assert found.left_out.counts == {"archives inside: unpack them, and name what is in them": 1}


def test_a_folder_of_archives(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "train.zip").write_bytes(b"PK")
    assert "archives inside: unpack them, and name what is in them: 1 (train.zip)" in refusal(tmp_path / "data")


def test_splits_in_an_archive(tmp_path):
    found = read(zipped(tmp_path / "my.zip", *(f"d/{part}/{name}" for part in ("Train_set", "Test_set") for name in PHOTOS)))
    assert counts(found) == {"train": TWO, "test": TWO}


@pytest.mark.parametrize("pack", [zipped, tarred])
def test_names_that_lead_elsewhere(tmp_path, pack):
    names = ("../../up.jpg", "cat/../../up.jpg", "C:\\cat\\9.jpg", "/cat/8.jpg", "./dog/7.jpg")
    found = read(pack(tmp_path / "my.archive", *PHOTOS, *names))
    assert counts(found) == {"train": {"cat": 4, "dog": 3}}
    assert found.left_out.counts == {"names that lead out of the archive": 2}
    assert not list(tmp_path.rglob("up.jpg"))
    assert all(tmp_path / "unpacked" in path.resolve().parents for path in found.train.paths)


def test_links_in_a_tar(tmp_path):
    links = {
        "cat/hard.jpg": (tarfile.LNKTYPE, "cat/0.jpg"),
        "cat/again.jpg": (tarfile.SYMTYPE, "1.jpg"),
        "cat/hidden.jpg": (tarfile.SYMTYPE, "../.store/1"),
        "cat/out.jpg": (tarfile.SYMTYPE, "/etc/hostname"),
        "cat/up.jpg": (tarfile.SYMTYPE, "../../../secret.jpg"),
        "cat/circle.jpg": (tarfile.SYMTYPE, "circle.jpg"),
        "dog/cats": (tarfile.SYMTYPE, "../cat"),
        "pipe.jpg": (tarfile.FIFOTYPE, ""),
    }
    found = read(tarred(tmp_path / "my.tgz", *PHOTOS, ".store/1", links=links))
    assert counts(found) == {"train": {"cat": 4, "dog": 2}}
    assert found.left_out.counts == {
        "hidden, or what systems put beside photos": 1,
        "links to what is listed already": 2,
        "links that lead nowhere": 3,
        "pipes, sockets and devices": 1,
    }
    assert not any(path.is_symlink() for path in (tmp_path / "unpacked").rglob("*"))


def test_names_that_a_disk_may_take_for_one_are_all_kept(tmp_path, monkeypatch):
    exists = Path.exists

    def in_any_case(path: Path) -> bool:
        folder = path.parent
        return exists(path) or (exists(folder) and path.name.lower() in {other.name.lower() for other in folder.iterdir()})

    monkeypatch.setattr(Path, "exists", in_any_case)
    found = read(zipped(tmp_path / "my.zip", *PHOTOS, "cat/A.jpg", "cat/a.jpg", "cat/a.JPG"))
    assert counts(found) == {"train": {"cat": 5, "dog": 2}}


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_the_last_file_of_a_name_counts(tmp_path):
    found = read(zipped(tmp_path / "my.zip", *PHOTOS, "cat/0.jpg"))
    assert counts(found) == {"train": TWO}
    assert found.left_out.counts == {"replaced by a later file of the same name": 1}


def test_a_password(tmp_path):
    archive = zipped(tmp_path / "my.zip", *PHOTOS)
    content = bytearray(archive.read_bytes())
    content[content.find(b"PK\1\2") + 8] |= 1
    archive.write_bytes(content)
    assert "asks for a password; unpack it, and name the folder" in refusal(archive)


@pytest.mark.parametrize("name", ["photos", "photos.tgz", "photos.bin"])
def test_contents_tell_archives(tmp_path, name):
    assert counts(read(zipped(tmp_path / name, *PHOTOS))) == {"train": TWO}


@pytest.mark.parametrize(("name", "words"), [
    ("my.rar", "cannot be unpacked here; unpack it, and name the folder"),
    ("my.zip", "cannot be unpacked: it is no archive, or it is damaged"),
])  # fmt: skip
def test_what_cannot_be_unpacked(tmp_path, name, words):
    (tmp_path / name).write_bytes(b"Rar!\x1a\7\1\0")
    assert words in refusal(tmp_path / name)
