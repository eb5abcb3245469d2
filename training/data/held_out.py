"""Photos to validate and to test on: what photos to train on have to be like does not apply to them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import PurePosixPath

from model.config import NEITHER
from training.data.folders import by_folders
from training.data.label_rules import Rule, by_names
from training.data.layout import enter, leave_between
from training.data.photos import DataError, Photos
from training.data.same import same
from training.data.tree import Branch, Notes

UNLABELLED = "without labels, though meant to measure on"
NAMES = {"valid": "the validation set", "test": "the test set"}


def held_out(branch: Branch, rule: Rule | None, known: Collection[str], labels: Sequence[str], notes: Notes) -> Photos | None:
    """The photos of a folder to validate or to test on; None where nothing says what they show, and that is noted.

    Args:
        rule: gives the labels from file names, where folders do not. known: the classes, as `same` has them.
        labels: the classes to take, where only some were asked for.

    Raises:
        DataError: it has classes that are not known.
    """
    if not branch.photos:
        notes.say(f"{branch.told} holds no photos")
        return None
    if rule:
        found = {same(rule(PurePosixPath(name).name)) for name in branch.photos} - {""}
    else:
        inner = enter(branch, known)
        found = {same(child.label) for child in inner.full}
    unknown = sorted(found - {*known, NEITHER})
    if labels and not rule:
        unknown = [name for name in unknown if name in map(same, labels)]
    alike = {name.casefold(): name for name in known}
    has_hints = any(name.casefold() in alike for name in unknown)
    if not found & {*known, NEITHER} and not has_hints and (rule or len(found) < 2):
        why = "no name gives a label" if rule else "no folder in it is named after a class"
        notes.say(f"{branch.told} is left aside: {why}, so nothing says what its photos show")
        notes.leave(UNLABELLED, branch)
        return None
    if unknown and not (labels and rule):
        hints = [f"{name} is written {alike[name.casefold()]} there" for name in unknown if name.casefold() in alike]
        raise DataError("; ".join([f"{branch.told} has classes that the training set lacks: {', '.join(unknown)}", *hints]))
    if rule:
        return by_names(branch, rule, labels, notes)
    leave_between(branch, inner, notes)
    return by_folders(inner, labels, notes)


def check_held_out(photos: Photos, split: str, classes: Sequence[str], notes: Notes) -> Photos | None:
    """Photos to validate or to test on, with remarks on the classes that they lack; None where they show no class.

    Args:
        photos: of all sources together. split: `valid` or `test`. classes: those that are trained on.

    Raises:
        DataError: there are other classes among them.
    """
    if unknown := sorted(set(photos.answers) - {*classes, NEITHER}):
        raise DataError(f"{NAMES[split]} has classes that the training set lacks: {', '.join(unknown)}")
    counts = photos.counts()
    none = [label for label in classes if not counts.get(label)]
    if len(none) == len(classes):
        notes.say(f"{NAMES[split]} is left aside: it shows none of the classes")
        return None
    if none:
        notes.say(f"{NAMES[split]} has no photos of {', '.join(none)}: how well these are told is not measured on it")
    if single := [label for label in classes if counts.get(label) == 1]:
        notes.say(f"{NAMES[split]} has one photo of {', '.join(single)}: that says little")
    return photos
