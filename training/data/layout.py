"""What the folders in a folder stand for: splits, sources or classes, or nothing but a wrapper of all of these."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Literal

from model.config import NEITHER
from model.photo_files import shown
from training.data.folders import LOOSE
from training.data.measured import measured_beside, measured_by_name, splits_in_classes
from training.data.photos import DataError
from training.data.same import same
from training.data.splits import enumerated, innermost, is_filler, meaning, plain_split, say_splits, split_folders
from training.data.tree import Branch, Notes, has_files

Layout = Literal["guess", "classes", "sources"]
Splits = dict[str, list[Branch]]
MASKS = "annotations beside images"
_MASKS = {"annotation", "annotations", "label", "labels", "mask", "masks", "segmentation", "segmentations", "trimap", "trimaps"}
_UNLABELLED = {"unlabeled", "unlabelled", "unlabeled_data", "unlabelled_data"}
NO_LABELS = "in a folder whose name says that it has no labels"
OTHERWISE = "--layout classes takes them as classes"


def divide(
    branch: Branch, layout: Layout, by_folder: bool, notes: Notes, known: Collection[str] = ()
) -> list[tuple[str | None, Splits]]:
    """The sources in a folder, and the folders of each one's splits; whatever is not split is `train`.

    Args:
        layout: whether the folders are classes or sources, or that is to be guessed: they are sources where every one of them
            has its photos in further folders, and a name of these comes more than once: `home/Cat`, `home/Dog`, `street/Dog`.
        by_folder: whether folders name the labels.
        notes: gets what was understood, and what is left out.
        known: names of classes, as `same` has them; their folders are no wrappers.

    Returns:
        The name of each source, None where there is one; and the folders that hold the folders of the classes.

    Raises:
        DataError: the layout is said to be `sources`, and there are no folders; or there is nothing to train on but what is
            plainly meant to measure on.
    """
    branch = _without_labels(_without_masks(branch, notes), notes) if layout != "classes" else _without_masks(branch, notes)
    inner = unwrap(branch, known)
    own = Notes()
    splits = _splits(inner, by_folder, own) if layout != "classes" else {}
    if not splits and layout == "guess":
        splits = _beside(inner, own) if by_folder else measured_by_name(inner, own)
    if not by_folder and not splits:
        return [(None, {"train": [branch]})]
    if inner is not branch:
        notes.say(f"everything lies in {inner.told}, so what is in there was taken")
        leave_between(branch, inner, notes)
    notes.add(own)
    if splits:
        return [(None, _in_classes(splits, notes) if by_folder else splits)]
    if layout == "sources" and not inner.full:
        raise DataError(f"{branch.where} holds no folders of sources with photos in them")
    if layout == "sources" or (layout == "guess" and _are_sources(inner.full)):
        if layout == "guess":
            notes.say(f"{enumerated(inner.full)} are sources, and the folders in them are classes; {OTHERWISE}")
        return [(shown(source.name), _of_source(source, notes)) for source in inner.full]
    return [(None, _in_classes({"train": [inner]}, notes) if layout == "guess" else {"train": [inner]})]


def unwrap(branch: Branch, known: Collection[str] = ()) -> Branch:
    """The folder itself, or the only one in it that holds photos, as deep as that goes, where that one holds several of them.

    Beside it there may be photos that are fewer, and folders without photos, unless they are empty: these are classes that
    lack photos.

    Args:
        known: names of classes, as `same` has them; their folders are not entered.
    """
    inner = branch
    while len(inner.full) == 1:
        only = inner.full[0]
        empty = [child for child in inner.inside.values() if not child.photos and not has_files(child.path)]
        if same(only.name) in known or only.name == NEITHER or empty:
            break
        inner = only
    return inner if len(inner.full) > 1 and _holds_few_loose(inner) else branch


def enter(branch: Branch, known: Collection[str]) -> Branch:
    """The folder of a validation or test set that holds the folders of classes, where it or the only one in it does.

    Args:
        known: names of classes, as `same` has them.
    """
    known_in_any_case = {name.casefold() for name in (*known, NEITHER)}
    while len(branch.full) == 1 and same(branch.full[0].name).casefold() not in known_in_any_case and _holds_few_loose(branch):
        branch = branch.full[0]
    return branch


def _without_masks(branch: Branch, notes: Notes) -> Branch:
    """The same without `masks/`, `annotations/`... where they lie beside `images/`: these pictures are no photos."""
    inner = innermost(branch)
    masks = [mask for folder in (inner, *map(innermost, inner.full)) for mask in _masks(folder)]
    for mask in masks:
        notes.leave(MASKS, mask)
    return branch.but([mask.path.relative_to(branch.path).as_posix() for mask in masks])


def _masks(branch: Branch) -> list[Branch]:
    """The folders of masks: `masks/` beside `images/`, and `train_masks/` beside `train/`."""
    masks = [child for child in branch.full if child.name.lower() in _MASKS]
    if not any(is_filler(child.name) for child in branch.full if child not in masks):
        masks = []
    words = {child.name: set(re.split(r"[\W\d_]+", child.name.lower())) for child in branch.full}
    of_splits = [child for child in branch.full if meaning(child.name) and words[child.name] & _MASKS]
    plain = {plain_split(child.name) for child in branch.full if child not in of_splits}
    return masks + [child for child in of_splits if (found := meaning(child.name)) and found.split in plain]


def _without_labels(branch: Branch, notes: Notes) -> Branch:
    """The same without `unlabeled/` where it lies beside other folders, at the top or in one of the splits."""
    folders = (branch, *(child for child in branch.full if plain_split(child.name)))
    found = [c for folder in folders for c in folder.full if c.name.lower() in _UNLABELLED and len(folder.full) > 1]
    for child in found:
        notes.leave(NO_LABELS, child)
        notes.say(f"{child.told} is left aside, as its name says that it has no labels; --layout classes takes it as a class")
    return branch.but([child.path.relative_to(branch.path).as_posix() for child in found])


def leave_between(outer: Branch, inner: Branch, notes: Notes) -> None:
    """Count the photos that are loose on the way from a folder to one in it that was entered."""
    while outer is not inner:
        notes.leave(LOOSE, outer, outer.loose)
        outer = outer.full[0]


def _holds_few_loose(branch: Branch) -> bool:
    return 2 * len(branch.loose) < len(branch.photos)


def _splits(branch: Branch, by_folder: bool, notes: Notes) -> Splits:
    splits = split_folders(branch, by_folder, notes)
    if splits:
        say_splits(splits, notes)
    return _entered(splits, notes) if by_folder else splits


def _entered(splits: Splits, notes: Notes) -> Splits:
    """The same with what is to be trained on unwrapped: `training_set/training_set/cats`."""
    if not splits:
        return {}
    entered = [unwrap(child) for child in splits["train"]]
    for outer, inner in zip(splits["train"], entered, strict=True):
        leave_between(outer, inner, notes)
        if _are_sources(inner.full):
            notes.say(
                f"{enumerated(inner.full)} are taken as classes, though the folders in them have names in common; "
                "where they are sources, name each of them with --data"
            )
    return splits | {"train": entered}


def _beside(branch: Branch, notes: Notes) -> Splits:
    """The splits of a folder that holds `test/`, and classes or one folder of classes, but nothing called `train`."""
    splits = measured_beside(branch, _class_names, notes)
    if not splits or splits["train"][0].path == branch.path:
        return splits
    return _entered(splits, notes)


def _in_classes(splits: Splits, notes: Notes) -> Splits:
    """The same where classes to train on have splits inside: these are joined to the others."""
    found = {split: list(branches) for split, branches in splits.items()} | {"train": []}
    for branch in splits["train"]:
        for split, part in splits_in_classes(branch, notes).items():
            found.setdefault(split, []).append(part)
    return found


def _of_source(source: Branch, notes: Notes) -> Splits:
    return _in_classes(_splits(source, True, notes) or _beside(source, notes) or {"train": [source]}, notes)


def _are_sources(folders: list[Branch]) -> bool:
    """Whether folders are sources: each has its photos in folders, whose names come more than once."""
    if len(folders) < 2 or any(folder.loose or _is_split_class(folder) for folder in folders):
        return False
    every = [name for folder in folders for name in _class_names(folder)]
    return len(set(every)) < len(every) and not all(map(is_filler, every))


def _is_split_class(folder: Branch) -> bool:
    """Whether a folder is a class with splits inside: `train` and `test` in it hold photos, and no classes."""
    return len({split for child in folder.full if (split := plain_split(child.name)) and not innermost(child).full}) > 1


def _class_names(source: Branch) -> set[str]:
    """The names of the folders in a source, and in its splits."""
    names = {same(child.name) for child in source.full if not plain_split(child.name)}
    return names | {same(inner.name) for child in source.full if plain_split(child.name) for inner in innermost(child).full}
