"""BMP whose rows are run-length encoded, decoded: Pillow does so in Python, a run at a time.

Source: Microsoft, "Bitmap Compression" (Win32, GDI): BI_RLE8 and BI_RLE4.
"""

from __future__ import annotations

import struct

import numpy as np

from model.decode import limits
from model.decode.carried import Carried
from model.formats import FORMAT_MEGAPIXELS, MAX_SIDE
from model.photo_problems import PhotoError

_BITS = {1: 8, 2: 4}  # of a pixel, by the kind of compression
_END_OF_LINE, _END, _DELTA = 0, 1, 2
_ONES, _TWOS = b"\1" * 255, b"\2" * 255


def take_bmp_apart(data: bytes) -> Carried:
    """A BMP, without its runs.

    Raises:
        PhotoError: it is made of far more parts than a photo is, or its header makes no sense.
    """
    if len(data) < 54 or (size := int.from_bytes(data[14:18], "little")) < 40:
        return Carried(data)
    width, height, _, bits, compression = struct.unpack_from("<iiHHI", data, 18)
    if compression not in _BITS:
        return Carried(data)
    if (
        not 0 < width <= MAX_SIDE
        or not 0 < abs(height) <= MAX_SIDE
        or width * abs(height) > FORMAT_MEGAPIXELS["BMP"] * 1_000_000
    ):
        return Carried(data)  # whoever reads the header says so
    if bits != _BITS[compression]:
        raise PhotoError("header")
    colours = min(int.from_bytes(data[46:50], "little") or 1 << bits, 256)
    palette = data[14 + size : 14 + size + 4 * colours].ljust(1024, b"\0")
    rows = _decoded(data[int.from_bytes(data[10:14], "little") :], width, abs(height), bits)
    header = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 8, 0, len(rows), 0, 0, 256, 0)
    return Carried(b"".join([b"BM", struct.pack("<IHHI", 1078 + len(rows), 0, 0, 1078), header, palette, rows]))


def _decoded(coded: bytes, width: int, height: int, bits: int) -> bytes:
    """The rows, a byte a pixel, each row filled up to a multiple of four bytes; as many as there are before the end.

    Runs are pairs of bytes, count and colours. An escape, whose count is 0, ends a line or the picture, leaves pixels out, or
    says how many pixels follow as they are, up to an even byte.
    """
    counts = coded[::2]
    repeats = bytearray(coded)  # how many pixels each byte gives: a run's count belongs to the byte behind it
    repeats[1::2] = counts[: len(coded) // 2]
    repeats[::2] = bytes(len(counts))
    out = np.zeros((height, -(-width // 4) * 4), np.uint8)
    x = y = start = at = escapes = steps = 0
    is_ended = False
    while y < height:
        at = counts.find(0, at)
        limits.check("BMP", "escapes", escapes := escapes + 1)
        if at < 0 or 2 * at + 1 >= len(coded):
            break
        code = coded[2 * at + 1]
        if code > _DELTA:
            begin, size = 2 * at + 2, code if bits == 8 else (code + 1) // 2
            repeats[begin : begin + size] = (_ONES if bits == 8 else _TWOS)[: max(0, min(size, len(coded) - begin))]
            if bits == 4 and code % 2 and begin + size <= len(coded):
                repeats[begin + size - 1] = 1
            if size % 2 and begin + size < len(coded):
                repeats[begin + size] = 0
            at += 1 + (size + 1) // 2
            continue
        x += _draw(out[y, x:width], coded, repeats, start, 2 * at, bits)
        at += 1
        if code == _END:
            is_ended = True
            break
        if code == _END_OF_LINE:
            x, y = 0, y + 1
        else:
            limits.check("BMP", "steps", steps := steps + 1)
            right, up = (coded[2 * at : 2 * at + 2] + b"\0\0")[:2]
            x, y, at = min(width, x + right), y + up, at + 1
        start = 2 * at
    else:
        is_ended = True
    if not is_ended:
        x += _draw(out[y, x:width], coded, repeats, start, len(coded), bits)
        is_ended = y == height - 1 and x == width
    return out.tobytes() if is_ended else out[:y].tobytes() + out[y, :x].tobytes()


def _draw(row: np.ndarray, coded: bytes, repeats: bytearray, start: int, end: int, bits: int) -> int:
    """Fill a row, uint8 (W,), with what coded[start:end] gives; the number of pixels that were drawn."""
    end = min(end, start + 2 * len(row) + 8)  # two bytes give a pixel, at the least
    if end <= start or not len(row):
        return 0
    times = np.frombuffer(repeats, np.uint8, end - start, start).astype(np.int64)
    ends = np.cumsum(times)
    used = int(np.searchsorted(ends, len(row))) + 1
    times, ends = times[:used], ends[:used]
    values = np.repeat(np.frombuffer(coded, np.uint8, len(times), start), times)
    if bits == 4:
        is_second = (np.arange(len(values)) - np.repeat(ends - times, times)) % 2
        values = np.where(is_second, values & 15, values >> 4)
    drawn = min(len(row), len(values))
    row[:drawn] = values[:drawn]
    return drawn
