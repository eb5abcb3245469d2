"""What a file carries beside its pixels does no harm, whatever it is."""

from __future__ import annotations

import io
import struct
import warnings
import zlib

import numpy as np
import pillow_heif
import pytest
from PIL import Image, ImageFile
from PIL.PngImagePlugin import MAX_TEXT_CHUNK, PngInfo

from model.photo import PhotoError, PhotoFormatError, examine_photo, open_photo, photo_facts
from tests.pictures import corners, encoded, quadrants

UPRIGHT = np.asarray(quadrants())


def same(data: bytes) -> bool:
    """Whether a file shows the quadrants, as they are."""
    return np.array_equal(np.asarray(open_photo(data)), np.asarray(open_photo(encoded(quadrants(), "PNG"))))


def chunk(kind: bytes, body: bytes, crc: int | None = None) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body) if crc is None else crc)


def png_with(*chunks: bytes, before: bytes = b"IDAT") -> bytes:
    """The quadrants, with chunks in front of the pixels, or of the end."""
    data = encoded(quadrants(), "PNG")
    at = data.index(before) - 4
    return data[:at] + b"".join(chunks) + data[at:]


def texts(count: int, size: int, is_zip: bool) -> bytes:
    info = PngInfo()
    for index in range(count):
        info.add_text(f"parameters{index}", "x" * size, zip=is_zip)
    return encoded(quadrants(), "PNG", pnginfo=info)


LARGE = b"x" * 1_500_000
PNGS = {
    "zTXt": lambda: texts(1, 1_200_000, True),
    "tEXt": lambda: texts(1, 3_000_000, False),
    "many zTXt": lambda: texts(80, 1_000_000, True),
    "iTXt": lambda: png_with(chunk(b"iTXt", b"Comment\0\1\0\0\0" + zlib.compress(LARGE))),
    "XMP": lambda: png_with(chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + LARGE)),
    "text behind the pixels": lambda: png_with(chunk(b"zTXt", b"a\0\0" + zlib.compress(LARGE)), before=b"IEND"),
    "text that is no text": lambda: png_with(chunk(b"zTXt", b"a\0\0no zlib"), chunk(b"iTXt", b"\xff"), chunk(b"tEXt", b"")),
    "profile": lambda: png_with(chunk(b"iCCP", b"icc\0\0" + zlib.compress(bytes(5_000_000)))),
    "broken profile": lambda: png_with(chunk(b"iCCP", b"icc\0\0broken"), chunk(b"iCCP", b"")),
    "large EXIF": lambda: png_with(chunk(b"eXIf", b"II*\0\x08\0\0\0\0\0" + LARGE)),
    "broken EXIF": lambda: png_with(chunk(b"eXIf", b"XX*\0")),
    "wrong checksum of a text": lambda: png_with(chunk(b"tEXt", b"a\0b", 1)),
    "wrong checksum of the resolution": lambda: png_with(chunk(b"pHYs", bytes(9), 2)),
    "wrong lengths": lambda: png_with(chunk(b"pHYs", b""), chunk(b"gAMA", b"1"), chunk(b"cHRM", b"2"), chunk(b"tIME", b"")),
    "wrong checksum behind the pixels": lambda: png_with(chunk(b"tIME", bytes(7), 3), before=b"IEND"),
    "wrong checksum of the end": lambda: encoded(quadrants(), "PNG")[:-4] + bytes(4),
    "wrong checksum of the header": lambda: with_checksum(b"IHDR", 17, encoded(quadrants(), "PNG")),
    "wrong checksum, interlaced": lambda: with_checksum(b"IHDR", 17, interlaced()),
    "no end": lambda: encoded(quadrants(), "PNG")[:-12],
    "half an end": lambda: encoded(quadrants(), "PNG")[:-7],
    "unknown chunks": lambda: png_with(chunk(b"abCd", LARGE), chunk(b"prVt", b"")),
    "animation that is none": lambda: png_with(chunk(b"acTL", bytes(8)), chunk(b"fcTL", b"?"), chunk(b"fdAT", b"")),
    "garbage behind it": lambda: encoded(quadrants(), "PNG") + b"garbage" * 1000,
    "text amid the pixels": lambda: split_pixels(chunk(b"tEXt", b"a\0b")),
}


