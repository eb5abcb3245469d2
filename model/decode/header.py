"""An encoded photo whose header is read and whose pixels are not decoded yet, and the limits that a header is held to."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

from PIL import (
    AvifImagePlugin,
    BmpImagePlugin,
    GifImagePlugin,
    Image,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)

from model.decode.iso import take_avif_apart
from model.formats import FORMAT_MEGAPIXELS, MAX_MEGAPIXELS, MAX_SIDE
from model.photo_problems import PhotoError, PhotoTooLarge

Opener = Callable[[Any], Image.Image]
_OPENERS: dict[str, Opener] = {
    "JPEG": JpegImagePlugin.JpegImageFile,
    "PNG": PngImagePlugin.PngImageFile,
    "WEBP": WebPImagePlugin.WebPImageFile,
    "GIF": GifImagePlugin.GifImageFile,
    "BMP": BmpImagePlugin.BmpImageFile,
    "TIFF": TiffImagePlugin.TiffImageFile,
    "AVIF": AvifImagePlugin.AvifImageFile,
}


def open_header(format: str, pixels: bytes) -> Image.Image:
    """Open a photo without decoding its pixels, and check what the header promises.

    Args:
        pixels: of `model.decode.metadata.take_apart`.

    Raises:
        PhotoError: the header makes no sense.
        PhotoTooLarge: it promises more than is accepted.
    """
    try:
        image = _open(format, pixels)
    except MemoryError:
        raise PhotoTooLarge("memory") from None
    except Exception:
        raise PhotoError("header") from None
    check_pixels(image, image.format or format)
    return image


def _open(format: str, pixels: bytes) -> Image.Image:
    if format == "HEIF":
        import pillow_heif  # 6 MB of codec that only HEIC photos need

        try:
            image: Image.Image = pillow_heif.HeifImageFile(io.BytesIO(pixels))
            return image
        except Exception:  # some of its brands are those of an AVIF, too
            return AvifImagePlugin.AvifImageFile(io.BytesIO(take_avif_apart(pixels).pixels))
    return _OPENERS[format](io.BytesIO(pixels))


def check_pixels(image: Image.Image, format: str) -> None:
    """Raise `PhotoTooLarge` where a picture has more pixels than its format may have, `PhotoError` where it has none."""
    limit = FORMAT_MEGAPIXELS.get(format, MAX_MEGAPIXELS)
    width, height = image.size
    if width * height > limit * 1_000_000 or max(image.size) > MAX_SIDE:
        raise PhotoTooLarge("pixels", format=format, width=width, height=height, limit=limit, side=MAX_SIDE)
    if 0 in image.size:
        raise PhotoError("no_pixels")


def opens_alone(format: str, data: bytes) -> bool:
    """Whether Pillow opens a whole JPEG or PNG with all that it carries, as programs do that know nothing of this module."""
    try:
        image = _OPENERS[format](io.BytesIO(data))
        if format == "PNG":  # which may carry more behind its pixels
            image.load()
    except Exception:
        return False
    return True
