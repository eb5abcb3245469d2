"""What lies in folders and zips, in Album and Teach in a real Chromium: photos are found, the rest is counted and said."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib

import pytest

from tests.browser.conftest import SECONDS, archive, open_tab
from tests.browser.test_teach import DROP, text_of
from tests.pictures import CAT, COFFEE

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def give(page, content: bytes, name: str = "my.zip") -> None:
    given = {"name": name, "mimeType": "application/octet-stream", "buffer": content}
    page.locator("#album-files input[type=file]").first.set_input_files([given])


def done(page, count: int) -> None:
    sentence = f"Photos answered: {count}."
    page.locator("#album-progress [data-part=summary]").filter(has_text=sentence).wait_for(timeout=120 * SECONDS)


def names(page) -> list[str]:
    page.locator("#album-table td").first.wait_for()
    return sorted(page.locator("#album-table td:first-child").all_inner_texts())


def problems(page) -> list[str]:
    """What is said of what was left out, and of what cannot be used."""
    page.locator("#album-problems").locator("p, li").first.wait_for(timeout=30 * SECONDS)
    return page.locator("#album-problems").locator("p, li").all_inner_texts()


PHOTO = CAT.read_bytes()
HIDDEN = ["cats/.ipynb_checkpoints/1.jpg", "__MACOSX/cats/._1.jpg", "@eaDir/1.jpg", "lost+found/1.jpg", "cats/THUMBS.DB"]


def test_in_a_zip_a_photo_is_what_begins_as_one_and_the_rest_is_counted_and_said(album):
    photos = {"cats/1.JFIF": b"1", "cats/2": b"2", "cats/3.jpg?width=800": b"3", "cats\\4.jpe": b"4", "/abs/5.jpg": b"5"}
    entries = {name: PHOTO + end for name, end in photos.items()}
    entries |= dict.fromkeys(HIDDEN, PHOTO) | {f"{number}.txt": b"notes" for number in range(4)}
    entries |= {"more.zip": archive({"cat.jpg": PHOTO}), "../out.jpg": PHOTO, "cats/broken.png": b"no photo"}
    give(album, archive(entries))
    done(album, 5)
    assert names(album) == [
        "my.zip/abs/5.jpg",
        *(f"my.zip/cats/{name}" for name in ("1.JFIF", "2", "3.jpg?width=800", "4.jpe")),
    ]
    said = problems(album)
    first, second, third = (f"my.zip/{name}" for name in HIDDEN[:3])
    assert f"Left out, hidden, or what systems put beside photos: 5 files ({first}, {second}, {third}, …)." in said
    assert "Left out, no photos: 4 files (my.zip/0.txt, my.zip/1.txt, my.zip/2.txt, …)." in said
    assert "Left out, an archive in it: unpack it first: 1 file (my.zip/more.zip)." in said
    assert "Left out, a name that leads out of the zip: 1 file (my.zip/../out.jpg)." in said
    assert any(sentence.startswith("my.zip/cats/broken.png: This is not a photo") for sentence in said)
    album.locator("#album").get_by_role("button", name="Clear").click()
    assert album.locator("#album-problems").inner_text() == ""


def test_a_folder_is_listed_by_the_same_rule(album):
    photo, cup, text = (text_of(content) for content in (PHOTO, COFFEE.read_bytes(), b"notes"))
    tree = {
        ".mine": {"cat": photo, "cup.Jpe": cup, "notes.txt": text, ".git": {"cat.jpg": photo}, "desktop.ini": text},
    }
    album.evaluate(DROP, ["#album-files", tree])
    done(album, 2)
    assert names(album) == [".mine/cat", ".mine/cup.Jpe"]
    assert problems(album) == [
        "Left out, no photos: 1 file (.mine/notes.txt).",
        "Left out, hidden, or what systems put beside photos: 2 files (.mine/.git/cat.jpg, .mine/desktop.ini).",
    ]


def test_teach_fills_classes_by_the_same_rule_and_one_name_written_in_two_ways_is_one_class(page):
    open_tab(page, "Teach")
    page.locator("#teach .class").first.wait_for(timeout=120 * SECONDS)
    entries = {
        "Ka\u0308tzchen/1.jfif": PHOTO + b"1", "K\u00e4tzchen/2": PHOTO + b"2", "K\u00e4tzchen/notes.md": b"notes",
        "cups\\1.jpg": COFFEE.read_bytes(), "cups/.ipynb_checkpoints/1.jpg": COFFEE.read_bytes(),
    }  # fmt: skip
    with page.expect_file_chooser() as chooser:
        page.locator("#teach [data-part=open_zip]").click()
    chooser.value.set_files([{"name": "mine.zip", "mimeType": "application/zip", "buffer": archive(entries)}])
    for name, count in (("K\u00e4tzchen", "2 photos"), ("cups", "1 photo")):
        card = page.get_by_role("article", name=name, exact=True)
        card.locator(".count").get_by_text(count, exact=True).wait_for(timeout=120 * SECONDS)
    assert page.locator("#teach .class").count() == 2
    said = page.locator("#teach [data-part=omitted] li").all_inner_texts()
    assert sorted(said) == [
        "Left out, hidden, or what systems put beside photos: 1 file (mine.zip/cups/.ipynb_checkpoints/1.jpg).",
        "Left out, no photos: 1 file (mine.zip/K\u00e4tzchen/notes.md).",
    ]


def packed(entries: dict[str, bytes]) -> bytearray:
    return bytearray(archive(entries))


def field(content: bytearray, at: int, format: str, value: int) -> bytearray:
    struct.pack_into(f"<{format}", content, at, value)
    return content


def directory_at(content: bytes) -> int:
    return content.index(b"PK\1\2")


def overlapping() -> bytes:
    """Many entries that are all the same bytes, as a bomb has them."""
    content = packed({"0.jpg": PHOTO})
    at, end = directory_at(content), content.index(b"PK\5\6")
    entry = bytes(content[at:end])
    tail = field(bytearray(content[end:]), 10, "H", 500)
    return bytes(content[:at] + entry * 500 + field(field(tail, 8, "H", 500), 12, "I", 500 * len(entry)))


def lying_about_its_size() -> bytes:
    """It says a thousand bytes, and unpacks to a hundred million."""
    deflated = zlib.compressobj(9, zlib.DEFLATED, -15)
    data = deflated.compress(bytes(100_000_000)) + deflated.flush()
    content = packed({"1.jpg": b""})
    at = directory_at(content)
    head, directory, end = content[:at], content[at : content.index(b"PK\5\6")], content[content.index(b"PK\5\6") :]
    for part, method, size in ((head, 8, 18), (directory, 10, 20)):
        field(field(field(part, method, "H", 8), size, "I", len(data)), size + 4, "I", 1000)
    return bytes(head + data + directory + field(end, 16, "I", len(head) + len(data)))


def stored(lie: int) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        file.writestr("1.jpg", PHOTO)
    content = bytearray(buffer.getvalue())
    return bytes(field(content, directory_at(content) + 24, "I", lie))


GOOD = archive({"1.jpg": PHOTO, "2.jpg": PHOTO})
BROKEN = "This zip is damaged or cut off. Make it again."


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (overlapping(), "my.zip: Its entries share the same bytes, as no ordinary zip does. Make it again."),
        (lying_about_its_size(), f"my.zip/1.jpg: {BROKEN}"),
        (stored(10**9), "my.zip/1.jpg: It is larger than 20 MB. Take a smaller one."),
        (stored(7), f"my.zip/1.jpg: {BROKEN}"),
        (GOOD[:-10], f"my.zip: {BROKEN}"),
        (GOOD[: directory_at(GOOD) + 30] + GOOD[-22:], f"my.zip: {BROKEN}"),
        (bytes(field(bytearray(GOOD), len(GOOD) - 12, "H", 3)), f"my.zip: {BROKEN}"),
        (bytes(field(bytearray(GOOD), len(GOOD) - 12, "H", 1)), f"my.zip: {BROKEN}"),
        (bytes(field(bytearray(GOOD), len(GOOD) - 10, "I", 2**31)), "my.zip: This zip is too large."),
        (bytes(field(bytearray(GOOD), len(GOOD) - 6, "I", 2**32 - 1)), "my.zip: This zip is too large."),
        (bytes(field(bytearray(GOOD), directory_at(GOOD) + 42, "I", 2**31)), "my.zip: "),
        (b"PK\5\6" + bytes(18), "my.zip: This zip is empty"),
        (b"", f"my.zip: {BROKEN}"),
        (b"no zip", f"my.zip: {BROKEN}"),
    ],
    ids=["overlap", "deflated lie", "stored lie", "stored short", "no end", "cut directory", "more", "fewer", "directory",
         "zip64", "place", "empty", "nothing", "text"],
)  # fmt: skip
def test_a_hostile_zip_gets_a_sentence(album, content, sentence):
    give(album, content)
    album.locator("#album-problems li").first.wait_for(timeout=30 * SECONDS)
    assert any(said.startswith(sentence) for said in problems(album))


def test_of_sixty_thousand_entries_the_photos_are_found_and_the_rest_is_counted(album):
    entries = {f"{number}.txt": b"notes" for number in range(60_000)}
    give(album, archive(entries | {"cat.jpg": PHOTO, "a\nb\u202ec.jpg": PHOTO + b" "}))
    done(album, 2)
    assert names(album) == ["my.zip/a\ufffdb\ufffdc.jpg", "my.zip/cat.jpg"]
    assert problems(album) == [
        "Left out, no photos: 2,000 files (my.zip/0.txt, my.zip/1.txt, my.zip/2.txt, …).",
        "Left out, not called photos, and too many to look into: 58,000 files "
        "(my.zip/2000.txt, my.zip/2001.txt, my.zip/2002.txt, …).",
    ]