def with_checksum(kind: bytes, crc: int, data: bytes) -> bytes:
    at = data.index(kind)
    length = struct.unpack(">I", data[at - 4 : at])[0]
    return data[: at + 4 + length] + struct.pack(">I", crc) + data[at + 8 + length :]


def interlaced() -> bytes:
    """The quadrants in seven passes, which Pillow does not write."""
    rows = b"".join(
        b"\0" + UPRIGHT[y, left::across].tobytes()
        for left, top, across, down in (
            (0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2),
        )
        for y in range(top, len(UPRIGHT), down)
    )  # fmt: skip
    header = struct.pack(">IIBBBBB", *quadrants().size, 8, 2, 0, 0, 1)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def split_pixels(between: bytes) -> bytes:
    data = encoded(quadrants(), "PNG")
    at = data.index(b"IDAT")
    length = struct.unpack(">I", data[at - 4 : at])[0]
    body = data[at + 4 : at + 4 + length]
    pixels = chunk(b"IDAT", body[:20]) + between + chunk(b"IDAT", body[20:])
    return data[: at - 4] + pixels + data[at + 8 + length :]


@pytest.mark.parametrize("name", PNGS)
def test_only_pixels_decide_about_a_png(name):
    data = PNGS[name]()
    assert same(data)
    examined = examine_photo(data)
    assert examined.rows is None
    assert examined.facts.width == 64
    if examined.readable:  # then training reads it without us
        assert np.array_equal(np.asarray(Image.open(io.BytesIO(data)).convert("RGB")), UPRIGHT)


def test_the_limits_of_pillow_are_left_alone():
    for make in PNGS.values():
        open_photo(make())
    from PIL import PngImagePlugin

    assert PngImagePlugin.MAX_TEXT_CHUNK == MAX_TEXT_CHUNK
    assert not ImageFile.LOAD_TRUNCATED_IMAGES


def test_a_png_whose_header_was_changed_is_refused():
    data = bytearray(encoded(quadrants(), "PNG"))
    data[19] += 1  # the width
    with pytest.raises(PhotoError, match="header makes no sense"):
        open_photo(bytes(data))


@pytest.mark.parametrize("turn", [3, 6])
def test_the_orientation_of_a_png_wherever_it_stands(turn):
    exif = Image.Exif()
    exif[0x0112] = turn
    raw = exif.tobytes().removeprefix(b"Exif\0\0")
    lines = b"\nexif\n%8d\n%s\n" % (len(raw), raw.hex().encode())
    xmp = b'<x:xmpmeta><rdf:Description tiff:Orientation="%d"/></x:xmpmeta>' % turn
    stored = quadrants().transpose({3: Image.Transpose.ROTATE_180, 6: Image.Transpose.ROTATE_90}[turn])
    data = encoded(stored, "PNG")
    at = data.index(b"IDAT") - 4
    for extra in (
        chunk(b"eXIf", raw),
        chunk(b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(lines)),
        chunk(b"tEXt", b"Raw profile type exif\0" + lines),
        chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + xmp),
    ):
        photo = open_photo(data[:at] + extra + data[at:])
        assert corners(photo) == corners(quadrants())


def tiff_of(*entries: tuple[int, int, int, bytes], order: str = "<") -> bytes:
    """EXIF with these entries: tag, type, count, and the four bytes of the value."""
    rows = b"".join(struct.pack(order + "HHI", tag, kind, count) + value for tag, kind, count, value in entries)
    return {"<": b"II*\0", ">": b"MM\0*"}[order] + struct.pack(order + "IH", 8, len(entries)) + rows + bytes(4)


