"""How many parts of each kind the file of a photo may have, so that no decoder works without end through what shows nothing.

Each limit is at least ten times what the real photo with the most has; `python -m benchmarks.photo_structure` prints both.
Where few real photos of a format are at hand, it is what honest programs write for the largest photo, and says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from model.photo_problems import PhotoError


class Limit(NamedTuple):
    """One limit.

    Attributes:
        most: so many are accepted.
        seen: the most in a real photo; 0 where no real photo at hand has any.
        why: where `most` is more than ten times as many: whose honest files need it.
    """

    most: int
    seen: int
    why: str = ""


MAX_SEEN = 1_000_000  # bytes of text that are inflated at once
MAX_JPEG_COEFFICIENT_BYTES = 200_000_000  # of a JPEG of several scans, all of whose coefficients are held at once
LONGEST_FILL = 1024  # bytes 255 in a row: libjpeg begins again with such a run at every 64 kB that it reads

LIMITS: Mapping[str, Mapping[str, Limit]] = {
    "JPEG": {
        "segments": Limit(
            10_000, 12, "20 MB of 64 kB, as large profiles and panoramas are, are 300; small ones of editors more"
        ),
        "kept segments": Limit(300, 10, "tables may come one a segment, again for every layer"),
        "bytes of kept segments": Limit(200_000, 615, "a set of tables is 1 kB"),
        "bytes between segments": Limit(100_000, 0, "fill bytes are allowed, and some programs leave junk"),
        "scans": Limit(150, 15),
        "blocks visited": Limit(32_000_000, 80_000, "the largest progressive photo, 100 million coefficients, eight times"),
    },
    "PNG": {
        "chunks": Limit(100_000, 102, "20 MB in pixel chunks of 256 bytes are 80,000; libpng writes 8 kB"),
        "deflated bytes a pixel byte": Limit(4, 0, "1; rows of a pixel that are stored one by one, 2"),
    },
    "GIF": {"blocks before the picture": Limit(20_000, 5, "4 MB of profile or comment, in the usual blocks of 255 bytes")},
    "BMP": {
        "escapes": Limit(500_000, 0, "20 MB of runs that differ pixel by pixel, 40 bytes each"),
        "steps": Limit(50_000, 0, "one a row, over what is left out; photos leave nothing out"),
    },
    "TIFF": {
        "entries": Limit(2_000, 18, "about 60 in camera files, several hundred in those of microscopes"),
        "strips and tiles": Limit(50_000, 3, "a strip a row is 30,000; 25 megapixels in tiles of 64 pixels are 6,100 a plane"),
        "values of an entry": Limit(200_000, 3, "a palette of 16 bits has 196,608 values"),
        "values of a short entry": Limit(1_000, 3, "a sample has one each, and there are up to six"),
        "scans a strip": Limit(20, 0, "JPEG has one, or ten where it is progressive"),
        "pixels of a tile": Limit(4_000_000, 0, "tiles are 64 to 1,024 pixels a side"),
    },
    "WEBP": {"chunks": Limit(20_000, 0, "an animation of 10 minutes has 18,000 frames")},
    "HEIF": {  # the container of AVIF and HEIC
        "boxes": Limit(50_000, 0, "a property a tile, four each, of 4,000 tiles; 48 megapixels in tiles of 512 are 200"),
        "items": Limit(2_000, 0, "25 megapixels in tiles of 256, twice, for a second layer of light, are 800"),
        "references": Limit(4_000, 0, "as many as tiles, several kinds"),
        "extents": Limit(10_000, 0, "one or two an item"),
        "frames": Limit(20_000, 0, "an animation of 10 minutes has 18,000"),
        "frames of a picture": Limit(16, 0, "one, or one a layer, of which there are up to four"),
        "units": Limit(20_000, 0, "three or four a tile"),
    },
}


def check(format: str, what: str, count: int) -> None:
    """Raise a `PhotoError` where a photo has more than `LIMITS[format][what]` allows."""
    if count > (most := LIMITS[format][what].most):
        raise PhotoError("parts", format=format, limit=most)


def most(format: str, what: str) -> int:
    """How many there may be."""
    return LIMITS[format][what].most
