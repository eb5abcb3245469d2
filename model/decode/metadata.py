"""What a file carries beside its pixels is taken off before a decoder sees it, so that it can harm none.

Text, profiles, thumbnails, EXIF, further frames: decoders stop at what is odd in them, and take seconds and gigabytes where
they were made to. No picture changes without them, but for the orientation, which is read here. The parts of the file are
counted on the way (`model.decode.limits`).
"""

from __future__ import annotations

from model.decode.bmp import take_bmp_apart
from model.decode.carried import Carried
from model.decode.gif import take_gif_apart
from model.decode.iso import take_avif_apart, take_iso_apart
from model.decode.jpeg import take_jpeg_apart
from model.decode.png import take_png_apart
from model.decode.tiff import take_tiff_apart
from model.decode.webp import take_webp_apart

_TAKERS = {
    "JPEG": take_jpeg_apart, "PNG": take_png_apart, "WEBP": take_webp_apart, "GIF": take_gif_apart, "BMP": take_bmp_apart,
    "TIFF": take_tiff_apart, "AVIF": take_avif_apart, "HEIF": take_iso_apart,
}  # fmt: skip


def take_apart(format: str, data: bytes) -> Carried:
    """Separate the pixels of an encoded photo from what it carries beside.

    Args:
        format: of `model.formats.FORMATS`, as Pillow calls it.

    Raises:
        PhotoError: it is made of far more parts than a photo is.
    """
    return _TAKERS[format](data)
