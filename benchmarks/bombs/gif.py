"""GIFs that are built to be expensive."""

from __future__ import annotations

import struct
from collections.abc import Callable

import numpy as np

from benchmarks.bombs.parts import (
    FULL,
    MILLION,
    bits,
    cut,
    encoded,
    noise,
    parts_of,
    plain,
)


def gif(
    before: bytes = b"", pixels: bytes = b"\2\x44\1\0", side: int = 64, screen: int = 64, behind: bytes = b"", flags: int = 0
) -> bytes:
    head = b"GIF89a" + struct.pack("<HHBBB", screen, screen, 0x80, 0, 0) + b"\0\0\0\xff\xff\xff"
    return head + before + b"," + struct.pack("<HHHHB", 0, 0, side, side, flags) + b"\2" + pixels + behind + b";"


def lzw_clears(size: int) -> bytes:
    """Codes that say "begin anew", three bits each."""
    block = np.packbits(np.array(bits((4, 3)) * 8 * 85, np.uint8), bitorder="little").tobytes()
    return (b"\xff" + block) * (size // 256)


FRAME = b"," + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\2\2\x44\1\0"
GIFS: dict[str, Callable[[], bytes]] = {
    "gif, one comment of many blocks": lambda: gif(b"!\xfe" + b"\1c" * 4_000_000 + b"\0"),
    "gif, many comments": lambda: gif(b"!\xfe\1c\0" * 3_000_000),
    "gif, 19,000 blocks of comment": lambda: gif(b"!\xfe" + (b"\xff" + b"c" * 255) * 19_000 + b"\0"),
    "gif, junk, then a comment": lambda: gif(b"j" + b"!\xfe" + b"\1c" * 4_000_000 + b"\0"),
    "gif, junk": lambda: gif(b"j" * FULL),
    "gif, junk and blocks": lambda: gif(b"j!\xf9\4\0\0\0\0\0" * 2_000_000),
    "gif, 9,000 controls": lambda: gif(b"!\xf9\4\0\0\0\0\0" * 9_000),
    "gif, controls that do not end": lambda: gif(b"!\xf9" + b"\1c" * 4_000_000 + b"\0"),
    "gif, applications": lambda: gif(b"!\xff\x0bNETSCAPE2.0\3\1\0\0\0" * 900_000),
    "gif, pixels a byte a block": lambda: gif(pixels=b"\1\x44" * 9_000_000 + b"\0", side=5000, screen=5000),
    "gif, empty codes": lambda: gif(pixels=lzw_clears(FULL) + b"\0", side=7000, screen=7000),
    "gif, 1,000,000 frames": lambda: gif(behind=FRAME * MILLION),
    "gif, a pixel on a large screen": lambda: gif(side=1, screen=7000),
    "gif, a picture larger than its screen": lambda: gif(side=65_535, screen=1),
    "gif, nothing on 50 MP": lambda: gif(side=7000, screen=7000),
    "gif, interlaced, cut off, 50 MP": lambda: cut(encoded(plain(7070, "P"), "GIF", interlace=1)),
    "gif, noise": lambda: gif(
        pixels=b"".join(b"\xff" + part for part in parts_of(noise(FULL), 255)), side=7000, screen=7000, flags=64
    ),
    "gif, no picture": lambda: gif()[:19] + b"!\xf9\4\0\0\0\0\0" * 9000,
}
