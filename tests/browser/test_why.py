"""The heat map and the tab that looks inside the network, in a real Chromium."""

from __future__ import annotations

import re

import pytest

from tests.browser.conftest import PHONE, SECONDS
from tests.browser.test_page import upload, wait_for_answer
from tests.pictures import CAT, needs_photos, photos

pytestmark = pytest.mark.browser


def caption(page, label: str):
    return page.locator("#why figcaption").filter(has_text=label)


def open_inside(page, photo=CAT) -> None:
    page.get_by_role("tab", name="Inside the network").click()
    page.wait_for_selector("#inside-stages .box", timeout=30 * SECONDS)
    page.set_input_files("#inside-photo input[type=file]", str(photo))
    page.wait_for_selector("#inside-given img", timeout=30 * SECONDS)
    page.wait_for_selector("#inside-maps img", timeout=30 * SECONDS)


@needs_photos
def test_the_answer_comes_with_its_reason_and_other_answers_with_theirs(page):
    upload(page, photos("Dog", 7)[6])
    wait_for_answer(page, "Dog")
    caption(page, "speaks for Dog").wait_for(timeout=30 * SECONDS)
    picture = page.locator("#why img")
    assert picture.get_attribute("alt") == "Heat map: where the network found evidence for Dog"
    first = picture.get_attribute("src")
    page.get_by_test_id("Cat-confidence-set").click()
    caption(page, "for Cat").wait_for(timeout=30 * SECONDS)
    assert picture.get_attribute("src") != first


def test_the_keyboard_chooses_whose_reason_is_shown(page):
    upload(page, CAT)
    caption(page, "speaks for Cat").wait_for(timeout=30 * SECONDS)
    page.get_by_test_id("Dog-confidence-set").focus()
    page.keyboard.press("Enter")
    caption(page, "for Dog").wait_for(timeout=30 * SECONDS)


def test_the_reason_goes_with_the_photo(page):
    upload(page, CAT)
    caption(page, "speaks for Cat").wait_for(timeout=30 * SECONDS)
    page.get_by_role("button", name="Clear").click()
    page.locator("#why img").wait_for(state="detached", timeout=30 * SECONDS)


def test_inside_the_network_from_the_photo_to_one_channel(page):
    open_inside(page)
    assert "256×256×3" in page.locator("#inside-stages").inner_text()
    assert "32 filters of 3×3 pixels" in page.locator("#inside-filters").inner_text()
    shown = page.locator("#inside-maps img")
    assert shown.count() == 24
    shown.nth(2).click()
    page.wait_for_selector("#inside-channel .patches img", timeout=30 * SECONDS)
    assert page.locator("#inside-channel .patches img").count() == 9


def test_another_layer_shows_other_maps(page):
    open_inside(page)
    first = page.locator("#inside-maps img").first.get_attribute("src")
    page.locator("#inside-layer input").click()
    page.get_by_role("option", name=re.compile("^✓?\\s*58 · ")).click()
    page.wait_for_function(
        "(first) => { const image = document.querySelector('#inside-maps img'); return image && image.src !== first }",
        arg=first,
    )
    page.locator("#inside-maps img").first.click()
    page.wait_for_selector("#inside-channel .patches img", timeout=30 * SECONDS)


def test_the_photo_goes_along_to_the_tabs_that_have_none(page):
    upload(page, CAT)
    wait_for_answer(page, "Cat")
    page.get_by_role("tab", name="Inside the network").click()
    page.wait_for_selector("#inside-given img", timeout=30 * SECONDS)
    page.get_by_role("tab", name="Convolution lab").click()
    page.wait_for_selector("#lab-pixels table", timeout=30 * SECONDS)


@pytest.mark.parametrize("page", [PHONE], indirect=True, ids=["phone"])
def test_a_phone_shows_the_inside_without_scrolling_sideways(page):
    page.locator(".overflow-menu button").first.click()
    page.get_by_text("Inside the network").last.click()
    page.wait_for_selector("#inside-stages .box", timeout=30 * SECONDS)
    page.set_input_files("#inside-photo input[type=file]", str(CAT))
    page.wait_for_selector("#inside-maps img", timeout=30 * SECONDS)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


@pytest.mark.parametrize(("locale", "words"), [("de-DE", "Je heller"), ("es-ES", "Cuanto más claro")])
def test_the_page_speaks_the_visitors_language(browser, app, locale, words):
    context = browser.new_context(locale=locale)
    page = context.new_page()
    page.goto(app.url)
    page.wait_for_selector("#photo input[type=file]", state="attached", timeout=60 * SECONDS)
    upload(page, CAT)
    page.locator("#why figcaption").filter(has_text=words).wait_for(timeout=30 * SECONDS)
    tabs = page.get_by_role("tab").all()
    assert len(tabs) == 6
    for tab in tabs:
        tab.click()
        assert "__i18n__" not in page.inner_text("body")
        assert "translation_metadata" not in page.inner_text("body")
    context.close()
