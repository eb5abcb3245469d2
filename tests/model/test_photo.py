from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pillow_heif
import pytest
from PIL import Image

from model.photo import (
    FORMAT_MEGAPIXELS,
    FORMATS,
    MAX_BYTES,
    SUFFIXES,
    PhotoError,
    PhotoFormatError,
    PhotoTooLarge,
    open_photo,
)
from tests.pictures import corners, encoded, quadrants

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)


def near(found: list[tuple[int, ...]], wanted: list[tuple[int, ...]], tolerance: int = 40) -> bool:
    return np.abs(np.array(found) - np.array(wanted)).max() <= tolerance


def heif() -> bytes:
    buffer = io.BytesIO()
    pillow_heif.from_pillow(quadrants()).save(buffer, format="HEIF", quality=95)
    return buffer.getvalue()


FILES = {
    "jpeg": lambda: encoded(quadrants(), "JPEG", quality=95),
    "progressive jpeg": lambda: encoded(quadrants(), "JPEG", quality=95, progressive=True),
    "cmyk jpeg": lambda: encoded(quadrants().convert("CMYK"), "JPEG", quality=95),
    "png": lambda: encoded(quadrants(), "PNG"),
    "palette png": lambda: encoded(quadrants().convert("P", palette=Image.Palette.ADAPTIVE), "PNG"),
    "opaque rgba png": lambda: encoded(quadrants().convert("RGBA"), "PNG"),
    "webp": lambda: encoded(quadrants(), "WEBP", quality=95),
    "gif": lambda: encoded(quadrants(), "GIF"),
    "animated gif": lambda: encoded(quadrants(), "GIF", save_all=True, append_images=[Image.new("RGB", (64, 48))]),
    "animated webp": lambda: encoded(quadrants(), "WEBP", save_all=True, append_images=[Image.new("RGB", (64, 48))]),
    "bmp": lambda: encoded(quadrants(), "BMP"),
    "tiff": lambda: encoded(quadrants(), "TIFF"),
    "compressed tiff": lambda: encoded(quadrants(), "TIFF", compression="tiff_lzw"),
    "mpo": lambda: encoded(quadrants(), "MPO", quality=95, save_all=True, append_images=[Image.new("RGB", (64, 48))]),
    "avif": lambda: encoded(quadrants(), "AVIF", quality=95),
    "heic": heif,
}


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("at_least", [None, (16, 16)])
def test_every_accepted_format_becomes_upright_rgb(name, at_least):
    photo = open_photo(FILES[name](), at_least)
    assert photo.mode == "RGB"
    assert near(corners(photo), [RED, GREEN, BLUE, WHITE])


@pytest.mark.parametrize("suffix", sorted(SUFFIXES))
def test_every_suffix_is_that_of_an_accepted_format(suffix, tmp_path):
    path = tmp_path / f"photo{suffix}"
    pillow_heif.register_heif_opener()
    quadrants().save(path, quality=95)  # Pillow chooses the format by the suffix
    assert near(corners(open_photo(path)), [RED, GREEN, BLUE, WHITE])


