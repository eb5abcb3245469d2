"""No file costs more than it may, however it is built: what a decoder would go through without end is counted before."""

from __future__ import annotations

import io
import resource
import struct
import sys
import threading
import time

import numpy as np
import pytest
from PIL import Image

from benchmarks import bombs
from benchmarks.bombs.bmp import bmp
from benchmarks.bombs.png import chunk
from model.decode import limits
from model.decode.bmp import take_bmp_apart
from model.decode.metadata import take_apart
from model.decode.source import told_format
from model.photo import PhotoError, examine_photo, open_photo, photo_facts
from tests.pictures import encoded, quadrants

REFUSED = {  # by the number of its parts, before any decoder sees it
    "jpeg, 8,000 empty scans, small", "jpeg, 60 scans of all, 30 MP", "jpeg, progressive, 60 scans, 33 MP",
    "jpeg, two scans, 50 MP",
    "jpeg, fill bytes in front, then nothing", "jpeg, many runs of fill bytes", "jpeg, escaped bytes in front",
    "jpeg, comments behind one without length", "jpeg, segments behind an end", "jpeg, starts and restarts in front",
    "jpeg, JFIF 900,000 times", "jpeg, tables 250,000 times", "jpeg, large tables", "jpeg, 1,000,000 frames",
    "png, 1,500,000 pixel chunks of a byte", "png, empty pixel chunks", "png, empty chunks", "png, tables of deflate alone",
    "tiff, one huge tile", "tiff, one wide tile", "png, header of two gigapixels",
    "png, empty blocks of deflate", "png, empty stored blocks",
    "gif, one comment of many blocks", "gif, many comments", "gif, junk, then a comment", "gif, junk and blocks",
    "gif, controls that do not end", "gif, applications",
    "bmp, three pixels as they are", "bmp, steps", "bmp, steps to the right",
    "bmp, runs of the wrong depth", "bmp, runs of 24 bits",
    "tiff, tiles of a pixel", "tiff, tiles of a pixel, LZW", "tiff, tiles of a pixel that are not listed",
    "tiff, 2,400,000 strips",
    "tiff, strips that share 10 MB", "tiff, strips without sizes", "tiff, sizes as bytes", "tiff, tables that share bytes",
    "tiff, 65,000 entries", "tiff, 9,000,000 depths", "tiff, 9,000,000 colours", "tiff, 9,000,000 widths",
    "tiff, tables of 18 MB",
    "tiff, big, of 2^60 entries", "tiff, big, beyond its end", "tiff, JPEG of 2,000 scans", "tiff, JPEG of 90 scans, 25 MP",
    "tiff, JPEGs of 90 scans", "tiff, a compression said twice", "tiff, a compression with a sign",
    "webp, 300,000 frames", "webp, 2,000,000 chunks", "webp, 2,000,000 chunks, plain",
    *(f"{format}, {what}" for format in ("avif", "heif") for what in (
        "2,000,000 boxes", "60,000 items", "items that share bytes", "EXIF in 60,000 pieces", "1,000,000 properties",
        "grid of 62,500 tiles", "60,000 references", "a movie of 2^31 frames", "a movie of 2,500,000 frames", "2,000 frames",
    )),
}  # fmt: skip


@pytest.mark.parametrize(
    "name", [name if name not in bombs.SLOW else pytest.param(name, marks=pytest.mark.slow) for name in sorted(REFUSED)]
)
def test_what_is_made_of_far_too_many_parts_is_refused_before_it_is_decoded(name):
    data = bombs.BOMBS[name]()
    start = time.process_time()
    with pytest.raises(PhotoError) as caught:
        take_apart(told_format(data), data)
    assert caught.value.code in ("parts", "shared", "scans", "progressive", "header", "cut_off")
    assert time.process_time() - start < 5  # many minutes, where it is not bounded


QUICK = [
    name
    for name in bombs.BOMBS
    if name not in REFUSED and "MP" not in name and "noise" not in name and "inflate" not in name and name not in bombs.SLOW
]


@pytest.mark.parametrize("name", QUICK)
def test_what_is_not_refused_is_answered(name):
    data = bombs.BOMBS[name]()
    start = time.process_time()
    for opened in (lambda: open_photo(data, (336, 336)), lambda: photo_facts(data), lambda: examine_photo(data, (336, 336))):
        try:
            opened()
        except PhotoError as error:
            assert str(error).endswith((".", "?"))
    assert time.process_time() - start < 15


@pytest.mark.skipif(sys.platform != "linux", reason="counts memory as Linux does")
def test_values_that_share_bytes_are_not_copied():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for name in ("png, EXIF of shared values", "tiff, entries that share bytes", "avif, EXIF behind the pixels"):
        assert open_photo(bombs.BOMBS[name]()).size == (64, 64)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 600_000  # kB; unbounded, 19 GB


def test_every_limit_is_ten_times_the_most_in_a_real_photo():
    for listed in limits.LIMITS.values():
        for limit in listed.values():
            assert limit.most >= 10 * limit.seen
            assert limit.why or limit.most == 10 * limit.seen


def same(data: bytes, other: bytes) -> bool:
    return np.array_equal(np.asarray(open_photo(data)), np.asarray(open_photo(other)))


def test_a_png_in_pixel_chunks_of_a_byte_is_the_same():
    data = encoded(quadrants(), "PNG")
    at = data.index(b"IDAT") - 4
    length = struct.unpack(">I", data[at : at + 4])[0]
    body = data[at + 8 : at + 8 + length]
    chunks = b"".join(chunk(b"IDAT", body[i : i + 1]) + chunk(b"IDAT") for i in range(length))
    assert same(data[:at] + chunks + data[at + 12 + length :], data)


