"""How much of a damaged photo is there, told by its pixels.

Decoders of JPEG and WebP go on where a file ends, and make up what is missing: what they make up depends on what follows the
end, what is there does not. The others stop, and what they leave of the background was not decoded.
"""

from __future__ import annotations

import struct
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageFile, JpegImagePlugin

from model.decode.noise import fill, what_stays_noise
from model.decode.png import continued_png
from model.photo_problems import PhotoError, PhotoTooLarge

ENOUGH = 0.99  # share of the rows of a photo, with which it is answered

_SMALL = 1_000_000  # pixels
_BLOCK = 8  # pixels of a row that are compared together
_END = b"\xff\xd9"  # of a JPEG
_NOISE = np.random.default_rng(0).integers(0, 255, 4096, np.uint8).tobytes()  # no 255, which begins a marker
_WEBP_KEPT = (b"VP8X", b"ALPH", b"VP8 ", b"VP8L", b"ANIM", b"ANMF")
_WEBP_FLAGS = 0b10010  # transparency, animation
_WEBP_LONGEST_GAP = 1_000_000  # bytes

Opener = Callable[[bytes], Image.Image]
Decoded = tuple[Image.Image, float, bool]  # a picture, the share of its rows that are there, whether these are the upper ones


def what_is_left(format: str, pixels: bytes, opened: Opener) -> tuple[Image.Image, float]:
    """Decode a damaged photo.

    Args:
        pixels: its file, of `model.decode.metadata.take_apart`.
        opened: opens such a file without decoding its pixels.

    Returns:
        The picture, decoded, and the share of its rows, 0-1, that are really there: at least `ENOUGH`.

    Raises:
        PhotoError: there is less of it.
        Exception: whatever decoders raise, where nothing can be decoded.
    """
    decode = {"JPEG": _decode_jpeg, "WEBP": _decode_webp}.get(format, _decode_over_noise)
    try:
        picture, share, is_upper = decode(pixels, opened)
    except (MemoryError, PhotoTooLarge):
        raise
    except Exception:
        if _ends_early(format, pixels):
            raise PhotoError("cut_off") from None
        raise
    if share >= ENOUGH:
        return picture, share
    if not (percent := int(100 * share)):
        raise PhotoError("cut_off")
    raise PhotoError("upper_part" if is_upper else "part", percent=percent)


