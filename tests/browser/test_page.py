"""What a visitor does, in a real Chromium."""

from __future__ import annotations

import base64
import re

import pytest

from tests.browser.conftest import PHONE, SECONDS
from tests.pictures import CAT, COFFEE, needs_photos, photos

pytestmark = pytest.mark.browser


def upload(page, path) -> None:
    page.set_input_files("#photo input[type=file]", str(path))


def wait_for_answer(page, label: str) -> None:
    page.get_by_test_id("label-output-value").filter(has_text=re.compile(rf"^\s*{label}\s*$")).wait_for(timeout=30 * SECONDS)


def bars(page) -> dict[str, int]:
    text = page.locator("#answer").inner_text()
    return {label: int(percent) for label, percent in re.findall(r"(Cat|Dog|neither)\s+(\d+)%", text)}


def test_an_uploaded_cat_is_a_cat(page):
    upload(page, CAT)
    wait_for_answer(page, "Cat")
    found = bars(page)
    assert set(found) == {"Cat", "Dog", "neither"}
    assert 99 <= sum(found.values()) <= 101


def test_a_coffee_cup_is_neither(page):
    upload(page, COFFEE)
    wait_for_answer(page, "neither")


@needs_photos
def test_real_photos_one_after_the_other(page):
    for label in ("Cat", "Dog"):
        upload(page, photos(label, 3)[2])
        wait_for_answer(page, label)
        page.get_by_role("button", name="Clear").click()
        page.wait_for_selector("#photo input[type=file]", state="attached")


def test_a_webcam_snapshot(page):
    page.get_by_role("button", name="Capture from camera").click()
    page.get_by_text("Click to Access Webcam").click()
    page.locator("#photo video").wait_for(timeout=30 * SECONDS)
    page.wait_for_function("document.querySelector('#photo video').videoWidth > 0")
    page.get_by_role("button", name="capture photo").click()
    wait_for_answer(page, "Cat")


def test_a_pasted_photo(page):
    data = base64.b64encode(CAT.read_bytes()).decode()
    page.evaluate(
        """async (data) => {
            const jpeg = await (await fetch('data:image/jpeg;base64,' + data)).blob();
            const bitmap = await createImageBitmap(jpeg);
            const canvas = document.createElement('canvas');
            canvas.width = bitmap.width; canvas.height = bitmap.height;
            canvas.getContext('2d').drawImage(bitmap, 0, 0);
            const png = await new Promise(resolve => canvas.toBlob(resolve, 'image/png'));
            await navigator.clipboard.write([new ClipboardItem({'image/png': png})]);
        }""",
        data,
    )
    page.get_by_role("button", name="Paste from clipboard").click()
    wait_for_answer(page, "Cat")


def test_an_example_is_answered_with_one_click(page):
    page.get_by_role("button", name="a cat", exact=True).click()
    wait_for_answer(page, "Cat")


def test_what_is_no_photo_gets_a_readable_message(page, tmp_path):
    path = tmp_path / "photo.jpg"
    path.write_bytes(b"%PDF-1.7")
    upload(page, path)
    page.get_by_text("This is a PDF").wait_for(timeout=30 * SECONDS)


def test_the_button_without_a_photo_says_what_is_missing(page):
    page.get_by_role("button", name="Classify").click()
    page.get_by_text("There is no photo yet").wait_for(timeout=30 * SECONDS)


def test_the_keyboard_reaches_everything(page):
    upload(page, CAT)
    wait_for_answer(page, "Cat")
    names = set()
    for _ in range(40):
        page.keyboard.press("Tab")
        names.add(page.evaluate("document.activeElement.matches('button:not([role=tab])') && document.activeElement.innerText"))
    assert {"Clear", "Classify"} <= names
    page.get_by_role("button", name="Clear").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("#photo input[type=file]", state="attached")


@pytest.mark.parametrize("page", [PHONE], indirect=True, ids=["phone"])
def test_a_phone_shows_everything_without_scrolling_sideways(page):
    upload(page, CAT)
    wait_for_answer(page, "Cat")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
