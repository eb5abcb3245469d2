"""AVIFs and HEICs that are built to be expensive."""

from __future__ import annotations

import struct
from collections.abc import Callable

from PIL import Image

from benchmarks.bombs.parts import (
    FULL,
    MILLION,
    cut,
    encoded,
    exif_of_shared,
    grain,
    plain,
    small,
    zeros,
)


def box(kind: bytes, body: bytes = b"") -> bytes:
    return struct.pack(">I", 8 + len(body)) + kind + body


def full_box(kind: bytes, body: bytes, version: int = 0) -> bytes:
    return box(kind, bytes([version, 0, 0, 0]) + body)


def item(number: int, kind: bytes, more: bytes = b"") -> bytes:
    return full_box(b"infe", struct.pack(">HH", number, 0) + kind + b"\0" + more, 2)


def places(items: list[tuple[int, list[tuple[int, int]]]]) -> bytes:
    rows = b"".join(
        struct.pack(">HHH", number, 0, len(pieces)) + b"".join(struct.pack(">II", *piece) for piece in pieces)
        for number, pieces in items
    )
    return full_box(b"iloc", struct.pack(">BBH", 0x44, 0, len(items)) + rows)


def found(data: bytes, kind: bytes) -> bytes:
    at = data.index(kind) - 4
    return data[at : at + int.from_bytes(data[at : at + 4], "big")]


def iso(
    format: str,
    infos: list[bytes] | None = None,
    placed: list[tuple[int, list[tuple[int, int]]]] | None = None,
    references: bytes = b"",
    extra: bytes = b"",
    properties: bytes = b"",
    data: bytes = b"",
    grid: tuple[int, int] | None = None,
    tile: int = 64,
    first: bytes = b"",
) -> bytes:
    """A small picture in a container of one's own making: further items, references, boxes and properties.

    Item 1 is the picture. What `placed` says is counted from the beginning of `data`. With `grid`, (columns, rows), the picture
    is item 2, which is made of item 1 again and again.
    """
    honest = encoded(small().resize((tile, tile)), format)
    config = found(honest, b"av1C" if format == "AVIF" else b"hvcC")
    payload = found(honest, b"mdat")[8:]
    kind = b"av01" if format == "AVIF" else b"hvc1"
    ispe = full_box(b"ispe", struct.pack(">II", tile, tile))
    pixi = full_box(b"pixi", b"\3\x08\x08\x08")
    infos, placed = [item(1, kind), *(infos or [])], placed or []
    links = [(1, [1 | 0x80, 2, 3])]
    own = b""
    if grid:
        columns, rows = grid
        own = b"\0\1" + bytes([rows - 1, columns - 1]) + struct.pack(">II", columns * tile, rows * tile)
        infos.append(item(2, b"grid"))
        references = full_box(
            b"iref", box(b"dimg", struct.pack(">HH", 2, columns * rows) + struct.pack(">H", 1) * (columns * rows))
        )
        properties = full_box(b"ispe", struct.pack(">II", columns * tile, rows * tile)) + properties
        links.append((2, [4, 3]))
    ipma = struct.pack(">I", len(links)) + b"".join(struct.pack(">HB", number, len(ids)) + bytes(ids) for number, ids in links)
    iprp = box(b"iprp", box(b"ipco", config + ispe + pixi + properties) + full_box(b"ipma", ipma))
    head = box(b"ftyp", (b"avif\0\0\0\0avifmif1miaf" if format == "AVIF" else b"heic\0\0\0\0mif1heic")) + first

    def meta(at: int) -> bytes:
        where = [(1, [(at, len(payload))])]
        if grid:
            where.append((2, [(at + len(payload), len(own))]))
        base = at + len(payload) + len(own)
        where += [(number, [(base + offset, length) for offset, length in pieces]) for number, pieces in placed]
        handler = full_box(b"hdlr", bytes(4) + b"pict" + bytes(13))
        count = struct.pack(">H", min(65_535, len(infos)))
        return full_box(
            b"meta",
            handler + full_box(b"pitm", struct.pack(">H", 2 if grid else 1)) + places(where)
            + full_box(b"iinf", count + b"".join(infos)) + references + iprp + extra,
        )  # fmt: skip

    at = len(head) + len(meta(0)) + 8
    return head + meta(at) + box(b"mdat", payload + own + data)


def nested(depth: int) -> bytes:
    out = b""
    for _ in range(depth):
        out = struct.pack(">I", 12 + len(out)) + b"meta" + bytes(4) + out if len(out) < 60_000 else out
    return out


def described(count: int) -> bytes:
    """References that say of items 10, 11, ... that they describe the picture."""
    return full_box(b"iref", b"".join(box(b"cdsc", struct.pack(">HHH", 10 + i, 1, 1)) for i in range(count)))


