"""The Album tab in a real Chromium."""

from __future__ import annotations

import base64
import csv
import io
import re

import pytest
from PIL import Image

from tests.browser.conftest import PHONE, SECONDS, archive, open_tab
from tests.pictures import CAT, COFFEE, encoded, needs_photos, photos

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def album(page):
    open_tab(page, "Album")
    page.locator("#album-files input[type=file]").first.wait_for(state="attached")
    return page


def drop(page, *files) -> None:
    buffers = [each if isinstance(each, dict) else file(each.name, each.read_bytes()) for each in files]
    page.locator("#album-files input[type=file]").first.set_input_files(buffers)


def file(name: str, content: bytes) -> dict[str, object]:
    return {"name": name, "mimeType": "application/octet-stream", "buffer": content}


def done(page, sentence: str) -> None:
    page.locator("#album-progress [role=status]").filter(has_text=sentence).wait_for(timeout=60 * SECONDS)


def downloaded(page) -> tuple[str, list[dict[str, str]]]:
    with page.expect_download() as download:
        page.locator("#album-csv").click()
    text = download.value.path().read_text("utf-8-sig")
    return download.value.suggested_filename, list(csv.DictReader(io.StringIO(text)))


def test_photos_are_grouped_listed_and_downloaded(album):
    drop(album, CAT, COFFEE, file("=cmd().txt", b"notes"), file("empty.jpg", b""))
    done(album, "Photos answered: 2. Files that could not be used: 2.")
    assert album.locator("#album-gallery h3").all_inner_texts() == ["Cat", "neither"]
    assert album.get_by_role("img", name="coffee.jpg: neither").is_visible()
    assert album.locator("#album-problems li").all_inner_texts() == [
        "=cmd().txt: This is not a photo that can be opened. Send a JPEG, PNG, WebP, GIF, BMP, TIFF, AVIF or HEIC file.",
        "empty.jpg: The photo is empty: there are no bytes in it.",
    ]
    name, rows = downloaded(album)
    assert name.startswith("cat-or-dog")
    assert name.endswith(".csv")
    assert [row["file"] for row in rows] == ["cat.jpg", "coffee.jpg", "'=cmd().txt", "empty.jpg"]
    assert [row["answer"] for row in rows] == ["Cat", "neither", "", ""]
    assert rows[0]["probability"] == rows[0]["Cat"] > "0.9"
    assert "not a photo" in rows[2]["problem"]


def test_the_table_is_sorted_by_a_click(album):
    drop(album, COFFEE, CAT, file("again.jpg", CAT.read_bytes()))
    done(album, "Photos answered: 3.")
    assert names(album) == ["coffee.jpg", "cat.jpg", "again.jpg"]
    album.get_by_role("button", name="file", exact=True).click()
    assert names(album) == ["again.jpg", "cat.jpg", "coffee.jpg"]
    album.keyboard.press("Enter")
    assert names(album) == ["coffee.jpg", "cat.jpg", "again.jpg"]
    album.get_by_role("button", name="p(neither)").click()
    assert names(album)[0] == "coffee.jpg"


def names(page) -> list[str]:
    page.locator("#album-table td").first.wait_for()
    return page.locator("#album-table td:first-child").all_inner_texts()


def test_a_zip_is_opened(album):
    drop(
        album, file("holiday.zip", archive({"a/cat.jpg": CAT.read_bytes(), "b/coffee.jpg": COFFEE.read_bytes(), "a.txt": b"x"}))
    )
    done(album, "Photos answered: 2. Files that could not be used: 1.")
    assert album.get_by_role("img", name="holiday.zip/a/cat.jpg: Cat").is_visible()
    assert "holiday.zip/a.txt" in album.locator("#album-problems").inner_text()


def test_markup_in_a_file_name_is_text(album):
    drop(album, file("<img src=x onerror=alert(1)>.jpg", CAT.read_bytes()), file("<b>no photo</b>", b"?"))
    done(album, "Photos answered: 1. Files that could not be used: 1.")
    assert album.locator("#album-gallery img").get_attribute("title") == "<img src=x onerror=alert(1)>.jpg"
    assert "<b>no photo</b>" in album.locator("#album-problems").inner_text()


