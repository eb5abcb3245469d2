"""EXIF, which is a directory as TIFF has them: the few values that are needed, read so that nothing in it can do harm."""

from __future__ import annotations

import re
import struct
from typing import NamedTuple

from model.decode import limits

ORIENTATION, MAKE, MODEL = 0x0112, 0x010F, 0x0110

_XMP_ORIENTATION = re.compile(rb'tiff:Orientation(?:="|>)([0-9])')
_LONGEST_NAME, _LONGEST_VALUE = 60, 240  # characters, bytes
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}  # by type
_WHOLE = {1: "B", 3: "H", 4: "I"}  # types of whole numbers


class Entry(NamedTuple):
    """One entry of a directory.

    Attributes:
        raw: as it lies in the file.
        length: how many values it has. size: of these, in bytes. place: where they lie. value: the beginning of them.
        is_sound: whether its type is known and all of its value lies in the file.
    """

    raw: bytes
    tag: int
    type: int
    length: int
    size: int
    place: int
    value: bytes
    is_sound: bool


class Directory(NamedTuple):
    """The first directory of a TIFF.

    Attributes:
        order: of bytes, as `struct` has it. is_big: whether it is a BigTIFF.
        start: where its entries are counted in the file. promised: how many there should be.
        entries: empty where there is no directory, or one of far more than a photo has.
        is_whole: whether all entries that it should have are there.
    """

    order: str = "<"
    is_big: bool = False
    start: int = 0
    promised: int = 0
    entries: tuple[Entry, ...] = ()
    is_whole: bool = False

    def whole(self, tag: int) -> int | None:
        """A value that is one whole number; None where it is not, or not there."""
        entry = next((entry for entry in self.entries if entry.tag == tag), None)
        if not entry or entry.type not in _WHOLE or entry.size != _SIZES[entry.type]:
            return None
        return int(struct.unpack(self.order + _WHOLE[entry.type], entry.value)[0])

    def text(self, tag: int) -> str:
        """A value that is a text, in printable characters; empty where it is not, or not there."""
        value = next((entry.value for entry in self.entries if entry.tag == tag and entry.type == 2), b"")
        text = value.split(b"\0")[0].decode("utf-8", "replace")
        return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:_LONGEST_NAME]


def read_directory(data: bytes) -> Directory:
    """The first directory of a TIFF, or of EXIF; an empty one where there is none."""
    order = {b"II": "<", b"MM": ">"}.get(data[:2], "")
    if not order:
        return Directory()
    try:
        is_big = struct.unpack_from(order + "H", data, 2) == (43,)
        counts, offsets, width, inline = ("Q", "Q", 20, 8) if is_big else ("H", "I", 12, 4)
        (start,) = struct.unpack_from(order + offsets, data, 8 if is_big else 4)
        (count,) = struct.unpack_from(order + counts, data, start)
    except (struct.error, OverflowError):
        return Directory()
    if count > limits.most("TIFF", "entries"):
        return Directory(order, is_big, start, count)
    first = start + struct.calcsize(order + counts)
    entries = []
    for at in range(first, min(first + count * width, len(data) - width + 1), width):
        tag, type, length = struct.unpack_from(order + "HH" + offsets, data, at)
        size = length * _SIZES.get(type, 1)
        place = at + width - inline
        if size > inline:
            (place,) = struct.unpack_from(order + offsets, data, place)
        value = data[place : place + min(size, _LONGEST_VALUE)]
        is_sound = type in _SIZES and place + size <= len(data)
        entries.append(Entry(data[at : at + width], tag, type, length, size, place, value, is_sound))
    return Directory(order, is_big, start, count, tuple(entries), len(entries) == count)


def is_sound(exif: bytes) -> bool:
    """Whether there is a directory, all of whose values lie in the file, each of a type that there is, and none share bytes."""
    directory = read_directory(exif)
    is_within = sum(entry.size for entry in directory.entries) <= len(exif)
    return directory.is_whole and is_within and all(entry.is_sound for entry in directory.entries)


def orientation_of(exif: bytes, xmp: bytes = b"") -> int:
    """How a picture is to be turned, 1-8: 1, not at all, where nothing sensible is said.

    Args:
        exif: as TIFF. xmp: asked where EXIF has no such entry.
    """
    directory = read_directory(exif)
    if any(entry.tag == ORIENTATION for entry in directory.entries):
        return as_orientation(directory.whole(ORIENTATION))
    found = _XMP_ORIENTATION.search(xmp)
    return as_orientation(int(found[1])) if found else 1


def as_orientation(value: object) -> int:
    """Whatever stands where an orientation should, as one: 1-8."""
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def camera_of(exif: bytes) -> str:
    """Make and model; empty where they are not told."""
    directory = read_directory(exif)
    return " ".join(filter(None, (directory.text(MAKE), directory.text(MODEL))))
