"""Pictures as `data:` URLs: what a visitor sees of a photo is in the page itself, and no file of it is written."""

from __future__ import annotations

import base64
import binascii
import io
from typing import Any
from urllib.parse import unquote

from PIL import Image

from model.photo import MAX_BYTES, PhotoTooLarge
from ui.errors import UploadError

SCHEME = "data:"
WEB = ("http://", "https://")  # what nobody fetches here
_SETTINGS: dict[str, dict[str, Any]] = {
    "jpeg": {"quality": 85}, "png": {"compress_level": 1}, "webp": {"quality": 60, "alpha_quality": 60, "method": 0},
}  # fmt: skip
_MOST = MAX_BYTES * 4 // 3 + 4  # letters of base64


def data_url(content: bytes, kind: str) -> str:
    """An encoded picture of this kind (`jpeg`, `png`, `gif`, `webp`) as a URL."""
    return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"


def shrunk(image: Image.Image, side: int) -> Image.Image:
    """A copy of at most `side` pixels a side, for a picture that is only looked at."""
    small = image.copy()
    small.thumbnail((side, side), Image.Resampling.BILINEAR, reducing_gap=2)
    return small


def image_url(image: Image.Image, kind: str = "jpeg") -> str:
    """An image, encoded as `jpeg`, `png` or `webp`, as a URL."""
    buffer = io.BytesIO()
    image.save(buffer, kind, **_SETTINGS[kind])
    return data_url(buffer.getvalue(), kind)


def from_text(text: str) -> bytes:
    """What is written in base64, with or without `data:image/jpeg;base64,` before it.

    Both alphabets are read (RFC 4648, 4 and 5), with padding or without, and over several lines.

    Raises:
        UploadError: it is not base64. PhotoTooLarge: it is more than 20 MB.
    """
    if text[: len(SCHEME)].lower() == SCHEME:
        header, comma, text = text.partition(",")
        if not comma or not header.lower().endswith(";base64"):
            raise UploadError("not_base64")
        text = unquote(text) if "%" in text else text
    letters = "".join(text.split()).rstrip("=").translate(str.maketrans("-_", "+/"))
    if len(letters) > _MOST:
        raise PhotoTooLarge("bytes", mb=MAX_BYTES // 1_000_000)
    try:
        return base64.b64decode(letters + "=" * (-len(letters) % 4), validate=True)
    except (binascii.Error, ValueError):  # ValueError: letters beyond ASCII
        raise UploadError("broken_base64") from None