def test_too_large_files_are_listed_and_the_rest_is_answered(album, tmp_path):
    large = tmp_path / "large.jpg"
    with large.open("wb") as sparse:
        sparse.truncate(20_000_001)
    small = tmp_path / "cat.jpg"
    small.write_bytes(CAT.read_bytes())
    album.locator("#album-files input[type=file]").first.set_input_files([str(large), str(small)])
    done(album, "Photos answered: 1. Files that could not be used: 1.")
    assert album.locator("#album-problems li").inner_text() == "large.jpg: It is larger than 20 MB. Send a smaller one."


def test_a_folder_is_taken_with_what_is_in_it(album, tmp_path):
    for name in ("one/cat.jpg", "two/coffee.jpg", "two/.hidden"):
        path = tmp_path / "mine" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes((CAT if "cat" in name else COFFEE).read_bytes())
    with album.expect_file_chooser() as chooser:
        album.get_by_role("button", name="Choose a folder").click()
    chooser.value.set_files(str(tmp_path / "mine"))
    done(album, "Photos answered: 2. Files that could not be used: 0.")
    assert sorted(names(album)) == ["mine/one/cat.jpg", "mine/two/coffee.jpg"]


def test_files_can_be_dropped(album):
    drop_event = """async ([zone, text]) => {
        const blob = await (await fetch('data:image/jpeg;base64,' + text)).blob();
        const transfer = new DataTransfer();
        transfer.items.add(new File([blob], 'dropped.jpg'));
        document.querySelector(zone).dispatchEvent(new DragEvent('drop', {dataTransfer: transfer, bubbles: true}));
    }"""
    album.evaluate(drop_event, ["#album-files .drop", base64.b64encode(CAT.read_bytes()).decode()])
    done(album, "Photos answered: 1.")
    assert names(album) == ["dropped.jpg"]


def test_an_upload_that_fails_is_explained(album):
    album.route("**/upload", lambda route: route.fulfill(status=500))
    drop(album, CAT)
    album.get_by_text("interrupted after 0 of 1 files").wait_for(timeout=20 * SECONDS)
    album.unroute("**/upload")
    drop(album, CAT)
    done(album, "Photos answered: 1.")


def test_an_album_can_be_stopped_and_shows_what_was_answered(album):
    photo = encoded(Image.open(CAT).resize((3000, 2000)), "JPEG")
    drop(album, *(file(f"{number}.jpg", photo + bytes([number])) for number in range(80)))
    album.locator("#album-progress progress").wait_for(timeout=60 * SECONDS)
    album.get_by_role("tabpanel").get_by_role("button", name="Stop", exact=True).click()
    done(album, "Photos answered: ")
    answered = int(re.findall(r"\d+", album.locator("#album-progress").inner_text())[0])
    assert answered < 80
    assert f"Not answered: {80 - answered} files" in album.locator("#album-problems").inner_text()
    drop(album, CAT)
    done(album, "Photos answered: 1.")


@needs_photos
def test_many_real_photos(album):
    drop(album, *photos("Cat", 40), *photos("Dog", 80))
    done(album, "Photos answered: 120. Files that could not be used: 0.")
    text = album.locator("#album-gallery").inner_text()
    assert "The first 60 of " in text
    assert album.locator("#album-gallery section").first.locator("img").count() == 60
    assert len(names(album)) == 50
    album.get_by_role("button", name="Next").click()
    album.get_by_role("button", name="Next").click()
    assert len(names(album)) == 20
    _, rows = downloaded(album)
    assert len(rows) == 120
    assert sum(row["answer"] == "Dog" for row in rows) > 70


@pytest.mark.parametrize("page", [PHONE], indirect=True, ids=["phone"])
def test_a_phone_shows_everything_without_scrolling_sideways(album):
    drop(album, CAT, COFFEE, file("a_very_long_name_without_any_space_in_it_that_goes_on_and_on_and_on_and_on.txt", b"?"))
    done(album, "Photos answered: 2.")
    assert album.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
