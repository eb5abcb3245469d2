"""The convolution lab as a visitor walks through it, with a screenshot of every step in artefacts/."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.browser.conftest import ARTEFACTS, PHONE, SECONDS, open_tab
from tests.pictures import CAT
from tests.running import ROOT

pytestmark = [pytest.mark.browser, pytest.mark.slow]
COFFEE = ROOT / "ui" / "examples" / "coffee.jpg"
KERNELS, POOLING, EDGES, SLIDING = range(1, 5)
LAST_STEP = ["#lab-histogram svg", "#lab-close img", "#lab-flat p", "#lab-contours img", "#lab-place table"]


def open_lab(page) -> None:
    open_tab(page, "Convolution lab")
    page.locator("#lab-photo input[type=file]").wait_for(state="attached", timeout=30 * SECONDS)


@contextmanager
def lab_in(browser, app, locale: str, tab: str) -> Iterator[Any]:
    """The dark page of a visitor with this language, on which the lab, the tab of this name, has the cat."""
    context = browser.new_context(locale=locale, viewport={"width": 1200, "height": 900})
    page = context.new_page()
    page.goto(f"{app.url}/?__theme=dark")
    page.get_by_role("tab", name=tab).click(timeout=60 * SECONDS)
    page.locator("#lab-photo input[type=file]").wait_for(state="attached", timeout=30 * SECONDS)
    give_cat(page)
    yield page
    context.close()


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
    """The last picture: what came out."""
    page.locator(f"{selector} img").last.wait_for(timeout=30 * SECONDS)
    return page.locator(f"{selector} img").last.get_attribute("src")


def wait_for_other_picture(page, selector: str, before: str) -> None:
    page.wait_for_function(
        "([selector, before]) => ([...document.querySelectorAll(selector)].at(-1)?.src ?? before) !== before",
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
    expect(page, "#lab-map", "Black is 0 and less, white is 255 and more")
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
    expect(page, "#lab-map", "Black is 0 and less, white is 255 and more")

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


def click_photo(page, selector: str, across: float, down: float) -> None:
    """Click a picture of the photo at a share of its width and height."""
    picture = page.locator(selector).first
    box = picture.bounding_box()
    picture.click(position={"x": across * box["width"], "y": down * box["height"]})


@pytest.mark.parametrize("page", [{"width": 1200, "height": 900}, PHONE], indirect=True, ids=["desktop", "phone"])
def test_a_click_on_the_photo_chooses_the_spot(page):
    open_lab(page)
    give_cat(page)
    expect(page, "#lab-pixels", "Rows 145–154, columns 220–229")
    click_photo(page, "#lab-framed img", 100.5 / 451, 50.5 / 300)
    expect(page, "#lab-pixels", "Rows 4[4-6]–5[3-5], columns 9[4-6]–10[3-5]")  # a click is good to a pixel of the screen
    expect(page, "#lab-framed", "row 4[4-6], column 9[4-6]")
    across, down = (page.locator(f"#lab-{way} input[type=number]").input_value() for way in ("across", "down"))
    assert (float(across), float(down)) == (pytest.approx(100 * 95 / 441, abs=0.3), pytest.approx(100 * 45 / 290, abs=0.4))
    click_photo(page, "#lab-photo img", 0.999, 0.99)
    expect(page, "#lab-pixels", "Rows 290–299, columns 441–450")
    open_step(page, KERNELS)
    page.locator("#lab-map img").first.wait_for(timeout=30 * SECONDS)
    click_photo(page, "#lab-map img", 0.5, 0.5)
    expect(page, "#lab-framed", r"row 14\d, column 2[12]\d")


# every answer of the server waits until `release()`
HOLD = """() => {
  const fetched = window.fetch;
  const gate = new Promise((resolve) => { window.release = resolve; });
  window.fetch = async (url, options) => {
    if (String(url).includes("/queue/join")) await gate;
    return fetched(url, options);
  };
}"""
# what follows from a photo, in whichever tab
STEPS = [
    "framed", "small", "pixels", "histogram", "map", "close", "relu", "pool", "flat",
    "gradient", "edges", "orientation", "blocks", "density", "contours", "place", "film",
]  # fmt: skip
SHOWN = f"document.querySelectorAll('{', '.join(f'#lab-{step} :is(img, table, svg, p)' for step in STEPS)}').length"


def test_a_new_photo_clears_every_step_before_the_server_answers(page):
    open_lab(page)
    give_cat(page)
    for step, last in enumerate(LAST_STEP):
        open_step(page, step)
        page.locator(last).first.wait_for(timeout=30 * SECONDS)
    page.get_by_role("button", name="Show all places as an animation").click()
    page.locator("#lab-film img").wait_for(timeout=30 * SECONDS)
    page.evaluate(HOLD)
    page.set_input_files("#lab-photo input[type=file]", str(COFFEE))
    page.wait_for_function(f"{SHOWN} === 0", timeout=5 * SECONDS)
    for step in range(len(LAST_STEP)):
        open_step(page, step)
        assert page.evaluate(SHOWN) == 0
    page.evaluate("window.release()")
    expect(page, "#lab-framed", "320×480×3")
    expect(page, "#lab-place", "at place 1 of 25")
    assert page.locator("#lab-film img").count() == 0


def test_a_photo_that_is_replaced_while_it_is_worked_out_is_not_shown(page):
    open_lab(page)
    page.evaluate(HOLD)
    page.evaluate("""() => {
      window.captions = [];
      const watched = document.querySelector("#lab-framed");
      const note = () => window.captions.push(watched.querySelector("figcaption")?.textContent ?? "");
      new MutationObserver(note).observe(watched, { childList: true, subtree: true });
    }""")
    page.set_input_files("#lab-photo input[type=file]", str(CAT))
    page.locator("#lab-photo img").wait_for(timeout=30 * SECONDS)
    page.set_input_files("#lab-photo input[type=file]", str(COFFEE))
    page.wait_for_timeout(SECONDS)
    page.evaluate("window.release()")
    expect(page, "#lab-framed", "320×480×3")
    assert not [caption for caption in page.evaluate("window.captions") if "300×451" in caption]


def test_an_own_kernel_that_changes_clears_the_steps_that_are_not_seen(page):
    open_lab(page)
    give_cat(page)
    open_step(page, POOLING)
    page.locator("#lab-relu img").first.wait_for(timeout=30 * SECONDS)
    open_step(page, KERNELS)
    page.locator("#lab-map img").first.wait_for(timeout=30 * SECONDS)
    page.evaluate(HOLD)
    choose_kernel(page, "Box blur")
    open_step(page, POOLING)
    page.wait_for_function("document.querySelectorAll('#lab-relu img').length === 0", timeout=5 * SECONDS)
    page.evaluate("window.release()")
    expect(page, "#lab-relu", "0 of 133,802 values")


def test_what_is_no_photo_is_said_once_and_nothing_is_left_of_the_last_one(page, tmp_path):
    path = tmp_path / "photo.jpg"
    path.write_bytes(b"%PDF-1.7")
    open_lab(page)
    give_cat(page)
    for step, last in enumerate(LAST_STEP):
        open_step(page, step)
        page.locator(last).first.wait_for(timeout=30 * SECONDS)
    page.set_input_files("#lab-photo input[type=file]", str(path))
    expect(page, "#lab-framed [role=alert]", "This is a PDF")
    for step in range(len(LAST_STEP)):
        open_step(page, step)
        page.wait_for_timeout(SECONDS // 2)
        assert ["This is a PDF" in text for text in page.locator("[role=alert]:visible").all_inner_texts()] == [True]
        assert page.evaluate(SHOWN) == 1  # the sentence itself
    give_cat(page)
    page.locator(LAST_STEP[-1]).first.wait_for(timeout=30 * SECONDS)
    assert page.locator("[role=alert]:visible").count() == 0


@pytest.mark.parametrize(
    "page", [{"width": 1200, "height": 900}, {"width": 390, "height": 844}], indirect=True, ids=["desktop", "phone"]
)
def test_before_and_after_stand_side_by_side_at_one_zoom(page):
    open_lab(page)
    give_cat(page)
    open_step(page, KERNELS)
    page.locator("#lab-stride input[type=number]").fill("4")
    page.keyboard.press("Tab")
    expect(page, "#lab-map", "300×451 → 75×113.*drawn 4 times as large")
    before, after = (page.locator("#lab-map img").nth(place).bounding_box() for place in (0, 1))
    assert before["y"] == pytest.approx(after["y"], abs=1)
    assert before["x"] + before["width"] <= after["x"]
    assert after["width"] / before["width"] == pytest.approx(4 * 113 / 451, abs=0.01)
    assert after["height"] / before["height"] == pytest.approx(4 * 75 / 300, abs=0.02)
    drawn = page.locator("#lab-map img").nth(1).evaluate("image => getComputedStyle(image).imageRendering")
    assert drawn == "pixelated"
    for step, shown in ((POOLING, "#lab-pool"), (EDGES, "#lab-edges"), (EDGES, "#lab-blocks")):
        open_step(page, step)
        page.locator(f"{shown} img").nth(1).wait_for(timeout=30 * SECONDS)
        before, after = (page.locator(f"{shown} img").nth(place).bounding_box() for place in (0, 1))
        assert before["y"] == pytest.approx(after["y"], abs=1)
        assert before["width"] == pytest.approx(after["width"], rel=0.03)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_kernels_are_coloured_numbers_and_sobel_says_both_its_names(page):
    open_lab(page)
    give_cat(page)
    open_step(page, KERNELS)
    assert "Sobel x: finds vertical edges" in page.locator("#lab-kernel input").input_value()
    page.get_by_text("Horizontal or vertical Sobel?").wait_for()
    expect(page, "#lab-kernel-table", "Blue is negative, white is 0, orange is positive")
    cells = page.locator("#lab-kernel-table table").first.locator("td")
    look = (
        "cells => cells.map(cell => [cell.textContent, getComputedStyle(cell).backgroundColor, getComputedStyle(cell).color])"
    )
    blue, white, orange = cells.evaluate_all(look)[3:6]
    assert [blue[0], white[0], orange[0]] == ["−2", "0", "2"]
    assert [blue[1], white[1], orange[1]] == ["rgb(106, 170, 235)", "rgb(255, 255, 255)", "rgb(245, 155, 70)"]
    assert {blue[2], white[2], orange[2]} == {"rgb(0, 0, 0)"}


def test_the_whole_photo_as_10_by_10_numbers(page):
    open_lab(page)
    give_cat(page)
    expect(page, "#lab-small", "300×451 pixels became 10×10")
    with Image.open(CAT) as photo:
        small = np.asarray(photo.convert("RGB").resize((10, 10), Image.Resampling.NEAREST))
    cells = page.locator("#lab-small td").evaluate_all("cells => cells.map(cell => cell.innerText.split('\\n').map(Number))")
    assert np.array_equal(np.reshape(cells, (10, 10, 3)), small)


def test_edges_are_counted_by_the_measure_that_is_chosen(page):
    open_lab(page)
    give_cat(page)
    open_step(page, EDGES)
    expect(page, "#lab-orientation", r"Each of the 17,027 edge pixels counts once: most run at \d+°")
    page.get_by_label("Steep edges more (weighted by magnitude)").check()
    expect(page, "#lab-orientation", r"counts as much as it is steep: most weight lies at \d+°.*Counted once each")
    expect(page, "#lab-blocks", r"10×15 blocks of 32×32 pixels")
    text = page.locator("#lab-blocks").inner_text()
    a, b, c, d, count = (int(part.replace(",", "")) for part in re.search(
        r"= ([\d,]+) − ([\d,]+) − ([\d,]+) \+ ([\d,]+) = ([\d,]+)\.", text).groups())  # fmt: skip
    assert a - b - c + d == count


@pytest.mark.parametrize(
    ("locale", "tab", "sentence"),
    [
        ("de", "Faltungslabor", "300×451×3: 405.900 Zahlen zwischen 0 und 255"),
        ("es", "Laboratorio de convolución", "300×451×3: 405\u202f900 números entre 0 y 255"),
    ],
)
def test_the_lab_speaks_the_visitor_s_language(browser, app, locale, tab, sentence):
    with lab_in(browser, app, locale, tab) as page:
        expect(page, "#lab-framed", sentence)
        walk(page, f"dark_{locale}")
