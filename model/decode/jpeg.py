"""JPEG, segment by segment: what makes the picture is kept, and how often its decoder goes over it is counted.

Source: ITU-T T.81, annexes A, B and G.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator

import numpy as np

from model.decode import limits
from model.decode.carried import Carried
from model.decode.exif import is_sound
from model.photo_problems import PhotoError, PhotoTooLarge

_MARKER = re.compile(rb"\xff([^\xff\0])")
_FILL = re.compile(rb"\xff{%d,}" % limits.LONGEST_FILL)
_FRAMES = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})  # start of frame
_PROGRESSIVE = frozenset({0xC2, 0xC6, 0xCA, 0xCE})
_END, _SCAN = 0xD9, 0xDA
_ENDS_SCANS = np.ones(256, bool)  # by the byte that follows a 255: whether the two are a marker that ends a scan
_ENDS_SCANS[[0, 255, *range(0xD0, 0xD8)]] = False
_PART = 1_000_000  # bytes that are looked through at once


def take_jpeg_apart(data: bytes) -> Carried:
    """Keep the segments that make the picture, without what lies between them.

    Raises:
        PhotoError: it is made of far more parts than a photo is, or its header makes no sense.
        PhotoTooLarge: it needs too much memory.
    """
    if data.endswith(bytes(16)):  # where a download stopped, some programs fill up with zeros
        data = data.rstrip(b"\0")
    kept, exif, xmp, size, is_odd, at, between, count = [data[:2]], [], b"", 0, False, 2, 0, 0
    frame = b""
    while True:
        found = _MARKER.search(data, at)
        if not found:
            raise PhotoError("header")
        between += found.start() - at
        limits.check("JPEG", "bytes between segments", between)
        limits.check("JPEG", "segments", count := count + 1)
        code, body = found[1][0], found.end() + 2
        if code == _END:
            raise PhotoError("header")
        if code == _SCAN:
            break
        if code == 1 or 0xD0 <= code <= 0xD8:  # that stands alone
            at = found.end()
            continue
        end = found.end() + int.from_bytes(data[found.end() : body], "big")
        if not body <= end <= len(data):
            raise PhotoError("header")
        if not (0xE0 <= code <= 0xEF or code == 0xFE) or data.startswith((b"JFIF", b"Adobe"), body):
            kept.append(data[found.end() - 2 : end])
            limits.check("JPEG", "kept segments", len(kept))
            frame = data[found.start() + 1 : end] if code in _FRAMES else frame
        else:
            size += end - at
            if code == 0xE1 and data.startswith(b"Exif\0\0", body):
                exif.append(data[body + 6 : end])
            elif code == 0xE1 and data.startswith(b"http://ns.adobe.com/xap/1.0/\0", body):
                xmp = data[body + 29 : end]
            is_odd |= code == 0xE2 and data.startswith(b"MPF\0", body)
        at = end
    limits.check("JPEG", "bytes of kept segments", sum(map(len, kept)))
    kept.append(_without_fill(data, found.start()))
    joined = b"".join(exif)
    is_odd |= bool(exif) and not is_sound(joined)
    pixels = b"".join(kept)
    _check_scans(frame, pixels, len(pixels) - len(kept[-1]))
    return Carried(pixels, joined, xmp, size, False if is_odd else None if size else True)


def _without_fill(data: bytes, at: int) -> bytes:
    """The scans, which begin at `at`; long runs of fill bytes are as good as one."""
    rest = data[at:]
    return _FILL.sub(b"\xff", rest) if b"\xff" * limits.LONGEST_FILL in rest else rest


def _check_scans(frame: bytes, pixels: bytes, at: int) -> None:
    """Count how often a decoder goes over the blocks of a JPEG, where it does so more than once.

    Args:
        frame: the segment that begins the frame, its code first. at: where the first scan begins in `pixels`.
    """
    count = frame[8] if len(frame) > 8 else 0
    if not count or len(frame) < 9 + 3 * count:
        raise PhotoError("header")
    if frame[0] not in _PROGRESSIVE and pixels[at + 4 : at + 5] == frame[8:9]:  # one scan of all there is
        limits.check("JPEG", "scans", 1)
        return
    height, width = struct.unpack_from(">HH", frame, 4)
    factors = {frame[9 + 3 * i]: (max(1, frame[10 + 3 * i] >> 4), max(1, frame[10 + 3 * i] & 15)) for i in range(count)}
    widest, tallest = max(across for across, _ in factors.values()), max(down for _, down in factors.values())
    blocks = {
        name: -(-width * across // (8 * widest)) * -(-height * down // (8 * tallest))
        for name, (across, down) in factors.items()
    }
    if 2 * 64 * sum(blocks.values()) > limits.MAX_JPEG_COEFFICIENT_BYTES:
        raise PhotoTooLarge("progressive", width=width, height=height)
    scans = visits = 0
    for start in _scans(pixels, at):
        names = pixels[start + 5 : start + 5 + 2 * min(4, pixels[start + 4])]
        scans, visits = scans + 1, visits + sum(blocks.get(name, 0) for name in names[::2])
        if scans > limits.most("JPEG", "scans"):
            raise PhotoError("scans")
        limits.check("JPEG", "blocks visited", visits)
    limits.check("JPEG", "scans", scans)


def _scans(pixels: bytes, at: int) -> Iterator[int]:
    """Where scans begin, up to the end of the picture; a part of the file at a time, so that little memory is needed."""
    bytes_ = np.frombuffer(pixels, np.uint8)
    for part in range(at, len(pixels) - 5, _PART):
        places = part + np.flatnonzero(bytes_[part : min(part + _PART, len(pixels) - 5)] == 255)
        codes = bytes_[places + 1]
        for place, code in zip(places[ends := _ENDS_SCANS[codes]].tolist(), codes[ends].tolist(), strict=True):
            if code == _END:
                return
            if code == _SCAN:
                yield place
