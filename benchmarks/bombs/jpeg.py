"""JPEGs that are built to be expensive."""

from __future__ import annotations

import struct
from collections.abc import Callable

from benchmarks.bombs.parts import (
    FULL,
    MILLION,
    cut,
    encoded,
    exif_of_shared,
    grain,
    noise,
    parts_of,
    plain,
    small,
)


def segment(marker: int, body: bytes) -> bytes:
    return bytes([255, marker]) + struct.pack(">H", len(body) + 2) + body


def jpeg(
    side: int,
    scans: bytes,
    frame: int = 0xC0,
    sampling: tuple[int, ...] = (0x11, 0x11, 0x11),
    before: bytes = b"",
    tables: bool = True,
) -> bytes:
    """A square JPEG, whose tables decode zeros to grey."""
    layers = b"".join(bytes([i + 1, factors, 0]) for i, factors in enumerate(sampling))
    huffman = b"".join(segment(0xC4, bytes([kind, 0, 1, *[0] * 14, 0])) for kind in (0x00, 0x10)) if tables else b""
    head = segment(0xDB, b"\0" + b"\1" * 64) + segment(frame, struct.pack(">BHHB", 8, side, side, len(sampling)) + layers)
    return b"\xff\xd8" + before + head + huffman + scans + b"\xff\xd9"


def scan(*layers: int, spectrum: tuple[int, int, int] = (0, 63, 0), body: bytes = b"") -> bytes:
    return segment(0xDA, bytes([len(layers), *(b for layer in layers for b in (layer, 0)), *spectrum])) + body


def of_one_scan(before: bytes = b"", within: bytes = b"", behind: bytes = b"") -> bytes:
    """An honest small JPEG with bytes in front of its segments, within its scan, or behind it."""
    data = encoded(small(), "JPEG")
    start = data.index(b"\xff\xda")
    return data[:2] + before + data[2 : start + 200] + within + data[start + 200 : -2] + behind + data[-2:]


def progressive(side: int, scans: int) -> bytes:
    body = scan(1, 2, 3, spectrum=(0, 0, 0))
    body += b"".join(scan(1 + i % 3, spectrum=(1, 63, 0)) for i in range(scans))
    return jpeg(side, body, 0xC2)


JPEGS: dict[str, Callable[[], bytes]] = {
    "jpeg, 8,000 empty scans, small": lambda: jpeg(500, b"".join(scan(1 + i % 3) for i in range(8000))),
    "jpeg, 60 empty scans, 33 MP": lambda: jpeg(5700, b"".join(scan(1 + i % 3) for i in range(60))),
    "jpeg, 60 scans of all, 30 MP": lambda: jpeg(5500, b"".join(scan(1, 2, 3) for _ in range(60)), 0xC2),
    "jpeg, progressive, 60 scans, 5 MP": lambda: progressive(2300, 60),
    "jpeg, progressive, 20 scans, 33 MP": lambda: progressive(5700, 20),
    "jpeg, progressive, 60 scans, 33 MP": lambda: progressive(5700, 60),
    "jpeg, two scans, 50 MP": lambda: jpeg(7070, scan(1) + scan(2)),
    "jpeg, arithmetic, 50 MP": lambda: jpeg(7070, scan(1, 2, 3), 0xC9, tables=False),
    "jpeg, arithmetic of noise, 50 MP": lambda: jpeg(7070, scan(1, 2, 3, body=noise(FULL, b"\xff")), 0xC9, tables=False),
    "jpeg, arithmetic, progressive, 33 MP": lambda: jpeg(
        5700,
        scan(1, 2, 3, spectrum=(0, 0, 0))
        + b"".join(scan(1 + i % 3, spectrum=(1, 63, 0), body=noise(300_000, b"\xff")) for i in range(50)),
        0xCA,
        tables=False,
    ),
    "jpeg, fill bytes in the scan": lambda: of_one_scan(within=b"\xff" * FULL + b"\0"),
    "jpeg, fill bytes in front, then nothing": lambda: of_one_scan(before=b"\xff" * FULL + b"\0"),
    "jpeg, many runs of fill bytes": lambda: of_one_scan(before=(b"\xff" * 900 + b"\xe5\0\2") * 20_000),
    "jpeg, runs of fill bytes in the scan": lambda: of_one_scan(within=(b"\xff" * 1000 + b"\xd0") * 19_000),
    "jpeg, junk in front": lambda: of_one_scan(before=b"j" * FULL),
    "jpeg, escaped bytes in front": lambda: of_one_scan(before=b"\xff\0" * (FULL // 2)),
    "jpeg, comments behind one without length": lambda: of_one_scan(before=b"\xff\xfe\0\0" + b"\xff\xfe\0\2" * 4_000_000),
    "jpeg, segments behind an end": lambda: of_one_scan(before=b"\xff\xd9" + b"\xff\xe5\0\2" * 4_000_000),
    "jpeg, starts and restarts in front": lambda: of_one_scan(before=b"\xff\xd8\xff\xd0" * 4_000_000),
    "jpeg, JFIF 900,000 times": lambda: of_one_scan(before=segment(0xE0, b"JFIF\0\1\1\0\0\1\0\1\0\0") * 900_000),
    "jpeg, tables 250,000 times": lambda: of_one_scan(before=segment(0xDB, b"\0" + b"\1" * 64) * 250_000),
    "jpeg, large tables": lambda: of_one_scan(before=segment(0xDB, (b"\0" + b"\1" * 64) * 1000) * 290),
    "jpeg, 19 MB of tables between scans": lambda: jpeg(
        500, scan(1) + segment(0xC4, bytes([0, 0, 1, *[0] * 14, 0])) * 900_000 + scan(2) + scan(3)
    ),
    "jpeg, 1,000,000 frames": lambda: jpeg(
        64, scan(1, 2, 3), before=segment(0xC0, struct.pack(">BHHB", 8, 64, 64, 0)) * MILLION
    ),
    "jpeg, restarts in the scan": lambda: of_one_scan(within=b"\xff\xd0" * (FULL // 2)),
    "jpeg, a picture behind it 500 times": lambda: of_one_scan() + encoded(small().resize((400, 400)), "JPEG") * 500,
    "jpeg, EXIF of shared values": lambda: of_one_scan(before=segment(0xE1, b"Exif\0\0" + exif_of_shared(4000, 10_000))),
    "jpeg, EXIF in 300 parts": lambda: of_one_scan(
        before=b"".join(segment(0xE1, b"Exif\0\0" + part) for part in parts_of(exif_of_shared(1900, FULL - 400_000), 65_000))
    ),
    "jpeg, of four layers, 50 MP": lambda: jpeg(7070, scan(1, 2, 3, 4), sampling=(0x22, 0x11, 0x11, 0x22)),
    "jpeg, cut off, 50 MP": lambda: cut(encoded(plain(7070), "JPEG")),
    "jpeg, progressive, cut off, 33 MP": lambda: cut(encoded(plain(5700), "JPEG", progressive=True)),
    "jpeg, progressive noise": lambda: encoded(grain(3600), "JPEG", progressive=True, quality=92)[:FULL],
    "jpeg, noise": lambda: encoded(grain(3600), "JPEG", quality=92)[:FULL],
}