def test_of_an_animation_the_first_frame_is_kept():
    frames = [quadrants(), *(Image.effect_noise((64, 48), i).convert("RGB") for i in range(20, 30))]
    for format, options in (("WEBP", {"lossless": True}), ("AVIF", {"quality": 95})):
        data = encoded(frames[0], format, save_all=True, append_images=frames[1:], **options)
        with Image.open(io.BytesIO(data)) as image:
            assert np.array_equal(np.asarray(open_photo(data)), np.asarray(image.convert("RGB")))
    webp = encoded(frames[0], "WEBP", save_all=True, append_images=frames[1:], lossless=True, exif=Image.Exif())
    assert take_apart("WEBP", webp).pixels.count(b"ANMF") == 1


def test_a_jpeg_with_fill_bytes_wherever_they_may_stand_is_the_same():
    data = encoded(quadrants(), "JPEG", progressive=True, quality=95)
    for marker in (b"\xff\xda", b"\xff\xc4", b"\xff\xd9"):
        assert same(data.replace(marker, b"\xff" * 5000 + marker), data)


def rows_as_runs(pixels: np.ndarray, bits: int, end: bool = True) -> bytes:
    """Rows, bottom up, each of a run, of pixels as they are, and of a run again."""
    out = b""
    for row in pixels[::-1]:
        middle = row[4:11]  # an odd number
        if bits == 8:
            packed = bytes(middle)
        else:
            nibbles = [*middle.tolist(), 0]
            packed = bytes(a << 4 | b for a, b in zip(nibbles[::2], nibbles[1::2], strict=True))
        whole = bytes([row[0] if bits == 8 else row[0] << 4 | row[1]])
        rest = b"".join(bytes([1, value if bits == 8 else value << 4]) for value in row[11:].tolist())
        out += bytes([4]) + whole + bytes([0, 7]) + packed + bytes(len(packed) % 2) + rest + b"\0\0"
    return out + (b"\0\1" if end else b"")


@pytest.mark.parametrize(("compression", "bits"), [(1, 8), (2, 4)])
@pytest.mark.parametrize("turned", [1, -1])
def test_a_bmp_of_runs_is_decoded(compression, bits, turned):
    pixels = np.random.default_rng(0).integers(0, 2**bits, (30, 23), np.uint8)
    pixels[:, 2], pixels[:, 3] = pixels[:, 0], pixels[:, 1]
    if bits == 8:
        pixels[:, :4] = pixels[:, :1]
    data = bytearray(bmp(rows_as_runs(pixels, bits), 23, compression, bits, height=30 * turned))
    photo = np.asarray(open_photo(bytes(data)))
    assert np.array_equal(photo[..., 0], pixels[::turned])


def test_a_bmp_of_runs_is_as_pillow_decodes_it():
    dice = np.random.default_rng(1)
    for seed in range(20):
        side = int(dice.integers(1, 40))
        rows = []
        for _ in range(side):
            row, left = b"", side
            while left > 0:
                count = int(dice.integers(1, min(left, 20) + 1))
                row += (
                    bytes([count, dice.integers(0, 256)])
                    if count < 3 or seed % 2
                    else bytes([0, count]) + dice.bytes(count) + bytes(count % 2)
                )
                left -= count
            rows.append(row + b"\0\0")
        data = bmp(b"".join(rows) + b"\0\1", side)
        with Image.open(io.BytesIO(data)) as image:
            assert np.array_equal(np.asarray(open_photo(data)), np.asarray(image.convert("RGB")))


def test_steps_and_an_early_end_leave_pixels_black():
    photo = np.asarray(open_photo(bmp(b"\2\xff" + b"\0\2\1\1" + b"\1\xff" + b"\0\1", 5)))[..., 0]
    assert np.argwhere(photo == 255).tolist() == [[3, 3], [4, 0], [4, 1]]


def test_a_bmp_of_runs_that_is_cut_off_says_so():
    data = bmp(rows_as_runs(np.zeros((200, 23), np.uint8), 8), 23, height=200)
    with pytest.raises(PhotoError, match="damaged: only [4-6]. %"):
        open_photo(data[: (len(data) + 1078) // 2])


@pytest.mark.parametrize("seed", range(20))
def test_noise_as_runs_does_no_harm(seed):
    dice = np.random.default_rng(seed)
    for compression, bits in ((1, 8), (2, 4)):
        body = dice.bytes(int(dice.integers(0, 3000)))
        try:
            assert take_bmp_apart(bmp(body, int(dice.integers(1, 90)), compression, bits)).pixels
        except PhotoError:
            pass


def test_pictures_are_let_go_of():
    """No picture waits for the collector of cycles, which may come late."""
    import gc
    import weakref

    data = encoded(quadrants(400, 3000), "PNG")[:-2000]
    seen: list[weakref.ref[Image.Image]] = []
    from PIL import PngImagePlugin

    class Seen(PngImagePlugin.PngImageFile):
        def load(self):
            seen.append(weakref.ref(self))
            return super().load()

    from model.decode import header

    gc.disable()
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setitem(header._OPENERS, "PNG", Seen)
            with pytest.raises(PhotoError):
                open_photo(data)
        assert seen
        assert [reference() for reference in seen] == [None] * len(seen)
    finally:
        gc.enable()


def test_threads_take_files_apart_together():
    data, failed = encoded(quadrants(), "JPEG"), []

    def run() -> None:
        for _ in range(20):
            try:
                open_photo(data)
            except Exception as error:
                failed.append(error)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
