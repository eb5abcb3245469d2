"""What is left when a file is taken apart."""

from __future__ import annotations

from typing import NamedTuple


class Carried(NamedTuple):
    """A file, apart.

    Attributes:
        pixels: the file as a decoder is to see it.
        exif: as TIFF, empty where there is none. xmp: as XML.
        size: of the metadata, in bytes.
        plain: whether Pillow alone, without what is done here, gets the same picture from the file without a warning, as far
            as the metadata goes; None where it has to be tried.
    """

    pixels: bytes
    exif: bytes = b""
    xmp: bytes = b""
    size: int = 0
    plain: bool | None = False
