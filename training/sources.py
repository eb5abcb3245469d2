"""Where photos come from: whatever `--data` names becomes lists of photo files with their labels.

A folder per class; `train/`, `valid/` and `test/` of such; an archive or the address of an archive; a dataset of fastai, of
torchvision or on the Hub. What has to be unpacked is unpacked once, into a folder that is kept and found again.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any

from tqdm.auto import tqdm

from training.data import SUFFIXES, DataError, Photos, check_disk, find_photos, photos_below, photos_by_name, subfolders
from training.dataset_rows import hub_rows, is_torchvision, suffix, torchvision_rows

ARCHIVES = (".zip", ".tgz", ".tar.gz", ".tar", ".tar.bz2", ".tar.xz")
SPLITS = {"train": "train", "training": "train", "valid": "valid", "validation": "valid", "val": "valid", "test": "test"}
FASTBOOK_RULE = "name"
BY_FOLDER = "folder"
_FASTAI_RULES = {"pets": FASTBOOK_RULE, "cub_200_2011": BY_FOLDER}


def open_data(
    data: str | Path, unpacked: Path, label_from: str | None = None, neither: Path | None = None
) -> dict[str, Photos]:
    """The photos that `data` names, by split.

    Args:
        data: a folder, an archive (.zip, .tgz, .tar...), its http(s) address, a fastai dataset (`pets`), one of torchvision
            (`torchvision:CIFAR10`), or a dataset on the Hub (`microsoft/cats_vs_dogs`).
        unpacked: where an archive or a dataset is unpacked; what is there already is used again.
        label_from: `folder` (the default), `name` (the fastbook rule: a capitalised file name is a cat, the others are
            dogs), or a regular expression whose first group, searched in the file name, is the label.
        neither: a folder of photos that show none of the classes, maybe with the same splits inside.

    Returns:
        `{"all": photos}`, or the splits that the data comes with: `train`, `valid` and/or `test`. Neither's photos are
        among those of `all` or `train`, unless `neither` has the splits too.

    Raises:
        DataError: all that is wrong with the data, in sentences that say what to do.
    """
    label_of = label_rule(label_from)
    folder, default_rule = _folder(str(data), unpacked)
    if label_from is None:
        label_of = label_rule(default_rule)
    splits = split_folders(folder)
    if not splits:
        return {"all": _find(folder, label_of, neither)}
    others = _neither_splits(neither, set(splits))
    found = {name: _find(path, label_of, others.get(name)) for name, path in splits.items()}
    for name, photos in found.items():
        if unknown := sorted(set(photos.labels) - set(found["train"].labels)):
            raise DataError(f"  - {splits[name]} has classes that {splits['train']} lacks: {', '.join(unknown)}")
    return {name: Photos(each.paths, each.answers, found["train"].labels) for name, each in found.items()}


def split_folders(folder: Path) -> dict[str, Path]:
    """The folders of the splits that `folder` comes with: at least `train` and one of `valid` and `test`, or none."""
    found = {SPLITS[each.name.lower()]: each for each in subfolders(folder) if each.name.lower() in SPLITS}
    return found if "train" in found and len(found) > 1 else {}


def label_rule(label_from: str | None) -> Callable[[str], str] | None:
    """The label of a file name, or None where folders name the labels.

    Raises:
        DataError: a regular expression that is not one, or has no group.
    """
    if label_from in (None, BY_FOLDER):
        return None
    if label_from == FASTBOOK_RULE:
        return lambda name: "cat" if name[:1].isupper() else "dog"
    assert label_from is not None
    try:
        pattern = re.compile(label_from)
    except re.error as error:
        raise DataError(f"  - --label-from {label_from!r} is not a regular expression: {error}") from None
    if pattern.groups < 1:
        raise DataError(rf"  - --label-from {label_from!r} has no group: put the label in brackets, as in '^(.+)_\d+\.jpg$'")

    def label(name: str) -> str:
        match = pattern.search(name)
        return (match.group(1) or "") if match else ""

    return label


def _find(folder: Path, label_of: Callable[[str], str] | None, neither: Path | None) -> Photos:
    return find_photos(folder, neither) if label_of is None else photos_by_name(folder, label_of, neither)


def _neither_splits(neither: Path | None, names: set[str]) -> dict[str, Path]:
    if neither is None:
        return {}
    return {name: path for name, path in split_folders(neither).items() if name in names} or {"train": neither}


def _folder(data: str, unpacked: Path) -> tuple[Path, str]:
    """The folder that `data` stands for, and the rule that gives its labels if nobody chooses one."""
    path = Path(data)
    if is_torchvision(data):
        return _dataset(data, unpacked), BY_FOLDER
    if data.startswith(("http://", "https://")):
        return _fastai(data, unpacked), BY_FOLDER
    if path.is_dir():
        if not any(path.glob("**/*.parquet")):
            return path, BY_FOLDER
        return _dataset(str(path), unpacked), BY_FOLDER
    if path.is_file():
        if not data.lower().endswith(ARCHIVES):
            raise DataError(f"  - {data} is a file; --data names a folder or an archive ({', '.join(ARCHIVES)})")
        return _unpacked(path, unpacked), BY_FOLDER
    if data.lower().endswith(ARCHIVES) or "\\" in data or data.startswith((".", "/", "~")) or data.count("/") > 1:
        raise DataError(f"  - {data} is not a folder, and there is no such file")
    if url := fastai_address(data):
        return _fastai(url, unpacked), _FASTAI_RULES.get(data.lower(), BY_FOLDER)
    return _dataset(data, unpacked), BY_FOLDER


def fastai_address(name: str) -> str | None:
    """Where fastai keeps the dataset `name` (`pets`, `imagenette_160`...), or None where it has none of that name."""
    from fastai.data.external import URLs

    address = getattr(URLs, name.upper(), None) if re.fullmatch(r"\w+", name) else None
    return address if isinstance(address, str) and address.endswith((".tgz", ".zip", ".tar.gz")) else None


def _fastai(url: str, unpacked: Path) -> Path:
    """Download and unpack an archive as fastai does (`untar_data`), and find the photos in it."""
    from fastai.data.external import untar_data

    unpacked.mkdir(parents=True, exist_ok=True)
    try:
        return _inner(Path(untar_data(url, base=str(unpacked.resolve()))))
    except Exception as error:  # the downloader raises what it likes
        raise DataError(f"  - {url} could not be downloaded and unpacked: {str(error) or type(error).__name__}") from None


def _unpacked(archive: Path, unpacked: Path) -> Path:
    """The contents of an archive, in a folder of their own."""
    stat = archive.stat()
    key = hashlib.sha256(f"{archive.resolve()} {stat.st_mtime_ns} {stat.st_size}".encode()).hexdigest()[:12]
    target = unpacked / f"{archive.name.split('.')[0]}-{key}"
    if not target.is_dir():
        partial = target.with_name(target.name + ".part")
        shutil.rmtree(partial, ignore_errors=True)
        try:
            with _opened(archive) as (members, size, extract):
                check_disk(unpacked, size)
                partial.mkdir(parents=True)
                for member in tqdm(members, desc=f"unpacking {archive.name}", unit="file"):
                    extract(member, partial)
            partial.rename(target)
        except (tarfile.TarError, zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError) as error:
            raise DataError(f"  - {archive} cannot be unpacked: {error}") from None
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    return _inner(target)


@contextmanager
def _opened(path: Path) -> Iterator[tuple[list[Any], int, Callable[[Any, Path], Any]]]:
    """A zip or tar archive as (members, bytes when unpacked, a function that unpacks one member safely)."""
    if path.suffix.lower() == ".zip":
        with zipfile.ZipFile(path) as file:
            entries = [each for each in file.infolist() if _wanted(each.filename)]
            yield entries, sum(each.file_size for each in entries), file.extract
    else:
        with tarfile.open(path) as tar:
            members = [each for each in tar if each.isfile() and _wanted(each.name)]
            _check_end(tar)
            yield members, sum(each.size for each in members), lambda member, to: tar.extract(member, to, filter="data")


def _check_end(tar: tarfile.TarFile) -> None:
    """Raise `tarfile.ReadError` where the list of members ended at a damaged header: tarfile takes that for the end."""
    assert tar.fileobj is not None
    tar.fileobj.seek(tar.offset)
    if tar.fileobj.read(tarfile.BLOCKSIZE).strip(b"\0"):
        raise tarfile.ReadError("it is damaged, and what follows the damage cannot be found")


def _wanted(name: str) -> bool:
    """Photos alone are unpacked, and not the hidden files that some systems put beside them."""
    path = PurePosixPath(name)
    return path.suffix.lower() in SUFFIXES and not any(part.startswith((".", "__MACOSX")) for part in path.parts)


def _inner(folder: Path) -> Path:
    """The folder itself, or the only folder in it, as deep as that goes: archives wrap their contents."""
    while True:
        inside = [each for each in subfolders(folder) if photos_below(each)]
        if len(inside) != 1 or any(each.suffix.lower() in SUFFIXES for each in folder.iterdir()):
            return folder
        folder = inside[0]


def _dataset(name: str, unpacked: Path) -> Path:
    """Lay out a dataset that comes as rows as folders, the bytes of each photo as they are."""
    local = sorted(Path(name).rglob("*.parquet")) if Path(name).is_dir() else []
    stamps = [f"{path.resolve()} {path.stat().st_mtime_ns}" for path in local] or [name]
    target = unpacked / f"dataset-{hashlib.sha256(' '.join(stamps).encode()).hexdigest()[:12]}"
    if target.is_dir():
        return target if split_folders(target) else _inner(target)
    partial = target.with_name(target.name + ".part")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        for split, total, rows in torchvision_rows(name, unpacked) if is_torchvision(name) else hub_rows(name):
            for index, (label, content) in enumerate(tqdm(rows, total=total, desc=f"{name}, {split}", unit="photo")):
                folder = partial / SPLITS.get(split, split) / (label.replace("/", "_").strip(". ") or "_")
                folder.mkdir(parents=True, exist_ok=True)
                (folder / f"{index:07d}{suffix(content)}").write_bytes(content)
        partial.rename(target)
    except OSError as error:
        raise DataError(f"  - the photos of {name} cannot be laid out as files: {error}") from None
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return target if split_folders(target) else _inner(target)
