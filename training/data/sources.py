"""Where photos come from: whatever `--data` names becomes lists of photo files with their labels.

A folder per class; `train/`, `valid/` and `test/` of such; a folder per source with a folder per class in each; a table of
paths; an archive or the address of an archive; a dataset of fastai, of torchvision or on the Hub. What has to be unpacked is
unpacked once, into a folder that is kept and found again.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

from model.config import NEITHER
from training.data.dataset_rows import is_torchvision
from training.data.photos import (
    DataError,
    Found,
    Photos,
    check_classes,
    find_photos,
    photos_below,
    photos_by_name,
    subfolders,
)
from training.data.unpack import ARCHIVES, SPLITS, download_archive, fastai_address, lay_out, split_folders, unpack

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
) -> Found:
    """The photos that `data` names, in the splits that they come in.

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
        The photos; neither's are among those to train on, unless `neither` has the splits too.

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
        origins += [(source.name, source, rule) for source in inside] or [(folder.name if folder.name else name, folder, rule)]
    if len(origins) == 1 and not tables and len(others) < 2:
        _, folder, rule = origins[0]
        return _with_all(_one_origin(folder, label_rule(rule), others[0] if others else None, labels), labels)
    parts: dict[str, list[Photos]] = {"train": tables}
    for name, (_, folder, rule) in zip(_distinct([name for name, *_ in origins]), origins, strict=True):
        for split, path in (split_folders(folder) or {"train": folder}).items():
            photos = _find(path, label_rule(rule), None, labels, whole=False)
            parts.setdefault(split, []).append(_from_source(photos, name))
    for name, folder in zip(_distinct([folder.name for folder in others]), others, strict=True):
        for split, path in _neither_splits(folder, set(parts)).items():
            parts.setdefault(split, []).append(only_neither(path, name))
    trained = check_classes(Photos.joined(parts["train"]), labels)
    joined = {name: Photos.joined(listed, trained.labels) for name, listed in parts.items()}
    for name, photos in joined.items():
        if unknown := sorted(set(photos.answers) - {*trained.labels, NEITHER}):
            raise DataError(f"{name} has classes that cannot be trained on: {', '.join(unknown)}")
    return _with_all(Found(**joined), labels)


def _with_all(found: Found, labels: Sequence[str]) -> Found:
    """The photos, where there are some of each class that was asked for.

    Raises:
        DataError: a class has none.
    """
    if missing := [label for label in labels if label not in (*found.train.labels, NEITHER)]:
        raise DataError(f"there are no photos of {', '.join(missing)}: look at the spelling after --labels")
    return found


def _one_origin(folder: Path, label_of: Callable[[str], str] | None, neither: Path | None, labels: Sequence[str]) -> Found:
    splits = split_folders(folder)
    if not splits:
        return Found(_find(folder, label_of, neither, labels))
    others = _neither_splits(neither, set(splits)) if neither else {}
    parts = {name: _find(path, label_of, others.get(name), labels) for name, path in splits.items()}
    known = parts["train"].labels
    for name, photos in parts.items():
        if unknown := sorted(set(photos.labels) - set(known)):
            raise DataError(f"{splits[name]} has classes that {splits['train']} lacks: {', '.join(unknown)}")
    return Found(**{name: Photos(photos.paths, photos.answers, known) for name, photos in parts.items()})


def source_folders(folder: Path, layout: Layout = "guess") -> list[Path]:
    """The folders of the sources in a folder, sorted; none where its folders are classes.

    They are guessed to be sources where every one of them has its photos in further folders, and a name of these comes more
    than once: `home/Cat`, `home/Dog`, `street/Dog`.

    Raises:
        DataError: the layout is said to be `sources`, and there are no folders.
    """
    if layout == "classes" or split_folders(folder):
        return []
    inside = [source for source in subfolders(folder) if photos_below(source)]
    if layout == "sources":
        if not inside:
            raise DataError(f"{folder} holds no folders of sources with photos in them")
        return inside
    named = [{below.name for below in subfolders(source)} for source in inside]
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
        raise DataError(f"{folder} is not a folder of photos; --neither names photos of other things")
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
        raise DataError(f"{file} cannot be read: {error}") from None
    columns = list(rows[0]) if rows else []
    if lacking := [name for name in ("path", "label") if name not in columns]:
        raise DataError(
            f"{file} has no column {' and no column '.join(lacking)} (path, label and source are expected, "
            f"{', '.join(map(str, columns)) or 'nothing'} was found)"
        )
    kept = [row for row in rows if row["label"] and (not labels or row["label"] in (*labels, NEITHER))]
    paths = tuple(file.parent / row["path"] for row in kept)
    if missing := [path for path in paths if not path.is_file()]:
        raise DataError(*(f"{path} is named in {file} and does not exist" for path in missing))
    answers = tuple(row["label"] for row in kept)
    sources = tuple(row.get("source") or file.stem for row in kept)
    return Photos(paths, answers, tuple(sorted(set(answers) - {NEITHER})), sources)


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
        raise DataError(f"--label-from {label_from!r} is not a regular expression: {error}") from None
    if pattern.groups < 1:
        raise DataError(rf"--label-from {label_from!r} has no group: put the label in brackets, as in '^(.+)_\d+\.jpg$'")

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
    """Folders of neither for each of the splits `names`; all of it is trained on where it, or the data, does not come split."""
    folders = split_folders(neither) if neither.is_dir() and len(names) > 1 else {}
    return {name: path for name, path in folders.items() if name in names} or {"train": neither}


def _folder(data: str, unpacked: Path) -> tuple[Path, str]:
    """The folder that `data` stands for, and the rule that gives its labels if nobody chooses one."""
    path = Path(data)
    if is_torchvision(data):
        return lay_out(data, unpacked), BY_FOLDER
    if data.startswith(("http://", "https://")):
        return download_archive(data, unpacked), BY_FOLDER
    if path.is_dir():
        if not any(path.glob("**/*.parquet")):
            return path, BY_FOLDER
        return lay_out(str(path), unpacked), BY_FOLDER
    if path.is_file():
        if not data.lower().endswith(ARCHIVES):
            kinds = f"an archive ({', '.join(ARCHIVES)}) or a table ({', '.join(TABLES)})"
            raise DataError(f"{data} is a file; --data names a folder, {kinds}")
        return unpack(path, unpacked), BY_FOLDER
    if data.lower().endswith(ARCHIVES) or "\\" in data or data.startswith((".", "/", "~")) or data.count("/") > 1:
        raise DataError(f"{data} is not a folder, and there is no such file")
    if url := fastai_address(data):
        return download_archive(url, unpacked), _FASTAI_RULES.get(data.lower(), BY_FOLDER)
    return lay_out(data, unpacked), BY_FOLDER
