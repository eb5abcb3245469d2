"""What is damaged is told by the pixels: 99 % of the rows are enough, and what is refused says how much there is."""

from __future__ import annotations

import io
import re
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from model.photo import PhotoError, examine_photo, open_photo, photo_facts
from tests.pictures import encoded, quadrants


def clouds(width: int = 400, height: int = 600) -> Image.Image:
    """Soft colours with some grain, so that no row is like another."""
    dice = np.random.default_rng(1)
    soft = Image.fromarray(dice.integers(0, 255, (7, 5, 3), np.uint8)).resize((width, height), Image.Resampling.BICUBIC)
    grain = dice.integers(-4, 5, (height, width, 3))
    return Image.fromarray((np.asarray(soft) + grain).clip(0, 255).astype(np.uint8))


def without_end(data: bytes) -> bytes:
    assert data.endswith(b"\xff\xd9")
    return data[:-2]


def percent_of(error: PhotoError) -> int:
    found = re.search(r"only (?:the upper )?(\d+) %", str(error))
    assert found, str(error)
    return int(found[1])


def whole_and(data: bytes, at_least: tuple[int, int] | None = None) -> tuple[np.ndarray, np.ndarray]:
    return np.asarray(open_photo(data, at_least)), np.asarray(open_photo(without_end(data), at_least))


JPEGS = {
    "baseline": {"quality": 90},
    "4:4:4": {"quality": 90, "subsampling": 0},
    "progressive": {"quality": 90, "progressive": True},
    "restart markers": {"quality": 90, "restart_marker_blocks": 3},
    "optimized": {"quality": 40, "optimize": True},
}


@pytest.mark.parametrize("options", JPEGS.values(), ids=JPEGS)
@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_a_jpeg_without_its_end_marker_loses_nothing(options, mode):
    data = encoded(clouds().convert(mode), "JPEG", **options)
    for at_least in (None, (60, 60)):
        whole, cut = whole_and(data, at_least)
        assert np.array_equal(whole, cut)
    assert np.array_equal(np.asarray(open_photo(data[:-1])), np.asarray(open_photo(data)))
    assert examine_photo(data).rows is None
    assert examine_photo(without_end(data)).rows == 1
    assert not examine_photo(without_end(data)).readable


@pytest.mark.parametrize("rest", [b"\0" * 5000, b"trailing garbage" * 100, b"\xff\xd8\xff\xe0 another"])
def test_what_follows_a_jpeg_is_nothing_to_it(rest):
    data = encoded(clouds(), "JPEG")
    assert np.array_equal(np.asarray(open_photo(data + rest)), np.asarray(open_photo(data)))
    assert examine_photo(data + rest).rows is None


def test_a_jpeg_that_lacks_some_blocks_is_answered():
    data = encoded(clouds(), "JPEG", quality=90)
    whole, cut = np.asarray(open_photo(data)), np.asarray(open_photo(data[:-60]))
    assert np.array_equal(whole[:-16], cut[:-16])
    assert not np.array_equal(whole[-16:], cut[-16:])
    rows = examine_photo(data[:-60]).rows
    assert rows is not None
    assert 0.99 <= rows < 1


@pytest.mark.parametrize("share", [0.2, 0.5, 0.8, 0.95])
@pytest.mark.parametrize("at_least", [None, (60, 60)])
@pytest.mark.parametrize("ends", [b"", b"\xff\xd9", bytes(10_000)], ids=["", "end marker", "zeros"])
def test_a_cut_off_jpeg_says_how_much_of_it_there_is(share, at_least, ends):
    data = encoded(clouds(), "JPEG", quality=90, subsampling=0)
    start = data.index(b"\xff\xda")
    with pytest.raises(PhotoError, match="cut off: only the upper") as caught:
        open_photo(data[: start + round(share * (len(data) - start))] + ends, at_least)
    assert caught.value.code == "upper_part"
    assert percent_of(caught.value) == pytest.approx(100 * share, abs=8)


