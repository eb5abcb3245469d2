"""Folders that plainly mean test or validation where nothing beside them is called `train`: they are never trained on."""

from __future__ import annotations

from collections.abc import Callable

from model.config import NEITHER
from training.data.photos import PARTS, DataError
from training.data.same import same
from training.data.splits import NAMES, NOT_A_SPLIT, enumerated, innermost, plain_split
from training.data.tree import Branch, Notes

NO_CLASS = "in a folder called test or validation beside the classes"
IN_CLASS = "beside the splits inside a class"


def measured_beside(branch: Branch, class_names: Callable[[Branch], set[str]], notes: Notes) -> dict[str, list[Branch]]:
    """The splits where `test/` or `val/` lie beside classes, or beside one folder with the same classes; or none.

    Beside two classes or more, a folder that is called so and has no folders named after them is left aside.

    Args:
        class_names: gives the names of the classes in a folder.
        notes: gets what was understood, and what is left aside.

    Raises:
        DataError: it cannot be said what is to be trained on.
    """
    if any(plain_split(child.name) == "train" for child in branch.full):
        return {}
    measured = [child for child in branch.full if plain_split(child.name)]
    others = [child for child in branch.full if child not in measured and child.name != NEITHER]
    if not measured:
        return {}
    if not others:
        if len(measured) < 2:
            return {}
        raise DataError(f"{enumerated(measured)} are meant to measure on, and nothing is there to train on{_way_out(measured)}")
    beside = {same(other.label).casefold() for other in others}
    inside = {child.name: {same(inner.label).casefold() for inner in innermost(child).full} for child in measured}
    named = [child for child in measured if inside[child.name] & beside]
    every = set[str]().union(*inside.values())
    held = {other.name: class_names(other) | class_names(innermost(other)) for other in others}
    alike = [other for other in others if {name.casefold() for name in held[other.name]} & every]
    if alike and not named:
        if len(alike) > 1:
            raise DataError(
                f"{enumerated(alike + measured)} hold folders of the same names, and {enumerated(measured)} "
                f"{'are' if len(measured) > 1 else 'is'} meant to measure on{_way_out(alike)}"
            )
        for child in (*branch.full, branch):
            if child not in measured and child is not alike[0]:
                notes.leave(NOT_A_SPLIT, child, branch.loose if child is branch else None)
        _say(alike, measured, notes)
        return _parts(alike[0], measured)
    aside = [child for child in measured if child not in named and (named or _is_plainest(child))] if len(others) > 1 else []
    for child in aside:
        notes.leave(NO_CLASS, child)
        notes.say(
            f"{child.told} is left aside: no folder in it is named after a class beside it; --layout classes takes it as one"
        )
    if named:
        _say(others, named, notes)
    if kept := [child for child in measured if child not in named and child not in aside]:
        told = "is taken as a class" if len(kept) == 1 else "are taken as classes"
        notes.say(f"{enumerated(kept)} {told}, as {enumerated(others)} beside; rename what is to be trained on to train if not")
    taken = named + aside
    return _parts(branch.but([child.name for child in taken]), named) if taken else {}


def measured_by_name(branch: Branch, notes: Notes) -> dict[str, list[Branch]]:
    """The same where the names of the photos give the labels: all but `test/` and `val/` is trained on; or none."""
    measured = [child for child in branch.full if plain_split(child.name) in ("valid", "test")]
    train = branch.but([child.name for child in measured])
    if not measured or not train.photos:
        return {}
    notes.say(f"{_told(measured)}, and all else in {branch.told} is trained on; --layout classes trains on all")
    return _parts(train, measured)


def splits_in_classes(branch: Branch, notes: Notes) -> dict[str, Branch]:
    """What is to be trained on, with the splits inside its classes: `cat/train`, `cat/test`, `dog/images/val`.

    A photo is of the split that a folder below its class is plainly named after. Where a class has a folder to train on, its
    other photos are left aside; the classes that have no such folders are trained on.

    Returns:
        The same folder for each split, seen without the others; itself to train on where no class has splits to measure on.
    """
    split_of = {path: _split_of(path) for path in branch.photos}
    classes = {split: {path.split("/")[0] for path, own in split_of.items() if own == split} for split in PARTS}
    measured = classes["valid"] | classes["test"]
    if not measured:
        return {"train": branch}
    whole = [child for child in branch.full if child.name not in measured]
    divided = [child for child in branch.full if child.name in measured]
    notes.say(f"the folders in {enumerated(divided)} are splits; --layout classes takes all that is in them")
    if whole:
        notes.say(f"{enumerated(whole)} {'have' if len(whole) > 1 else 'has'} none for test or validation: all is trained on")
    aside = {path for path, own in split_of.items() if own is None and path.split("/")[0] in measured & classes["train"]}
    if aside:
        notes.leave(IN_CLASS, branch, sorted(aside))
        where = enumerated([child for child in divided if any(path.startswith(f"{child.name}/") for path in aside)])
        notes.say(f"what lies beside the folders called train in {where} is left aside")
    parts = {"train": branch.only(lambda path: split_of[path] in ("train", None) and path not in aside)}
    for split in ("valid", "test"):
        if classes[split]:
            photos = branch.only(lambda path, split=split: split_of[path] == split)  # type: ignore[misc]
            parts[split] = photos.but([name for name in branch.inside if name not in classes[split]])
    return parts


def _split_of(path: str) -> str | None:
    folders = path.split("/")[1:-1]
    return next((split for folder in folders if (split := plain_split(folder))), None)


def _parts(train: Branch, measured: list[Branch]) -> dict[str, list[Branch]]:
    found = {split: [child for child in measured if plain_split(child.name) == split] for split in ("valid", "test")}
    return {"train": [train], **{split: children for split, children in found.items() if children}}


def _say(trained: list[Branch], measured: list[Branch], notes: Notes) -> None:
    beside = f"{enumerated(trained)} beside is what is trained on"
    notes.say(f"{_told(measured)}, and {beside}; --layout classes takes all of them as classes")


def _told(measured: list[Branch]) -> str:
    return ", ".join(f"{child.told} is the {NAMES[plain_split(child.name) or 'test']} set" for child in measured)


def _is_plainest(branch: Branch) -> bool:
    return any(word in branch.name.casefold() for word in ("test", "val"))


def _way_out(folders: list[Branch]) -> str:
    return (
        f": rename what is to be trained on to train, or say --layout sources, where all of them are sources to train on, or "
        f"--layout classes, where {enumerated(folders)} are classes"
    )
