"""What the file of a photo says of itself."""

from __future__ import annotations

from typing import NamedTuple

from PIL import Image, JpegImagePlugin

from model.decode.carried import Carried
from model.decode.exif import camera_of, orientation_of


class PhotoFacts(NamedTuple):
    """What the file of a photo says of itself.

    Attributes:
        format, mode: as Pillow calls them.
        width, height: in pixels, as the photo is seen. orientation: how the file says to turn it, 1-8.
        bytes: of the file. metadata: how many of them are no pixels.
        camera: make and model, empty where they are not told.
        quantization: the first table of a JPEG, empty for others. subsampling: of a JPEG's colours, "none" for others.
    """

    format: str
    width: int
    height: int
    bytes: int
    mode: str
    orientation: int
    metadata: int
    camera: str
    quantization: tuple[int, ...]
    subsampling: str


def facts_of(carried: Carried, image: Image.Image, size: int) -> PhotoFacts:
    """The facts of a photo.

    Args:
        image: its header, opened. size: of the file, in bytes.
    """
    exif, xmp = exif_of(carried, image)
    orientation = orientation_of(exif, xmp)
    width, height = image.size if orientation < 5 else image.size[::-1]
    inside = (value for value in map(image.info.get, ("exif", "xmp", "icc_profile")) if isinstance(value, bytes))
    return PhotoFacts(
        image.format or "?", width, height, size, image.mode, orientation, carried.size or sum(map(len, inside)),
        camera_of(exif), *_compression(image),
    )  # fmt: skip


def exif_of(carried: Carried, image: Image.Image) -> tuple[bytes, bytes]:
    """EXIF and XMP: what was taken off the file, or what its decoder tells."""
    exif, xmp = carried.exif or image.info.get("exif"), carried.xmp or image.info.get("xmp")
    return exif.removeprefix(b"Exif\0\0") if isinstance(exif, bytes) else b"", xmp if isinstance(xmp, bytes) else b""


def _compression(image: Image.Image) -> tuple[tuple[int, ...], str]:
    if not isinstance(image, JpegImagePlugin.JpegImageFile):
        return (), "none"
    table = next(iter(image.quantization.values()), [])
    name = {0: "4:4:4", 1: "4:2:2", 2: "4:2:0"}.get(JpegImagePlugin.get_sampling(image), "other")
    return tuple(table), name
