"""TIFFs that are built to be expensive."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable

import numpy as np

from benchmarks.bombs.jpeg import scan, segment
from benchmarks.bombs.parts import (
    FULL,
    MILLION,
    deflated_tables,
    grain,
    noise,
    zeros,
)

Row = tuple[int, int, int, int | bytes]  # tag, type, count, and the value, or the bytes that are the values
TYPES = {1: 1, 3: 2, 4: 4, 7: 1, 16: 8}


def tiff(pixels: bytes, rows: list[Row], side: int = 64, next_: int = 0, height: int | None = None) -> bytes:
    """Pixels at 8, and a directory behind them; what `rows` say stands for what is usual."""
    usual: dict[int, Row] = {
        row[0]: row
        for row in (
            (256, 4, 1, side), (257, 4, 1, side if height is None else height), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1),
            (277, 3, 1, 1),
        )
    }  # fmt: skip
    if not any(row[0] in (322, 324) for row in rows):
        usual |= {
            row[0]: row for row in ((273, 4, 1, 8), (278, 4, 1, side if height is None else height), (279, 4, 1, len(pixels)))
        }
    listed = sorted(
        [*(row for tag, row in usual.items() if tag not in {row[0] for row in rows}), *rows], key=lambda row: row[0]
    )
    data, written = b"II*\0\0\0\0\0" + pixels, b""
    for tag, type_, count, value in listed:
        if isinstance(value, bytes):
            place, data = len(data), data + value
        else:
            place = value
        written += struct.pack("<HHII", tag, type_, count, place)
    start = len(data)
    return data[:4] + struct.pack("<I", start) + data[8:] + struct.pack("<H", len(listed)) + written + struct.pack("<I", next_)


def longs(*values: int, times: int = 1) -> bytes:
    return struct.pack(f"<{len(values)}I", *values) * times


def striped(
    pixels: bytes, compression: int, strips: int, side: int = 64, shared: bool = True, rows: int = 1, **more: int
) -> bytes:
    """A picture of strips that have the same bytes, or one after another."""
    size = len(pixels) if shared else len(pixels) // strips
    places = longs(8, times=strips) if shared else np.arange(8, 8 + strips * size, size, np.uint32)[:strips].tobytes()
    entries: list[Row] = [
        (259, 3, 1, compression), (273, 4, strips, places), (278, 4, 1, rows), (279, 4, strips, longs(size, times=strips)),
    ]  # fmt: skip
    return tiff(pixels, [*entries, *((int(tag[1:]), 3, 1, value) for tag, value in more.items())], side, height=strips * rows)


def tiled(across: int, down: int, side: int, compression: int, pixels: bytes = bytes(4096), count: int | None = None) -> bytes:
    count = -(-side // across) * -(-side // down) if count is None else count
    return tiff(
        pixels,
        [(259, 3, 1, compression), (322, 4, 1, across), (323, 4, 1, down), (324, 4, count, longs(8, times=count)),
         (325, 4, count, longs(len(pixels), times=count))],
        side,
    )  # fmt: skip


def of_one_strip(pixels: bytes, compression: int, side: int, *more: Row) -> bytes:
    return tiff(pixels, [(259, 3, 1, compression), *more], side)


def jpeg_in_tiff(scans: int, strips: int, side: int = 512) -> bytes:
    grey = b"\xff\xd8" + segment(0xDB, b"\0" + b"\1" * 64) + segment(0xC2, struct.pack(">BHHB", 8, side, side, 1) + b"\1\x11\0")
    grey += b"".join(segment(0xC4, bytes([kind, 0, 1, *[0] * 14, 0])) for kind in (0x00, 0x10)) + scan(1, spectrum=(0, 0, 0))
    grey += scan(1, spectrum=(1, 63, 0)) * scans + b"\xff\xd9"
    return striped(grey * strips, 7, strips, side, shared=False, rows=side)


def planes_apart(plane: bytes) -> bytes:
    """Red, green and blue, each on its own, of the same bytes."""
    own: list[Row] = [
        *RGB_ROWS, (284, 3, 1, 2), (259, 3, 1, 8), (273, 4, 3, longs(8, 8, 8)), (279, 4, 3, longs(*[len(plane)] * 3)),
    ]  # fmt: skip
    return tiff(plane, own, BIG)


def big_tiff(count: int, at: int = 16) -> bytes:
    return b"II+\0\x08\0\0\0" + struct.pack("<QQ", at, count) + bytes(1000)


def lzma_of(data: bytes, dictionary: int = 1 << 20) -> bytes:
    import lzma

    return lzma.compress(data, lzma.FORMAT_XZ, filters=[{"id": lzma.FILTER_LZMA2, "preset": 1, "dict_size": dictionary}])


BIG = 5000  # a side of 25 megapixels
COMPRESSIONS = {
    2: "CCITT", 3: "fax 3", 4: "fax 4", 5: "LZW", 6: "old JPEG", 7: "JPEG", 8: "deflate", 32_773: "runs", 32_809: "Thunderscan",
    32_946: "old deflate", 34_676: "SGI", 34_677: "SGI 24", 34_887: "LERC", 34_925: "LZMA", 50_000: "zstd", 50_001: "WebP",
}  # fmt: skip
RGB_ROWS: list[Row] = [(258, 3, 3, struct.pack("<3H", 8, 8, 8)), (262, 3, 1, 2), (277, 3, 1, 3)]
RGBA_16_ROWS: list[Row] = [
    (258, 3, 4, struct.pack("<4H", 16, 16, 16, 16)), (262, 3, 1, 2), (277, 3, 1, 4), (338, 3, 1, 2),
]  # fmt: skip
RGBA_ROWS: list[Row] = [(258, 3, 4, struct.pack("<4H", 8, 8, 8, 8)), (262, 3, 1, 2), (277, 3, 1, 4), (338, 3, 1, 2)]
TIFFS: dict[str, Callable[[], bytes]] = {
    "tiff, tiles of a pixel": lambda: tiled(1, 1, 1000, 1),
    "tiff, tiles of a pixel, LZW": lambda: tiled(1, 1, 1000, 5),
    "tiff, tiles of a pixel that are not listed": lambda: tiled(1, 1, BIG, 5, count=1),
    "tiff, 48,000 tiles": lambda: tiled(16, 16, 3500, 1),
    "tiff, 48,000 tiles, deflate": lambda: tiled(16, 16, 3500, 8, zlib.compress(bytes(256))),
    "tiff, one huge tile": lambda: tiled(30_000, 30_000, 64, 8, zeros(900 * MILLION)),
    "tiff, one wide tile": lambda: tiled(2**31 - 16, 16, 64, 8, zeros(900 * MILLION)),
    "tiff, 2,400,000 strips": lambda: striped(bytes(64), 1, 2_400_000, 4),
    "tiff, 49,000 strips": lambda: striped(bytes(1_000_000), 1, 29_000, 800),
    "tiff, 29,000 strips, deflate": lambda: striped(zlib.compress(bytes(800)), 8, 29_000, 800),
    "tiff, strips that share 10 MB": lambda: striped(deflated_tables(10 * MILLION), 8, 5000),
    "tiff, strips without sizes": lambda: tiff(
        deflated_tables(10 * MILLION), [(259, 3, 1, 8), (273, 4, 5000, longs(8, times=5000)), (278, 4, 1, 1)], height=5000
    ).replace(struct.pack("<HHI", 279, 4, 1), struct.pack("<HHI", 280, 4, 1)),
    "tiff, strips of size 0": lambda: tiff(
        deflated_tables(10 * MILLION),
        [(259, 3, 1, 8), (273, 4, 5000, longs(8, times=5000)), (278, 4, 1, 1),
         (279, 4, 5000, longs(0, times=5000))], height=5000,
    ),
    "tiff, sizes as bytes": lambda: tiff(
        deflated_tables(10 * MILLION),
        [(259, 3, 1, 8), (273, 4, 5000, longs(8, times=5000)), (278, 4, 1, 1), (279, 1, 5000, bytes(5000))], height=5000,
    ),
    "tiff, entries that share bytes": lambda: tiff(
        bytes(4096 + 2 * MILLION), [(40_000 + i, 1, 2 * MILLION, 8) for i in range(1900)]
    ),
    "tiff, tables that share bytes": lambda: tiff(bytes(4096 + 2 * MILLION), [(347, 7, 2 * MILLION, 8)] * 1900),
    "tiff, 65,000 entries": lambda: tiff(bytes(4096), [(347, 7, 4, 8)] * 65_000),
    "tiff, 9,000,000 depths": lambda: tiff(bytes(4096), [(258, 3, 9 * MILLION, bytes(18 * MILLION))]),
    "tiff, 9,000,000 colours": lambda: tiff(bytes(4096), [(262, 3, 1, 3), (320, 3, 9 * MILLION, bytes(18 * MILLION))]),
    "tiff, 9,000,000 widths": lambda: tiff(bytes(4096), [(256, 3, 9 * MILLION, bytes(18 * MILLION))]),
    "tiff, tables of 18 MB": lambda: tiff(bytes(4096), [(259, 3, 1, 7), (347, 7, 18 * MILLION, bytes(18 * MILLION))]),
    "tiff, 65,535 samples": lambda: tiff(bytes(4096), [(277, 3, 1, 65_535)]),
    "tiff, directories in a circle": lambda: tiff(bytes(4096), [(330, 4, 1, 4104)], next_=4104),
    "tiff, no rows in a strip": lambda: tiff(bytes(4096), [(278, 4, 1, 0), (259, 3, 1, 5)]),
    "tiff, big, of 2^60 entries": lambda: big_tiff(2**60),
    "tiff, big, beyond its end": lambda: big_tiff(1, 2**63),
    "tiff, JPEG of 2,000 scans": lambda: jpeg_in_tiff(2000, 1, 2048),
    "tiff, JPEG of 90 scans, 25 MP": lambda: jpeg_in_tiff(90, 1, BIG),
    "tiff, JPEG of 19 scans, 25 MP": lambda: jpeg_in_tiff(17, 1, BIG),
    "tiff, JPEGs of 90 scans": lambda: jpeg_in_tiff(90, 100, 512),
    "tiff, planes apart, 25 MP": lambda: planes_apart(zeros(BIG * BIG)),
    "tiff, LZMA with a dictionary of 1.5 GB": lambda: of_one_strip(lzma_of(bytes(4096), 1_536 * 2**20), 34_925, 64),
    "tiff, LZMA, 25 MP": lambda: of_one_strip(lzma_of(bytes(3 * BIG * BIG)), 34_925, BIG, *RGB_ROWS),
    "tiff, LZMA of noise": lambda: of_one_strip(lzma_of(grain(2500).tobytes()), 34_925, 2500, *RGB_ROWS),
    "tiff, deflate, 25 MP": lambda: of_one_strip(zeros(BIG * BIG * 4), 8, BIG, *RGBA_ROWS),
    "tiff, deflate, cut off, 25 MP": lambda: of_one_strip(zeros(BIG * BIG * 4)[:-2000], 8, BIG, *RGBA_ROWS),
    "tiff, tables of deflate alone": lambda: of_one_strip(deflated_tables(FULL), 8, 64),
    "tiff, colours of eyes": lambda: of_one_strip(
        zeros(BIG * BIG * 3), 8, BIG, RGB_ROWS[0], (262, 3, 1, 8), RGB_ROWS[2]
    ),
    "tiff, floats, 25 MP": lambda: of_one_strip(zeros(BIG * BIG * 4), 8, BIG, (258, 3, 1, 32), (339, 3, 1, 3)),
    "tiff, 16 bits with transparency, 25 MP": lambda: of_one_strip(zeros(BIG * BIG * 8), 8, BIG, *RGBA_16_ROWS),
    "tiff, 16 bits with transparency, cut off, 25 MP": lambda: of_one_strip(
        zeros(BIG * BIG * 8)[:-5000], 8, BIG, *RGBA_16_ROWS
    ),
    "tiff, a compression said twice": lambda: striped(deflated_tables(10 * MILLION), 8, 5000).replace(
        struct.pack("<HHII", 259, 3, 1, 8), struct.pack("<HHIHH", 259, 3, 2, 8, 8)
    ),
    "tiff, a compression with a sign": lambda: striped(deflated_tables(10 * MILLION), 8, 5000).replace(
        struct.pack("<HHII", 259, 3, 1, 8), struct.pack("<HHII", 259, 9, 1, 8)
    ),
    "tiff, plain, cut off, 25 MP": lambda: tiff(bytes(19 * MILLION), [], BIG),
    **{
        f"tiff, {name} of noise, {depth} bits": lambda code=code, depth=depth: of_one_strip(
            noise(FULL), code, BIG, (258, 3, 1, depth)
        )
        for code, name in COMPRESSIONS.items()
        for depth in ((1,) if code in (2, 3, 4) else (4,) if code == 32_809 else (8,))
    },
    **{
        f"tiff, {name} of noise, 20,000 strips": lambda code=code: striped(
            noise(4_000_000), code, 20_000, 1250, shared=False, t258=1 if code in (2, 3, 4) else 8
        )
        for code, name in COMPRESSIONS.items()
    },
    **{
        f"tiff, {name} of zeros": lambda code=code: of_one_strip(
            bytes(FULL), code, BIG, (258, 3, 1, 1 if code in (2, 3, 4) else 8)
        )
        for code, name in COMPRESSIONS.items()
    },
}  # fmt: skip