@pytest.mark.parametrize("format", FORMATS, ids=lambda format: format.pillow)
def test_every_format_is_tried_above_and_has_its_own_limit(format, monkeypatch):
    data = FILES[format.name.lower()]()
    assert near(corners(open_photo(data)), [RED, GREEN, BLUE, WHITE])
    monkeypatch.setitem(FORMAT_MEGAPIXELS, format.pillow, 0)
    with pytest.raises(PhotoTooLarge, match=f"This {format.pillow} has 64×48 pixels; at most 0 megapixels"):
        open_photo(data)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_exif_orientation_is_applied(orientation, format):
    turns = {1: None, 2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # the inverse transposition of each orientation
    upright = quadrants(400, 240)
    stored = upright if turns[orientation] is None else upright.transpose(Image.Transpose(turns[orientation]))
    exif = Image.Exif()
    exif[0x0112] = orientation
    photo = open_photo(encoded(stored, format, exif=exif), at_least=(60, 100))
    assert near(corners(photo), [RED, GREEN, BLUE, WHITE])
    assert photo.width > photo.height >= 60


def test_transparency_is_laid_on_white():
    clear = Image.new("RGBA", (40, 40), (255, 0, 0, 0))
    half = Image.new("RGBA", (40, 40), (0, 0, 0, 128))
    assert corners(open_photo(encoded(clear, "PNG"))) == [WHITE] * 4
    assert near(corners(open_photo(encoded(half, "PNG"), at_least=(10, 10))), [(127, 127, 127)] * 4, 2)
    assert corners(open_photo(encoded(Image.new("LA", (40, 40), (0, 0)), "PNG"))) == [WHITE] * 4


def test_transparent_palette_colour_is_laid_on_white():
    image = Image.new("P", (40, 40), 3)
    image.putpalette([0, 0, 0] * 256)
    assert corners(open_photo(encoded(image, "PNG", transparency=3))) == [WHITE] * 4
    assert corners(open_photo(encoded(image, "GIF", transparency=3))) == [WHITE] * 4


def test_transparent_colour_key_is_laid_on_white():
    image = Image.new("RGB", (40, 40), (1, 2, 3))
    assert corners(open_photo(encoded(image, "PNG", transparency=(1, 2, 3)))) == [WHITE] * 4


@pytest.mark.parametrize("at_least", [None, (20, 20)])
def test_sixteen_bit_grey_keeps_its_brightness(at_least):
    values = np.full((100, 100), 0x8080, np.uint16)
    for data in (encoded(Image.fromarray(values), "PNG"), encoded(Image.fromarray(values), "TIFF")):
        assert near(corners(open_photo(data, at_least)), [(128, 128, 128)] * 4, 1)


def test_wide_grey_keeps_its_brightness():
    unit = Image.fromarray(np.linspace(0, 1, 10_000, dtype=np.float32).reshape(100, 100))
    photo = open_photo(encoded(unit, "TIFF"), at_least=(10, 10))
    assert np.asarray(photo)[0].mean() < 20
    assert np.asarray(photo)[-1].mean() > 235


def test_format_is_told_by_content_not_by_name(tmp_path):
    path = tmp_path / "photo.gif"
    path.write_bytes(FILES["jpeg"]())
    assert near(corners(open_photo(path)), [RED, GREEN, BLUE, WHITE])


@pytest.mark.parametrize("kind", ["bytes", "bytearray", "memoryview", "path", "str", "file", "image", "array"])
def test_every_kind_of_source(kind, tmp_path):
    data = FILES["png"]()
    path = tmp_path / "photo.png"
    path.write_bytes(data)
    source = {
        "bytes": data,
        "bytearray": bytearray(data),
        "memoryview": memoryview(data),
        "path": path,
        "str": str(path),
        "file": io.BytesIO(data),
        "image": quadrants(),
        "array": np.asarray(quadrants()),
    }[kind]
    assert corners(open_photo(source)) == [RED, GREEN, BLUE, WHITE]


@pytest.mark.parametrize(
    ("array", "colour"),
    [
        (np.full((8, 8), 200, np.uint8), (200,) * 3),
        (np.full((8, 8, 1), 200, np.uint8), (200,) * 3),
        (np.full((8, 8, 4), (10, 20, 30, 255), np.uint8), (10, 20, 30)),
        (np.full((8, 8), 0x4000, np.uint16), (64,) * 3),
        (np.full((8, 8, 3), 0.5, np.float32), (128,) * 3),
        (np.ones((8, 8), bool), (255,) * 3),
    ],
)
def test_arrays(array, colour):
    assert near(corners(open_photo(array)), [colour] * 4, 1)


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (np.zeros((8,), np.uint8), "shape"),
        (np.zeros((8, 8, 2), np.uint8), "shape"),
        (np.zeros((0, 8, 3), np.uint8), "shape"),
        (np.full((8, 8), 200.0), "0 to 1"),
        (np.full((8, 8), np.nan), "0 to 1"),
        (np.zeros((8, 8), np.int64), "int64"),
        (np.zeros((9000, 9000), np.uint8), "megapixels"),
    ],
)
def test_wrong_arrays_are_refused(array, words):
    with pytest.raises(PhotoError, match=words):
        open_photo(array)


def test_the_callers_image_is_left_alone():
    image = quadrants().convert("RGBA")
    photo = open_photo(image)
    photo.putpixel((0, 0), (9, 9, 9))
    assert image.mode == "RGBA"
    assert image.getpixel((0, 0)) == (255, 0, 0, 255)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"hello", "not a photo"),
        (b"%PDF-1.7 ...", "PDF"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG"),
        (b"<?xml version='1.0'?>\n<!-- drawn -->\n<!DOCTYPE svg PUBLIC ''>\n<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG"),
        (b"<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>", "^This is an XML file, not a photo"),
        (b"<?xml version='1.0'?><gpx><name>svg</name></gpx>", "^This is an XML file, not a photo"),
        (b"<?xml version='1.0'?>\n<!DOCTYPE html PUBLIC ''><html></html>", "web page"),
        (b"<!DOCTYPE html><html></html>", "web page"),
        (b"version https://git-lfs.github.com/spec/v1\n", "git lfs pull"),
        (b"PK\x03\x04rest", "zip"),
        (b"\x00\x00\x00\x18ftypmp42rest", "video"),
        (b"%!PS-Adobe-3.0 EPSF-3.0", "PostScript"),
    ],
)
def test_what_is_no_photo_is_called_by_its_name(data, words):
    with pytest.raises(PhotoFormatError, match=words):
        open_photo(data)


