"""The one door for photos: whatever arrives becomes an upright RGB photo, or a `PhotoError` that says what to do.

What comes in is untrusted. Formats are an allow-list and are told by content, never by name; what a file carries beside its
pixels is taken off before a decoder sees it; sizes are checked in the header, before any pixel is decoded; large photos are
decoded small where the format allows it and shrunk strip by strip where it does not, so that no photo costs more than 300 MB or
2 s (`benchmarks/photo_limits.py` measures it). What is damaged is told by its pixels: 99 % of the rows are enough.

Within `model.decode.wall.behind_wall`, as in the app and in all programs here, other processes do the work, under a clock.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import BinaryIO, NamedTuple

import numpy as np
from PIL import Image, JpegImagePlugin

from model.decode.carried import Carried
from model.decode.colour import to_rgb
from model.decode.damage import looks_cut_off, mended_webp, what_is_left
from model.decode.exif import ORIENTATION, as_orientation, orientation_of
from model.decode.facts import PhotoFacts, exif_of, facts_of
from model.decode.header import check_pixels, open_header, opens_alone
from model.decode.metadata import take_apart
from model.decode.source import MAX_BYTES, from_array, read, told_format
from model.decode.wall import standing
from model.formats import FORMAT_MEGAPIXELS, FORMATS, MAX_MEGAPIXELS, MAX_SIDE, SUFFIXES
from model.photo_problems import PhotoError, PhotoFormatError, PhotoTooLarge

__all__ = [
    "FORMATS", "FORMAT_MEGAPIXELS", "MAX_BYTES", "MAX_MEGAPIXELS", "MAX_SIDE", "SUFFIXES", "Examined", "PhotoError",
    "PhotoFacts", "PhotoFormatError", "PhotoSource", "PhotoTooLarge", "examine_photo", "open_photo", "photo_facts",
]  # fmt: skip

PhotoSource = bytes | bytearray | memoryview | str | os.PathLike[str] | BinaryIO | Image.Image | np.ndarray

_TRANSPOSE = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


class Examined(NamedTuple):
    """A photo, and its file.

    Attributes:
        photo: of mode RGB, upright.
        readable: whether Pillow alone, without this module, reads the same photo from the file: nothing has to be turned,
            converted or mended.
        rows: the share of its rows, 0-1, that are there; None where the file is whole.
    """

    photo: Image.Image
    facts: PhotoFacts
    readable: bool
    rows: float | None


def photo_facts(data: bytes) -> PhotoFacts:
    """The facts of an encoded photo, from its header; no pixel is decoded.

    Raises:
        PhotoError: as `open_photo`.
    """
    format = told_format(data := read(data))
    if wall := standing():
        facts = wall.ask("facts", format, data).facts
        assert facts is not None
        return facts
    with _photo_errors_only(format):
        carried = take_apart(format, data)
        return facts_of(carried, _header(format, carried.pixels), len(data))


def open_photo(source: PhotoSource, at_least: tuple[int, int] | None = None) -> Image.Image:
    """Open a photo from untrusted bytes, a path, a file object, a PIL image or an array.

    The first frame of an animation is taken, the EXIF orientation applied, transparency laid on white.

    Args:
        source: an encoded photo of at most 20 MB (bytes, path or binary file object), a PIL image, or an array
            (H, W), (H, W, 1), (H, W, 3) or (H, W, 4) of uint8 (0-255), uint16 (0-65535), bool or float (0-1).
        at_least: (height, width) in pixels. A much larger photo may come back smaller, but with no side below this
            (or below its own size). The limits on memory and time hold only where it is given.

    Returns:
        An image of mode RGB.

    Raises:
        PhotoTooLarge: over 20 MB, 50 megapixels, or what its format allows.
        PhotoFormatError: not a photo, or not JPEG, PNG, WebP, GIF, BMP, TIFF, AVIF or HEIC.
        PhotoError: damaged, cut off, or not to be found.
    """
    if not isinstance(source, (np.ndarray, Image.Image)):
        data = read(source)
        format = told_format(data)
        if wall := standing():
            photo = wall.ask("open", format, data, at_least).photo
            assert photo is not None
            return photo
        with _photo_errors_only(format):
            return _decode(format, take_apart(format, data), at_least)[0]
    with _photo_errors_only("image"):
        image = from_array(source) if isinstance(source, np.ndarray) else source
        check_pixels(image, "image")
        image.load()
        return _upright(image, _orientation_of(image), at_least)


def examine_photo(source: bytes | str | os.PathLike[str], at_least: tuple[int, int] | None = None) -> Examined:
    """Open a photo as `open_photo` does, and tell what its file is like.

    Raises:
        PhotoError: as `open_photo`.
    """
    data = read(source)
    format = told_format(data)
    if wall := standing():
        opened = wall.ask("examine", format, data, at_least)
        assert opened.photo is not None
        assert opened.facts is not None
        return Examined(opened.photo, opened.facts, opened.readable, opened.rows)
    with _photo_errors_only(format):
        carried = take_apart(format, data)
        header = _header(format, carried.pixels)
        facts = facts_of(carried, header, len(data))
        photo, rows = _decode(format, carried, at_least)
        is_plain = format in ("JPEG", "PNG") and header.mode == "RGB" and "transparency" not in header.info
        is_plain = is_plain and facts.orientation == 1 and rows is None
        tried = carried.plain if not is_plain or carried.plain is not None else opens_alone(format, data)
        return Examined(photo, facts, is_plain and bool(tried), rows)


def _decode(format: str, carried: Carried, at_least: tuple[int, int] | None) -> tuple[Image.Image, float | None]:
    """The photo, upright; and where the file is damaged, the share of its rows that are there, else None."""
    stored = at_least if orientation_of(carried.exif, carried.xmp) < 5 or not at_least else at_least[::-1]

    def opened(pixels: bytes) -> Image.Image:
        image = open_header(format, pixels)
        if stored and isinstance(image, JpegImagePlugin.JpegImageFile):
            image.draft(None, stored[::-1])  # the decoder shrinks by 2, 4 or 8 while it decodes
        return image

    image = _loaded(carried.pixels, opened)
    rows = None
    if image is None or (format == "JPEG" and looks_cut_off(image)):
        was_whole = image is not None
        image, rows = what_is_left(format, carried.pixels, opened)
        rows = None if was_whole and rows == 1 else rows
    return _upright(image, orientation_of(*exif_of(carried, image)), at_least), rows


def _loaded(pixels: bytes, opened: Callable[[bytes], Image.Image]) -> Image.Image | None:
    """The picture, decoded; None where its decoder stops."""
    try:
        image = opened(pixels)
        image.load()
    except (MemoryError, PhotoTooLarge):
        raise
    except Exception:
        return None
    return image


def _header(format: str, pixels: bytes) -> Image.Image:
    try:
        return open_header(format, pixels)
    except PhotoTooLarge:
        raise
    except PhotoError:
        if format != "WEBP":
            raise
        return open_header(format, mended_webp(pixels))


def _upright(image: Image.Image, orientation: int, at_least: tuple[int, int] | None) -> Image.Image:
    """A decoded picture in RGB, shrunk by the whole number that leaves no side below `at_least`, and turned."""
    factor = 1
    if at_least:
        height, width = at_least if orientation < 5 else at_least[::-1]
        factor = max(1, min(image.height // height, image.width // width))
    rgb = to_rgb(image, factor)
    return rgb.transpose(_TRANSPOSE[orientation]) if orientation in _TRANSPOSE else rgb


def _orientation_of(image: Image.Image) -> int:
    """Of a picture that somebody else opened."""
    try:
        return as_orientation(image.getexif().get(ORIENTATION))
    except Exception:  # whatever there is instead of EXIF
        return 1


@contextmanager
def _photo_errors_only(format: str) -> Iterator[None]:
    """Whatever a decoder raises becomes a `PhotoError`."""
    try:
        yield
    except PhotoError:
        raise
    except MemoryError:
        raise PhotoTooLarge("memory") from None
    except Exception as error:
        is_cut_off = isinstance(error, EOFError) or "truncated" in str(error).lower()
        raise (PhotoError("cut_off") if is_cut_off else PhotoError("damaged", format=format)) from None