ORIENTATIONS = {
    "text": (2, 2, b"6\0\0\0"),
    "bytes": (7, 4, b"\6\0\0\0"),
    "two numbers": (3, 2, b"\6\0\6\0"),
    "many numbers, elsewhere": (3, 2_000_000_000, b"\x08\0\0\0"),
    "float": (11, 1, struct.pack("<f", 6)),
    "double, elsewhere": (12, 1, b"\xff\xff\xff\xff"),
    "fraction": (5, 1, b"\x08\0\0\0"),
    "signed": (9, 1, struct.pack("<i", -6)),
    "huge": (4, 1, b"\xff\xff\xff\xff"),
    "zero": (3, 1, b"\0\0\0\0"),
    "nine": (3, 1, b"\x09\0\0\0"),
    "unknown type": (99, 1, b"\6\0\0\0"),
    "nothing": (3, 0, b"\6\0\0\0"),
}


def with_exif(format: str, exif: bytes) -> bytes:
    if format == "JPEG":
        data = encoded(quadrants(), "JPEG", quality=95)
        body = b"Exif\0\0" + exif
        return data[:2] + b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body + data[2:]
    if format == "PNG":
        return png_with(chunk(b"eXIf", exif))
    if format in ("HEIF", "AVIF"):  # where writers tell the orientation in another way, too
        good = Image.Exif()
        good[0x010F] = "M" * 300
        buffer = io.BytesIO()
        if format == "AVIF":
            quadrants().save(buffer, "AVIF", quality=95, exif=good)
        else:
            pillow_heif.from_pillow(quadrants()).save(buffer, format="HEIF", quality=95, exif=good.tobytes())
        data = bytearray(buffer.getvalue())
        at = data.index(b"II*\0") if b"II*\0" in data else data.index(b"MM\0*")
        data[at : at + len(exif)] = exif
        return bytes(data)
    return encoded(quadrants(), format, quality=95, exif=b"Exif\0\0" + exif)


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "HEIF", "AVIF"])
@pytest.mark.parametrize("name", ORIENTATIONS)
def test_an_orientation_that_is_none_does_nothing(format, name):
    data = with_exif(format, tiff_of((0x0112, *ORIENTATIONS[name])))
    examined = examine_photo(data, (16, 16))
    assert np.abs(np.array(corners(examined.photo)) - np.array(corners(quadrants()))).max() < 40
    assert examined.facts.orientation == 1
    assert photo_facts(data).width == 64


@pytest.mark.parametrize("name", ORIENTATIONS)
def test_an_orientation_that_is_none_does_nothing_in_a_tiff(name):
    data = tiff(extra=[(0x0112, *ORIENTATIONS[name])])
    assert examine_photo(data).photo.size == (64, 48)


def test_an_orientation_is_read_in_every_way_that_it_is_written():
    for kind, order in ((3, "<"), (3, ">"), (4, "<"), (4, ">"), (1, ">")):
        value = {1: b"\6\0\0\0", 3: struct.pack(order + "H", 6) + bytes(2), 4: struct.pack(order + "I", 6)}[kind]
        for format in ("JPEG", "PNG", "WEBP"):
            data = with_exif(format, tiff_of((0x0112, kind, 1, value), order=order))
            assert open_photo(data).size == (48, 64)
            facts = photo_facts(data)
            assert (facts.orientation, facts.width, facts.height) == (6, 48, 64)


def test_a_tiff_is_turned_once():
    data = tiff(extra=[(0x0112, 3, 1, b"\6\0\0\0")])
    assert open_photo(data).size == (48, 64)
    assert open_photo(data, (32, 24)).size == (24, 32)
    facts = photo_facts(data)
    assert (facts.width, facts.height, facts.orientation) == (48, 64, 6)