def test_an_error_says_in_code_what_it_says_in_words():
    with pytest.raises(PhotoTooLarge) as caught:
        open_photo(png_header(12_000, 5_000))
    assert caught.value.code == "pixels"
    assert caught.value.values == {"format": "PNG", "width": 12_000, "height": 5_000, "limit": 50, "side": 30_000}
    assert str(caught.value) == (
        "This PNG has 12000×5000 pixels; at most 50 megapixels and 30000 a side are accepted. Send a smaller one."
    )


@pytest.mark.parametrize("format", ["PPM", "ICO", "TGA", "PCX"])
def test_formats_off_the_list_are_refused(format):
    with pytest.raises(PhotoFormatError, match="JPEG, PNG"):
        open_photo(encoded(quadrants(), format))


@pytest.mark.parametrize("name", ["jpeg", "png", "webp", "gif", "bmp", "tiff", "avif", "heic"])
def test_a_cut_off_photo_is_an_error_not_a_half_grey_picture(name):
    noise = Image.effect_noise((300, 300), 80).convert("RGB")
    if name == "heic":
        buffer = io.BytesIO()
        pillow_heif.from_pillow(noise).save(buffer, format="HEIF")
        data = buffer.getvalue()
    else:
        data = encoded(noise, name.upper())
    with pytest.raises(PhotoError, match=r"cut off|damaged|not a photo|cannot be opened"):
        open_photo(data[: len(data) // 2])


@pytest.mark.parametrize("name", FILES)
def test_damaged_bytes_never_raise_anything_but_photo_errors(name):
    data = bytearray(FILES[name]())
    dice = np.random.default_rng(0)
    for _ in range(150):
        broken = bytearray(data)
        for position in dice.integers(0, len(data), 8):
            broken[position] = dice.integers(256)
        try:
            assert open_photo(bytes(broken), (32, 32)).mode == "RGB"
        except PhotoError as error:
            assert str(error).endswith(".")


def png_header(width: int, height: int) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")


@pytest.mark.parametrize("size", [(12_000, 12_000), (7_200, 7_200), (65_000, 65_000), (40_000, 10)])
def test_too_many_pixels_are_refused_from_the_header(size):
    with pytest.raises(PhotoTooLarge, match="megapixels"):
        open_photo(png_header(*size))


def test_too_many_bytes_are_refused(tmp_path):
    path = tmp_path / "big.jpg"
    path.write_bytes(b"\xff\xd8\xff" + bytes(MAX_BYTES))
    for source in (path, path.read_bytes(), io.BytesIO(path.read_bytes())):
        with pytest.raises(PhotoTooLarge, match="20 MB"):
            open_photo(source)


def test_a_jpeg_of_endless_scans_is_refused():
    data = encoded(quadrants(), "JPEG", progressive=True)
    start = data.index(b"\xff\xda")
    with pytest.raises(PhotoError, match="layers"):
        open_photo(data[:start] + data[start:-2] * 100 + data[-2:])


@pytest.mark.parametrize("source", ["/no/such/file.jpg", "https://example.org/cat.jpg", ".", "a\0b"])
def test_paths_that_lead_nowhere(source):
    with pytest.raises(PhotoError):
        open_photo(source)


def test_a_text_file_object_and_a_wrong_type_are_refused(tmp_path):
    with pytest.raises(PhotoError, match="binary"):
        open_photo(io.StringIO("text"))
    with pytest.raises(PhotoError, match="int"):
        open_photo(5)


def test_a_large_photo_is_shrunk_but_never_below_what_is_asked_for():
    large = Image.effect_noise((3000, 2000), 50).convert("RGB")
    for data in (encoded(large, "JPEG"), encoded(large, "PNG")):
        photo = open_photo(data, at_least=(336, 336))
        assert 336 <= photo.height < 1000
        assert 336 <= photo.width < 1500
