"""The formats of photos that are accepted, and how their files begin: contents tell them, never names."""

from __future__ import annotations

from typing import NamedTuple

from model.photo_problems import one_of

MAX_MEGAPIXELS = 50
MAX_SIDE = 30_000  # pixels
HEAD = 64  # bytes that tell what a file is


class Format(NamedTuple):
    """One format that is accepted.

    Attributes:
        pillow: what Pillow calls it. name: what people call it.
        suffixes: of its files, in lower case; nothing is opened by them: they tell a broken photo in a folder from other files.
        megapixels: at most so many; less where the decoder holds several full-size copies at once, or takes seconds
            (benchmarks/photo_limits.py measures it).
    """

    pillow: str
    name: str
    suffixes: tuple[str, ...]
    megapixels: int = MAX_MEGAPIXELS


FORMATS = (
    Format("JPEG", "JPEG", (".jpg", ".jpeg", ".jpe", ".jfif", ".mpo")),  # MPO: several JPEGs, of which the first is taken
    Format("PNG", "PNG", (".png",)),
    Format("WEBP", "WebP", (".webp",), 16),
    Format("GIF", "GIF", (".gif",)),
    Format("BMP", "BMP", (".bmp",)),
    Format("TIFF", "TIFF", (".tif", ".tiff"), 25),
    Format("AVIF", "AVIF", (".avif",), 25),
    Format("HEIF", "HEIC", (".heic", ".heif"), 25),
)
FORMAT_NAMES = one_of([format.name for format in FORMATS])
SUFFIXES = frozenset(suffix for format in FORMATS for suffix in format.suffixes)
FORMAT_MEGAPIXELS = {format.pillow: format.megapixels for format in FORMATS}

_HEIF_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}
_AVIF_BRANDS = {b"avif", b"avis"}
_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_BEGINNINGS = {
    b"\xff\xd8\xff": "JPEG", b"\x89PNG\r\n\x1a\n": "PNG", b"GIF87a": "GIF", b"GIF89a": "GIF",
    **dict.fromkeys(_TIFF, "TIFF"),
}  # fmt: skip
_BMP_HEADERS = {12, 40, 52, 56, 64, 108, 124}  # bytes


def format_of(head: bytes) -> str:
    """The format of a file that begins so, as Pillow calls it; empty where it is none of those that are accepted.

    Args:
        head: its first `HEAD` bytes, or all there are.
    """
    for beginning, format in _BEGINNINGS.items():
        if head.startswith(beginning):
            return format
    if head[4:8] == b"ftyp":
        return "HEIF" if is_heif(head) else "AVIF" if head[8:12] in _AVIF_BRANDS else ""
    if head.startswith(b"RIFF"):
        return "WEBP" if head[8:12] == b"WEBP" else ""
    is_bmp = head.startswith(b"BM") and int.from_bytes(head[14:18], "little") in _BMP_HEADERS
    return "BMP" if is_bmp else ""


def begins_as_photo(head: bytes) -> bool:
    """Whether a file that begins so is one of the formats that are accepted; see `format_of`."""
    return bool(format_of(head))


def is_heif(head: bytes) -> bool:
    """Whether a file that begins so is HEIC or HEIF, whose codec is loaded for such photos alone."""
    return head[4:8] == b"ftyp" and head[8:12] in _HEIF_BRANDS
