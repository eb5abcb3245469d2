"""Which columns of a table or dataset hold the photos and their labels: those that were named, else the obvious ones."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from training.data.photos import DataError


@dataclass(frozen=True)
class Columns:
    """The columns that were named; None where the obvious ones are to be taken."""

    label: str | None = None
    image: str | None = None


class Kind(NamedTuple):
    """What a column can hold.

    Attributes:
        holds: what is looked for, in the plural. option: that names the column. like: names that are expected.
        names: of columns that hold it, written in small letters and digits alone, the most obvious first.
    """

    holds: str
    option: str
    like: str
    names: tuple[str, ...]


LABELS = Kind(
    "labels",
    "--label-column",
    "label, class or category",
    (
        *("label", "labels", "class", "category", "target", "finelabel", "finelabels"),
        *("classname", "labelname", "categoryname", "classlabel", "labeltext", "textlabel", "cls", "classes", "categories"),
        *("targets", "classid", "labelid", "categoryid", "tag", "tags", "y"),
    ),
)
IMAGES = Kind(
    "photos",
    "--image-column",
    "image, path or file_name",
    (
        *("image", "images", "img", "imgs", "photo", "photos", "picture", "pictures", "pixelvalues"),
        *("path", "paths", "filepath", "filepaths", "filename", "filenames", "file", "files", "fname", "fn"),
        *("imagepath", "imgpath", "photopath", "picturepath", "imagefile", "imagefilename", "imagename", "imgname"),
        *("photoname", "imagefilepath", "relativepath", "imageurl", "url", "imageid", "imgid", "photoid", "id", "name"),
    ),
)
_WORDS_FOR_NAMES = ("name", "names", "text", "str", "string")


class Picked(NamedTuple):
    """A column, and a sentence where another could be meant."""

    name: str
    sentence: str | None = None


def pick(kind: Kind, wanted: str | None, possible: Sequence[str], columns: Sequence[str], where: str) -> Picked:
    """The column that holds photos, or labels.

    Args:
        wanted: the column that was named, if any was.
        possible: the columns that may hold them, by what is in them. columns: all there are.
        where: the table or dataset, for people.

    Raises:
        DataError: there is no such column, none at all, or several with nothing to choose by.
    """
    there = ", ".join(columns) or "none"
    if wanted is not None:
        alike = [name for name in columns if plain(name) == plain(wanted)]
        if wanted in columns or len(alike) == 1:
            return Picked(wanted if wanted in columns else alike[0])
        raise DataError(f"{where} has no column {wanted!r} for {kind.option}; its columns are {there}")
    known = sorted((name for name in possible if plain(name) in kind.names), key=lambda name: kind.names.index(plain(name)))
    if known:
        others = f"; {_listed(known[1:], 'and')} could be meant too ({kind.option})" if known[1:] else ""
        return Picked(known[0], f"the {kind.holds} of {where} are in its column {known[0]}{others}" if others else None)
    if len(possible) == 1:
        return Picked(possible[0], f"the {kind.holds} of {where} are taken from its column {possible[0]} ({kind.option})")
    if possible:
        raise DataError(f"the {kind.holds} of {where} may be in {_listed(possible, 'or')}: say which with {kind.option}")
    expected = f"a column like {kind.like} is expected, or one that {kind.option} names"
    raise DataError(f"{where} has no column of {kind.holds}: {expected}; its columns are {there}")


def named_in(label: str, columns: Sequence[str]) -> str | None:
    """The column that holds in words what the column `label` holds in numbers: `label_text` of `label`."""
    names = {plain(label) + word for word in _WORDS_FOR_NAMES} | {word + plain(label) for word in _WORDS_FOR_NAMES}
    return next((name for name in columns if plain(name) in names), None)


def plain(name: str) -> str:
    """A column's name in small letters and digits alone: of `File Name` and `file_name` it is `filename`."""
    return re.sub(r"[\W_]+", "", name.casefold())


def _listed(names: Sequence[str], word: str) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} {word} {names[-1]}"
