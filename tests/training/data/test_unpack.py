"""Archives by the rule for folders: photos are told by their contents, names are understood, and the rest is counted."""

from __future__ import annotations

import errno
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


def test_a_file_without_a_name_is_left_out(tmp_path):
    archive = zipped(tmp_path / "my.zip", *PHOTOS, b"")
    found = read(archive)
    assert counts(found) == {"train": TWO}
    assert found.left_out.counts == {"files without a name": 1}


BAD_NAME = "names that are too long, or that folders have too"


@pytest.mark.parametrize("pack", [zipped, tarred])
@pytest.mark.parametrize(
    "name", [f"cat/{'n' * 300}.jpg", f"{'d/' * 3000}0.jpg", f"{'d/' * 900}0.jpg", "cat/0.jpg/x.jpg", f"{'c' * 256}/0.jpg"]
)
def test_one_bad_name_is_left_out_and_the_others_are_taken(tmp_path, pack, name):
    found = read(pack(tmp_path / "my.archive", *PHOTOS, "cat/2.jpg", name))
    assert len(found.train) == 5
    assert found.left_out.counts == {BAD_NAME: 1}
    assert all(len(sentence) < 400 for sentence in found.remarks)


@pytest.mark.parametrize("number", [errno.ENAMETOOLONG, errno.EILSEQ, errno.ENOTDIR])
def test_a_name_that_the_disk_does_not_take_is_left_out(tmp_path, monkeypatch, number):
    opened = Path.open

    def stubborn(path: Path, *arguments: object, **named: object) -> object:
        if path.name == "1.jpg" and arguments == ("xb",) and path.parent.name == "cat":
            raise OSError(number, "not on this disk")
        return opened(path, *arguments, **named)

    monkeypatch.setattr(Path, "open", stubborn)
    found = read(zipped(tmp_path / "my.zip", *PHOTOS, "cat/2.jpg"))
    assert counts(found) == {"train": TWO}
    assert found.left_out.counts == {BAD_NAME: 1}


def test_a_full_disk_is_no_bad_name(tmp_path, monkeypatch):
    opened = Path.open

    def full(path: Path, *arguments: object, **named: object) -> object:
        if arguments == ("xb",):
            raise OSError(errno.ENOSPC, "No space left on device")
        return opened(path, *arguments, **named)

    monkeypatch.setattr(Path, "open", full)
    assert "cannot be unpacked: [Errno 28] No space left on device" in refusal(zipped(tmp_path / "my.zip", *PHOTOS))
    assert not list((tmp_path / "unpacked").glob("*"))


def spoiled(archive: Path, name: bytes, at: int, value: bytes) -> Path:
    """A zip in which bytes are others, counted from where `name` begins in the entry of its directory."""
    content = bytearray(archive.read_bytes())
    start = content.rindex(name) + at
    content[start : start + len(value)] = value
    archive.write_bytes(content)
    return archive


def test_one_name_that_is_not_the_utf8_it_says_is_left_out(tmp_path):
    names = [*PHOTOS, "cat/Kätzchen.jpg", "cat/Mädchen.jpg"]
    name = "cat/Kätzchen.jpg".encode()
    archive = spoiled(zipped(tmp_path / "my.zip", *names), name, 5, b"\xff\xfe")
    found = read(archive)
    assert counts(found) == {"train": {"cat": 3, "dog": 2}}
    assert found.remarks == ["left out, names that are not in UTF-8, as the archive says: 1 (cat/K??tzchen.jpg)"]
    assert "Mädchen.jpg" in {path.name for path in found.train.paths}


@pytest.mark.parametrize("name", [b"cat/5.jpg", b"cat/noending"])
@pytest.mark.parametrize(("at", "value"), [
    (-30, b"\0\0\0\0"),  # its checksum
    (-36, b"\x63\0"),  # a way to pack that nobody knows
    (-4, b"\xf0\xff\xff\x7f"),  # a place beyond the end
])  # fmt: skip
def test_one_damaged_file_is_left_out_and_the_others_are_taken(tmp_path, name, at, value):
    archive = spoiled(zipped(tmp_path / "my.zip", *PHOTOS, name.decode()), name, at, value)
    for found in (read(archive), read(archive)):
        assert counts(found) == {"train": TWO}
        assert found.left_out.counts == {"damaged, or packed in a way that is not known": 1}
    assert not [path for path in (tmp_path / "unpacked").rglob("*") if path.name == Path(name.decode()).name]


def test_an_archive_in_which_all_is_damaged_holds_no_photos(tmp_path):
    archive = zipped(tmp_path / "my.zip", *PHOTOS)
    archive.write_bytes(archive.read_bytes().replace(JPEG, bytes(len(JPEG))))
    assert "holds no photos; left out, damaged, or packed in a way that is not known: 4 (cat/0.jpg" in refusal(archive)
    assert not list((tmp_path / "unpacked").glob("*"))


@pytest.mark.parametrize("name", ["cat/bomb.jpg", "cat/bomb"])
@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_bombs_are_not_written(tmp_path, kind, name):
    content, archive = JPEG + bytes(20_000_001 - len(JPEG)), tmp_path / "my.archive"
    if kind == "zip":
        zipped(archive, *PHOTOS)
        with zipfile.ZipFile(archive, "a", zipfile.ZIP_DEFLATED) as file:
            file.writestr(name, content)
    else:
        with tarfile.open(archive, "w:gz") as tar:
            for other in (*PHOTOS, name):
                info = tarfile.TarInfo(other)
                info.size = len(content if other == name else JPEG)
                tar.addfile(info, io.BytesIO(content if other == name else JPEG))
    found = read(archive)
    assert counts(found) == {"train": TWO}
    assert found.left_out.counts == {"larger than 20 MB": 1}


def test_no_more_is_written_than_the_archive_says(tmp_path):
    archive = zipped(tmp_path / "my.zip", *PHOTOS)
    with zipfile.ZipFile(archive, "a", zipfile.ZIP_DEFLATED) as file:
        file.writestr("cat/bomb.jpg", JPEG + bytes(30_000_000))
    spoiled(archive, b"cat/bomb.jpg", -22, (1000).to_bytes(4, "little"))
    found = read(archive)
    assert counts(found) == {"train": TWO}
    assert found.left_out.counts == {"damaged, or packed in a way that is not known": 1}


def test_an_archive_that_cannot_be_read(tmp_path, monkeypatch):
    def locked(path: Path) -> bool:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(tarfile, "is_tarfile", locked)
    archive = zipped(tmp_path / "my.zip", *PHOTOS)
    assert refusal(archive) == f"{archive} cannot be read: Permission denied"
