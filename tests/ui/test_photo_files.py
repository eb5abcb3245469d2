"""What the page's scripts take for photos is what `model.photo_files` takes for photos, run by Node."""

from __future__ import annotations

import json
import shutil
import struct
import subprocess
from typing import Any

import pytest
from PIL import Image

from model.formats import HEAD, begins_as_photo
from model.photo_files import ARCHIVES, SYSTEM_NAMES, is_hidden, is_photo_name
from tests.pictures import CAT, encoded
from tests.running import ROOT
from ui.scripts import photo_rule


def javascript(call: str, *arguments: object) -> Any:
    """What a call gives; its arguments are A[0], A[1] and so on."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("needs Node (https://nodejs.org)")
    source = photo_rule() + (ROOT / "ui" / "photo_files.js").read_text("utf-8")
    program = f"{source}\nconst A = JSON.parse(process.argv[1]);\nprocess.stdout.write(JSON.stringify({call}));"
    done = subprocess.run([node, "-e", program, json.dumps(arguments)], capture_output=True, check=True, text=True)
    return json.loads(done.stdout)


NAMES = [
    "1.jpg", "1.JPG", "a/1.jfif", "1.jpe", "1", "1.jpg?width=800", "1.png#x", "1.txt", "1.jpg.txt", "jpg", ".1.jpg",
    "a/.b/1.jpg", "a/b.c/1.heic", "..", "a/Thumbs.db", "THUMBS.DB", "x/desktop.ini", "Icon\r", "lost+found/1.jpg",
    "lost+found.jpg", "a/ .b", "1.tar",
    *(f"{name}/1.jpg" for name in SYSTEM_NAMES), *(name.upper() for name in SYSTEM_NAMES),
    *(f"my{name}" for name in SYSTEM_NAMES),
    *(f"1{ending}" for ending in ARCHIVES),
]  # fmt: skip


def test_names_say_the_same():
    assert javascript("A[0].map(isHidden)", NAMES) == [is_hidden(name) for name in NAMES]
    assert javascript("A[0].map(isPhotoName)", NAMES) == [is_photo_name(name.split("/")[-1]) for name in NAMES]


def heads() -> list[bytes]:
    image = Image.open(CAT).convert("RGB").resize((32, 32))
    real = [encoded(image, format)[:HEAD] for format in ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF")]
    boxes = [b"\0\0\0\x18ftyp" + brand for brand in (b"heic", b"mif1", b"hevx", b"avis", b"isom", b"heix", b"qt  ", b"HEIC")]
    bitmaps = [b"BM" + bytes(12) + struct.pack("<I", size) for size in (12, 40, 52, 56, 64, 108, 124, 0, 41, 40 << 8, 300)]
    others = [
        b"",
        b"%PDF-1.7",
        b"PK\3\4",
        b"RIFF1234WAVE",
        b"GIF88a",
        b"II*",
        b"MM\0+",
        b"II+\0",
        b"II*\1",
        b"\xff\xd8",
        b"BM",
        b"notes",
    ]
    return [*real, *(head[:cut] for head in real for cut in (2, 7, 11, 13)), *boxes, *bitmaps, *others]


def test_beginnings_say_the_same():
    all_heads = heads()
    call = "A[0].map((bytes) => beginsAsPhoto(Uint8Array.from(bytes)))"
    assert javascript(call, [list(head) for head in all_heads]) == [begins_as_photo(head) for head in all_heads]


@pytest.mark.parametrize(
    ("name", "within"),
    [
        ("a/1.jpg", "a/1.jpg"), ("a\\b\\1.jpg", "a/b/1.jpg"), ("/etc/1.jpg", "etc/1.jpg"),
        ("C:\\photos\\1.jpg", "photos/1.jpg"), ("a/../1.jpg", "1.jpg"), ("./a//1.jpg", "a/1.jpg"), ("../1.jpg", None),
        ("a/../../1.jpg", None), ("..\\..\\1.jpg", None), ("/../1.jpg", None), ("a\0.jpg", "a.jpg"), ("..", None), ("", None),
    ],
)  # fmt: skip
def test_names_in_archives_stay_in_them(name, within):
    assert javascript("withinArchive(A[0])", name) == within


def test_what_is_left_out_is_counted_with_three_examples():
    script = """(() => { globalThis.text = (key, values) => JSON.stringify([key, values]);
        const left = new LeftOut();
        for (let n = 0; n < 1200; n += 1) left.add("why_hidden", `${n}`);
        left.add("why_archive", "a\\u202e\\n.zip");
        return left.sentences("de").map((sentence) => JSON.parse(sentence)); })()"""
    assert javascript(script) == [
        ["omitted", {"reason": '["why_hidden",null]', "n": "1.200", "examples": "0, 1, 2, …"}],
        ["omitted_one", {"reason": '["why_archive",null]', "n": "1", "examples": "a\ufffd\ufffd.zip"}],
    ]
