"""TIFF: of its first directory, the entries that tell where pixels lie. Source: TIFF revision 6.0; BigTIFF."""

from __future__ import annotations

import struct

import numpy as np

from model.decode import limits
from model.decode.carried import Carried
from model.decode.exif import Directory, Entry, read_directory
from model.photo_problems import PhotoError

_WIDTH, _HEIGHT, _COMPRESSION, _SAMPLES, _ROWS, _PLANES = 256, 257, 259, 277, 278, 284
_TILE_WIDTH, _TILE_HEIGHT = 322, 323
_OFFSETS, _COUNTS = (273, 324), (279, 325)  # of strips and of tiles
_TABLES = 347  # of JPEG
_LONG = frozenset((*_OFFSETS, *_COUNTS, 320, _TABLES, *range(512, 522)))  # entries of many values
_OF_PIXELS = frozenset(
    (*range(256, 260), 262, 266, 273, 277, 278, 279, 284, 292, 293, 317, *range(320, 326), 332, 334, 338, 339, 347,
     *range(512, 522), *range(529, 533), 0xBC01)
)  # fmt: skip
_PLAIN, _OLD_JPEG, _JPEG = 1, 6, 7  # compression
_ONE = (_WIDTH, _HEIGHT, _COMPRESSION, _SAMPLES, _ROWS, _PLANES, _TILE_WIDTH, _TILE_HEIGHT)  # entries of one whole number
_WHOLE = {3: "u2", 4: "u4", 16: "u8"}  # types of whole numbers
_SPARE = 4_000_000  # bytes that strips may share


def take_tiff_apart(data: bytes) -> Carried:
    """Keep the entries that make the picture.

    Raises:
        PhotoError: it is made of far more parts than a photo is, its parts share bytes, or it is cut off.
    """
    directory = read_directory(data)
    limits.check("TIFF", "entries", directory.promised)
    if not directory.is_whole or not directory.entries:
        raise PhotoError("cut_off")
    kept, left = [], 0
    for entry in directory.entries:
        if entry.tag in _OF_PIXELS:
            if not entry.is_sound:
                raise PhotoError("cut_off")  # what says where the pixels are is not there
            kept.append(entry)
        else:
            left += entry.size
    _check(directory, kept, data)
    count = struct.pack(directory.order + ("Q" if directory.is_big else "H"), len(kept))
    rows = (entry.raw for entry in kept)
    written = b"".join([count, *rows, bytes(8 if directory.is_big else 4)])  # the zeros: there is no further directory
    end = directory.start + len(written)
    if len(kept) == len(directory.entries) and end <= len(data):
        return Carried(data, data)
    return Carried(data[: directory.start] + written + data[end:], data, size=min(left, len(data)))


def _check(directory: Directory, kept: list[Entry], data: bytes) -> None:
    """Count what a decoder goes through, or holds; what decoders would read in several ways is refused."""
    tags = [entry.tag for entry in kept]
    if len(set(tags)) < len(tags) or any(directory.whole(tag) is None for tag in _ONE if tag in tags):
        raise PhotoError("header")
    for entry in kept:
        limits.check("TIFF", "values of an entry" if entry.tag in _LONG else "values of a short entry", entry.length)
    if sum(entry.size for entry in kept) > len(data):
        raise PhotoError("shared", format="TIFF")
    parts = max(_parts(directory), *(entry.length for entry in kept if entry.tag in _OFFSETS), 0)
    limits.check("TIFF", "strips and tiles", parts)
    compression = directory.whole(_COMPRESSION) or _PLAIN
    if compression == _PLAIN:
        return
    if parts > 1:
        _check_sizes([entry for entry in kept if entry.tag in _COUNTS], directory, data)
    if compression in (_JPEG, _OLD_JPEG):
        limits.check("TIFF", "scans a strip", -(-data.count(b"\xff\xda") // max(1, parts)))


def _parts(directory: Directory) -> int:
    """How many strips or tiles the picture has, by its size and theirs."""
    width, height, across, down = (directory.whole(tag) or 0 for tag in (_WIDTH, _HEIGHT, _TILE_WIDTH, _TILE_HEIGHT))
    planes = min(directory.whole(_SAMPLES) or 1, 8) if directory.whole(_PLANES) == 2 else 1
    tiles = 0
    if across and down:
        limits.check("TIFF", "pixels of a tile", across * down if across * down > 2 * width * height else 0)
        tiles = -(-width // across) * -(-height // down)
    rows = directory.whole(_ROWS) or height or 1
    return max(tiles, -(-height // rows)) * planes


def _check_sizes(entries: list[Entry], directory: Directory, data: bytes) -> None:
    """Strips may not share bytes, beyond some: each is decoded for itself."""
    if not entries:
        raise PhotoError("cut_off")
    for entry in entries:
        if entry.type not in _WHOLE:
            raise PhotoError("header")
        sizes = np.frombuffer(data, np.dtype(directory.order + _WHOLE[entry.type]), entry.length, entry.place)
        if sizes.sum(dtype=np.float64) > len(data) + _SPARE:
            raise PhotoError("shared", format="TIFF")
