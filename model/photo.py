"""The one door for photos: whatever arrives becomes an upright RGB photo, or a `PhotoError` that says what to do.

What comes in is untrusted. Formats are an allow-list and are told by content, never by name; sizes are checked in the
header, before any pixel is decoded; large photos are decoded small where the format allows it and shrunk strip by
strip where it does not, so that no photo costs more than 300 MB or 2 s (`benchmarks/photo_limits.py` measures it).
"""

from __future__ import annotations

import io
import math
import os
import struct
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO, ClassVar, NamedTuple

import numpy as np
from PIL import (
    AvifImagePlugin,
    Image,
    JpegImagePlugin,
    MpoImagePlugin,
    TiffImagePlugin,
    UnidentifiedImageError,
    WebPImagePlugin,
)

from model.formats import FORMAT_MEGAPIXELS, FORMATS, MAX_MEGAPIXELS, is_heif
from model.photo_problems import PROBLEMS, one_of

PhotoSource = bytes | bytearray | memoryview | str | os.PathLike[str] | BinaryIO | Image.Image | np.ndarray

MAX_BYTES = 20_000_000
MAX_SIDE = 30_000
MAX_JPEG_COEFFICIENT_BYTES = 200_000_000
MAX_JPEG_SCANS = 64

_PLUGINS = (AvifImagePlugin, JpegImagePlugin, MpoImagePlugin, TiffImagePlugin, WebPImagePlugin)  # imported to register
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
_STRIP_PIXELS = 1_000_000
_ORIENTATION = 0x0112
_TRANSPOSE = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


class PhotoError(ValueError):
    """A photo that cannot be used. The message is for the person who sent it and says what to do, in English.

    Args:
        code: which of `problems` it is; or a sentence, which is the message as it stands.
        values: what is put into the sentence.

    Attributes:
        code, values: as given, for who says it in another language.
        problems: code → sentence with {names} of values in it.
    """

    problems: ClassVar[Mapping[str, str]] = PROBLEMS

    def __init__(self, code: str, **values: object) -> None:
        said = {name: one_of(value) if isinstance(value, tuple) else value for name, value in values.items()}
        super().__init__(self.problems[code].format(**said) if code in self.problems else code)
        self.code = code
        self.values = values


class PhotoTooLarge(PhotoError):
    """More bytes or more pixels than are accepted."""


class PhotoFormatError(PhotoError):
    """Not a picture, or in a format that is not accepted."""


class PhotoFacts(NamedTuple):
    """What the file of a photo says of itself. width, height: in pixels, as the photo is seen. bytes: of the file."""

    format: str
    width: int
    height: int
    bytes: int


def photo_facts(data: bytes) -> PhotoFacts:
    """The facts of an encoded photo, from its header; no pixel is decoded.

    Raises:
        PhotoError: as `open_photo`.
    """
    image = _decode_header(_read(data))
    try:
        height, width = _as_stored(image, (image.height, image.width))
    except _DAMAGE as error:
        raise _damaged(image, error) from None
    return PhotoFacts(image.format or "?", width, height, len(data))


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
    if isinstance(source, np.ndarray):
        image = _from_array(source)
    elif isinstance(source, Image.Image):
        image = source
        _check_pixels(image, "image")
    else:
        image = _decode_header(_read(source))
    try:
        if at_least and isinstance(image, JpegImagePlugin.JpegImageFile) and image is not source:
            height, width = _as_stored(image, at_least)
            image.draft(None, (width, height))  # the decoder shrinks by 2, 4 or 8 while it decodes
        image.load()
        orientation = image.getexif().get(_ORIENTATION, 1)  # after load: TIFF turns itself
        rgb = _to_rgb(image, _factor(image, at_least))
        return rgb.transpose(_TRANSPOSE[orientation]) if orientation in _TRANSPOSE else rgb
    except PhotoError:
        raise
    except MemoryError:
        raise PhotoTooLarge("memory") from None
    except _DAMAGE as error:
        raise _damaged(image, error) from None


