"""What the folders in a folder stand for: splits, sources or classes, or nothing but a wrapper of all of these."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Literal

from model.config import NEITHER
from model.photo_files import shown
from training.data.folders import LOOSE
from training.data.photos import DataError
from training.data.same import same
from training.data.splits import enumerated, innermost, is_filler, meaning, say_splits, split_folders
from training.data.tree import Branch, Notes, has_files

Layout = Literal["guess", "classes", "sources"]
Splits = dict[str, list[Branch]]
MASKS = "annotations beside images"
_MASKS = {"annotation", "annotations", "label", "labels", "mask", "masks", "segmentation", "segmentations", "trimap", "trimaps"}
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
        DataError: the layout is said to be `sources`, and there are no folders.
    """
    branch = _without_masks(branch, notes)
    inner = unwrap(branch, known)
    own = Notes()
    splits = _splits(inner, by_folder, own) if layout != "classes" else {}
    if not by_folder and not splits:
        return [(None, {"train": [branch]})]
    if inner is not branch:
        notes.say(f"everything lies in {inner.told}, so what is in there was taken")
        leave_between(branch, inner, notes)
    notes.add(own)
    if splits:
        return [(None, splits)]
    if layout == "sources" and not inner.full:
        raise DataError(f"{branch.where} holds no folders of sources with photos in them")
    if layout == "sources" or (layout == "guess" and _are_sources(inner.full)):
        if layout == "guess":
            notes.say(f"{enumerated(inner.full)} are sources, and the folders in them are classes; {OTHERWISE}")
        return [(shown(source.name), _of_source(source, notes)) for source in inner.full]
    if layout == "guess" and (splits := _splits_in_classes(inner, notes)):
        return [(None, splits)]
    return [(None, {"train": [inner]})]


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
    masks = [child for child in inner.full if child.name.lower() in _MASKS]
    if not masks or not any(is_filler(child.name) for child in inner.full if child not in masks):
        return branch
    for mask in masks:
        notes.leave(MASKS, mask)
    return branch.without([mask.path for mask in masks])


def leave_between(outer: Branch, inner: Branch, notes: Notes) -> None:
    """Count the photos that are loose on the way from a folder to one in it that was entered."""
    while outer is not inner:
        notes.leave(LOOSE, outer, outer.loose)
        outer = outer.full[0]


def _holds_few_loose(branch: Branch) -> bool:
    return 2 * len(branch.loose) < len(branch.photos)


def _splits(branch: Branch, by_folder: bool, notes: Notes) -> Splits:
    splits = split_folders(branch, by_folder, notes)
    if splits and by_folder:  # `training_set/training_set/cats`
        entered = [unwrap(child) for child in splits["train"]]
        for outer, inner in zip(splits["train"], entered, strict=True):
            leave_between(outer, inner, notes)
        splits = splits | {"train": entered}
    if splits:
        say_splits(splits, notes)
    return splits


def _of_source(source: Branch, notes: Notes) -> Splits:
    return _splits(source, True, notes) or {"train": [source]}


def _are_sources(folders: list[Branch]) -> bool:
    """Whether folders are sources: each has its photos in folders, whose names come more than once."""
    if len(folders) < 2 or any(folder.loose for folder in folders):
        return False
    every = [name for folder in folders for name in _class_names(folder)]
    return len(set(every)) < len(every) and not all(map(is_filler, every))


def _class_names(source: Branch) -> set[str]:
    """The names of the folders in a source, and in its splits."""
    names = {same(child.name) for child in source.full if not _is_split(child)}
    return names | {same(inner.name) for child in source.full if _is_split(child) for inner in innermost(child).full}


def _is_split(folder: Branch) -> bool:
    found = meaning(folder.name)
    return found is not None and not found.rest


def _splits_in_classes(branch: Branch, notes: Notes) -> Splits:
    """The splits of data that has `cat/train`, `cat/test`, `dog/train`...: the same folder, seen without the other splits."""
    splits_of: dict[str, set[str]] = {}
    for child in branch.full:
        if child.loose or not all(_is_split(inner) for inner in child.full):
            return {}
        for inner in child.full:
            if found := meaning(inner.name):
                splits_of.setdefault(found.split, set()).add(f"{child.name}/{inner.name}")
    if "train" not in splits_of or len(splits_of) < 2:
        return {}
    notes.say(f"the folders in {enumerated(branch.full)} are splits; --layout classes takes all that is in them")
    return {
        split: [
            replace(
                branch,
                photos=tuple(path for path in branch.photos if "/".join(path.split("/")[:2]) in splits_of[split]),
                folders=tuple(path for path in branch.folders if "/" not in path),
            )
        ]
        for split in ("train", "valid", "test")
        if split in splits_of
    }