def tiff(extra: list[tuple[int, int, int, bytes]], order: str = "<") -> bytes:
    """The quadrants, uncompressed, with further entries."""
    pixels = UPRIGHT.tobytes()

    def short(value: int) -> bytes:
        return struct.pack(order + "H", value) + bytes(2)

    def long(value: int) -> bytes:
        return struct.pack(order + "I", value)

    entries = [
        (256, 4, 1, long(64)), (257, 4, 1, long(48)), (258, 3, 1, short(8)), (259, 3, 1, short(1)), (262, 3, 1, short(2)),
        (273, 4, 1, long(8)), (277, 3, 1, short(3)), (278, 4, 1, long(48)), (279, 4, 1, long(len(pixels))), *extra,
    ]  # fmt: skip
    rows = b"".join(struct.pack(order + "HHI", tag, kind, count) + value for tag, kind, count, value in sorted(entries))
    start = {"<": b"II*\0", ">": b"MM\0*"}[order] + struct.pack(order + "I", 8 + len(pixels)) + pixels
    return start + struct.pack(order + "H", len(entries)) + rows + bytes(4)


ODD_TAGS = {
    "text beyond the file": (270, 2, 5000, b"\0\0\xff\x7f"),
    "unknown type": (40000, 77, 3, b"abcd"),
    "profile beyond the file": (34675, 7, 2_000_000, b"\x08\0\0\0"),
    "resolution of nothing": (282, 5, 1, b"\xff\xff\xff\xff"),
    "resolution that is text": (282, 2, 4, b"abc\0"),
    "EXIF nowhere": (34665, 4, 1, b"\xff\xff\xff\xff"),
    "EXIF that is this directory": (34665, 4, 1, struct.pack("<I", 8 + 64 * 48 * 3)),
    "huge count": (700, 1, 2**32 - 1, b"\x08\0\0\0"),
    "IPTC": (33723, 4, 3, b"\0\0\0\0"),
    "Photoshop": (34377, 1, 30, b"\x08\0\0\0"),
}


@pytest.mark.parametrize("name", ODD_TAGS)
@pytest.mark.parametrize("order", ["<", ">"])
def test_tags_that_carry_no_pixels_do_no_harm(name, order):
    data = tiff([ODD_TAGS[name]], order)
    assert np.array_equal(np.asarray(open_photo(data)), UPRIGHT)
    assert not examine_photo(data).readable


