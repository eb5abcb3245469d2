"""Where a photo comes from: bytes, a path, a file or an array; never more of it than is accepted."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image

from model.formats import FORMATS, HEAD, MAX_MEGAPIXELS, MAX_SIDE, format_of
from model.photo_files import shown
from model.photo_problems import PhotoError, PhotoFormatError, PhotoTooLarge

MAX_BYTES = 20_000_000

_NOT_PHOTOS = (  # how such a file begins, and its code
    (b"%PDF", "pdf"),
    (b"PK\x03\x04", "zip"),
    (b"version https://git-lfs", "git_lfs"),
    (b"<svg", "svg"),
    (b"<?xml", "xml"),
    (b"<!doctype html", "web_page"),
    (b"<html", "web_page"),
    (b"data:", "data_url"),
    (b"\x1aE\xdf\xa3", "video"),
    (b"%!PS", "postscript"),
)


def read(source: bytes | bytearray | memoryview | str | os.PathLike[str] | BinaryIO) -> bytes:
    """The bytes of an encoded photo.

    Raises:
        PhotoError: there are none, more than 20 MB, or they cannot be read.
    """
    if isinstance(source, (bytes, bytearray, memoryview)):
        data = bytes(source[: MAX_BYTES + 1])
    elif isinstance(source, (str, os.PathLike)):
        data = _read_file(source)
    elif hasattr(source, "read"):
        try:
            data = source.read(MAX_BYTES + 1)
        except PhotoError:  # says it itself
            raise
        except (OSError, ValueError) as error:
            raise PhotoError("unreadable", source=type(source).__name__, reason=_reason(error)) from None
        if not isinstance(data, bytes):
            raise PhotoError("text_mode")
    else:
        raise PhotoError("wrong_type", type=type(source).__name__)
    if not data:
        raise PhotoFormatError("no_bytes")
    if len(data) > MAX_BYTES:
        raise PhotoTooLarge("bytes", mb=MAX_BYTES // 1_000_000)
    return data


def _read_file(source: str | os.PathLike[str]) -> bytes:
    if str(source).startswith(("http://", "https://")):
        raise PhotoError("web_address", source=source)
    try:
        with Path(source).open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except IsADirectoryError:
        raise PhotoError("folder", source=shown(source)) from None
    except FileNotFoundError:
        raise PhotoError("missing", source=shown(source)) from None
    except (OSError, ValueError) as error:
        raise PhotoError("unreadable", source=shown(source), reason=_reason(error)) from None


def _reason(error: Exception) -> object:
    return getattr(error, "strerror", None) or error


def told_format(data: bytes) -> str:
    """The format of an encoded photo, as Pillow calls it.

    Raises:
        PhotoFormatError: it is none of those that are accepted.
    """
    if format := format_of(data[:HEAD]):
        return format
    start = data[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    for magic, code in _NOT_PHOTOS:
        if start.startswith(magic.lower()):
            kind = _kind_of_xml(data) if code == "xml" else code
            raise PhotoFormatError(kind)
    if data[4:8] == b"ftyp":
        raise PhotoFormatError("video_or_photo")
    raise PhotoFormatError("not_a_photo", formats=tuple(format.name for format in FORMATS))


def _kind_of_xml(data: bytes) -> str:
    """The code of an XML file, by the first of its elements that is known; what says what it is comes in its first lines."""
    found = re.search(rb"<(svg|(?:!doctype )?html)\b", data[:4096], re.IGNORECASE)
    return "xml" if not found else "svg" if found[1].lower() == b"svg" else "web_page"


def from_array(array: np.ndarray) -> Image.Image:
    """An array as a picture; see `model.photo.open_photo`.

    Raises:
        PhotoError: its shape, type or values are not those of a picture.
    """
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[:, :, 0]
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in (3, 4)) or 0 in array.shape:
        raise PhotoError("array_shape", shape=str(array.shape))
    if array.shape[0] * array.shape[1] > MAX_MEGAPIXELS * 1_000_000:
        height, width = array.shape[:2]
        raise PhotoTooLarge("pixels", format="array", width=width, height=height, limit=MAX_MEGAPIXELS, side=MAX_SIDE)
    if array.dtype == np.uint16:
        array = (array >> 8).astype(np.uint8)
    elif array.dtype == np.bool_:
        array = array.astype(np.uint8) * 255
    elif np.issubdtype(array.dtype, np.floating):
        if not np.isfinite(array).all() or array.min() < 0 or array.max() > 1:
            raise PhotoError("array_range")
        array = (array * 255).round().astype(np.uint8)
    elif array.dtype != np.uint8:
        raise PhotoError("array_type", dtype=array.dtype)
    return Image.fromarray(np.ascontiguousarray(array))
