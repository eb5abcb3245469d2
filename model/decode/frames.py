"""What goes between a program and the process that opens its photos: a line of JSON, then bytes; never a pickle."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable
from io import FileIO
from itertools import chain
from typing import Any, BinaryIO

_LENGTHS = struct.Struct("<II")
_MOST_JSON = 1_000_000  # bytes


Said = dict[str, Any]


class Lost(Exception):
    """The other side ended, or says what makes no sense."""


def send(file: FileIO, said: Said, parts: Iterable[bytes] = (), size: int = 0) -> None:
    """Write what is said, and `size` bytes in parts, to an unbuffered file.

    Raises:
        OSError: the other side ended.
    """
    text = json.dumps(said).encode()
    for part in chain([_LENGTHS.pack(len(text), size) + text], parts):
        left = memoryview(part)
        while left:
            left = left[file.write(left) :]


def receive(file: BinaryIO, most: int) -> tuple[Said, bytes]:
    """What is said, and its bytes.

    Args:
        file: buffered. most: bytes that are accepted.

    Raises:
        Lost: the other side ended, sends more, or no JSON object.
    """
    length, size = _LENGTHS.unpack(_read(file, _LENGTHS.size))
    if length > _MOST_JSON or size > most:
        raise Lost
    try:
        said = json.loads(_read(file, length))
    except (ValueError, RecursionError):
        raise Lost from None
    if not isinstance(said, dict):
        raise Lost
    return said, _read(file, size)


def _read(file: BinaryIO, size: int) -> bytes:
    data = file.read(size)
    if len(data) < size:
        raise Lost
    return data
