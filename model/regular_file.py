"""Files of models are files: no pipes, which wait for ever, no devices, which never end; and no larger than they may be.

Links are followed, as those in the cache of the Hub, which lead to where the content lies; what they lead to must be a file.
"""

from __future__ import annotations

import os
import stat
from io import BufferedReader
from pathlib import Path

from model.errors import ModelError, first_line

_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


def open_regular(path: Path) -> BufferedReader:
    """The file, open for reading, at once.

    Raises:
        FileNotFoundError: there is none, or its link leads nowhere.
        ModelError: it is no file, or cannot be opened; the message names it.
    """
    try:
        _check(path, path.stat().st_mode)  # before it is opened: to open a device may do something
        flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
        descriptor = os.open(path, flags)
        try:
            _check(path, os.fstat(descriptor).st_mode)  # and again: it may be another by now
        except BaseException:
            os.close(descriptor)
            raise
        return os.fdopen(descriptor, "rb")
    except FileNotFoundError:
        raise
    except (OSError, ValueError) as error:
        raise ModelError(f"{path} cannot be read: {getattr(error, 'strerror', None) or first_line(error)}") from None


def read_regular(path: Path, most: int) -> bytes:
    """What is in the file.

    Args:
        most: bytes; no more than one beyond is read, whatever the system says of the file's size.

    Raises:
        FileNotFoundError, ModelError: as `open_regular`; or it is larger.
    """
    with open_regular(path) as file:
        try:
            content = file.read(most + 1) or b""  # None of what would have to be waited for
        except OSError as error:
            raise ModelError(f"{path} cannot be read: {error.strerror}") from None
    if len(content) > most:
        raise ModelError(f"{path} is larger than {most / 1e6:,.0f} MB: it is something else")
    return content


def _check(path: Path, mode: int) -> None:
    if not stat.S_ISREG(mode):
        raise ModelError(f"{path} is {_KINDS.get(stat.S_IFMT(mode), 'something else')}, not a file")
