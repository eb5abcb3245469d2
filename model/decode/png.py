"""PNG, chunk by chunk: what makes the picture is kept, and what is missing of it can be filled."""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator

from model.decode import limits
from model.decode.carried import Carried
from model.decode.exif import is_sound
from model.formats import MAX_MEGAPIXELS, MAX_SIDE
from model.photo_problems import PhotoError

_KIND = re.compile(rb"[A-Za-z]{4}")
_HARMLESS = {b"gAMA": 4, b"cHRM": 32, b"sRGB": 1, b"pHYs": 9, b"tIME": 7}  # to any decoder, where they are as long as this
_MOST = 8 * 1_000_000 * MAX_MEGAPIXELS + MAX_SIDE * 8  # bytes of pixels
_PART = 65_536  # bytes that are inflated together
_ONE_PASS = ((0, 0, 1, 1),)
_ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))


def take_png_apart(data: bytes) -> Carried:
    """Keep the chunks that make the picture; their checksums are made anew.

    Raises:
        PhotoError: it is made of far more chunks than a photo is, or its header is broken.
    """
    kept: dict[bytes, bytes] = {}
    exif, xmp, profile, size, is_odd, is_plain = b"", b"", None, 0, False, True
    header, deflated = b"", []
    for kind, body, crc in _chunks(data):
        if kind == b"IDAT":
            deflated.append(body)
        elif kind in (b"IHDR", b"PLTE", b"tRNS"):
            intact = zlib.crc32(body, zlib.crc32(kind)) == crc
            is_odd |= not intact or kind in kept
            if kind == b"IHDR" and not intact:
                header = body
            if not deflated and (kind != b"IHDR" or kind not in kept):
                kept[kind] = _chunk(kind, body)
        else:
            size += 12 + len(body)
            is_odd |= kind == b"acTL" or zlib.crc32(body, zlib.crc32(kind)) != crc
            is_plain &= _HARMLESS.get(kind) == len(body)
            if kind == b"eXIf":
                exif = body.removeprefix(b"Exif\0\0")
            elif kind in (b"tEXt", b"zTXt") and body.startswith(b"Raw profile type exif\0"):
                profile = _raw_profile(body[22:], kind == b"zTXt") if profile is None else profile
            elif kind == b"iTXt" and body.startswith(b"XML:com.adobe.xmp\0\0"):
                xmp = body
    pixels = b"".join(deflated)
    if header and not _is_filled(header, pixels):
        raise PhotoError("header")
    _check_deflated(kept.get(b"IHDR", b"")[8:-4], len(pixels))
    exif = exif or profile or b""
    is_odd |= bool(exif) and not is_sound(exif)
    idat = struct.pack(">I", len(pixels)), b"IDAT", pixels, b"\0\0\0\0"  # decoders do not compare this checksum
    joined = b"".join([data[:8], *kept.values(), *(idat if deflated else ()), _chunk(b"IEND", b"")])
    return Carried(joined, exif, xmp, size, False if is_odd else is_plain or None)


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes, int]]:
    """Kind, content and checksum of each chunk before IEND; the last one may be cut off."""
    at = 8
    count = 0
    while True:
        length, kind = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        if kind == b"IEND" or not _KIND.fullmatch(kind):
            return
        limits.check("PNG", "chunks", count := count + 1)
        end = at + 8 + length
        yield kind, data[at + 8 : end], int.from_bytes(data[end : end + 4], "big")
        at = end + 4


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def continued_png(pixels: bytes, filler: bytes) -> bytes:
    """A PNG whose pixels go on, where they end or break, with the byte `filler`.

    Args:
        pixels: of `take_png_apart`.
    """
    chunks = list(_chunks(pixels))
    deflated = b"".join(body for kind, body, _ in chunks if kind == b"IDAT")
    blank = b"".join(rows * (b"\0" + columns * filler) for rows, columns in _rows(chunks[0][1]))
    there = b"".join(_inflated(deflated, len(blank)))
    head = (_chunk(kind, body) for kind, body, _ in chunks if kind != b"IDAT")
    idat = _chunk(b"IDAT", zlib.compress(there + blank[len(there) :], 0))
    return b"".join([pixels[:8], *head, idat, _chunk(b"IEND", b"")])


def _check_deflated(header: bytes, size: int) -> None:
    """Deflated pixels are no larger than they are inflated; what is, holds blocks without end that hold nothing."""
    if len(header) == 13 and size > limits.MAX_SEEN:
        inflated = sum(rows * (1 + columns) for rows, columns in _rows(header))
        limits.check("PNG", "deflated bytes a pixel byte", (size - limits.MAX_SEEN) // max(1, inflated))


def _is_filled(header: bytes, deflated: bytes) -> bool:
    """Whether the pixels of a PNG are as many as its header, whose checksum is wrong, says."""
    wanted = sum(rows * (1 + columns) for rows, columns in _rows(header))
    if wanted > _MOST:
        return False
    return sum(map(len, _inflated(deflated, wanted + 1))) == wanted


def _rows(header: bytes) -> list[tuple[int, int]]:
    """How many rows, and of how many bytes, each pass over the picture has (PNG specification, sections 7 and 8)."""
    if len(header) != 13:
        raise PhotoError("header")
    width, height, depth, colour, _, _, interlaced = struct.unpack(">IIBBBBB", header)
    bits = depth * {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}.get(colour, 0)
    passes = [(-((left - width) // x), -((top - height) // y)) for left, top, x, y in (_ADAM7 if interlaced else _ONE_PASS)]
    return [(rows, (columns * bits + 7) // 8) for columns, rows in passes if columns > 0 and rows > 0]


def _inflated(rest: bytes, wanted: int) -> Iterator[bytes]:
    """What can be inflated, a part at a time, until there is as much as wanted; its checksum is not looked at."""
    inflate = zlib.decompressobj(-zlib.MAX_WBITS)
    at, left = 2, b""  # behind the header of zlib
    try:
        while (left or at < len(rest)) and wanted > 0 and not inflate.eof:
            if not left:
                left, at = rest[at : at + _PART], at + _PART
            part = inflate.decompress(left, min(wanted, limits.MAX_SEEN))
            left = inflate.unconsumed_tail
            wanted -= len(part)
            yield part
    except zlib.error:
        return


def _raw_profile(text: bytes, is_compressed: bool) -> bytes:
    """EXIF as ImageMagick writes it: a name, a length, and hexadecimal digits, a line each."""
    try:
        most = limits.MAX_SEEN
        lines = (zlib.decompressobj().decompress(text[1:], most) if is_compressed else text[:most]).split(b"\n")
        return bytes.fromhex(b"".join(lines[3:]).decode("ascii")).removeprefix(b"Exif\0\0")
    except (ValueError, zlib.error):
        return b""
