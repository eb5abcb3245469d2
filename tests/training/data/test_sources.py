from __future__ import annotations

import errno
import functools
import hashlib
import io
import os
import pickle
import sys
import tarfile
import threading
import zipfile
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.pictures import quadrants
from tests.training.data.test_photos import make
from training.data.photos import DataError
from training.data.sources import fastai_address, label_rule, open_data

leaks = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")  # fastdownload


def pack(folder: Path, archive: Path) -> Path:
    if archive.suffix == ".zip":
        with zipfile.ZipFile(archive, "w") as file:
            for path in folder.rglob("*.jpg"):
                file.write(path, path.relative_to(folder.parent))
    else:
        with tarfile.open(archive, "w:gz") as file:
            file.add(folder, folder.name)
    return archive


def test_a_folder_per_class(tmp_path):
    data = make(tmp_path / "data", {"b": 3, "a": 2})
    found = open_data(data, tmp_path / "unpacked")
    assert {name: photos.counts() for name, photos in found.parts.items()} == {"train": {"a": 2, "b": 3}}
    assert not (tmp_path / "unpacked").exists()


@pytest.mark.parametrize(("folders", "names"), [
    (("train", "valid"), {"train", "valid"}),
    (("training", "Test"), {"train", "test"}),
    (("train", "val", "test"), {"train", "valid", "test"}),
])  # fmt: skip
def test_splits_on_disk_are_kept(tmp_path, folders, names):
    for folder in folders:
        make(tmp_path / "data" / folder, {"a": 2, "b": 3})
    make(tmp_path / "others", {"x": 4})
    found = open_data(tmp_path / "data", tmp_path / "unpacked", neither=tmp_path / "others")
    assert set(found.parts) == names
    assert found.train.counts() == {"a": 2, "b": 3, "neither": 4}
    assert all("neither" not in found.parts[name].counts() for name in names - {"train"})


def test_neither_may_come_split_too(tmp_path):
    for folder in ("train", "valid"):
        make(tmp_path / "data" / folder, {"a": 2, "b": 2})
    make(tmp_path / "others", {"train": 3, "valid": 2})
    found = open_data(tmp_path / "data", tmp_path / "unpacked", neither=tmp_path / "others")
    assert [photos.counts()["neither"] for photos in found.parts.values()] == [3, 2]


def test_a_split_with_an_unknown_class(tmp_path):
    make(tmp_path / "data" / "train", {"a": 2, "b": 2})
    make(tmp_path / "data" / "valid", {"a": 2, "c": 2})
    with pytest.raises(DataError, match="lacks: c"):
        open_data(tmp_path / "data", tmp_path / "unpacked")


@pytest.mark.parametrize("name", ["photos.zip", "photos.tgz"])
def test_an_archive_is_unpacked_once(tmp_path, name):
    archive = pack(make(tmp_path / "wrapped", {"cat": 3, "dog": 2}), tmp_path / name)
    first = open_data(archive, tmp_path / "unpacked").train
    assert first.counts() == {"cat": 3, "dog": 2}
    stamps = [path.stat().st_mtime_ns for path in first.paths]
    again = open_data(archive, tmp_path / "unpacked").train
    assert again == first
    assert [path.stat().st_mtime_ns for path in again.paths] == stamps


def test_an_archive_cannot_write_elsewhere(tmp_path):
    archive = tmp_path / "photos.tar"
    photo = io.BytesIO()
    quadrants().save(photo, "JPEG")
    with tarfile.open(archive, "w") as file:
        member = tarfile.TarInfo("../../escaped.jpg")
        member.size = len(photo.getvalue())
        file.addfile(member, io.BytesIO(photo.getvalue()))
        make(tmp_path / "data", {"cat": 2, "dog": 2})
        for label in ("cat", "dog"):
            for index in range(2):
                file.add(tmp_path / "data" / label / f"{index}.jpg", f"{label}/{index}.jpg")
    assert open_data(archive, tmp_path / "deep" / "unpacked").train.counts() == {"cat": 2, "dog": 2}
    assert not list(tmp_path.rglob("escaped.jpg"))


@pytest.mark.parametrize("name", ["broken.zip", "broken.tgz"])
def test_a_damaged_archive(tmp_path, name):
    (tmp_path / name).write_bytes(b"not an archive")
    with pytest.raises(DataError, match="cannot be unpacked"):
        open_data(tmp_path / name, tmp_path / "unpacked")


