"""Of what photos are made that are built to be expensive."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
from PIL import Image

MILLION = 1_000_000
FULL = 19 * MILLION  # bytes: as large as a file may be, with some room


def encoded(image: Image.Image, format: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    if format == "HEIF":
        import pillow_heif

        pillow_heif.from_pillow(image).save(buffer, format="HEIF", quality=50)
    else:
        image.save(buffer, format, **options)
    return buffer.getvalue()


def small(mode: str = "RGB") -> Image.Image:
    pixels = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    return Image.fromarray(pixels).convert(mode)


def noise(count: int, without: bytes = b"") -> bytes:
    return np.random.default_rng(0).bytes(count).translate(None, without)


def parts_of(data: bytes, size: int) -> list[bytes]:
    return [data[at : at + size] for at in range(0, len(data), size)]


def plain(side: int, mode: str = "RGB") -> Image.Image:
    """A large picture that is small as a file, with a band of detail."""
    image = Image.new("RGB", (side, side), (120, 160, 90))
    image.paste(small().resize((side, side // 16)), (0, side // 2))
    return image.convert(mode)


def grain(side: int) -> Image.Image:
    return Image.fromarray(np.random.default_rng(0).integers(0, 256, (side, side, 3), np.uint8))


def cut(data: bytes, share: float = 0.995) -> bytes:
    return data[: int(share * len(data))]


def exif_of_shared(entries: int, size: int) -> bytes:
    """A directory all of whose entries have the same bytes for their values."""
    at = 14 + 12 * (entries + 1)
    rows = [(0x0112, 3, 1, 6), *((40_000 + i, 1, size, at) for i in range(entries))]
    listed = b"".join(struct.pack("<HHII", *row) for row in rows)
    return b"II*\0" + struct.pack("<IH", 8, len(rows)) + listed + bytes(4) + bytes(size)


def bits(*fields: tuple[int, int]) -> list[int]:
    """Fields of (value, width), least significant bit first, as deflate has them."""
    return [value >> i & 1 for value, width in fields for i in range(width)]


def zeros(size: int) -> bytes:
    """So many zeros, deflated; a million are, and then repeated."""
    out, head = [], b"\x78\x9c"
    for count, times in ((MILLION, size // MILLION), (size % MILLION, 1)):
        deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
        out.append((deflate.compress(bytes(count)) + deflate.flush(zlib.Z_FULL_FLUSH)) * times)
    return b"".join([head, *out, b"\3\0", struct.pack(">I", (size % 65_521) << 16 | 1)])


def deflated_tables(size: int) -> bytes:
    """Blocks of deflate that hold nothing but their tables."""
    ones = bits((0, 1), (2, 2), (0, 5), (0, 5), (14, 4))  # not the last, of own tables, 257 + 1 codes, 18 lengths of lengths
    lengths = {18: 1, 1: 1}
    for code in (16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1):
        ones += bits((lengths.get(code, 0), 3))
    ones += [1, *bits((127, 7)), 1, *bits((107, 7)), 0, 0]  # 138 + 118 zeros, the end, one distance
    ones += [0]  # the end of the block
    block = np.packbits(np.array(ones * 8, np.uint8), bitorder="little").tobytes()
    return b"\x78\x9c" + block * (size // len(block))
