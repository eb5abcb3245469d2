"""Labels that file names give: by the fastbook rule, or by a regular expression."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import PurePosixPath

from model.config import NEITHER
from model.photo_files import shown
from training.data.photos import NOT_ASKED_FOR, DataError, Photos
from training.data.same import same
from training.data.tree import Branch, Notes

FASTBOOK_RULE = "name"
BY_FOLDER = "folder"

Rule = Callable[[str], str]  # the label of a file name, empty where it has none


def label_rule(label_from: str | None) -> Rule | None:
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
        pattern = re.compile(same(label_from))
    except re.error as error:
        raise DataError(f"--label-from {label_from!r} is not a regular expression: {error}") from None
    if pattern.groups < 1:
        raise DataError(rf"--label-from {label_from!r} has no group: put the label in brackets, as in '^(.+)_\d+\.jpg$'")

    def label(name: str) -> str:
        match = pattern.search(same(name))
        return (match.group(1) or "") if match else ""

    return label


def by_names(branch: Branch, rule: Rule, labels: Sequence[str], notes: Notes) -> Photos:
    """The photos anywhere below a folder, labelled by their file names.

    Args:
        labels: the classes to take, all by default. notes: gets what is left out.

    Raises:
        DataError: there are none, or names without a label; all of these are named.
    """
    found = [(name, rule(PurePosixPath(name).name)) for name in branch.photos]
    where = branch.where
    if not found:
        told = "".join(f"; {sentence}" for sentence in notes.left_out.sentences())
        raise DataError(f"{where} holds no photos{told}")
    if nameless := [name for name, label in found if not label]:
        raise DataError(*(f"{where}/{shown(name)}: its name gives no label by --label-from" for name in nameless))
    wanted = {same(label) for label in (*labels, NEITHER)}
    kept = [(name, label) for name, label in found if not labels or same(label) in wanted]
    notes.leave(NOT_ASKED_FOR, branch, [name for name, label in found if labels and same(label) not in wanted])
    kept.sort(key=lambda pair: pair[1])
    classes = tuple(sorted({label for _, label in kept} - {NEITHER}))
    return Photos(tuple(branch.path / name for name, _ in kept), tuple(label for _, label in kept), classes)
