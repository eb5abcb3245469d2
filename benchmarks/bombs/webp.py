"""WebPs that are built to be expensive."""

from __future__ import annotations

import struct
from collections.abc import Callable

import numpy as np
from PIL import Image

from benchmarks.bombs.parts import (
    FULL,
    MILLION,
    bits,
    cut,
    encoded,
    exif_of_shared,
    grain,
    plain,
    small,
)


def riff(*chunks: tuple[bytes, bytes]) -> bytes:
    body = b"WEBP" + b"".join(kind + struct.pack("<I", len(data)) + data + bytes(len(data) % 2) for kind, data in chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def canvas(width: int, height: int, flags: int = 2) -> tuple[bytes, bytes]:
    return b"VP8X", bytes([flags, 0, 0, 0]) + struct.pack("<I", width - 1)[:3] + struct.pack("<I", height - 1)[:3]


def webp_pixels(image: Image.Image, **options: object) -> tuple[bytes, bytes]:
    data = encoded(image, "WEBP", **options)
    return data[12:16], data[20 : 20 + int.from_bytes(data[16:20], "little")]


def frame_of(image: Image.Image) -> tuple[bytes, bytes]:
    kind, body = webp_pixels(image)
    size = struct.pack("<I", image.width - 1)[:3] + struct.pack("<I", image.height - 1)[:3]
    return b"ANMF", bytes(6) + size + b"\x64\0\0\0" + kind + struct.pack("<I", len(body)) + body + bytes(len(body) % 2)


def lossless_of_many_codes(side: int = 4000, groups: int = 65_536) -> bytes:
    """A lossless WebP whose blocks of 4 pixels name so many groups of five codes, each of a symbol or two."""
    out: list[tuple[int, int]] = [(0x2F, 8), (side - 1, 14), (side - 1, 14), (0, 1), (0, 3)]
    out += [(0, 1), (0, 1), (1, 1), (0, 3)]  # no transform, no cache, groups of codes, by blocks of 4 pixels
    blocks = -(-side // 4)
    out += [(0, 1)]  # the map of blocks: no cache; green and red in full, the others one symbol
    out += [*full_code(24), *full_code(0), *one_symbol(0), *one_symbol(255), *one_symbol(0)]
    number = np.arange(blocks * blocks) % groups
    both = np.stack([number & 255, number >> 8], 1).astype(np.uint8)  # green the low byte, red the high one
    head = np.array(bits(*out), np.uint8)
    reverse = np.array([int(f"{i:08b}"[::-1], 2) for i in range(256)], np.uint8)
    body = np.unpackbits(reverse[both].reshape(-1), bitorder="little")
    codes = np.array(bits(*(one_symbol(0) * 5)) * groups, np.uint8)
    return riff((b"VP8L", np.packbits(np.concatenate([head, body, codes]), bitorder="little").tobytes()))


def one_symbol(value: int) -> list[tuple[int, int]]:
    return [(1, 1), (0, 1), (1, 1), (value, 8)]


def full_code(others: int) -> list[tuple[int, int]]:
    """256 symbols, eight bits each, and none of the others."""
    order = (17, 18, 0, 1, 2, 3, 4, 5, 16, 6, 7, 8)
    lengths = {8: 1, 0: 1}
    out = [(0, 1), (8, 4), *((lengths.get(code, 0), 3) for code in order), (0, 1)]
    return [*out, *((1, 1),) * 256, *((0, 1),) * others]


WEBPS: dict[str, Callable[[], bytes]] = {
    "webp, 300,000 frames": lambda: riff(canvas(64, 64), (b"ANIM", bytes(6)), *[frame_of(small().resize((1, 1)))] * 300_000),
    "webp, 19,000 frames": lambda: riff(canvas(64, 64), (b"ANIM", bytes(6)), *[frame_of(small().resize((16, 16)))] * 19_000),
    "webp, 2,000,000 chunks": lambda: riff(canvas(64, 64, 0), *[(b"abcd", b"")] * 2_000_000, webp_pixels(small())),
    "webp, 2,000,000 chunks, plain": lambda: riff(webp_pixels(small()), *[(b"abcd", b"")] * 2_000_000),
    "webp, 19,000 chunks": lambda: riff(canvas(64, 64, 0), *[(b"abcd", b"")] * 19_000, webp_pixels(small())),
    "webp, chunks in a frame": lambda: riff(
        canvas(64, 64), (b"ANIM", bytes(6)), (b"ANMF", frame_of(small())[1] + b"abcd\0\0\0\0" * 2_000_000)
    ),
    "webp, 256 MP": lambda: riff(canvas(16_384, 16_384), (b"ANIM", bytes(6)), frame_of(small())),
    "webp, a small frame on 16 MP": lambda: riff(canvas(3999, 3999), (b"ANIM", bytes(6)), frame_of(small())),
    "webp, EXIF of shared values": lambda: riff(
        canvas(64, 64, 8), webp_pixels(small()), (b"EXIF", exif_of_shared(1900, 10 * MILLION))
    ),
    "webp, EXIF of 19 MB": lambda: riff(canvas(64, 64, 8), webp_pixels(small()), (b"EXIF", bytes(FULL))),
    "webp, lossless noise": lambda: encoded(grain(2400), "WEBP", lossless=True, quality=0, method=0)[:FULL],
    "webp, lossless, cut off, 16 MP": lambda: cut(encoded(plain(3999, "RGBA"), "WEBP", lossless=True, quality=0, method=0)),
    "webp, cut off, 16 MP": lambda: cut(encoded(plain(3999), "WEBP", method=0), 0.9),
    "webp, of 65,536 groups of codes": lossless_of_many_codes,
    "webp, nested in itself": lambda: riff((b"RIFF", riff((b"RIFF", bytes(1000))))),
}
