"""A picture decoded over a background of noise: what is still noise was not decoded."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageFile

_BLOCK = 64  # pixels of a row that are looked at together: noise of few bits may be right by chance
_STRIP = 64  # rows


def what_stays_noise(image: Image.Image) -> np.ndarray:
    """Decode as much of a picture as can be.

    Args:
        image: opened, not decoded yet.

    Returns:
        bool (H, W): the pixels that were not decoded.

    Raises:
        Exception: whatever decoders raise, where they do not even begin.
    """
    assert isinstance(image, ImageFile.ImageFile)
    prepare = image.load_prepare
    boxes = np.array([tile[1] for tile in image.tile])  # left, top, right, bottom
    left, top = boxes[:, :2].min(axis=0).tolist()
    right, bottom = np.minimum(boxes[:, 2:].max(axis=0), image.size).tolist()
    strips: list[Image.Image] = []

    def prepare_noise() -> None:
        prepare()
        size = (right - left, min(_STRIP, bottom - top))
        count = len(Image.new(image.im.mode, size).tobytes())
        strip = Image.frombytes(image.im.mode, size, np.random.default_rng(0).bytes(count))
        strips.append(strip)
        for y in range(top, bottom, _STRIP):
            part = strip.crop((0, 0, strip.width, min(_STRIP, bottom - y)))
            image.im.paste(part.im, (left, y, right, y + part.height))

    image.load_prepare = prepare_noise  # type: ignore[method-assign]
    try:
        image.load()
    except Exception:
        if not strips:
            raise
    finally:
        del image.load_prepare  # which holds the picture that holds it
    if image.tile:
        image.tile = []
        image.load_end()
    image.readonly = 0
    lost = np.zeros((image.height, image.width), bool)
    noise = _bytes_of(strips[0])
    edges = range(0, max(1, right - left - _BLOCK + 1), _BLOCK)  # the last block is no smaller than the others
    last = edges[-1]  # decoders go from left to right: where this block of a row is there, all of the row is
    for y in range(top, bottom, _STRIP):
        there = _bytes_of(image.crop((left + last, y, right, min(y + _STRIP, bottom))))
        if not (there == noise[: len(there), last:]).all(axis=(1, 2)).any():
            continue
        there = _bytes_of(image.crop((left, y, right, min(y + _STRIP, bottom))))
        blocks = np.logical_and.reduceat((there == noise[: len(there)]).all(axis=2), edges, axis=1)
        lost[y : y + len(there), left:right] = np.repeat(blocks, np.diff([*edges, right - left]), axis=1)
    return lost


def fill(image: Image.Image, lost: np.ndarray) -> None:
    """Fill what is lost, bool (H, W), from the nearest row of which nothing is."""
    is_there = ~lost.any(axis=1)
    rows = np.flatnonzero(is_there)
    for row in np.flatnonzero(~is_there).tolist() if len(rows) else ():
        columns = np.flatnonzero(lost[row])
        left, right, nearest = int(columns[0]), int(columns[-1]) + 1, int(rows[np.abs(rows - row).argmin()])
        image.paste(image.crop((left, nearest, right, nearest + 1)), (left, row))


def _bytes_of(image: Image.Image) -> np.ndarray:
    """uint8 (H, W, bytes of a pixel)."""
    pixels = np.ascontiguousarray(image)
    return pixels.view(np.uint8).reshape(*pixels.shape[:2], -1)
