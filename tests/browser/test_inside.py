"""The tab that looks inside the network, in a real Chromium."""

from __future__ import annotations

import re

import pytest
from PIL import Image

from tests.browser.conftest import PHONE, SECONDS, open_tab
from tests.pictures import CAT, COFFEE, encoded

pytestmark = pytest.mark.browser
WAIT = 30 * SECONDS
VALUE = "#inside-maps [data-part=value]"


def open_inside(page, photo=CAT) -> None:
    open_tab(page, "Inside the network")
    page.wait_for_selector("#inside-stages .box", timeout=WAIT)
    if photo is not None:
        give(page, photo)


def give(page, photo) -> None:
    page.set_input_files("#inside-photo input[type=file]", str(photo))
    page.wait_for_selector("#inside-given img", timeout=WAIT)
    wait_for_maps(page)


def wait_for_maps(page) -> None:
    page.wait_for_selector("#inside-maps .maps:not(.late) .grid button", timeout=WAIT)


def stage(page, place: int):
    return page.locator("#inside-stages button").nth(place - 1)


def pressed(page, buttons: str) -> list[int]:
    return [place for place, each in enumerate(page.locator(buttons).all()) if each.get_attribute("aria-pressed") == "true"]


def frame(page) -> tuple[float, float]:
    """Width and height of the frame, as shares of the photo."""
    outer, inner = (page.locator(f"#inside-maps [data-part={part}]").bounding_box() for part in ("photo", "frame"))
    return inner["width"] / outer["width"], inner["height"] / outer["height"]


def test_from_the_photo_to_one_channel(page):
    open_inside(page)
    assert "256×256×3" in page.locator("#inside-stages").inner_text()
    filters = page.locator("#inside-filters").inner_text()
    assert "32 filters of 3×3 pixels" in filters
    assert filters.count("\nunused") == 4
    assert "counts 4,652,008" in page.locator("#inside-decides").inner_text()
    assert page.locator("#inside-maps .grid button").count() == 24
    page.wait_for_selector("#inside-channel .patches img", timeout=WAIT)  # of the strongest, by itself
    page.locator("#inside-maps .grid button").nth(2).click()
    number = page.locator("#inside-maps .grid button").nth(2).inner_text().split(":")[0]
    page.locator("#inside-channel figcaption").filter(has_text=f"Channel {number} on your photo").wait_for(timeout=WAIT)
    assert page.locator("#inside-channel .patches img").count() == 9


def test_the_size_is_that_of_the_file(page, tmp_path):
    path = tmp_path / "large.jpg"
    path.write_bytes(encoded(Image.open(CAT).convert("RGB").resize((4000, 3000)), "JPEG"))
    open_inside(page, path)
    assert "Your photo: 4000×3000." in page.locator("#inside-given").inner_text()
    assert "only the bright middle, 3000×3000" in page.locator("#inside-given").inner_text()


def test_a_stage_is_chosen_by_its_box_and_then_a_layer(page):
    open_inside(page)
    assert pressed(page, "#inside-stages button") == [2]
    first = page.locator("#inside-maps .grid button").first.inner_text()
    stage(page, 5).click()
    wait_for_maps(page)
    assert pressed(page, "#inside-stages button") == [4]
    layers = page.locator("#inside-stages select")
    assert layers.locator("option:checked").inner_text().startswith("58 · convolution 1×1 · 8×8×1280")
    assert layers.locator("option").count() == 18
    assert page.locator("#inside-maps .grid button").first.inner_text() != first
    layers.select_option("41")
    wait_for_maps(page)
    page.wait_for_function("() => document.querySelector('#inside-maps .grid').ariaLabel.includes('41 · ')")
    stage(page, 1).focus()
    page.keyboard.press("Enter")
    page.wait_for_function("() => document.querySelector('#inside-maps .grid').ariaLabel.includes('4 · convolution')")
    assert pressed(page, "#inside-stages button") == [0]


def test_pointing_at_a_value_frames_what_it_sees(page):
    open_inside(page)
    stage(page, 2).click()  # 64×64 values, each of which sees 19×19 pixels
    page.wait_for_function("() => document.querySelector('#inside-maps .grid').ariaLabel.includes('11 · ')")
    page.locator("#inside-maps .grid canvas").nth(3).hover()  # its middle
    place = r"Channel (\d+), column (\d+), row (\d+): about [\d.−]+\."
    said = re.fullmatch(
        rf"{place} This value sees the framed part of the photo, 19×19 pixels\.", page.locator(VALUE).inner_text()
    )
    assert said is not None
    assert page.locator("#inside-maps .grid button").nth(3).inner_text().startswith(f"{said[1]}:")
    assert {int(said[2]), int(said[3])} <= {32, 33}
    assert frame(page) == pytest.approx((19 / 256, 19 / 256), abs=0.01)


def test_a_value_is_reached_by_the_keyboard(page):
    open_inside(page)
    big = page.get_by_role("application")
    big.focus()
    column, row = map(int, re.search(r"column (\d+), row (\d+)", page.locator(VALUE).inner_text()).groups())
    for key in ("ArrowRight", "ArrowRight", "ArrowDown"):
        page.keyboard.press(key)
    assert f"column {min(column + 2, 32)}, row {min(row + 1, 32)}:" in page.locator(VALUE).inner_text()


def test_a_frame_that_is_cut_off_at_the_edge_says_so(page):
    open_inside(page)
    page.locator("#inside-maps .grid canvas").nth(2).click(position={"x": 1, "y": 1})
    assert "; the rest lies beyond the edge." in page.locator(VALUE).inner_text()
    page.locator("#inside-maps .grid canvas").nth(2).click()
    assert "edge" not in page.locator(VALUE).inner_text()


