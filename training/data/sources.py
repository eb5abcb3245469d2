"""Where photos come from: whatever `--data` names becomes lists of photo files with their labels.

A folder per class; `train/`, `valid/` and `test/` of such; a folder per source with a folder per class in each; a table of
paths; an archive or the address of an archive; a dataset of fastai, of torchvision or on the Hub. What has to be unpacked is
unpacked once, into a folder that is kept and found again.
"""

from __future__ import annotations

import csv
import hashlib
import re
import shutil
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from tqdm.auto import tqdm

from model.config import NEITHER
from training.data.dataset_rows import hub_rows, is_torchvision, suffix, torchvision_rows
from training.data.photos import (
    SUFFIXES,
    DataError,
    Photos,
    check_classes,
    check_disk,
    find_photos,
    photos_below,
    photos_by_name,
    report,
    subfolders,
)

ARCHIVES = (".zip", ".tgz", ".tar.gz", ".tar", ".tar.bz2", ".tar.xz")
SPLITS = {"train": "train", "training": "train", "valid": "valid", "validation": "valid", "val": "valid", "test": "test"}
TABLES = (".tsv", ".csv")
Layout = Literal["guess", "classes", "sources"]
FASTBOOK_RULE = "name"
BY_FOLDER = "folder"
_FASTAI_RULES = {"pets": FASTBOOK_RULE, "cub_200_2011": BY_FOLDER}


def open_data(
    data: str | Path | Sequence[str],
    unpacked: Path,
    label_from: str | None = None,
    neither: Path | Sequence[Path] | None = None,
    labels: Sequence[str] = (),
    layout: Layout = "guess",
) -> dict[str, Photos]:
    """The photos that `data` names, by split.

    Args:
        data: a folder, an archive (.zip, .tgz, .tar...), its http(s) address, a fastai dataset (`pets`), one of torchvision
            (`torchvision:CIFAR10`), a dataset on the Hub (`microsoft/cats_vs_dogs`), or a .tsv or .csv file with the columns
            path, label and source. Several of them are several sources.
        unpacked: where an archive or a dataset is unpacked; what is there already is used again.
        label_from: `folder` (the default), `name` (the fastbook rule: a capitalised file name is a cat, the others are
            dogs), or a regular expression whose first group, searched in the file name, is the label.
        neither: folders of photos that show none of the classes, maybe with the same splits inside. Each is a source, where
            there are others.
        labels: the classes to take; other folders are left aside. All by default.
        layout: whether the folders in a folder are classes or sources; see `source_folders`.

    Returns:
        `{"all": photos}`, or the splits that the data comes with: `train`, `valid` and/or `test`. Neither's photos are
        among those of `all` or `train`, unless `neither` has the splits too.

    Raises:
        DataError: all that is wrong with the data, in sentences that say what to do.
    """
    label_rule(label_from)  # a bad one is refused before anything is unpacked
    names = [str(data)] if isinstance(data, (str, Path)) else list(data)
    others = [neither] if isinstance(neither, Path) else list(neither or ())
    origins: list[tuple[str, Path, str]] = []  # name, folder, and the rule that gives the labels
    tables: list[Photos] = []
    for name in names:
        if Path(name).suffix.lower() in TABLES and Path(name).is_file():
            tables.append(_table(Path(name), labels))
            continue
        folder, rule = _folder(name, unpacked)
        rule = label_from or rule
        inside = source_folders(folder, layout) if rule == BY_FOLDER else []
        origins += [(each.name, each, rule) for each in inside] or [(folder.name if folder.name else name, folder, rule)]
    if len(origins) == 1 and not tables and len(others) < 2:
        _, folder, rule = origins[0]
        return _one_origin(folder, label_rule(rule), others[0] if others else None, labels)
    parts: dict[str, list[Photos]] = {"all": tables} if tables else {}
    for name, (_, folder, rule) in zip(_distinct([name for name, *_ in origins]), origins, strict=True):
        for split, path in (split_folders(folder) or {"all": folder}).items():
            found = _find(path, label_rule(rule), None, labels, whole=False)
            parts.setdefault(split, []).append(_from_source(found, name))
    for name, folder in zip(_distinct([folder.name for folder in others]), others, strict=True):
        for split, path in _neither_splits(folder, set(parts)).items():
            parts.setdefault(split, []).append(only_neither(path, name))
    if len(parts) > 1 and "all" in parts:  # some come split and others do not: those are trained on
        parts["train"] = [*parts.pop("all"), *parts.get("train", [])]
    trained = Photos.joined(next(parts[split] for split in ("all", "train") if split in parts))
    if labels and not trained.labels:
        raise DataError(f"  - none of the folders is one of the classes {', '.join(labels)}")
    check_classes(trained)
    found_splits = {name: Photos.joined(each, trained.labels) for name, each in parts.items()}
    for name, photos in found_splits.items():
        if unknown := sorted(set(photos.answers) - {*trained.labels, NEITHER}):
            raise DataError(f"  - {name} has classes that cannot be trained on: {', '.join(unknown)}")
    return found_splits


