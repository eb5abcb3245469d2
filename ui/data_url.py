"""Pictures as `data:` URLs: what a visitor sees of a photo is in the page itself, and no file of it is written."""

from __future__ import annotations

import base64
import io
from typing import Any

from PIL import Image

_SETTINGS: dict[str, dict[str, Any]] = {"jpeg": {"quality": 85}, "png": {"compress_level": 1}}


def data_url(content: bytes, kind: str) -> str:
    """An encoded picture of this kind (`jpeg`, `png`, `gif`) as a URL."""
    return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"


def image_url(image: Image.Image, kind: str = "jpeg") -> str:
    """An image, encoded as `jpeg` or `png`, as a URL."""
    buffer = io.BytesIO()
    image.save(buffer, kind, **_SETTINGS[kind])
    return data_url(buffer.getvalue(), kind)
