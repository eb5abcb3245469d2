"""BMPs that are built to be expensive."""

from __future__ import annotations

import struct
from collections.abc import Callable

from benchmarks.bombs.parts import (
    FULL,
    noise,
)


def bmp(body: bytes, side: int, compression: int = 1, depth: int = 8, height: int | None = None) -> bytes:
    palette = b"".join(bytes((i, i, i, 0)) for i in range(256))
    header = struct.pack(
        "<IiiHHIIiiII", 40, side, side if height is None else height, 1, depth, compression, len(body), 0, 0, 256, 0
    )
    return b"BM" + struct.pack("<IHHI", 1078 + len(body), 0, 0, 1078) + header + palette + body


def bmp_row(pair: bytes, side: int) -> bytes:
    return (pair * side + b"\0\0") * (FULL // (2 * side + 2))


BMPS: dict[str, Callable[[], bytes]] = {
    "bmp, runs of a pixel": lambda: bmp(bmp_row(b"\1\5", 3000), 3000),
    "bmp, runs of a pixel, 4 bits": lambda: bmp(bmp_row(b"\1\x53", 3000), 3000, 2, 4),
    "bmp, runs of 255 that are cut": lambda: bmp(b"\xff\5" * (FULL // 2), 7000),
    "bmp, runs of 255, a pixel wide": lambda: bmp(bmp_row(b"\xff\5", 3), 1, height=30_000),
    "bmp, three pixels as they are": lambda: bmp((b"\0\3abc\0") * (FULL // 6), 7000),
    "bmp, three pixels as they are, 400,000 times": lambda: bmp((b"\0\3abc\0" * 100 + b"\0\0") * 4000, 300, height=4000),
    "bmp, ends of lines": lambda: bmp(b"\0\0" * (FULL // 2), 1600, height=30_000),
    "bmp, steps": lambda: bmp(b"\0\2\0\0" * (FULL // 4), 7000),
    "bmp, long steps": lambda: bmp(b"\0\2\xff\xff" * (FULL // 4), 7000),
    "bmp, steps to the right": lambda: bmp(b"\0\2\1\0" * 400_000, 7000),
    "bmp, zeros": lambda: bmp(bytes(FULL), 7000),
    "bmp, noise as runs": lambda: bmp(noise(FULL), 7000),
    "bmp, noise as runs, 4 bits": lambda: bmp(noise(FULL), 7000, 2, 4),
    "bmp, runs of the wrong depth": lambda: bmp(b"\1\5" * (FULL // 2), 3000, 1, 4),
    "bmp, runs of 24 bits": lambda: bmp(b"\1\5" * (FULL // 2), 3000, 1, 24),
    "bmp, runs of a pixel, of OS/2": lambda: bmp(b"\1\5" * 9_000_000, 3000).replace(
        struct.pack("<I", 40), struct.pack("<I", 64), 1
    ),
    "bmp, runs, upside down": lambda: bmp(bmp_row(b"\1\5", 3000), 3000, height=-3000),
    "bmp, runs, cut off, 50 MP": lambda: bmp((b"\xff\7" * 28 + b"\0\0") * 6900, 7070),
}