def test_a_progressive_jpeg_without_its_last_scans_is_coarse():
    data = encoded(clouds(), "JPEG", quality=90, progressive=True)
    scans = [found.start() for found in re.finditer(b"\xff\xda", data)]
    with pytest.raises(PhotoError, match="coarse outlines"):
        open_photo(data[: scans[-2]])
    with pytest.raises(PhotoError):
        open_photo(data[: scans[1] // 2])


def test_a_grey_photo_is_not_taken_for_a_cut_off_one():
    for mode in ("RGB", "L"):
        for options in JPEGS.values():
            grey = Image.new("RGB", (100, 100), (128, 128, 128)).convert(mode)
            photo = examine_photo(encoded(grey, "JPEG", **options))
            assert photo.rows is None
            assert photo.readable == (mode == "RGB")


@pytest.mark.parametrize(
    ("format", "options"),
    [("PNG", {}), ("BMP", {}), ("TIFF", {}), ("GIF", {}), ("WEBP", {"quality": 90}), ("PNG", {"bits": 8})],
)
def test_a_last_row_that_is_cut_off_is_answered(format, options):
    picture = clouds() if format != "GIF" else clouds().quantize(64)
    data = encoded(picture, format, **options)
    data = data[: -12 - 4] if format == "PNG" else data  # the end and the checksum
    whole, cut = np.asarray(open_photo(data)), np.asarray(open_photo(data[: -len(data) // 1000]))
    assert whole.shape == cut.shape
    assert (whole != cut).any(axis=(1, 2)).mean() <= 0.03
    rows = examine_photo(data[: -len(data) // 1000]).rows
    assert rows is not None
    assert 0.99 <= rows < 1


@pytest.mark.parametrize("format", ["PNG", "BMP", "TIFF"])
@pytest.mark.parametrize("share", [0.1, 0.62, 0.97])
@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "1", "P"])
def test_how_much_there_is_of_what_is_cut_off(format, share, mode):
    data = encoded(Image.effect_noise((300, 400), 90).convert("RGB").convert(mode), format)
    with pytest.raises(PhotoError) as caught:
        open_photo(data[: round(share * len(data))])
    assert percent_of(caught.value) == pytest.approx(100 * share, abs=12 if mode in ("1", "P") else 3)
    assert caught.value.code == ("part" if format == "BMP" else "upper_part")  # a BMP begins at the bottom


def test_black_rows_that_are_there_are_not_counted_as_lost():
    picture = clouds(300, 400)
    picture.paste((0, 0, 0), (0, 200, 300, 400))
    for format in ("PNG", "TIFF"):
        data = encoded(picture, format, **({"compress_level": 0} if format == "PNG" else {}))
        examined = examine_photo(data[: -300 * 3 - 40])
        assert examined.rows is not None
        assert np.array_equal(np.asarray(examined.photo), np.asarray(picture))  # filled with the row above


def gif(*frames: Image.Image) -> bytes:
    return encoded(frames[0], "GIF", save_all=True, append_images=frames[1:], interlace=0)


def test_a_gif_without_its_end_or_its_second_frame():
    one = quadrants(200, 300).quantize(8)
    whole = np.asarray(open_photo(gif(one)))
    for data in (gif(one)[:-1], gif(one)[:-2], gif(one) + b"garbage", gif(one, clouds(200, 300).quantize(8))[:-900]):
        assert np.array_equal(np.asarray(open_photo(data)), whole)
    with pytest.raises(PhotoError, match="only the upper [3-6]. % of it"):
        open_photo(gif(clouds(200, 300).quantize(64))[: -len(gif(clouds(200, 300).quantize(64))) // 2])


def test_a_frame_that_does_not_fill_its_gif_is_not_cut_off():
    first = Image.new("P", (100, 100), 0)
    first.putpalette([10, 20, 30, 200, 0, 0] + [0] * 762)
    data = bytearray(encoded(first, "GIF", interlace=0))
    data[6:10] = struct.pack("<HH", 200, 300)  # the canvas alone
    photo = open_photo(bytes(data))
    assert photo.size == (200, 300)
    assert np.array_equal(np.asarray(open_photo(bytes(data[:-3]))), np.asarray(photo))


def test_a_bmp_whose_size_is_wrong():
    data = bytearray(encoded(clouds(), "BMP"))
    whole = np.asarray(open_photo(bytes(data)))
    for size in (0, 70, 2**32 - 1):
        data[2:6] = struct.pack("<I", size)
        assert np.array_equal(np.asarray(open_photo(bytes(data))), whole)


def riff(*chunks: tuple[bytes, bytes], size: int | None = None) -> bytes:
    body = b"".join(kind + struct.pack("<I", len(data)) + data + bytes(len(data) % 2) for kind, data in chunks)
    return b"RIFF" + struct.pack("<I", 4 + len(body) if size is None else size) + b"WEBP" + body


@pytest.mark.parametrize("options", [{"quality": 80}, {"lossless": True}])
def test_a_webp_whose_size_is_wrong(options):
    data = encoded(clouds(), "WEBP", **options)
    whole = np.asarray(open_photo(data))
    for size in (0, len(data), len(data) + 12_345, 2**32 - 20):
        broken = data[:4] + struct.pack("<I", size) + data[8:]
        assert np.array_equal(np.asarray(open_photo(broken)), whole)
        assert photo_facts(broken).width == 400
    assert np.array_equal(np.asarray(open_photo(data + b"garbage")), whole)


@pytest.mark.parametrize("share", [0.3, 0.6])
def test_a_cut_off_webp_says_how_much_of_it_there_is(share):
    data = encoded(clouds(), "WEBP", quality=90)
    with pytest.raises(PhotoError, match="only the upper"):
        open_photo(data[: round(share * len(data))])


@pytest.mark.parametrize("name", ["AVIF", "HEIF", "lossless"])
def test_what_cannot_be_counted_is_called_cut_off(name):
    if name == "HEIF":
        import pillow_heif

        buffer = io.BytesIO()
        pillow_heif.from_pillow(clouds()).save(buffer, format="HEIF")
        data = buffer.getvalue()
    else:
        data = encoded(clouds(), "WEBP", lossless=True) if name == "lossless" else encoded(clouds(), "AVIF")
    with pytest.raises(PhotoError, match="cut off"):
        open_photo(data[: len(data) * 2 // 3])


@pytest.mark.parametrize("format", ["PNG", "GIF", "TIFF"])
def test_pixels_that_are_broken_in_the_middle(format):
    options = {"compression": "tiff_adobe_deflate"} if format == "TIFF" else {}
    data = bytearray(encoded(clouds().quantize(200) if format == "GIF" else clouds(), format, **options))
    middle = len(data) // 2
    data[middle : middle + 60] = b"\xee" * 60
    try:
        assert open_photo(bytes(data)).size == (400, 600)
    except PhotoError as error:
        assert percent_of(error) < 99


def test_a_png_whose_pixels_have_a_wrong_checksum_shows_them_all():
    pixels = clouds(60, 40)
    data = encoded(pixels, "PNG")
    start = data.index(b"IDAT") - 4
    length = struct.unpack(">I", data[start : start + 4])[0]
    body = data[start + 8 : start + 8 + length]
    wrong = data[: start + 8 + length] + bytes(4) + data[start + 12 + length :]
    adler = zlib.compress(zlib.decompress(body))[:-4] + bytes(4)
    other = data[:start] + struct.pack(">I", len(adler)) + b"IDAT" + adler + bytes(4) + data[start + 12 + length :]
    for broken in (wrong, other):
        assert np.array_equal(np.asarray(open_photo(broken)), np.asarray(pixels))
