"""Photos that are built to be expensive: files that say little, in which a decoder finds much to do.

    python -m benchmarks.bombs OUT_FOLDER

writes them all. `benchmarks.photo_limits` measures what each costs, tests/model/test_photo_structure.py that each ends in time.
"""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.bombs.bmp import BMPS
from benchmarks.bombs.gif import GIFS
from benchmarks.bombs.iso import isos
from benchmarks.bombs.jpeg import JPEGS
from benchmarks.bombs.png import PNGS
from benchmarks.bombs.tiff import TIFFS
from benchmarks.bombs.webp import WEBPS

BOMBS: dict[str, Callable[[], bytes]] = {**JPEGS, **PNGS, **GIFS, **BMPS, **TIFFS, **WEBPS, **isos("AVIF"), **isos("HEIF")}

SLOW = {
    "avif, cut off",
    "heif, cut off",
    "heif, noise",
    "heif, 2,000 frames",
    "avif, 2,000 frames",
    "tiff, LZMA of noise",
}  # to build
