"""Photos that lie in folders: one for each class, and others for photos that show none of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from model.config import NEITHER
from model.photo_files import PhotoFiles, shown
from training.data.photos import MIN_PER_CLASS, NOT_ASKED_FOR, ONE_SOURCE, DataError, Photos, to_train_on
from training.data.same import same
from training.data.tree import Branch, Notes, look_into

LOOSE = "loose beside the folders of classes"


def find_photos(data: Path, neither: Path | None = None, labels: Sequence[str] = ()) -> Photos:
    """List a folder per class, and a folder of photos that show none of the classes: `neither`, or the one of that name.

    Args:
        labels: the classes to take; other folders are left aside. All by default.

    Raises:
        DataError: with all problems: a folder that is missing, no photos, fewer than two classes, a class with one photo.
    """
    notes = Notes()
    problems: list[str] = []
    photos = Photos((), (), ())
    try:
        photos = by_folders(open_folder(data, notes).without([neither] if neither else []), labels, notes)
    except DataError as error:
        problems += error.problems
    if neither is not None:
        try:
            photos = Photos.joined([photos, only_neither(neither, ONE_SOURCE, notes)], photos.labels)
        except DataError as error:
            problems += error.problems
    problems += [] if not photos.labels and problems else to_train_on(photos, shown(data))
    if problems:
        raise DataError(*problems)
    return photos


def open_folder(folder: Path, notes: Notes, below: str = "") -> Branch:
    """The photos in a folder; what is left out is noted.

    Args:
        below: what the folder is called for people, where it is one of several.

    Raises:
        DataError: it is no folder, or cannot be listed.
    """
    if not folder.is_dir():
        raise DataError(f"{shown(folder)} is not a folder; --data names a folder that holds one folder of photos per class")
    try:
        return branch_of(look_into(folder), notes, below)
    except OSError as error:
        raise DataError(f"{shown(folder)} cannot be looked into: {error.strerror}") from None


def branch_of(files: PhotoFiles, notes: Notes, below: str = "", title: str = "") -> Branch:
    """What was listed of a folder, as a tree; what is left out is noted. below, title: see `open_folder` and `Branch`."""
    notes.left_out.update(files.left_out, below)
    return Branch.of(files, below, title)


def by_folders(branch: Branch, labels: Sequence[str], notes: Notes) -> Photos:
    """The photos of a folder per class, and of the folder `neither` among them.

    Args:
        labels: the classes to take, all by default. notes: gets what is left out: loose photos and other folders.

    Returns:
        The photos; a folder without any is among the labels.

    Raises:
        DataError: there are no folders, or none of the classes `labels`.
    """
    if not branch.inside:
        raise DataError(_without_folders(branch, notes))
    wanted = {same(label) for label in (*labels, NEITHER)}
    taken = [child for child in branch.inside.values() if not labels or same(child.label) in wanted]
    if not taken:
        others = ", ".join(shown(name) for name in branch.inside)
        raise DataError(f"{branch.where} holds none of the classes {', '.join(labels)}, but {others}")
    for child in taken:
        if child.label != child.name:
            notes.say(f"the folder '{shown(branch.name_of(child.name))}' is class '{shown(child.label)}', without the spaces")
    notes.leave(LOOSE, branch, branch.loose)
    for child in branch.inside.values():
        if child not in taken:
            notes.leave(NOT_ASKED_FOR, child)
    return Photos(
        tuple(path for child in taken for path in child.paths),
        tuple(child.label for child in taken for _ in child.photos),
        tuple(dict.fromkeys(child.label for child in taken if child.label != NEITHER)),
    )


def _without_folders(branch: Branch, notes: Notes) -> str:
    where = branch.where
    if branch.photos:
        return (
            f"{where} holds no folders; put the photos of each class into a folder named after it, or take the labels from "
            "the file names with --label-from"
        )
    return f"{where} holds no photos and no folders{''.join(f'; {told}' for told in notes.left_out.sentences())}"


def only_neither(folder: Path, source: str, notes: Notes, least: int = MIN_PER_CLASS) -> Photos:
    """The photos anywhere below a folder, all of neither and of one source.

    Args:
        least: how many there have to be.

    Raises:
        DataError: it is no folder, or holds fewer.
    """
    return all_neither(neither_folder(folder, notes, least), source)


def neither_folder(folder: Path, notes: Notes, least: int = MIN_PER_CLASS) -> Branch:
    """What lies in a folder of photos of neither; see `only_neither`."""
    if not folder.is_dir():
        raise DataError(f"{shown(folder)} is not a folder; --neither names a folder of photos of other things")
    branch = open_folder(folder, notes, shown(folder.name))
    if len(branch.photos) < least:
        held = f"fewer than {least} photos" if least > 1 else "no photos"
        raise DataError(f"{shown(folder)} holds {held}; --neither names photos of other things")
    return branch


def all_neither(branch: Branch, source: str) -> Photos:
    """The photos anywhere below a folder, as photos of neither and of one source."""
    return Photos(branch.paths, (NEITHER,) * len(branch.paths), (), (source,) * len(branch.paths))