def test_a_tiff_that_does_not_say_where_its_pixels_are():
    data = encoded(quadrants(), "TIFF", compression="tiff_lzw")  # whose directory is at its end
    for cut in (1, 10, 100, len(data) // 3):
        with pytest.raises(PhotoError, match="cut off"):
            open_photo(data[:-cut])


def jpeg_with(*segments: tuple[int, bytes], quality: int = 95) -> bytes:
    data = encoded(quadrants(), "JPEG", quality=quality)
    extra = b"".join(bytes([255, marker]) + struct.pack(">H", len(body) + 2) + body for marker, body in segments)
    return data[:2] + extra + data[2:]


JPEGS = {
    "large EXIF": lambda: jpeg_with(*[(0xE1, b"Exif\0\0" + tiff_of() + bytes(60_000))] * 20),
    "EXIF of nothing": lambda: jpeg_with((0xE1, b"Exif\0\0")),
    "EXIF that is cut off": lambda: jpeg_with((0xE1, b"Exif\0\0II*\0\x08\0\0\0\x05\0\x12\x01")),
    "EXIF that points nowhere": lambda: jpeg_with((0xE1, b"Exif\0\0II*\0\xff\xff\xff\xff")),
    "EXIF with values nowhere": lambda: jpeg_with((0xE1, b"Exif\0\0" + tiff_of((0x011A, 5, 1, b"\xff" * 4)))),
    "EXIF elsewhere": lambda: jpeg_with((0xE1, b"Exif\0\0" + tiff_of((0x8769, 4, 1, b"\xff" * 4)))),
    "XMP": lambda: jpeg_with((0xE1, b"http://ns.adobe.com/xap/1.0/\0<broken tiff:Orientation=\"99\"")),
    "profile of many parts": lambda: jpeg_with(*[(0xE2, b"ICC_PROFILE\0" + bytes([i, 9]) + bytes(50_000)) for i in (3, 1, 2)]),
    "profile without numbers": lambda: jpeg_with((0xE2, b"ICC_PROFILE\0")),
    "IPTC": lambda: jpeg_with((0xED, b"Photoshop 3.0\x008BIM\4\4\0\0\xff\xff\xff\xff")),
    "resolution without numbers": lambda: jpeg_with((0xED, b"Photoshop 3.0\x008BIM\3\xed\0\0\0\0\0\1a")),
    "many pictures": lambda: jpeg_with((0xE2, b"MPF\0II*\0\x08\0\0\0\x01\0\x01\xb0\4\0\1\0\0\0\xff\xff\xff\xff")),
    "no pictures": lambda: jpeg_with((0xE2, b"MPF\0broken")),
    "comments": lambda: jpeg_with(*[(0xFE, b"x" * 60_000)] * 30, (0xFE, b"")),
    "Adobe without words": lambda: jpeg_with((0xEB, b"Adobe")),
    "JFIF twice": lambda: jpeg_with((0xE0, b"JFXX\0\x10" + bytes(100))),
    "fill bytes": lambda: encoded(quadrants(), "JPEG", quality=95).replace(b"\xff\xdb", b"\xff" * 5000 + b"\xdb", 1),
    "junk between segments": lambda: jpeg_with((0xFE, b"a")).replace(b"\xff\xfe\0\3a", b"\xff\xfe\0\3ajunk"),
}  # fmt: skip


@pytest.mark.parametrize("name", JPEGS)
def test_only_pixels_decide_about_a_jpeg(name):
    data = JPEGS[name]()
    assert np.array_equal(np.asarray(open_photo(data)), np.asarray(open_photo(encoded(quadrants(), "JPEG", quality=95))))
    examined = examine_photo(data)
    assert (examined.rows, examined.facts.width, examined.facts.orientation) == (None, 64, 1)
    if examined.readable:  # then Pillow opens it, without a warning
        assert Image.open(io.BytesIO(data)).convert("RGB").size == (64, 48)


def test_comments_and_programs_in_a_gif():
    gif = encoded(quadrants(), "GIF")
    at = gif.index(b",", 13 + 3 * 2 ** ((gif[10] & 7) + 1))
    extra = b"!\xfe" + (b"\xff" + b"c" * 255) * 3000 + b"\0" + b"!\xff\x0bNETSCAPE2.0\3\1\0\0\0" + b"!\xff\x02ab\0" + b"!\x01\0"
    data = gif[:at] + extra + gif[at:]
    assert np.array_equal(np.asarray(open_photo(data)), np.asarray(open_photo(gif)))
    assert photo_facts(data).metadata > 700_000


def test_a_webp_with_much_beside_its_pixels():
    data = encoded(quadrants(), "WEBP", lossless=True, icc_profile=bytes(300_000), exif=b"Exif\0\0XX", xmp=b"<" * 100_000)
    assert np.array_equal(np.asarray(open_photo(data)), UPRIGHT)
    facts = photo_facts(data)
    assert facts.metadata > 400_000
    assert facts.orientation == 1


def test_what_a_photo_says_of_itself():
    exif = Image.Exif()
    exif[0x010F], exif[0x0110], exif[0x0112] = "Canon\0", "EOS <b>\n5D", 6
    data = encoded(quadrants(), "JPEG", exif=exif, quality=80, subsampling=1)
    facts = photo_facts(data)
    assert facts.camera == "Canon EOS <b> 5D"
    assert (facts.format, facts.mode, facts.subsampling, facts.bytes) == ("JPEG", "RGB", "4:2:2", len(data))
    assert (facts.width, facts.height) == (48, 64)
    assert len(facts.quantization) == 64
    assert facts.metadata > 60
    assert photo_facts(encoded(quadrants(), "PNG")).quantization == ()


@pytest.mark.parametrize("value", [b"\xff\xfe\x00", b"C" * 10_000, b"\n\r\x1b[31m"])
def test_a_camera_with_an_odd_name(value):
    data = with_exif("JPEG", tiff_of((0x010F, 2, len(value), struct.pack("<I", 26))) + value)
    camera = photo_facts(data).camera
    assert camera.isprintable()
    assert len(camera) <= 130


def test_what_training_can_read_as_it_is():
    turned = Image.Exif()
    turned[0x0112] = 6
    plain = Image.Exif()
    plain[0x010F] = "Canon"
    for data, readable in (
        (encoded(quadrants(), "JPEG"), True),
        (encoded(quadrants(), "JPEG", exif=plain), True),
        (encoded(quadrants(), "JPEG", exif=turned), False),
        (encoded(quadrants(), "PNG"), True),
        (png_with(chunk(b"tEXt", b"a\0b")), True),
        (PNGS["zTXt"](), False),
        (PNGS["wrong checksum of a text"](), False),
        (encoded(quadrants().convert("L"), "PNG"), False),
        (encoded(quadrants().convert("RGBA"), "PNG"), False),
        (encoded(quadrants(), "PNG", transparency=(1, 2, 3)), False),
        (encoded(quadrants(), "WEBP"), False),
        (encoded(quadrants(), "JPEG")[:-2], False),
    ):
        assert examine_photo(data).readable == readable


def test_nothing_is_warned_of():
    large = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 12_000, 9_000, 8, 0, 0, 0, 0))
    large += chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        for data in (*(make() for make in (*PNGS.values(), *JPEGS.values())), *(tiff([tag]) for tag in ODD_TAGS.values())):
            examine_photo(data)
        with pytest.raises(PhotoError, match="108|megapixels"):
            open_photo(large)
        open_photo(encoded(Image.new("P", (40, 40)), "PNG", transparency=bytes(range(200))))
    assert said == []