def test_a_truncated_archive(tmp_path):
    whole = pack(make(tmp_path / "data", {"cat": 3, "dog": 2}), tmp_path / "photos.tgz")
    whole.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    with pytest.raises(DataError, match="cannot be unpacked"):
        open_data(whole, tmp_path / "unpacked")
    assert not list((tmp_path / "unpacked").rglob("*"))  # nothing half-unpacked is left


@pytest.mark.parametrize(("data", "words"), [
    ("{tmp}/nothing", "not a folder, and there is no such file"),
    ("photos.zip", "not a folder, and there is no such file"),
    ("{tmp}/notes.txt", "names a folder, an archive"),
])  # fmt: skip
def test_what_is_not_there(tmp_path, data, words):
    (tmp_path / "notes.txt").write_text("no photos")
    with pytest.raises(DataError, match=words):
        open_data(data.format(tmp=tmp_path), tmp_path / "unpacked")


def test_labels_from_names(tmp_path):
    folder = tmp_path / "images"
    folder.mkdir()
    for name in ("Birman_1.jpg", "Bombay_7.jpg", "beagle_2.jpg", "pug_10.jpg", "pug_11.jpg", "beagle_3.jpg"):
        quadrants().save(folder / name)
    assert open_data(folder, tmp_path, "name").train.counts() == {"cat": 2, "dog": 4}
    with pytest.raises(DataError) as caught:
        open_data(folder, tmp_path, r"^([a-z]+)_\d+\.jpg$")
    assert "Birman_1.jpg: its name gives no label" in str(caught.value)
    with pytest.raises(DataError, match="class 'Birman' has only one photo"):
        open_data(folder, tmp_path, r"^(.+)_\d+")


@pytest.mark.parametrize(("rule", "words"), [("(", "not a regular expression"), (r"\d+", "has no group")])
def test_a_rule_that_is_none(rule, words):
    with pytest.raises(DataError, match=words):
        label_rule(rule)


def test_fastai_names():
    assert fastai_address("pets").endswith("oxford-iiit-pet.tgz")
    assert fastai_address("PETS") == fastai_address("pets")
    assert fastai_address("path") is None  # an attribute, not a dataset
    assert fastai_address("cats_and_dogs_and_more") is None