_DAMAGE = (OSError, SyntaxError, ValueError, IndexError, KeyError, TypeError, EOFError, RuntimeError,
           OverflowError, AttributeError, struct.error, zlib.error)  # fmt: skip


def _damaged(image: Image.Image, error: Exception) -> PhotoError:
    if "truncated" in str(error).lower() or isinstance(error, EOFError):
        return PhotoError("cut_off")
    return PhotoError("damaged", format=image.format or "image", mode=image.mode)


def _read(source: bytes | bytearray | memoryview | str | os.PathLike[str] | BinaryIO) -> bytes:
    """The bytes of an encoded photo, never more than one above the limit."""
    if isinstance(source, (bytes, bytearray, memoryview)):
        data = bytes(source[: MAX_BYTES + 1])
    elif isinstance(source, (str, os.PathLike)):
        if str(source).startswith(("http://", "https://")):
            raise PhotoError("web_address", source=source)
        try:
            with Path(source).open("rb") as file:
                data = file.read(MAX_BYTES + 1)
        except IsADirectoryError:
            raise PhotoError("folder", source=source) from None
        except FileNotFoundError:
            raise PhotoError("missing", source=source) from None
        except (OSError, ValueError) as error:
            raise PhotoError("unreadable", source=source, reason=getattr(error, "strerror", None) or error) from None
    elif hasattr(source, "read"):
        data = source.read(MAX_BYTES + 1)
        if not isinstance(data, bytes):
            raise PhotoError("text_mode")
    else:
        raise PhotoError("wrong_type", type=type(source).__name__)
    if not data:
        raise PhotoFormatError("no_bytes")
    if len(data) > MAX_BYTES:
        raise PhotoTooLarge("bytes", mb=MAX_BYTES // 1_000_000)
    return data


def _decode_header(data: bytes) -> Image.Image:
    """Open `data` without decoding its pixels, and check what the header promises."""
    if is_heif(data):
        import pillow_heif  # 6 MB of codec that only HEIC photos need

        pillow_heif.register_heif_opener(thumbnails=False)
        formats = ["HEIF", "AVIF"]
    else:
        formats = [format.pillow for format in FORMATS if format.pillow != "HEIF"]
    try:
        image: Image.Image = Image.open(io.BytesIO(data), formats=formats)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise PhotoTooLarge("bomb", limit=MAX_MEGAPIXELS, side=MAX_SIDE) from None
    except UnidentifiedImageError:
        raise _not_a_photo(data) from None
    except _DAMAGE:
        raise PhotoError("header") from None
    _check_pixels(image, image.format or "image")
    if isinstance(image, JpegImagePlugin.JpegImageFile):
        _check_jpeg(image, data)
    return image


def _not_a_photo(data: bytes) -> PhotoFormatError:
    start = data[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    for magic, code in _NOT_PHOTOS:
        if start.startswith(magic.lower()):
            return PhotoFormatError(code)
    if data[4:8] == b"ftyp":
        return PhotoFormatError("video_or_photo")
    return PhotoFormatError("not_a_photo", formats=tuple(format.name for format in FORMATS))


def _check_pixels(image: Image.Image, name: str) -> None:
    limit = FORMAT_MEGAPIXELS.get(name, MAX_MEGAPIXELS)
    if image.width * image.height > limit * 1_000_000 or max(image.size) > MAX_SIDE:
        raise _too_many_pixels(limit, name, image.size)
    if 0 in image.size:
        raise PhotoError("no_pixels")


def _too_many_pixels(limit: int, name: str, size: tuple[int, int]) -> PhotoTooLarge:
    return PhotoTooLarge("pixels", format=name, width=size[0], height=size[1], limit=limit, side=MAX_SIDE)


def _check_jpeg(image: JpegImagePlugin.JpegImageFile, data: bytes) -> None:
    """Refuse the progressive JPEGs that cost too much: all coefficients are held at once, and every scan visits them."""
    if "progressive" not in image.info:
        return
    if data.count(b"\xff\xda") > MAX_JPEG_SCANS:
        raise PhotoError("scans")
    factors = [h * v for _, h, v, _ in image.layer]  # samples per block of each component: 4:2:0 is 4, 1, 1
    coefficients = image.width * image.height * sum(factors) / max(factors, default=1)
    if 2 * coefficients > MAX_JPEG_COEFFICIENT_BYTES:
        raise PhotoTooLarge("progressive", width=image.width, height=image.height)


def _as_stored(image: Image.Image, at_least: tuple[int, int]) -> tuple[int, int]:
    """`at_least` as (height, width) of the pixels as they lie in the file, which EXIF may say to turn."""
    turned = image.getexif().get(_ORIENTATION, 1) in (5, 6, 7, 8)
    return (at_least[1], at_least[0]) if turned else at_least


def _factor(image: Image.Image, at_least: tuple[int, int] | None) -> int:
    """The whole number by which the photo can shrink with no side falling below `at_least`."""
    if not at_least:
        return 1
    height, width = _as_stored(image, at_least)
    return max(1, min(image.height // height, image.width // width))


def _to_rgb(image: Image.Image, factor: int) -> Image.Image:
    """Shrink by `factor` (box average) and convert to RGB, a strip at a time so that no full-size copy is made."""
    if image.mode == "RGB" and "transparency" not in image.info:
        return image.reduce(factor) if factor > 1 else image.copy()
    if image.mode in ("I", "F"):
        return _wide_to_rgb(image.reduce(factor) if factor > 1 else image)
    width, height = image.size
    rows = max(1, _STRIP_PIXELS // (width * factor)) * factor
    out = Image.new("RGB", (math.ceil(width / factor), math.ceil(height / factor)))
    for top in range(0, height, rows):
        strip = _strip_to_rgb(image.crop((0, top, width, min(top + rows, height))), image.info.get("transparency"))
        out.paste(strip.reduce(factor) if factor > 1 else strip, (0, top // factor))
    return out


def _strip_to_rgb(strip: Image.Image, transparency: object) -> Image.Image:
    if strip.mode.startswith("I;16"):
        high_byte = (np.asarray(strip).astype(np.uint16) >> 8).astype(np.uint8)
        return Image.fromarray(high_byte).convert("RGB")
    if transparency is not None and strip.mode in ("1", "L", "P", "RGB"):
        strip.info["transparency"] = transparency
        strip = strip.convert("RGBA")
    if strip.mode in ("LA", "La", "PA", "RGBA", "RGBa"):
        rgba = strip.convert("RGBA")
        white = Image.new("RGBA", rgba.size, "white")
        return Image.alpha_composite(white, rgba).convert("RGB")
    return strip.convert("RGB")


def _wide_to_rgb(image: Image.Image) -> Image.Image:
    """32-bit integer or float grey: 0-1, 0-255 and 0-65535 keep their meaning, other ranges are stretched."""
    values = np.nan_to_num(np.asarray(image, dtype=np.float32), posinf=0, neginf=0)
    low, high = float(values.min()), float(values.max())
    if low >= 0 and high <= 65535:
        low, high = 0.0, 1.0 if high <= 1 and image.mode == "F" else 255.0 if high <= 255 else 65535.0
    scaled = (values - low) * (255 / max(high - low, 1e-12))
    return Image.fromarray(scaled.clip(0, 255).astype(np.uint8)).convert("RGB")


def _from_array(array: np.ndarray) -> Image.Image:
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[:, :, 0]
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in (3, 4)) or 0 in array.shape:
        raise PhotoError("array_shape", shape=str(array.shape))
    if array.shape[0] * array.shape[1] > MAX_MEGAPIXELS * 1_000_000:
        raise _too_many_pixels(MAX_MEGAPIXELS, "array", (array.shape[1], array.shape[0]))
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
