"""PNGs that are built to be expensive."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable

import numpy as np

from benchmarks.bombs.parts import (
    FULL,
    MILLION,
    bits,
    cut,
    deflated_tables,
    encoded,
    exif_of_shared,
    plain,
    zeros,
)


def chunk(kind: bytes, body: bytes = b"") -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(
    pixels: bytes | None = None,
    side: int = 64,
    before: bytes = b"",
    behind: bytes = b"",
    kind: tuple[int, int, int] = (8, 2, 0),
) -> bytes:
    """A PNG; `kind` is its depth, its colours, and whether it is interlaced."""
    header = struct.pack(">IIBBBBB", side, side, kind[0], kind[1], 0, 0, kind[2])
    if pixels is None:
        pixels = chunk(b"IDAT", zlib.compress(bytes(side * (1 + 3 * side))))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + before + pixels + behind + chunk(b"IEND")


def deflated_nothing(size: int) -> bytes:
    """Blocks of deflate that hold nothing, ten bits each."""
    block = np.packbits(np.array(bits((0, 1), (1, 2), (0, 7)) * 4, np.uint8), bitorder="little").tobytes()
    return b"\x78\x9c" + block * (size // len(block))


def png_of_wrong_header() -> bytes:
    data = bytearray(png(chunk(b"IDAT", zeros(4_000 * MILLION)), side=2**31 - 1))
    data[29:33] = bytes(4)
    return bytes(data)


def png_of_raw_profiles() -> bytes:
    text = chunk(b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(b"\n" * MILLION))
    return png(before=text * (FULL // len(text)))


PNGS: dict[str, Callable[[], bytes]] = {
    "png, 1,500,000 pixel chunks of a byte": lambda: png(b"".join(chunk(b"IDAT", b"x") * 1_400_000 for _ in "1")),
    "png, empty pixel chunks": lambda: png(chunk(b"IDAT") * 1_500_000 + chunk(b"IDAT", zlib.compress(bytes(64 * 193)))),
    "png, 99,000 pixel chunks": lambda: png(of_chunks(zlib.compress(bytes(64 * 193)) + bytes(99_000))),
    "png, empty chunks": lambda: png(before=chunk(b"prVt") * 1_500_000),
    "png, 99,000 chunks": lambda: png(before=chunk(b"prVt", bytes(100)) * 99_000),
    "png, 99,000 palettes": lambda: png(before=chunk(b"PLTE", bytes(3)) * 99_000),
    "png, 99,000 palettes behind": lambda: png(behind=chunk(b"PLTE", bytes(3)) * 99_000),
    "png, 99,000 headers": lambda: png(before=chunk(b"IHDR", struct.pack(">IIBBBBB", 64, 64, 8, 2, 0, 0, 0)) * 99_000),
    "png, 99,000 texts": lambda: png(before=chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(1000))) * 99_000),
    "png, texts that inflate": lambda: png(before=chunk(b"zTXt", b"a\0\0" + zeros(1000 * MILLION)) * 18),
    "png, profiles as text that inflate": png_of_raw_profiles,
    "png, profile that inflates": lambda: png(before=chunk(b"iCCP", b"a\0\0" + zeros(4000 * MILLION))),
    "png, EXIF of shared values": lambda: png(before=chunk(b"eXIf", exif_of_shared(1900, 10 * MILLION))),
    "png, header of two gigapixels": png_of_wrong_header,
    "png, tables of deflate alone": lambda: png(chunk(b"IDAT", deflated_tables(FULL))),
    "png, empty blocks of deflate": lambda: png(chunk(b"IDAT", deflated_nothing(FULL))),
    "png, empty stored blocks": lambda: png(chunk(b"IDAT", b"\x78\x9c" + b"\0\0\0\xff\xff" * (FULL // 5))),
    "png, tables of deflate alone, 7 MP": lambda: png(chunk(b"IDAT", deflated_tables(FULL)), 2600),
    "png, EXIF as text of empty lines": lambda: png(before=chunk(b"tEXt", b"Raw profile type exif\0" + b"\n" * FULL)),
    "png, narrow, 50 MP": lambda: png(chunk(b"IDAT", zeros(30_000 * (1 + 3 * 1660)))).replace(
        struct.pack(">II", 64, 64), struct.pack(">II", 1660, 30_000)
    ),
    "png, more pixels than it has": lambda: png(chunk(b"IDAT", zeros(8000 * MILLION))),
    "png, animated": lambda: png(
        before=chunk(b"acTL", struct.pack(">II", 40_000, 0)),
        behind=(chunk(b"fcTL", bytes(26)) + chunk(b"fdAT", bytes(20))) * 40_000,
    ),
    "png, interlaced, 50 MP": lambda: png(chunk(b"IDAT", zeros(151 * MILLION)), 7070, kind=(8, 2, 1)),
    "png, interlaced with transparency, cut off, 50 MP": lambda: png(
        chunk(b"IDAT", zeros(150 * MILLION)), 7070, kind=(8, 6, 1)
    ),
    "png, 16 bits with transparency, 50 MP": lambda: png(chunk(b"IDAT", zeros(401 * MILLION)), 7070, kind=(16, 6, 0)),
    "png, with transparency, 50 MP": lambda: encoded(plain(7070, "RGBA"), "PNG", compress_level=1),
    "png, with transparency, cut off, 50 MP": lambda: cut(encoded(plain(7070, "RGBA"), "PNG", compress_level=1)),
    "png, grey, 16 bits, cut off, 50 MP": lambda: png(chunk(b"IDAT", zeros(99 * MILLION)), 7070, kind=(16, 0, 0)),
    "png, a palette, cut off, 50 MP": lambda: cut(encoded(plain(7070, "P"), "PNG", compress_level=1)),
    "png, one colour transparent, 50 MP": lambda: encoded(plain(7070), "PNG", compress_level=1, transparency=(1, 2, 3)),
    "png, a bit, interlaced, 50 MP": lambda: png(chunk(b"IDAT", zeros(7 * MILLION)), 7070, kind=(1, 0, 1)),
}


def of_chunks(data: bytes) -> bytes:
    return b"".join(chunk(b"IDAT", data[at : at + 1]) for at in range(len(data) - 13000))
