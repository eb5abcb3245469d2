"""AVIF and HEIC, box by box: how many there are is counted before a decoder goes through them.

Source: ISO/IEC 14496-12 (boxes, sections 8.11 and 8.12), 23008-12 (HEIF), 23000-22 (sequences of pictures).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

from model.decode import limits
from model.decode.carried import Carried
from model.photo_problems import PhotoError

_SPARE = 1_000_000  # bytes that items may share
_DEEPEST = 6  # boxes in boxes that are gone into
_INSIDE = {b"meta": 4, b"iprp": 0, b"ipco": 0, b"moov": 0, b"trak": 0, b"mdia": 0, b"minf": 0, b"stbl": 0}  # bytes before boxes
_CODED = (b"av01", b"hvc1")
_TABLES = {b"stsz": 16, b"stz2": 16, b"stts": 12, b"stsc": 12, b"stco": 12, b"co64": 12, b"ctts": 12, b"stss": 12}


class Box(NamedTuple):
    """A box: its kind, where its content begins, and where it ends."""

    kind: bytes
    start: int
    end: int


def take_iso_apart(data: bytes) -> Carried:
    """Count the parts of an AVIF or HEIC, and the frames that are stored for its picture; nothing is taken off.

    Raises:
        PhotoError: it is made of far more parts than a photo is, or its parts share bytes.
    """
    boxes = references = 0
    kinds: dict[int, bytes] = {}
    places: list[tuple[int, int, int]] = []
    inside, sizes = 0, set()
    for box in _walk(data, 0, len(data), 0):
        limits.check("HEIF", "boxes", boxes := boxes + 1)
        if box.kind == b"iinf":
            kinds |= _kinds(data, box)
        elif box.kind == b"iloc":
            places += _places(data, box)
        elif box.kind == b"idat":
            inside = box.start
        elif box.kind == b"hvcC":
            sizes |= {(data[box.start + 21] & 3) + 1} if box.start + 21 < len(data) else set()
        elif box.kind == b"iref":
            references += _references(data, box)
            limits.check("HEIF", "references", references)
        elif box.kind == b"ipma":
            limits.check("HEIF", "boxes", (box.end - box.start) // 8)
        elif box.kind in _TABLES:
            at = box.start + _TABLES[box.kind] - 8
            limits.check("HEIF", "frames", int.from_bytes(data[at : at + 4], "big"))
        elif box.kind == b"stbl":
            _count_frames(b"av01", _first_sample(data, box), sizes, 0)
    items: dict[int, list[bytes]] = {}
    for number, at, length in places:
        if kinds.get(number) in _CODED:
            start = at if at >= 0 else inside - 1 - at
            items.setdefault(number, []).append(data[start : start + length] if length else data[start:])
    units = 0
    for number, pieces in items.items():
        units = _count_frames(kinds[number], b"".join(pieces), sizes, units)
    return Carried(data)


def take_avif_apart(data: bytes) -> Carried:
    """The same, without EXIF: libavif gives the orientation of the picture, and that of EXIF is not for it."""
    take_iso_apart(data)
    written = bytearray()
    done = 0
    for place in _exif_kinds(data):
        written += data[done:place] + b"Exi_"
        done = place + 4
    return Carried(bytes(written) + data[done:] if done else data)


def _walk(data: bytes, at: int, end: int, depth: int) -> Iterator[Box]:
    while at + 8 <= end:
        size, kind, head = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8], 8
        if size == 1:
            size, head = int.from_bytes(data[at + 8 : at + 16], "big"), 16
        last = end if size == 0 else min(end, at + size)
        yield Box(kind, at + head, last)
        if kind in _INSIDE and depth < _DEEPEST:
            yield from _walk(data, at + head + _INSIDE[kind], last, depth + 1)
        if 0 < size < head:  # nonsense
            return
        at = last


def _items(data: bytes, box: Box) -> Iterator[Box]:
    return _walk(data, box.start + (6 if data[box.start : box.start + 1] == b"\0" else 8), box.end, _DEEPEST)


def _kinds(data: bytes, box: Box) -> dict[int, bytes]:
    """What the items are, by their numbers."""
    kinds: dict[int, bytes] = {}
    for count, item in enumerate(_items(data, box), 1):
        limits.check("HEIF", "items", count)
        wide = 4 if data[item.start : item.start + 1] == b"\3" else 2
        number = int.from_bytes(data[item.start + 4 : item.start + 4 + wide], "big")
        kinds[number] = data[item.start + 6 + wide : item.start + 10 + wide]
    return kinds


def _first_sample(data: bytes, box: Box) -> bytes:
    """The first sample of a track, which is its first picture."""
    tables = {table.kind: table.start for table in _walk(data, box.start, box.end, _DEEPEST)}
    chunks, wide = (tables[b"co64"], 8) if b"co64" in tables else (tables.get(b"stco", 0), 4)
    if not chunks or b"stsz" not in tables:
        return b""
    at = int.from_bytes(data[chunks + 8 : chunks + 8 + wide], "big")
    sizes = tables[b"stsz"] + 4
    size = int.from_bytes(data[sizes : sizes + 4], "big") or int.from_bytes(data[sizes + 8 : sizes + 12], "big")
    return data[at : at + size]


def _count_frames(kind: bytes, coded: bytes, sizes: set[int], units: int) -> int:
    """Check how many frames there are in a picture, whose decoder decodes all; how many units these are, and `units`."""
    for frames in _obus(coded) if kind == b"av01" else (frames for size in sizes for frames in _nals(coded, size)):
        limits.check("HEIF", "units", units := units + 1)
        limits.check("HEIF", "frames of a picture", frames)
    return units


def _obus(coded: bytes) -> Iterator[int]:
    """For each unit of an AV1, how many frames there are up to it (AV1 specification, section 5.3)."""
    at = frames = 0
    while at < len(coded):
        head = coded[at]
        frames += head >> 3 & 15 in (3, 6)  # a header of a frame, or a frame
        yield frames
        if not head & 2:  # no size: up to the end
            return
        at += 2 if head & 4 else 1
        size = shift = 0
        for byte in coded[at : at + 8]:
            at += 1
            size |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                break
        at += size


def _nals(coded: bytes, wide: int) -> Iterator[int]:
    """For each unit of an HEVC, how many frames there are up to it (ITU-T H.265, sections 7.3.1 and 7.3.6)."""
    at = frames = 0
    while at + wide + 2 < len(coded):
        head = coded[at + wide : at + wide + 3]
        frames += head[0] >> 1 & 63 < 32 and head[2] >= 128  # the first slice of a picture
        yield frames
        at += wide + int.from_bytes(coded[at : at + wide], "big")


def _exif_kinds(data: bytes) -> Iterator[int]:
    """Where items say that they are EXIF."""
    for box in _walk(data, 0, len(data), 0):
        if box.kind == b"iinf":
            for item in _items(data, box):
                version = data[item.start] if item.start < len(data) else 0
                place = item.start + (10 if version >= 3 else 8)
                if item.kind == b"infe" and version >= 2 and data[place : place + 4] == b"Exif":
                    yield place


def _places(data: bytes, box: Box) -> list[tuple[int, int, int]]:
    """The pieces that items lie in: number of the item, where, how many bytes; what lies in `idat` is counted down from -1.

    Raises:
        PhotoError: they are more than a photo needs, or more than the file holds.
    """
    at, total = box.start, 0
    places: list[tuple[int, int, int]] = []
    try:
        version, _, sizes, more = struct.unpack_from(">B3sBB", data, at)
        offset, length, base, index = sizes >> 4, sizes & 15, more >> 4, (more & 15 if version else 0)
        wide = ">I" if version == 2 else ">H"
        (count,) = struct.unpack_from(wide, data, at + 6)
        limits.check("HEIF", "items", count)
        at += 6 + struct.calcsize(wide)
        for _ in range(count):
            (number,) = struct.unpack_from(wide, data, at)
            at += struct.calcsize(wide)
            is_inside = version and int.from_bytes(data[at : at + 2], "big") & 15 == 1
            at += (2 if version else 0) + 2
            origin = int.from_bytes(data[at : at + base], "big")
            at += base
            (parts,) = struct.unpack_from(">H", data, at)
            at += 2
            limits.check("HEIF", "extents", len(places) + parts)
            for _ in range(parts):
                place = origin + int.from_bytes(data[at + index : at + index + offset], "big")
                at += index + offset
                size = int.from_bytes(data[at : at + length], "big")
                at += length
                places.append((number, -1 - place if is_inside else place, size))
                total += size or len(data)
    except struct.error:
        return places  # cut off: no decoder finds more of it
    if total > len(data) + _SPARE:
        raise PhotoError("shared", format="HEIF")
    return places


def _references(data: bytes, box: Box) -> int:
    wide = 4 if data[box.start : box.start + 1] == b"\1" else 2
    count = 0
    for reference in _walk(data, box.start + 4, box.end, _DEEPEST):
        count += int.from_bytes(data[reference.start + wide : reference.start + wide + 2], "big") + 1
        limits.check("HEIF", "references", count)
    return count
