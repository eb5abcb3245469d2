"""The convolution lab as a visitor walks through it, with a screenshot of every step in artefacts/."""

from __future__ import annotations

import re

import pytest

from tests.browser.conftest import ARTEFACTS, PHONE, SECONDS
from tests.pictures import CAT

pytestmark = [pytest.mark.browser, pytest.mark.slow]
KERNELS, POOLING, EDGES, SLIDING = range(1, 5)
LAST_STEP = ["#lab-histogram svg", "#lab-close img", "#lab-flat p", "#lab-contours img", "#lab-place table"]


def open_lab(page) -> None:
    tab = page.get_by_role("tab", name="Convolution lab")
    if not tab.is_visible():  # on a phone the tabs that do not fit are in a menu
        page.locator(".overflow-menu > button").first.click()
        page.locator(".overflow-dropdown").get_by_text("Convolution lab").click()
    else:
        tab.click()
    page.locator("#lab-photo input[type=file]").wait_for(state="attached", timeout=30 * SECONDS)


def open_step(page, step: int) -> None:
    page.locator("#lab-tabs").get_by_role("tab").nth(step).click()


def give_cat(page) -> None:
    page.set_input_files("#lab-photo input[type=file]", str(CAT))
    page.locator("#lab-framed img").wait_for(timeout=30 * SECONDS)


def choose_kernel(page, name: str) -> None:
    page.locator("#lab-kernel input").click()
    page.get_by_role("option", name=name).click()


def expect(page, selector: str, text: str) -> None:
    page.locator(selector).filter(has_text=re.compile(text)).wait_for(timeout=30 * SECONDS)


def picture(page, selector: str) -> str:
    page.locator(f"{selector} img").first.wait_for(timeout=30 * SECONDS)
    return page.locator(f"{selector} img").first.get_attribute("src")


def wait_for_other_picture(page, selector: str, before: str) -> None:
    page.wait_for_function(
        "([selector, before]) => (document.querySelector(selector)?.src ?? before) !== before",
        arg=[f"{selector} img", before],
        timeout=30 * SECONDS,
    )


def walk(page, name: str) -> list[int]:
    """Through all steps; the width of the page at each."""
    widths = []
    for step, last in enumerate(LAST_STEP):
        open_step(page, step)
        page.locator(last).first.wait_for(timeout=30 * SECONDS)
        page.wait_for_function("[...document.querySelectorAll('#lab-tabs img')].every(image => image.naturalWidth > 0)")
        widths.append(page.evaluate("document.documentElement.scrollWidth"))
        ARTEFACTS.mkdir(exist_ok=True)
        page.screenshot(path=ARTEFACTS / f"lab_{name}_{step + 1}.png", full_page=True)
    return widths


def test_a_walk_through_all_steps_with_sizes(page, app, tmp_path):
    uploads = app.log.with_name("uploads")
    before = set(uploads.rglob("*"))
    mine = tmp_path / "mine.jpg"
    mine.write_bytes(CAT.read_bytes() + b"a visitor's own")
    open_lab(page)
    page.set_input_files("#lab-photo input[type=file]", str(mine))
    expect(page, "#lab-framed", "300×451×3: 405,900 numbers")
    assert page.locator("#lab-pixels td").count() == 100
    walk(page, "desktop")
    open_step(page, KERNELS)
    expect(page, "#lab-map", "300×451 → 298×449")
    open_step(page, POOLING)
    expect(page, "#lab-pool", "298×449 → 149×224")
    expect(page, "#lab-flat", "149×224 → 33,376")
    kept = [path for path in set(uploads.rglob("*")) - before if path.is_file()]
    assert kept
    assert all(path.read_bytes() == mine.read_bytes() for path in kept), "more than the upload itself was written"


@pytest.mark.parametrize("page", [PHONE], indirect=True, ids=["phone"])
def test_a_phone_shows_all_steps_without_scrolling_sideways(page):
    open_lab(page)
    give_cat(page)
    assert max(walk(page, "phone")) <= PHONE["width"]


def test_the_example_is_one_click_away_and_steps_follow_their_controls(page):
    open_lab(page)
    page.get_by_role("button", name="a cat", exact=True).click()
    expect(page, "#lab-framed", "300×451×3")
    open_step(page, KERNELS)
    expect(page, "#lab-map", "300×451 → 298×449")
    page.locator("#lab-stride input[type=number]").fill("2")
    page.keyboard.press("Tab")
    expect(page, "#lab-map", "300×451 → 149×225")
    page.get_by_label("Zeros").check()
    expect(page, "#lab-map", "300×451 → 150×226")
    page.get_by_label("Red, green, blue: a map each").check()
    expect(page, "#lab-map", "300×451×3 → 150×226×3")
    open_step(page, POOLING)
    expect(page, "#lab-relu", "150×226×3 → 150×226×3")
    expect(page, "#lab-pool", "150×226×3 → 75×113×3")
    page.locator("#lab-window input[type=number]").fill("4")
    page.keyboard.press("Tab")
    expect(page, "#lab-pool", "150×226×3 → 74×112×3")
    expect(page, "#lab-flat", "74×112×3 → 24,864")