def movie(samples: int) -> bytes:
    table = full_box(b"stsz", struct.pack(">II", 1, samples)) + full_box(b"stts", struct.pack(">III", 1, samples, 1))
    table += full_box(b"stsc", struct.pack(">IIII", 1, 1, samples, 1)) + full_box(b"stco", struct.pack(">II", 1, 100))
    return box(b"moov", box(b"trak", box(b"mdia", box(b"minf", box(b"stbl", table)))))


def frames_of(format: str) -> bytes:
    """A picture of 16 megapixels in one colour, 2,000 times in the place of one."""
    honest = encoded(Image.new("RGB", (4000, 4000), (1, 2, 3)), format)
    coded, place = found(honest, b"mdat")[8:], found(honest, b"iloc")
    many = coded * min(2000, 10 * MILLION // len(coded))
    longer = place.replace(struct.pack(">I", len(coded)), struct.pack(">I", len(many)))
    return honest.replace(place, longer).replace(found(honest, b"mdat"), box(b"mdat", many))


def isos(format: str) -> dict[str, Callable[[], bytes]]:
    name = format.lower()
    shared = [(10 + i, [(0, 2 * MILLION)]) for i in range(1000)]
    exifs = [item(10 + i, b"Exif") for i in range(1000)]
    deflated = zeros(4000 * MILLION)
    return {
        f"{name}, plain": lambda: iso(format),
        f"{name}, grid of 16": lambda: iso(format, grid=(4, 4)),
        f"{name}, 2,000,000 boxes": lambda: iso(format, first=box(b"free") * 2_000_000),
        f"{name}, 45,000 boxes": lambda: iso(format, first=box(b"free") * 45_000),
        f"{name}, boxes in boxes": lambda: iso(format, extra=nested(5000)),
        f"{name}, 60,000 items": lambda: iso(format, [item(10 + i, b"mime") for i in range(60_000)]),
        f"{name}, 1,900 items": lambda: iso(format, [item(10 + i, b"mime", b"a/b\0") for i in range(1900)]),
        f"{name}, items that share bytes": lambda: iso(format, exifs, shared, described(1000), data=bytes(2 * MILLION)),
        f"{name}, EXIF in 60,000 pieces": lambda: iso(
            format, [item(10, b"Exif")], [(10, [(0, MILLION)] * 60_000)], described(1), data=bytes(MILLION)
        ),
        f"{name}, EXIF of shared values": lambda: iso(
            format, [item(10, b"Exif")], [(10, [(0, 14 + 10 * MILLION)])], described(1),
            data=bytes(4) + exif_of_shared(1900, 10 * MILLION),
        ),
        f"{name}, EXIF behind the pixels": lambda: iso(
            format, [item(10, b"Exif")], [(10, [(0, 14 + 10 * MILLION)])], described(1), first=box(b"free", bytes(200_000)),
            data=bytes(4) + exif_of_shared(1900, 10 * MILLION),
        ),
        f"{name}, text that inflates": lambda: iso(
            format, [item(10, b"mime", b"application/rdf+xml\0deflate\0")], [(10, [(0, len(deflated))])], described(1),
            data=deflated,
        ),
        f"{name}, 1,000,000 properties": lambda: iso(format, properties=box(b"free") * MILLION),
        f"{name}, 40,000 properties": lambda: iso(format, properties=full_box(b"ispe", bytes(8)) * 40_000),
        f"{name}, grid of 900 tiles": lambda: iso(format, grid=(30, 30)),
        f"{name}, grid of 3,900 tiles": lambda: iso(format, grid=(78, 50)),
        f"{name}, grid of 62,500 tiles": lambda: iso(format, grid=(250, 250), tile=16),
        f"{name}, 60,000 references": lambda: iso(
            format, references=full_box(b"iref", box(b"dimg", struct.pack(">HH", 1, 60_000) + struct.pack(">H", 1) * 60_000))
        ),
        f"{name}, a movie of 2^31 frames": lambda: iso(format, first=movie(2**31 - 1)),
        f"{name}, a movie of 2,500,000 frames": lambda: iso(format, first=movie(2_500_000)).replace(b"ftypavif", b"ftypavis"),
        f"{name}, 4 gigapixels": lambda: iso(format).replace(struct.pack(">II", 64, 64), struct.pack(">II", 65_535, 65_535)),
        f"{name}, 2,000 frames": lambda: frames_of(format),
        f"{name}, cut off": lambda: cut(encoded(plain(4900), format), 0.9),
        f"{name}, all colours and transparency, 25 MP": lambda: encoded(
            plain(4990, "RGBA"), format, **({"subsampling": "4:4:4", "speed": 10, "quality": 90} if format == "AVIF" else {})
        ),
        f"{name}, noise": lambda: encoded(grain(2500), format, **({"speed": 10} if format == "AVIF" else {}))[:FULL],
    }  # fmt: skip