@pytest.mark.parametrize(
    "error", [RuntimeError("?"), RecursionError(), ZeroDivisionError(), UserWarning("?"), AssertionError()]
)
def test_whatever_a_decoder_raises_is_a_photo_error(error, monkeypatch):
    def broken(self):
        raise error

    monkeypatch.setattr(ImageFile.ImageFile, "load", broken)
    for make in (lambda: encoded(quadrants(), "JPEG"), lambda: encoded(quadrants(), "PNG")):
        data = make()
        with pytest.raises(PhotoError, match=r"damaged|cut off"):
            open_photo(data)


def test_interrupting_stays_interrupting(monkeypatch):
    data = encoded(quadrants(), "JPEG")

    def interrupt(self):
        raise KeyboardInterrupt

    monkeypatch.setattr(ImageFile.ImageFile, "load", interrupt)
    with pytest.raises(KeyboardInterrupt):
        open_photo(data)


@pytest.mark.parametrize("name", ["caf\udce9.jpg", "\ud800.jpg", "a\nb\0.jpg", "{}%s.jpg", "x" * 5000])
def test_a_name_that_leads_nowhere_is_said_in_printable_text(name, tmp_path):
    for source in (name, tmp_path / name):
        with pytest.raises(PhotoError) as caught:
            open_photo(source)
        str(caught.value).encode("utf-8")
        assert "\n" not in str(caught.value)


def test_a_file_that_cannot_be_read_is_a_photo_error():
    class Broken(io.RawIOBase):
        def read(self, size=-1):
            raise OSError("the disk is gone")

    with pytest.raises(PhotoError, match="the disk is gone"):
        open_photo(Broken())
    closed = io.BytesIO(b"a")
    closed.close()
    with pytest.raises(PhotoError, match="closed"):
        open_photo(closed)
    with pytest.raises(PhotoFormatError):
        open_photo(memoryview(b"abc"))