def _one_origin(
    folder: Path, label_of: Callable[[str], str] | None, neither: Path | None, labels: Sequence[str]
) -> dict[str, Photos]:
    splits = split_folders(folder)
    if not splits:
        return {"all": _find(folder, label_of, neither, labels)}
    others = _neither_splits(neither, set(splits)) if neither else {}
    found = {name: _find(path, label_of, others.get(name), labels) for name, path in splits.items()}
    for name, photos in found.items():
        if unknown := sorted(set(photos.labels) - set(found["train"].labels)):
            raise DataError(f"  - {splits[name]} has classes that {splits['train']} lacks: {', '.join(unknown)}")
    return {name: Photos(each.paths, each.answers, found["train"].labels) for name, each in found.items()}


def source_folders(folder: Path, layout: Layout = "guess") -> list[Path]:
    """The folders of the sources in a folder, sorted; none where its folders are classes.

    They are guessed to be sources where every one of them has its photos in further folders, and a name of these comes more
    than once: `home/Cat`, `home/Dog`, `street/Dog`.

    Raises:
        DataError: the layout is said to be `sources`, and there are no folders.
    """
    if layout == "classes" or split_folders(folder):
        return []
    inside = [each for each in subfolders(folder) if photos_below(each)]
    if layout == "sources":
        if not inside:
            raise DataError(f"  - {folder} holds no folders of sources with photos in them")
        return inside
    named = [{each.name for each in subfolders(source)} for source in inside]
    loose = any(path.parent == source for source in inside for path in photos_below(source))
    names = [name for every in named for name in every if name.lower() not in SPLITS]
    return inside if len(inside) > 1 and not loose and len(set(names)) < len(names) else []


def _distinct(names: Sequence[str]) -> list[str]:
    """The names, numbered where one comes again."""
    return [f"{name} {names[:i].count(name) + 1}" if name in names[:i] else name for i, name in enumerate(names)]


def _from_source(photos: Photos, source: str) -> Photos:
    return Photos(photos.paths, photos.answers, photos.labels, (source,) * len(photos))


def only_neither(folder: Path, source: str) -> Photos:
    """The photos anywhere below a folder, all of neither and of one source.

    Raises:
        DataError: there are none.
    """
    paths = tuple(photos_below(folder)) if folder.is_dir() else ()
    if not paths:
        raise DataError(f"  - {folder} is not a folder of photos; --neither names photos of other things")
    return Photos(paths, (NEITHER,) * len(paths), (), (source,) * len(paths))


def _table(file: Path, labels: Sequence[str]) -> Photos:
    """The photos of a .tsv or .csv file: a row each, relative paths from the file's own folder.

    Raises:
        DataError: there are no such columns, or photos that do not exist.
    """
    delimiter = "\t" if file.suffix.lower() == ".tsv" else ","
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            rows = list(csv.DictReader(stream, delimiter=delimiter))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"  - {file} cannot be read: {error}") from None
    columns = list(rows[0]) if rows else []
    if lacking := [name for name in ("path", "label") if name not in columns]:
        raise DataError(
            f"  - {file} has no column {' and no column '.join(lacking)} (path, label and source are expected, "
            f"{', '.join(map(str, columns)) or 'nothing'} was found)"
        )
    kept = [row for row in rows if row["label"] and (not labels or row["label"] in (*labels, NEITHER))]
    paths = tuple(file.parent / row["path"] for row in kept)
    if missing := [path for path in paths if not path.is_file()]:
        raise DataError(report([f"{path} is named in {file} and does not exist" for path in missing]))
    answers = tuple(row["label"] for row in kept)
    sources = tuple(row.get("source") or file.stem for row in kept)
    return Photos(paths, answers, tuple(sorted(set(answers) - {NEITHER})), sources)


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


def _find(
    folder: Path, label_of: Callable[[str], str] | None, neither: Path | None, labels: Sequence[str], whole: bool = True
) -> Photos:
    if label_of is None:
        return find_photos(folder, neither, labels, whole)
    return photos_by_name(folder, label_of, neither, whole)


def _neither_splits(neither: Path, names: set[str]) -> dict[str, Path]:
    found = {name: path for name, path in split_folders(neither).items() if name in names} if neither.is_dir() else {}
    return found or {"all" if "all" in names else "train": neither}


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
            kinds = f"an archive ({', '.join(ARCHIVES)}) or a table ({', '.join(TABLES)})"
            raise DataError(f"  - {data} is a file; --data names a folder, {kinds}")
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