@pytest.fixture
def web(tmp_path):
    """A folder served at an address."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *arguments: object) -> None:
            pass

    (tmp_path / "www").mkdir()
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(tmp_path / "www")))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield tmp_path / "www", f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@leaks
def test_the_address_of_an_archive(tmp_path, web):
    folder, url = web
    pack(make(tmp_path / "shelf", {"cat": 2, "dog": 3}), folder / "shelf.tgz")
    assert open_data(f"{url}/shelf.tgz", tmp_path / "unpacked").train.counts() == {"cat": 2, "dog": 3}
    with pytest.raises(DataError, match="could not be downloaded"):
        open_data(f"{url}/other.tgz", tmp_path / "unpacked")


@leaks
def test_a_fastai_dataset_by_name(tmp_path, web, monkeypatch):
    from fastai.data.external import URLs

    images = tmp_path / "oxford" / "images"
    images.mkdir(parents=True)
    for name in ("Birman_1.jpg", "Bombay_7.jpg", "beagle_2.jpg", "pug_10.jpg"):
        quadrants().save(images / name)
    folder, url = web
    pack(tmp_path / "oxford", folder / "oxford.tgz")
    monkeypatch.setattr(URLs, "PETS", f"{url}/oxford.tgz")
    assert open_data("pets", tmp_path / "unpacked").train.counts() == {"cat": 2, "dog": 2}


def test_a_dataset_of_parquet_files(tmp_path):
    from datasets import ClassLabel, Dataset, Features, Image

    features = Features({"img": Image(), "labels": ClassLabel(names=["cat", "dog"])})
    folder = tmp_path / "dataset"
    folder.mkdir()
    for split, count in (("train", 6), ("test", 4)):
        table = Dataset.from_dict({"img": [quadrants()] * count, "labels": [i % 2 for i in range(count)]}, features=features)
        table.to_parquet(folder / f"{split}.parquet")
    found = open_data(folder, tmp_path / "unpacked")
    assert {name: photos.counts() for name, photos in found.parts.items()} == {
        "train": {"cat": 3, "dog": 3},
        "test": {"cat": 2, "dog": 2},
    }
    assert open_data(folder, tmp_path / "unpacked") == found


def test_a_dataset_without_classes(tmp_path):
    from datasets import Dataset

    (tmp_path / "dataset").mkdir()
    Dataset.from_dict({"text": ["a", "b"]}).to_parquet(tmp_path / "dataset" / "train.parquet")
    with pytest.raises(DataError, match="no column of photos"):
        open_data(tmp_path / "dataset", tmp_path / "unpacked")


def test_a_dataset_on_a_hub_that_cannot_be_reached(tmp_path, monkeypatch):
    monkeypatch.setattr("datasets.config.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(DataError, match="could not be loaded as a dataset"):
        open_data("nobody/cats_and_dogs", tmp_path / "unpacked")
    assert not list(tmp_path.rglob("dataset-*"))


def test_a_dataset_of_one_split_is_found_again(tmp_path):
    from datasets import ClassLabel, Dataset, Features, Image

    features = Features({"image": Image(), "label": ClassLabel(names=["cat", "dog"])})
    (tmp_path / "dataset").mkdir()
    table = Dataset.from_dict({"image": [quadrants()] * 6, "label": [0, 1] * 3}, features=features)
    table.to_parquet(tmp_path / "dataset" / "train.parquet")
    first = open_data(tmp_path / "dataset", tmp_path / "unpacked")
    assert first.train.counts() == {"cat": 3, "dog": 3}
    assert open_data(tmp_path / "dataset", tmp_path / "unpacked") == first
    table.select(range(4)).to_parquet(tmp_path / "dataset" / "train.parquet")
    assert open_data(tmp_path / "dataset", tmp_path / "unpacked").train.counts() == {"cat": 2, "dog": 2}


def test_a_tar_damaged_in_the_middle_is_not_half_read(tmp_path):
    make(tmp_path / "data", {"cat": 4, "dog": 4})
    archive = tmp_path / "photos.tar"
    with tarfile.open(archive, "w") as file:
        file.add(tmp_path / "data", "data")
    with tarfile.open(archive) as file:
        third = [member for member in file if member.isfile()][3]
    content = bytearray(archive.read_bytes())
    content[third.offset : third.offset + 100] = b"\xff" * 100
    archive.write_bytes(content)
    with pytest.raises(DataError, match="it is damaged"):
        open_data(archive, tmp_path / "unpacked")


def test_a_zip_with_a_damaged_member(tmp_path):
    archive = tmp_path / "photos.zip"
    make(tmp_path / "data", {"cat": 2, "dog": 2})
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        for path in sorted((tmp_path / "data").rglob("*.jpg")):
            file.write(path, path.relative_to(tmp_path))
    content = bytearray(archive.read_bytes())
    content[60:400] = b"\xff" * 340
    archive.write_bytes(content)
    with pytest.raises(DataError, match=r"class 'cat' has only one photo[^$]*left out, damaged[^$]*: 1 \(data/cat/"):
        open_data(archive, tmp_path / "unpacked")


@leaks
def test_cifar10_as_torchvision_downloads_it(tmp_path, web, monkeypatch):
    from torchvision.datasets import CIFAR10

    folder, url = web
    batches = tmp_path / CIFAR10.base_folder
    batches.mkdir()

    def write(name: str, content: dict[str, object]) -> str:
        (batches / name).write_bytes(pickle.dumps(content))
        return hashlib.md5((batches / name).read_bytes()).hexdigest()

    grey = np.full((4, 3 * 32 * 32), 7, np.uint8)
    grey[:, : 32 * 32] = 200  # the red plane comes first
    content = {"data": grey, "labels": [0, 1, 1, 0]}
    hashes = {name: write(name, content) for name in ("data_batch_1", "test_batch")}
    meta = {"filename": "batches.meta", "key": "label_names", "md5": write("batches.meta", {"label_names": ["cat", "a/b"]})}
    pack(batches, folder / CIFAR10.filename)
    monkeypatch.setattr(CIFAR10, "url", f"{url}/{CIFAR10.filename}")
    monkeypatch.setattr(CIFAR10, "tgz_md5", hashlib.md5((folder / CIFAR10.filename).read_bytes()).hexdigest())
    monkeypatch.setattr(CIFAR10, "train_list", [["data_batch_1", hashes["data_batch_1"]]])
    monkeypatch.setattr(CIFAR10, "test_list", [["test_batch", hashes["test_batch"]]])
    monkeypatch.setattr(CIFAR10, "meta", meta)
    found = open_data("torchvision:CIFAR10", tmp_path / "unpacked")
    counts = {name: photos.counts() for name, photos in found.parts.items()}
    assert counts == {"train": {"a/b": 2, "cat": 2}, "test": {"a/b": 2, "cat": 2}}
    assert Image.open(found.train.paths[0]).convert("RGB").getpixel((5, 5)) == (200, 7, 7)
    (folder / CIFAR10.filename).unlink()
    assert open_data("torchvision:CIFAR10", tmp_path / "unpacked") == found  # not downloaded again


@pytest.mark.parametrize(("name", "words"), [
    ("torchvision:ImageNet", "not known; there are torchvision:CIFAR10"),
    ("torchvision:CIFAR100", "could not be downloaded .* name a folder or an archive"),
])  # fmt: skip
def test_a_torchvision_dataset_that_cannot_be_had(tmp_path, monkeypatch, name, words):
    monkeypatch.setattr("torchvision.datasets.CIFAR10.url", "http://127.0.0.1:9/cifar.tar.gz")
    monkeypatch.setattr("torchvision.datasets.CIFAR100.url", "http://127.0.0.1:9/cifar.tar.gz")
    with pytest.raises(DataError, match=words):
        open_data(name, tmp_path / "unpacked")


def counts(found):
    return {split: photos.by_source() for split, photos in found.parts.items()}


def test_several_folders_are_several_sources(tmp_path):
    one, two = make(tmp_path / "home", {"a": 2, "b": 3}), make(tmp_path / "street" / "photos", {"a": 1, "neither": 2})
    others = make(tmp_path, {"stones": 4}) / "stones"
    found = open_data([str(one), str(two)], tmp_path / "unpacked", neither=[others])
    assert counts(found) == {
        "train": {"home": {"a": 2, "b": 3}, "photos": {"a": 1, "neither": 2}, "stones": {"neither": 4}}
    }  # a source may lack classes
    assert found.train.labels == ("a", "b")


def test_folders_of_one_name_are_two_sources(tmp_path):
    one, two = make(tmp_path / "x" / "photos", {"a": 2, "b": 2}), make(tmp_path / "y" / "photos", {"a": 2})
    assert set(open_data([str(one), str(two)], tmp_path / "unpacked").train.by_source()) == {"photos", "photos 2"}


def test_a_folder_of_sources(tmp_path):
    for source, labels in {"home": {"a": 2, "b": 2}, "street": {"b": 2, "hard": 1}, "web": {"neither": 2}}.items():
        make(tmp_path / "data" / source, labels)
    found = open_data(tmp_path / "data", tmp_path / "unpacked", labels=["a", "b"])
    assert counts(found) == {"train": {"home": {"a": 2, "b": 2}, "street": {"b": 2}, "web": {"neither": 2}}}
    as_classes = open_data(tmp_path / "data", tmp_path / "unpacked", layout="classes").train
    assert as_classes.counts() == {"home": 4, "street": 3, "web": 2}
    with pytest.raises(DataError, match="class 'hard' has only one photo"):
        open_data(tmp_path / "data", tmp_path / "unpacked")


def test_folders_inside_classes_are_not_sources(tmp_path):
    for label in ("cat", "dog"):
        make(tmp_path / "split" / label, {"train": 2, "test": 2})
    make(tmp_path / "films" / "cat", {"film1": 2, "film2": 2})
    make(tmp_path / "films" / "dog", {"film3": 2})
    for name in ("split", "films"):
        found = open_data(tmp_path / name, tmp_path / "unpacked")
        assert found.train.labels == ("cat", "dog"), name
    with pytest.raises(DataError, match="holds no folders of sources"):
        (tmp_path / "empty").mkdir()
        open_data(tmp_path / "empty", tmp_path / "unpacked", layout="sources")


def test_sources_that_come_split_and_others_that_do_not(tmp_path):
    for split in ("train", "test"):
        make(tmp_path / "kaggle" / split, {"a": 3, "b": 3})
    make(tmp_path / "home", {"a": 2, "b": 2})
    found = open_data([str(tmp_path / "kaggle"), str(tmp_path / "home")], tmp_path / "unpacked")
    assert counts(found) == {
        "train": {"home": {"a": 2, "b": 2}, "kaggle": {"a": 3, "b": 3}}, "test": {"kaggle": {"a": 3, "b": 3}}
    }  # fmt: skip


def test_a_table_of_paths(tmp_path):
    make(tmp_path, {"a": 3, "b": 3})
    lines = ["path\tlabel\tsource"]
    lines += [f"{label}/{index}.jpg\t{label if index else 'neither'}\ts{index}" for label in "ab" for index in range(3)]
    (tmp_path / "photos.tsv").write_text("\n".join(lines), "utf-8")
    found = open_data(str(tmp_path / "photos.tsv"), tmp_path / "unpacked")
    assert counts(found) == {"train": {"s0": {"neither": 2}, "s1": {"a": 1, "b": 1}, "s2": {"a": 1, "b": 1}}}
    assert found.train.paths[0] == tmp_path / "a" / "0.jpg"
    (tmp_path / "alone.csv").write_text("label,path\na,a/0.jpg\na,a/1.jpg\nb,b/0.jpg\nb,b/1.jpg\n", "utf-8")
    assert counts(open_data(str(tmp_path / "alone.csv"), tmp_path / "unpacked")) == {"train": {"alone": {"a": 2, "b": 2}}}


def test_a_class_that_was_asked_for_and_has_no_photos(tmp_path):
    one, two = make(tmp_path / "home", {"a": 2, "b": 3}), make(tmp_path / "street", {"a": 2, "b": 2})
    for data in ([str(one)], [str(one), str(two)]):
        with pytest.raises(DataError, match="there are no photos of c: look at the spelling after --labels"):
            open_data(data, tmp_path / "unpacked", labels=["a", "b", "c"])


def test_photos_of_neither_alone(tmp_path):
    with pytest.raises(DataError, match="holds photos of neither alone; a classifier needs at least two folders"):
        open_data(make(tmp_path / "rooms", {"neither": 3}), tmp_path / "unpacked")


@pytest.mark.parametrize("name", ["", " "])
def test_no_name_is_not_the_current_folder(tmp_path, name):
    with pytest.raises(DataError, match="--data is empty; name a folder of photos"):
        open_data([name], tmp_path / "unpacked")


def test_a_path_that_is_too_long(tmp_path):
    with pytest.raises(DataError, match="cannot be opened: File name too long") as caught:
        open_data("d/" * 3000, tmp_path / "unpacked")
    assert len(str(caught.value)) < 600


@pytest.mark.parametrize("locked", ["data", "data/dataset_dict.json"])
def test_a_place_that_cannot_be_looked_into(tmp_path, monkeypatch, locked):
    data, is_file = make(tmp_path / "data", {"b": 3, "a": 2}), Path.is_file

    def refused(path: Path) -> bool:
        if path == tmp_path / locked:
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return is_file(path)

    monkeypatch.setattr(Path, "is_file", refused)
    with pytest.raises(DataError) as caught:
        open_data(data, tmp_path / "unpacked")
    assert str(caught.value) == f"{data} cannot be opened: Permission denied ({tmp_path / locked})"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows takes no longer paths in this way")
def test_folders_deeper_than_a_path_can_say(tmp_path, monkeypatch):
    data = make(tmp_path / "data", {"b": 3, "a": 2})
    monkeypatch.chdir(data / "a")
    for _ in range(30):
        os.mkdir("d" * 200)  # noqa: PTH102
        os.chdir("d" * 200)
    monkeypatch.undo()
    found = open_data(data, tmp_path / "unpacked")
    assert found.train.counts() == {"a": 2, "b": 3}
    assert found.left_out.counts == {"cannot be read": 1}


def test_folders_that_lie_too_deep_in_one_another(tmp_path, monkeypatch):
    data = make(tmp_path / "data", {"b": 3, "a": 2})
    (data / "rows.parquet").write_bytes(b"PAR1")

    def rglob(folder: Path, pattern: str) -> None:
        raise RecursionError("maximum recursion depth exceeded")

    monkeypatch.setattr(Path, "rglob", rglob)
    with pytest.raises(DataError, match="has folders that lie too deep in one another; name one of them"):
        open_data(data, tmp_path / "unpacked")
