"""Where photos come from: whatever `--data` names becomes lists of photo files with their labels.

A folder per class; folders to train, validate and test on with such folders in them; a folder per source with a folder per
class in each; a table of paths; an archive or the address of an archive; a dataset of fastai, of torchvision or on the Hub.
What has to be unpacked is unpacked once, into a folder that is kept and found again.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import NamedTuple

from model.config import NEITHER
from model.photo_files import PhotoFiles, shown
from training.data.archives import abridged
from training.data.columns import Columns
from training.data.dataset_rows import is_torchvision
from training.data.folders import all_neither, branch_of, by_folders, neither_folder
from training.data.held_out import check_held_out, held_out
from training.data.label_rules import BY_FOLDER, FASTBOOK_RULE, Rule, by_names, label_rule
from training.data.lay_out import lay_out
from training.data.layout import Layout, Splits, divide, unwrap
from training.data.load_rows import PARQUET, lies_in_rows
from training.data.photos import MIN_PER_CLASS, ONE_SOURCE, DataError, Found, Photos, to_train_on
from training.data.same import Spellings, same
from training.data.splits import enumerated, split_folders
from training.data.table_files import TABLES
from training.data.tables import read_metadata, read_table
from training.data.tables_beside import naming_tables, packed_tables, tables_in
from training.data.tree import Branch, Notes, look_into
from training.data.unpack import ARCHIVES, NO_ARCHIVES, download, fastai_address, is_archive, unpack

_FASTAI_RULES = {"pets": FASTBOOK_RULE, "cub_200_2011": BY_FOLDER}
OTHER_SPLIT = "of neither, in a split that the classes do not come in"


class _Origin(NamedTuple):
    """A source that lies in folders: its name, the folders of its splits, and the rule that gives its labels."""

    name: str
    splits: Splits
    rule: Rule | None


def open_data(
    data: str | Path | Sequence[str],
    unpacked: Path,
    label_from: str | None = None,
    neither: Path | Sequence[Path] | None = None,
    labels: Sequence[str] = (),
    layout: Layout = "guess",
    label_column: str | None = None,
    image_column: str | None = None,
    known: Sequence[str] = (),
) -> Found:
    """The photos that `data` names, in the splits that they come in.

    Args:
        data: a folder, an archive (.zip, .tgz, .tar...), its http(s) address, a fastai dataset (`pets`), one of torchvision
            (`torchvision:CIFAR10`), a dataset on the Hub (`microsoft/cats_vs_dogs`, `user/name:configuration`), or a table of
            photos with their labels (see `training.data.tables`). Several of them are several sources.
        unpacked: where an archive or a dataset is unpacked; what is there already is used again.
        label_from: `folder` (the default), `name` (the fastbook rule: a capitalised file name is a cat, the others are
            dogs), or a regular expression whose first group, searched in the file name, is the label.
        neither: folders of photos that show none of the classes, maybe with the same splits inside. Each is a source, where
            there are others.
        labels: the classes to take; other folders are left aside. All by default.
        layout: whether the folders in a folder are classes or sources; see `layout.divide`.
        label_column, image_column: of tables and of datasets that come as rows, where they are not obvious.
        known: the labels of a model that is to be measured on the photos: they are spelled as these, and what photos to train
            on have to be like does not matter.

    Returns:
        The photos; neither's are among those to train on, unless `neither` has the splits too.

    Raises:
        DataError: all that is wrong with the data, in sentences that say what to do.
    """
    label_rule(label_from)  # a bad one is refused before anything is unpacked
    names = [str(data)] if isinstance(data, (str, Path)) else list(data)
    others = [neither] if isinstance(neither, Path) else list(neither or ())
    notes, problems = Notes(), list[str]()
    folders, lists = _opened(names, unpacked, Columns(label_column, image_column), label_from, notes)
    if (label_column or image_column) and not lists:
        told = ", ".join(map(shown, names))
        raise DataError(
            f"--label-column and --image-column are for tables and datasets, and {told} is none: name its .csv file"
        )
    origins = _divided(folders, others, layout, {*labels, *known}, notes)
    alone = len(origins) + len(lists) == 1 and len(others) < 2
    parts: dict[str, list[Photos]] = {"train": []}
    for name, found in zip(_distinct([name for name, _ in lists]), [found for _, found in lists], strict=True):
        for split, photos in found.parts.items():
            has_sources = set(photos.sources) != {ONE_SOURCE}
            parts.setdefault(split, []).append(_of_labels(photos if has_sources or alone else _named(photos, name), labels))
    sources = [ONE_SOURCE] if alone and origins else _distinct([origin.name for origin in origins])
    for source, origin in zip(sources, origins, strict=True):
        for branch in origin.splits["train"]:
            try:
                part = by_names(branch, origin.rule, labels, notes) if origin.rule else by_folders(branch, labels, notes)
                parts["train"].append(_named(part, source))
            except DataError as error:
                every = [branch for branches in origin.splits.values() for branch in branches]
                hint = f"; --layout classes takes {enumerated(every)} as classes" if len(origin.splits) > 1 else ""
                problems += [problem + hint for problem in error.problems]
    spellings = Spellings(known)
    train = _spelled(Photos.joined(parts["train"]), spellings)
    neither_of = _neither(others, alone, {*parts, *(split for origin in origins for split in origin.splits)}, notes, problems)
    train = Photos.joined([train, *neither_of.pop("train", [])], train.labels)
    missing = [label for label in labels if same(label) not in map(same, (*train.labels, NEITHER))]
    if not known and (train.labels or not (problems or missing)):
        where = shown(names[0]) if len(names) == 1 else "all of --data together"
        problems += to_train_on(train, where, by_name=any(origin.rule for origin in origins))
    if missing and (train.labels or not problems):
        problems.append(f"there are no photos of {', '.join(missing)}: look at the spelling after --labels")
    if problems:
        problems += [
            hint for _, branch, _ in folders for hint in tables_in(branch.path) or naming_tables(look_into(branch.path))
        ]
        raise DataError(*problems, advice=_advice(train, notes))
    classes = known or train.labels
    for source, origin in zip(sources, origins, strict=True):
        for split, branches in origin.splits.items():
            for branch in branches if split != "train" else ():
                if (more := held_out(branch, origin.rule, {same(label) for label in classes}, labels, notes)) is not None:
                    parts.setdefault(split, []).append(_named(more, source))
    joined: dict[str, Photos | None] = {}
    for split in ("valid", "test"):
        if listed := parts.get(split):
            spelled = _spelled(Photos.joined(listed), spellings)
            photos = Photos.joined([spelled, *neither_of.get(split, [])], train.labels)
            joined[split] = check_held_out(photos, split, classes, notes)
    notes.say(*spellings.remarks())
    return Found(train, joined.get("valid"), joined.get("test"), notes.left_out, tuple(notes.understood))


def _advice(train: Photos, notes: Notes) -> str | None:
    """What may be the reason that classes have too few photos: what is left out."""
    counts = train.counts()
    fewest = min((counts.get(label, 0) for label in train.labels), default=MIN_PER_CLASS)
    if not notes.left_out or fewest >= MIN_PER_CLASS:
        return None
    hint = [] if fewest else ["--labels names the classes, where some folders are none"]
    return "; ".join([*notes.left_out.sentences(), *hint])


def _opened(
    names: Sequence[str], unpacked: Path, columns: Columns, label_from: str | None, notes: Notes
) -> tuple[list[tuple[str, Branch, Rule | None]], list[tuple[str, Found]]]:
    """What lies in folders, with its name and the rule that gives the labels; and what lists its photos itself."""
    folders: list[tuple[str, Branch, Rule | None]] = []
    lists: list[tuple[str, Found]] = []
    for name in names:
        if not name.strip():
            raise DataError("--data is empty; name a folder of photos, or . for the one you are in")
        try:
            opened = _open(name, unpacked, columns, label_from, notes)
        except OSError as error:
            raise DataError(f"{abridged(name)} cannot be opened: {_told(error)}") from None
        except RecursionError:
            raise DataError(f"{abridged(name)} has folders that lie too deep in one another; name one of them") from None
        own = shown(Path(name).resolve().name if Path(name).exists() else Path(name).name)
        if isinstance(opened, Found):
            notes.left_out.update(opened.left_out)
            notes.say(*opened.understood)
            if label_from not in (None, BY_FOLDER):
                notes.say(f"--label-from says nothing of {own}, which has a column of labels")
            lists.append((own, opened))
        else:
            there, rule = opened
            folders.append((own, branch_of(there, notes, own if len(names) > 1 else "", name), label_rule(rule)))
    return folders, lists


def _told(error: OSError) -> str:
    of = f" ({abridged(error.filename)})" if isinstance(error.filename, str | os.PathLike) else ""
    return f"{error.strerror or error}{of}"


def _open(data: str, unpacked: Path, columns: Columns, label_from: str | None, notes: Notes) -> tuple[PhotoFiles, str] | Found:
    """What lies in the folder that `data` stands for, and the rule that gives its labels; or the photos it lists itself."""
    path = Path(data)
    if path.is_file() and path.suffix.lower() in TABLES:
        return read_table(path, columns)
    if is_torchvision(data) or (path.is_file() and path.suffix.lower() == PARQUET):
        return lay_out(data, unpacked, columns)
    own = Notes()
    folder, rule = _folder(data, unpacked, own)
    notes.add(own)
    if folder is None:
        return lay_out(data, unpacked, columns)
    there = look_into(folder)
    if folder == path and lies_in_rows(there):
        return lay_out(data, unpacked, columns)
    if label_from is None and rule == BY_FOLDER:
        found, said = read_metadata(there, columns)
        notes.say(*said)
        if found is not None:
            return found
        notes.say(*naming_tables(there), *packed_tables(own.left_out, shown(path.name)))
    return there, label_from or rule


def _folder(data: str, unpacked: Path, notes: Notes) -> tuple[Path | None, str]:
    """The folder that `data` stands for, and its own rule for labels; no folder where it may be a dataset on the Hub."""
    path = Path(data)
    if data.startswith(("http://", "https://")):
        return unpack(download(data, unpacked), unpacked, notes), BY_FOLDER
    if path.is_dir():
        return path, BY_FOLDER
    if path.is_file():
        if data.lower().endswith(NO_ARCHIVES):
            raise DataError(f"{shown(data)} is an archive that cannot be unpacked here; unpack it, and name the folder")
        if not data.lower().endswith(ARCHIVES) and not is_archive(path):
            kinds = f"an archive ({', '.join(ARCHIVES)}) or a table ({', '.join(TABLES)})"
            raise DataError(f"{shown(data)} is a file; --data names a folder, {kinds}")
        return unpack(path, unpacked, notes), BY_FOLDER
    if path.exists():
        raise DataError(f"{shown(data)} is neither a folder nor a file; --data names a folder of photos")
    if data.lower().endswith(ARCHIVES) or "\\" in data or data.startswith((".", "/", "~")) or data.count("/") > 1:
        raise DataError(f"{shown(data)} is not a folder, and there is no such file")
    if url := fastai_address(data):
        return unpack(download(url, unpacked), unpacked, notes), _FASTAI_RULES.get(data.lower(), BY_FOLDER)
    return None, BY_FOLDER


def _divided(
    folders: Sequence[tuple[str, Branch, Rule | None]],
    others: Sequence[Path],
    layout: Layout,
    known: Collection[str],
    notes: Notes,
) -> list[_Origin]:
    """The sources that lie in folders. A folder that holds all of one of them is a wrapper, unless another has that class."""
    trees = [branch.without(others) for _, branch, _ in folders]
    inner_names = [{same(child.name) for child in unwrap(tree).full} for tree in trees]
    origins = []
    for index, ((name, _, rule), tree) in enumerate(zip(folders, trees, strict=True)):
        classes = {same(label) for label in known}.union(*inner_names[:index], *inner_names[index + 1 :])
        inside = divide(tree, layout, rule is None, notes, classes)
        origins += [_Origin(source or name, splits, rule) for source, splits in inside]
    return origins


def _neither(
    folders: Sequence[Path], alone: bool, splits: set[str], notes: Notes, problems: list[str]
) -> dict[str, list[Photos]]:
    """The photos of neither for each of the splits; all are trained on where they, or the classes, do not come split."""
    found: dict[str, list[Photos]] = {}
    names = [ONE_SOURCE] * len(folders) if alone else _distinct([shown(folder.name) for folder in folders])
    for name, folder in zip(names, folders, strict=True):
        try:
            branch = neither_folder(folder, notes)
        except DataError as error:
            problems += error.problems
            continue
        inside = split_folders(branch, False, notes) if len(splits) > 1 else {}
        for split, branches in inside.items() if len(splits & set(inside)) > 0 else [("train", [branch])]:
            for part in branches:
                if split in splits:
                    found.setdefault(split, []).append(all_neither(part, name))
                else:
                    notes.leave(OTHER_SPLIT, part)
    return found


def _of_labels(photos: Photos, labels: Sequence[str]) -> Photos:
    """The photos of these labels and of neither; all of them where there are none."""
    wanted = {same(label) for label in (*labels, NEITHER)}
    chosen = photos.take([i for i, answer in enumerate(photos.answers) if not labels or same(answer) in wanted])
    return Photos(chosen.paths, chosen.answers, tuple(sorted({*chosen.answers} - {NEITHER})), chosen.sources)


def _spelled(photos: Photos, spellings: Spellings) -> Photos:
    """The photos with one spelling for each label."""
    one = {answer: spellings.of(answer) for answer in dict.fromkeys((*photos.labels, *photos.answers))}
    labels = tuple(sorted({one[label] for label in photos.labels} - {NEITHER}))
    return Photos(photos.paths, tuple(one[answer] for answer in photos.answers), labels, photos.sources)


def _named(photos: Photos, source: str) -> Photos:
    return Photos(photos.paths, photos.answers, photos.labels, (source,) * len(photos))


def _distinct(names: Sequence[str]) -> list[str]:
    """The names, numbered where one comes again."""
    return [f"{name} {names[:i].count(name) + 1}" if name in names[:i] else name for i, name in enumerate(names)]
