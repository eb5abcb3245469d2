"""What a file carries beside its pixels is taken off before a decoder sees it, so that it can harm none.

Text, profiles, thumbnails, EXIF, further frames: decoders stop at what is odd in them, and take seconds and gigabytes where
they were made to. No picture changes without them, but for the orientation, which is read here.
"""

from __future__ import annotations

import re
import struct

from model.decode.carried import MAX_PARTS, Carried
from model.decode.exif import is_sound, read_directory
from model.decode.png import take_png_apart
from model.photo_problems import PhotoError

_JPEG_MARKER = re.compile(rb"\xff+([^\xff\0])")
_TIFF_OF_PIXELS = frozenset(
    (*range(256, 260), 262, 266, 273, 277, 278, 279, 284, 292, 293, 317, *range(320, 326), 332, 334, 338, 339, 347,
     *range(512, 522), *range(529, 533), 0xBC01)
)  # fmt: skip  # tags that tell a decoder where pixels lie and what they mean
_EXIF_ITEM = re.compile(rb"(?<=infe)(.{8,10})Exif", re.DOTALL)  # how a container of the ISO names it


def take_apart(format: str, data: bytes) -> Carried:
    """Separate the pixels of an encoded photo from what it carries beside.

    Args:
        format: of `model.formats.FORMATS`, as Pillow calls it.

    Raises:
        PhotoError: it is made of far more parts than a photo is.
    """
    if format in _TAKERS:
        return _TAKERS[format](data)
    return Carried(data)


def _jpeg(data: bytes) -> Carried:
    if data.endswith(bytes(16)):  # where a download stopped, some programs fill up with zeros
        data = data.rstrip(b"\0")
    kept, exif, xmp, size, is_odd, at = [data[:2]], [], b"", 0, False, 2
    for _ in range(MAX_PARTS):
        found = _JPEG_MARKER.search(data, at)
        if not found or (code := found[1][0]) in (0xD9, 0xDA):  # the end, or the first scan
            break
        body = found.end() + 2
        end = found.end() + int.from_bytes(data[found.end() : body], "big")
        if code == 1 or 0xD0 <= code <= 0xD8:  # that stands alone
            at = found.end()
            continue
        if not body <= end <= len(data):
            break
        if not (0xE0 <= code <= 0xEF or code == 0xFE) or data.startswith((b"JFIF", b"Adobe"), body):
            kept.append(data[found.end() - 2 : end])
        else:
            size += end - at
            if code == 0xE1 and data.startswith(b"Exif\0\0", body):
                exif.append(data[body + 6 : end])
            elif code == 0xE1 and data.startswith(b"http://ns.adobe.com/xap/1.0/\0", body):
                xmp = data[body + 29 : end]
            is_odd |= code == 0xE2 and data.startswith(b"MPF\0", body)
        at = end
    else:
        raise PhotoError("header")
    joined = b"".join(exif)
    is_odd |= bool(exif) and not is_sound(joined)
    return Carried(b"".join([*kept, data[at:]]), joined, xmp, size, False if is_odd else None if size else True)


def _gif(data: bytes) -> Carried:
    flags = data[10] if len(data) > 10 else 0
    at = 13 + (3 * 2 ** ((flags & 7) + 1) if flags & 0x80 else 0)
    kept, size = [data[:at]], 0
    parts = MAX_PARTS
    while data[at : at + 1] == b"!":
        start, at = at, at + 2
        while at < len(data) and data[at] and parts:
            at += 1 + data[at]
            parts -= 1
        at += 1
        if data[start + 1 : start + 2] == b"\xf9":  # which colour is transparent
            kept.append(data[start:at])
        else:
            size += at - start
    if not parts:
        raise PhotoError("header")
    return Carried(b"".join([*kept, data[at:], b";"]), size=size)


def _tiff(data: bytes) -> Carried:
    directory = read_directory(data)
    if not directory.is_whole or not directory.entries:
        raise PhotoError("cut_off")
    kept, left = [], 0
    for entry in directory.entries:
        if entry.tag in _TIFF_OF_PIXELS:
            if not entry.is_sound:
                raise PhotoError("cut_off")  # what says where the pixels are is not there
            kept.append(entry.raw)
        else:
            left += entry.size
    count = struct.pack(directory.order + ("Q" if directory.is_big else "H"), len(kept))
    written = b"".join([count, *kept, bytes(8 if directory.is_big else 4)])  # the zeros: there is no further directory
    end = directory.start + len(written)
    if len(kept) == len(directory.entries) and end <= len(data):
        return Carried(data, data)
    return Carried(data[: directory.start] + written + data[end:], data, size=min(left, len(data)))


def _webp(data: bytes) -> Carried:
    parts = {b"EXIF": b"", b"XMP ": b"", b"ICCP": b""}
    at = 12
    for _ in range(MAX_PARTS):
        kind, length = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        if len(kind) < 4:
            return Carried(data, parts[b"EXIF"].removeprefix(b"Exif\0\0"), parts[b"XMP "], sum(map(len, parts.values())))
        if kind in parts:
            parts[kind] = data[at + 8 : at + 8 + length]
        at += 8 + length + length % 2
    raise PhotoError("header")


def _iso(data: bytes) -> Carried:
    """An AVIF: libavif gives the orientation of the picture; that of EXIF is not for it."""
    return Carried(_EXIF_ITEM.sub(rb"\1Exi_", data[:MAX_PARTS]) + data[MAX_PARTS:])


_TAKERS = {"JPEG": _jpeg, "PNG": take_png_apart, "GIF": _gif, "TIFF": _tiff, "WEBP": _webp, "AVIF": _iso}