@pytest.mark.parametrize("page", [{"width": 1200, "height": 900}, PHONE], indirect=True, ids=["desktop", "phone"])
def test_the_tours_buttons_are_always_in_sight(page):
    open_inside(page, None)
    page.get_by_role("button", name="Show me around").click()
    panel = page.get_by_role("dialog", name="Tour")
    for place in range(1, 6):
        outer, inner = panel.bounding_box(), panel.get_by_role("button", name="End the tour").bounding_box()
        assert inner["y"] + inner["height"] <= outer["y"] + outer["height"]
        if place < 5:
            panel.get_by_role("button", name="Next").click()


def test_buttons_are_called_what_stands_on_them(page):
    open_inside(page)
    for button in page.locator("#inside-maps button, #inside-stages button").all():
        assert button.get_attribute("aria-label") is None
        assert button.inner_text().strip()
    assert page.get_by_role("button", name=re.compile(r"^\d+: mean −?[\d.]+$")).count() == 24


def test_an_unreadable_photo_clears_everything_and_says_why_once(page, tmp_path):
    open_inside(page)
    page.wait_for_selector("#inside-channel img", timeout=WAIT)
    bad = tmp_path / "notes.jpg"
    bad.write_text("not a photo")
    page.set_input_files("#inside-photo input[type=file]", str(bad))
    page.wait_for_selector("#inside-given .problem", timeout=WAIT)
    assert page.locator(".problem:visible").count() == 1
    assert page.locator("#inside-given img, #inside-channel img").count() == 0
    assert not page.locator("#inside-maps .maps").is_visible()
    assert page.locator(".toast-body").count() == 0
    give(page, COFFEE)
    assert page.locator(".problem:visible").count() == 0


def test_a_new_photo_clears_the_old_one_before_the_server_answers(page):
    open_inside(page)
    page.wait_for_selector("#inside-channel img", timeout=WAIT)
    held: list = []
    holding = True
    page.route("**/queue/join*", lambda route: held.append(route) if holding else route.continue_())
    page.set_input_files("#inside-photo input[type=file]", str(COFFEE))
    page.wait_for_selector("#inside-given img", state="detached", timeout=WAIT)
    assert page.locator("#inside-channel img").count() == 0
    assert not page.locator("#inside-maps .maps").is_visible()
    holding = False
    for route in held:
        route.continue_()
    page.locator("#inside-given").get_by_text("Your photo:").wait_for(timeout=WAIT)
    wait_for_maps(page)


def test_what_comes_late_is_not_shown(page):
    """The server is slow with a photo, and another is given meanwhile."""
    open_inside(page)
    page.evaluate("""() => {
        window.seen = [];
        const given = document.querySelector("#inside-given");
        new MutationObserver(() => window.seen.push(given.innerText)).observe(given, { childList: true, subtree: true });
    }""")
    for photo in (COFFEE, CAT, COFFEE):
        page.set_input_files("#inside-photo input[type=file]", str(photo))
    with Image.open(COFFEE) as image:
        size = f"{image.width}×{image.height}"
    page.locator("#inside-given").get_by_text(f"Your photo: {size}").wait_for(timeout=WAIT)
    page.wait_for_timeout(2 * SECONDS)
    assert page.evaluate("window.seen.at(-1)").startswith(f"Your photo: {size}")


def test_the_tour_ends_with_questions_that_can_be_checked(page):
    open_inside(page, None)
    page.get_by_role("button", name="Show me around").click()
    page.wait_for_selector("#inside-given img", timeout=WAIT)  # an example, where there was no photo
    panel = page.get_by_role("dialog", name="Tour")
    for place, part in enumerate(("given", "filters", "maps", "stages", "decides"), 1):
        assert panel.locator("[data-part=count]").inner_text() == f"{place} of 5"
        assert "3px" in page.locator(f"#inside-{part}").evaluate("(element) => element.style.outline")
        assert panel.locator("h2").evaluate("(title) => title === document.activeElement")
        if place < 5:
            panel.get_by_role("button", name="Next").click()
    panel.get_by_label("7×7 pixels").check()
    panel.get_by_text("Not quite: it is 19×19 pixels").wait_for()
    panel.get_by_label("19×19 pixels").check()
    panel.get_by_text("Right: 19×19 pixels").wait_for()
    panel.get_by_label("1,280", exact=True).check()
    panel.get_by_text("Right: each map becomes one number").wait_for()
    page.keyboard.press("Escape")
    assert not panel.is_visible()
    assert page.locator("#inside-decides").evaluate("(element) => element.style.outline") == ""


@pytest.mark.parametrize("page", [PHONE], indirect=True, ids=["phone"])
def test_on_a_phone_a_tap_frames_a_value_and_nothing_scrolls_sideways(page):
    open_inside(page)
    page.wait_for_selector("#inside-channel .patches img", timeout=WAIT)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    button = page.locator("#inside-maps .grid button").nth(7)
    button.locator("canvas").click()
    assert page.locator(VALUE).inner_text().startswith(f"Channel {button.inner_text().split(':')[0]},")
    assert pressed(page, "#inside-maps .grid button") == [7]
    assert page.locator("#inside-maps .close").bounding_box()["y"] >= 0  # the frame stays in sight
    page.get_by_role("button", name="Show me around").click()
    for _ in range(4):
        page.get_by_role("button", name="Next").click()
    box = page.get_by_role("dialog", name="Tour").bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= PHONE["width"]
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
