"""Names in zips, which may be written in several ways, and rightly or wrongly say which."""

from __future__ import annotations

import io
import zipfile

_UTF8 = 0x800
_UNICODE_PATH = b"\x75\x70"  # the id 0x7075 of Info-ZIP's extra field
_DIRECTORY = b"PK\1\2"  # an entry of a zip's directory begins so


class ZipBytes(io.BufferedReader):
    """A zip whose directory can be read by `zipfile`, which refuses all of it where one name is not the UTF-8 that it says.

    Attributes:
        not_utf8: the places of such names in the directory, when it has been read; they have question marks in them.
    """

    not_utf8: frozenset[int] | None = None

    def read(self, size: int | None = -1) -> bytes:
        """As of any file. What begins as a directory first is the directory: it is read before anything in the zip."""
        content = super().read(size)
        return self._mended(content) if self.not_utf8 is None and content.startswith(_DIRECTORY) else content

    def _mended(self, content: bytes) -> bytes:
        mended, places = bytearray(content), list[int]()
        at = place = 0
        while content.startswith(_DIRECTORY, at):
            flags, name, extra, comment = (int.from_bytes(content[at + i : at + i + 2], "little") for i in (8, 28, 30, 32))
            raw = content[at + 46 : at + 46 + name]
            if flags & _UTF8 and not is_utf8(raw):
                places.append(place)
                mended[at + 46 : at + 46 + name] = bytes(byte if byte < 0x80 else ord("?") for byte in raw)
            at, place = at + 46 + name + extra + comment, place + 1
        self.not_utf8 = frozenset(places)
        return bytes(mended)


def is_utf8(raw: bytes) -> bool:
    """Whether bytes are UTF-8."""
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def zip_name(info: zipfile.ZipInfo) -> str | bytes:
    """A name: text where the archive says that it is Unicode, in either of the two ways there are."""
    if info.flag_bits & _UTF8:
        return info.orig_filename
    extra = info.extra
    while len(extra) >= 4:
        size = int.from_bytes(extra[2:4], "little")
        if extra[:2] == _UNICODE_PATH and size > 5:
            return extra[9 : 4 + size].decode("utf-8", "replace")
        extra = extra[4 + size :]
    return info.orig_filename.encode("cp437", "replace")  # as which zipfile read it
