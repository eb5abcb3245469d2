"""Wrong? A visitor corrects an answer, in a real Chromium, of an app whose owner named a folder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.browser.conftest import PHONE, SECONDS
from tests.pictures import CAT, COFFEE
from tests.running import running_app
from ui.texts import say

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("corrections")


@pytest.fixture(scope="module")
def app(folder):
    with running_app({"CORRECTIONS_FOLDER": str(folder)}) as server:
        yield server


@pytest.fixture
def opened(page, folder):
    """The part of the page, opened, with a photo above it."""
    for path in folder.glob("*/*.jpg"):
        path.unlink()
    page.set_input_files("#photo input[type=file]", str(COFFEE))
    page.locator("#answer .bar[value=neither][aria-pressed=true]").wait_for(timeout=30 * SECONDS)
    page.get_by_role("button", name="Wrong?").click()
    page.get_by_role("radio", name="Dog").wait_for()
    return page


def kept(folder: Path) -> list[str]:
    return [path.parent.name for path in folder.glob("*/*.jpg")]


def status(page, text: str) -> None:
    page.locator("#corrections-status [role=status]").filter(has_text=text).wait_for(timeout=20 * SECONDS)


def send(page) -> None:
    page.get_by_role("button", name="Send the correction").click()


def test_with_consent_photo_and_label_are_kept_and_can_be_taken_back(opened, folder):
    opened.get_by_role("radio", name="Dog").check()
    assert not opened.get_by_role("checkbox", name="I agree").is_checked()
    opened.get_by_role("checkbox", name="I agree").check()
    send(opened)
    status(opened, "kept as “Dog”")
    assert kept(folder) == ["Dog"]
    line = json.loads((folder / "corrections.jsonl").read_text("utf-8").splitlines()[-1])
    assert (line["label"], line["answer"], line["revision"]) == ("Dog", "neither", "embedded")
    opened.get_by_role("button", name="Take it back").click()
    status(opened, "Taken back")
    assert kept(folder) == []
    assert opened.get_by_role("button", name="Take it back").is_disabled()


def test_without_consent_nothing_is_kept(opened, folder):
    opened.get_by_role("radio", name="Dog").check()
    send(opened)
    status(opened, "tick the box")
    assert kept(folder) == []


def test_without_label_or_photo_the_page_says_what_is_missing(opened, folder):
    opened.get_by_role("checkbox", name="I agree").check()
    send(opened)
    status(opened, "Choose what the photo shows")
    opened.get_by_role("radio", name="Cat").check()
    opened.locator("#photo").get_by_role("button", name="Remove Image").click()
    opened.wait_for_selector("#photo input[type=file]", state="attached")
    send(opened)
    status(opened, "There is no photo yet")
    assert kept(folder) == []


def test_every_correction_needs_its_own_consent(opened, folder):
    opened.get_by_role("radio", name="Cat").check()
    opened.get_by_role("checkbox", name="I agree").check()
    send(opened)
    status(opened, "kept as “Cat”")
    assert not opened.get_by_role("checkbox", name="I agree").is_checked()
    opened.locator("#photo").get_by_role("button", name="Remove Image").click()
    opened.set_input_files("#photo input[type=file]", str(CAT))
    send(opened)
    status(opened, "tick the box")
    assert kept(folder) == ["Cat"]


@pytest.mark.parametrize("page", [PHONE], indirect=True, ids=["phone"])
def test_a_phone_shows_everything_without_scrolling_sideways(opened):
    assert opened.get_by_text("What is kept").is_visible()
    assert opened.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_labels_are_in_the_visitors_language_and_folders_are_not(browser, app, folder):
    for path in folder.glob("*/*.jpg"):
        path.unlink()
    context = browser.new_context(locale="de-DE")
    page = context.new_page()
    page.goto(app.url)
    page.set_input_files("#photo input[type=file]", str(COFFEE))
    page.locator("#answer .bar[aria-pressed=true]").wait_for(timeout=30 * SECONDS)
    page.get_by_role("button", name=say("corrections.title", "de")).click()
    page.get_by_role("radio", name="Hund").click()
    assert page.locator("#corrections").get_by_role("radio").count() == 3
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name=say("corrections.send", "de")).click()
    status(page, "Das Foto ist als „Hund“ gespeichert.")
    assert kept(folder) == ["Dog"]
    context.close()