def looks_cut_off(image: Image.Image) -> bool:
    """Whether the last pixels of a decoded JPEG are as its decoder leaves those that are missing: exactly mid-grey."""
    scale = image.decoderconfig[0] if isinstance(image, ImageFile.ImageFile) and image.decoderconfig else 1
    width, height = image.size
    corner = np.asarray(image.crop((max(0, width - max(1, 8 // scale)), height - 1, width, height)))
    return bool(((corner == 127) | (corner == 128)).all())


def _decode_jpeg(pixels: bytes, opened: Opener) -> Decoded:
    end = pixels.find(_END)
    there = pixels[:end] if end >= 0 else pixels.rstrip(_END[:1])

    def rows(image: Image.Image) -> int:
        assert isinstance(image, JpegImagePlugin.JpegImageFile)
        tallest, scale = max(int(layer[2]) for layer in image.layer), image.decoderconfig[0] if image.decoderconfig else 1
        return max(1, 8 * tallest // int(scale))

    decoded = _told_apart(opened, there + _END, there + _NOISE + _END, rows)
    if "progressive" in decoded[0].info and not _has_all_scans(there):
        raise PhotoError("coarse")
    return decoded


def _decode_webp(pixels: bytes, opened: Opener) -> Decoded:
    return _told_apart(opened, mended_webp(pixels), mended_webp(pixels, _NOISE), lambda image: 16)


def _has_all_scans(pixels: bytes) -> bool:
    """Whether the scans of a progressive JPEG give every bit of every coefficient (ITU-T T.81, annex G)."""
    missing: dict[int, np.ndarray] = {}  # by component: of each coefficient, the bits that no scan gave
    at = pixels.find(b"\xff\xda")
    while at >= 0 and at + 5 < len(pixels):
        count = pixels[at + 4]
        header = pixels[at + 5 : at + 8 + 2 * count]
        if len(header) < 2 * count + 3:
            break
        first, last, bits = header[2 * count], header[2 * count + 1], header[2 * count + 2] & 15
        for component in header[: 2 * count : 2]:
            missing.setdefault(component, np.full(64, 16))[first : last + 1] = bits
        at = pixels.find(b"\xff\xda", at + 2)
    return bool(missing) and not any(bits.any() for bits in missing.values())


def mended_webp(data: bytes, padding: bytes = b"\0") -> bytes:
    """A WebP of what makes the picture alone, with lengths that are right, and what is missing filled with `padding`."""
    parts: list[bytes] = []
    at = 12
    while at + 8 <= len(data):
        kind, length = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        body = data[at + 8 : at + 8 + length]
        if kind in _WEBP_KEPT:
            gap = length - len(body)
            gap = min(8 * gap + len(_NOISE), _WEBP_LONGEST_GAP) if gap else 0  # what is made up takes more than what was there
            body += (padding * (gap // len(padding) + 1))[:gap]
            if kind == b"VP8X":
                body = bytes([body[0] & _WEBP_FLAGS]) + body[1:]
            parts += kind, struct.pack("<I", len(body)), body, bytes(len(body) % 2)
        at += 8 + length + length % 2
    joined = b"WEBP" + b"".join(parts)
    return b"RIFF" + struct.pack("<I", len(joined)) + joined


def _ends_early(format: str, data: bytes) -> bool:
    """Whether a file is shorter than it says; False where its format does not say."""
    if format == "WEBP":
        return len(data) < 8 + int.from_bytes(data[4:8], "little")
    at = 0
    while format in ("AVIF", "HEIF") and at + 8 <= len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        if length == 1:
            length = int.from_bytes(data[at + 8 : at + 16], "big")
        if length < 8:  # to the end, or nonsense
            return False
        at += length
    return at > len(data)


def _told_apart(opened: Opener, one: bytes, other: bytes, rows: Callable[[Image.Image], int]) -> Decoded:
    """Decode a file that is continued in two ways; the picture is there up to the first difference.

    Args:
        rows: how many rows of the picture are decoded together, from left to right.
    """
    sums = _sums(opened(other))
    picture = opened(one)
    differs = sums != _sums(picture)
    if not differs.any():
        return picture, 1.0, True
    top = int(differs.any(axis=1).argmax())
    together = min(rows(picture), picture.height - top)
    columns = int(differs[top : top + together].any(axis=0).argmax())
    return picture, (top + together * columns / differs.shape[1]) / picture.height, True


def _sums(image: Image.Image) -> np.ndarray:
    """uint32 (H, B): what stands for the colours of each block of a row; so that no second picture is kept."""
    image.load()
    edges = np.arange(0, image.width, _BLOCK) * len(image.getbands())
    weights = np.random.default_rng(0).integers(1, 2**32, image.width * len(image.getbands()), np.uint32)
    strips = (image.crop((0, top, image.width, min(top + _BLOCK, image.height))) for top in range(0, image.height, _BLOCK))
    rows = (np.asarray(strip).reshape(strip.height, -1) for strip in strips)
    return np.concatenate([np.add.reduceat(row * weights, edges, axis=1) for row in rows])


def _decode_over_noise(pixels: bytes, opened: Opener) -> Decoded:
    """Rows count as a whole where there are many: decoders give whole rows. In a small picture, parts of a row count."""
    picture = opened(pixels)
    format = picture.format or ""
    if format not in _CONTINUED or picture.width * picture.height > _SMALL:
        lost = what_stays_noise(picture)
    else:
        picture, other = (opened(_CONTINUED[format](pixels, filler)) for filler in (b"\0", b"\xff"))
        lost = what_stays_noise(picture) | what_stays_noise(other)
        differs = np.asarray(picture) != np.asarray(other)
        lost |= differs if differs.ndim == 2 else differs.any(axis=2)
    share = 1 - float(lost.mean())
    rows: list[bool] = np.any(lost, axis=1).tolist()
    if share >= ENOUGH:
        fill(picture, lost)
    return picture, share, rows[-1] and rows == sorted(rows)


def _longer(pixels: bytes, filler: bytes) -> bytes:
    return pixels + filler * (8 * _SMALL)


_CONTINUED: dict[str, Callable[[bytes, bytes], bytes]] = {"PNG": continued_png, "BMP": _longer, "TIFF": _longer}
