"""WebP, chunk by chunk: of an animation the first frame is kept. Source: RFC 9649, section 2."""

from __future__ import annotations

import struct

from model.decode import limits
from model.decode.carried import Carried

_METADATA = (b"EXIF", b"XMP ", b"ICCP")
_ONCE = (b"ANMF", b"ANIM", b"ALPH", b"VP8 ", b"VP8L", b"VP8X")
_FLAGS = 0b10010  # transparency, animation


def take_webp_apart(data: bytes) -> Carried:
    """Keep what makes the picture, or the first frame.

    Raises:
        PhotoError: it is made of far more chunks than a photo is.
    """
    parts = dict.fromkeys(_METADATA, b"")
    kept, seen, dropped, at, count = [], set(), 0, 12, 0
    while len(kind := data[at : at + 4]) == 4:
        limits.check("WEBP", "chunks", count := count + 1)
        length = int.from_bytes(data[at + 4 : at + 8], "little")
        end = at + 8 + length + length % 2
        if kind in _ONCE and kind not in seen:
            seen.add(kind)
            kept.append(data[at:end])
        else:
            dropped += min(end, len(data)) - at
            if kind in parts:
                parts[kind] = data[at + 8 : at + 8 + length]
        at = end
    exif, xmp, _ = parts.values()
    pixels = data if not dropped or b"VP8X" not in seen else _joined(data, [*kept, data[at:]], dropped)
    return Carried(pixels, exif.removeprefix(b"Exif\0\0"), xmp, sum(map(len, parts.values())))


def _joined(data: bytes, parts: list[bytes], dropped: int) -> bytes:
    """A WebP of these parts, that is as much too short as it was."""
    size = max(0, int.from_bytes(data[4:8], "little") - dropped)
    parts = [
        part[:8] + bytes([part[8] & _FLAGS]) + part[9:] if part[:4] == b"VP8X" and len(part) > 8 else part for part in parts
    ]
    return b"".join([b"RIFF", struct.pack("<I", size), b"WEBP", *parts])