def test_turning_the_kernel_matters_for_emboss_and_not_for_a_blur(page):
    open_lab(page)
    give_cat(page)
    open_step(page, KERNELS)
    choose_kernel(page, "Emboss")
    expect(page, "#lab-kernel-table", "this kernel is another one")
    expect(page, "#lab-map", "Black is 0, white is 255")
    before = picture(page, "#lab-map")
    page.get_by_label("Turned by 180°").check()
    wait_for_other_picture(page, "#lab-map", before)
    choose_kernel(page, "Box blur")
    expect(page, "#lab-kernel-table", "this kernel is the same")
    expect(page, "#lab-close", "The largest difference between the two: 0")


def test_a_kernel_of_one_s_own(page):
    open_lab(page)
    open_step(page, KERNELS)
    choose_kernel(page, "Your own")
    expect(page, "#lab-kernel-table", "its numbers add up to 1")
    give_cat(page)
    expect(page, "#lab-map", "Black is 0, white is 255")

    def type_into_the_middle(text: str) -> None:
        page.get_by_test_id("cell-1-1").dblclick()
        page.keyboard.press("Control+a")
        page.keyboard.type(text)
        page.keyboard.press("Enter")

    type_into_the_middle("abc")
    expect(page, "#lab-map [role=alert]", "“abc” in row 2, column 2 of your kernel is not a number")
    type_into_the_middle("4")
    expect(page, "#lab-kernel-table", "its numbers add up to 0")
    expect(page, "#lab-map", "mid-grey is 0")
    page.locator("#lab-own-size").get_by_label("5×5").check()
    expect(page, "#lab-map", "300×451 → 296×447")


def test_edges_follow_the_threshold(page):
    open_lab(page)
    give_cat(page)
    open_step(page, EDGES)
    expect(page, "#lab-edges", r"\d pixels, \d")
    page.locator("#lab-threshold input[type=number]").fill("60")
    page.keyboard.press("Tab")
    expect(page, "#lab-edges", r"\s\d{1,2} pixels, 0")
    expect(page, "#lab-density", "300×451, counted in squares of 31×31")


def test_slow_motion_by_keyboard_and_as_an_animation(page):
    open_lab(page)
    give_cat(page)
    open_step(page, SLIDING)
    expect(page, "#lab-place", "at place 1 of 25")
    page.locator("#lab-position input[type=range]").focus()
    page.keyboard.press("ArrowRight")
    expect(page, "#lab-place", "at place 2 of 25")
    assert page.locator("#lab-place td.marked").count() == 9 + 1
    page.get_by_role("button", name="Show all places as an animation").click()
    assert picture(page, "#lab-film").startswith("data:image/gif")
    page.get_by_role("button", name="Hide the animation").click()
    page.locator("#lab-film img").wait_for(state="detached", timeout=30 * SECONDS)


def test_the_spot_moves_what_is_looked_at(page):
    open_lab(page)
    give_cat(page)
    expect(page, "#lab-pixels", "Rows 145–154, columns 220–229")
    page.locator("#lab-down input[type=number]").fill("0")
    page.keyboard.press("Tab")
    expect(page, "#lab-pixels", "Rows 0–9, columns 220–229")
    expect(page, "#lab-framed", "row 0, column 220")


def test_what_is_no_photo_is_said_once(page, tmp_path):
    path = tmp_path / "photo.jpg"
    path.write_bytes(b"%PDF-1.7")
    open_lab(page)
    page.set_input_files("#lab-photo input[type=file]", str(path))
    expect(page, "#lab-framed [role=alert]", "This is a PDF")
    assert page.locator("#lab-tabs [role=alert]").count() == 0


@pytest.mark.parametrize(
    ("locale", "tab", "sentence"),
    [
        ("de", "Faltungslabor", "300×451×3: 405.900 Zahlen zwischen 0 und 255"),
        ("es", "Laboratorio de convolución", "300×451×3: 405\u202f900 números entre 0 y 255"),
    ],
)
def test_the_lab_speaks_the_visitor_s_language(browser, app, locale, tab, sentence):
    context = browser.new_context(locale=locale, viewport={"width": 1200, "height": 900})
    page = context.new_page()
    page.goto(f"{app.url}/?__theme=dark")
    page.get_by_role("tab", name=tab).click(timeout=60 * SECONDS)
    page.locator("#lab-photo input[type=file]").wait_for(state="attached", timeout=30 * SECONDS)
    give_cat(page)
    expect(page, "#lab-framed", sentence)
    walk(page, f"dark_{locale}")
    context.close()
