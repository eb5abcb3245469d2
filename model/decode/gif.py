"""GIF, up to its first picture, which alone is kept. Source: GIF89a specification, sections 18 to 23."""

from __future__ import annotations

import re

from model.decode import limits
from model.decode.carried import Carried

_NEXT = re.compile(rb"[!,;]")  # what begins a block
_CONTROL = b"\xf9"  # which colour is transparent


def take_gif_apart(data: bytes) -> Carried:
    """Keep what makes the first picture.

    Raises:
        PhotoError: before it there are far more blocks than in a photo.
    """
    flags = data[10] if len(data) > 10 else 0
    at = 13 + (3 * 2 ** ((flags & 7) + 1) if flags & 0x80 else 0)
    kept, size, blocks = [data[:at]], 0, 0
    while (found := _NEXT.search(data, at)) and found[0] == b"!":
        start = at = found.start()
        first, at = at + 2, at + 2
        while at < len(data) and data[at]:
            at += 1 + data[at]
            limits.check("GIF", "blocks before the picture", blocks := blocks + 1)
        at += 1
        limits.check("GIF", "blocks before the picture", blocks := blocks + 1)
        if data[start + 1 : start + 2] == _CONTROL:
            kept.append(data[start : first + 1 + data[first]] + b"\0" if first < len(data) else b"")
        else:
            size += at - start
    rest = data[found.start() :] if found else b""
    return Carried(b"".join([*kept, rest, b";"]), size=size)
