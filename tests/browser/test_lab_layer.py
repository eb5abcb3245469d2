"""The lab's two tabs about the network that answers: a real layer, and the way from scores to the answer."""

from __future__ import annotations

import re

import pytest

from model import Classifier
from tests.browser.conftest import ARTEFACTS, PHONE, SECONDS
from tests.browser.test_lab import expect, give_cat, lab_in, open_lab, open_step
from tests.pictures import CAT
from tests.running import ROOT, running_app
from ui.lab.scores_steps import percent

pytestmark = [pytest.mark.browser, pytest.mark.slow]
LAYER, SCORES = 5, 6
EXPORT = ROOT / "tests" / "exports" / "3.11-2.8.12" / "is_cat.pkl"
SHOWN = ["#lab-layer-maps img", "#lab-layer-sum table", "#lab-many table", "#lab-layer-stride img", "#lab-depthwise table"]


def type_into(page, selector: str, value: str) -> None:
    page.locator(f"{selector} input[type=number]").fill(value)
    page.keyboard.press("Tab")


def open_layer(page) -> None:
    open_lab(page)
    give_cat(page)
    open_step(page, LAYER)
    for selector in SHOWN:
        page.locator(selector).first.wait_for(timeout=60 * SECONDS)


def test_a_click_on_a_map_chooses_the_place_that_is_written_out(page):
    open_layer(page)
    expect(page, "#lab-layer-sum", r"Filter \d+ at row 63, column 63")
    page.locator("#lab-layer-maps img").nth(9).click(position={"x": 20, "y": 100})
    page.locator("#lab-layer-sum").filter(has_not_text="row 63, column 63").wait_for(timeout=30 * SECONDS)
    row, column = (page.locator(f"#lab-{name} input[type=number]").input_value() for name in ("row", "column"))
    assert int(row) > int(column) > 0
    expect(page, "#lab-layer-sum", f"at row {row}, column {column} of its map")
    expect(page, "#lab-many", f"at row {row}, column {column}:")
    expect(page, "#lab-depthwise", f"at row {row}, column {column};")


def test_the_place_the_filter_and_the_output_by_keyboard(page):
    open_layer(page)
    page.locator("#lab-column input[type=range]").focus()
    page.keyboard.press("ArrowRight")
    expect(page, "#lab-layer-sum", "row 63, column 64")
    type_into(page, "#lab-row", "0")
    expect(page, "#lab-layer-sum", "row 0, column 64")
    page.locator("#lab-filter input").click()
    page.get_by_role("option", name="6", exact=True).click()
    expect(page, "#lab-layer-maps", "Filter 6 of 32")
    expect(page, "#lab-layer-sum", "Filter 6 at row 0, column 64")
    type_into(page, "#lab-output", "16")
    expect(page, "#lab-many", "Its output map 16")
    type_into(page, "#lab-output", "999")
    type_into(page, "#lab-row", "5000")
    expect(page, "#lab-layer-sum", "row 127, column 64")
    type_into(page, "#lab-row", "")
    page.wait_for_timeout(1 * SECONDS)
    expect(page, "#lab-many", "Its output map 16")
    assert page.locator(".toast-body").count() == 0


def test_a_network_with_a_small_first_map_and_no_temperature_of_its_own(browser):
    with running_app({"TEACH": "off", "MODEL_REPO": str(EXPORT)}) as own:
        page = browser.new_page()
        page.goto(own.url)
        open_lab(page)
        give_cat(page)
        open_step(page, LAYER)
        expect(page, "#lab-layer-sum", r"Filter \d+ at row 31, column 31")
        page.locator("#lab-row input[type=range][max='31']").wait_for(timeout=30 * SECONDS)
        assert page.locator("#lab-row input[type=number]").input_value() == "31"
        for step in ("maps", "sum", "stride"):
            assert "Error" not in page.locator(f"#lab-layer-{step}").inner_text()
        assert page.locator(".toast-body").count() == 0
        open_step(page, SCORES)
        page.get_by_text("Nobody chose a temperature for this model").wait_for(timeout=30 * SECONDS)
        assert page.get_by_text("The temperature was chosen after training").count() == 0
        page.close()


def test_a_new_photo_has_new_numbers(page):
    open_layer(page)
    before = page.locator("#lab-layer-sum").inner_text()
    page.set_input_files("#lab-photo input[type=file]", str(CAT.with_name("coffee.jpg")))
    page.wait_for_function(
        "before => ![before, ''].includes(document.querySelector('#lab-layer-sum').innerText.trim())",
        arg=before.strip(),
        timeout=30 * SECONDS,
    )


def test_the_probabilities_are_those_of_classify_until_the_temperature_moves(page):
    open_lab(page)
    give_cat(page)
    open_step(page, SCORES)
    expect(page, "#lab-answers", "these are the probabilities that Classify shows")
    rows = page.locator("#lab-answers tbody tr").all_inner_texts()
    for row, (label, probability) in zip(rows, Classifier.load().classify([CAT])[0].as_dict().items(), strict=False):
        assert row.split()[0] == label
        assert re.sub(r"\s", "", row).endswith(re.sub(r"\s", "", percent(probability, "en")))
    type_into(page, "#lab-temperature", "10")
    expect(page, "#lab-answers", "At the temperature 10; the model's own is 0.663")
    page.get_by_role("button", name="Back to the model's own temperature").click()
    expect(page, "#lab-answers", "which is the model's own")
    expect(page, "#lab-pooled", "For the answer “Cat”: 1,280 features, each the average of a map of 8×8 numbers")
    page.locator("#lab-answer").get_by_label("Dog").check()
    expect(page, "#lab-pooled", "For the answer “Dog”")
    expect(page, "#lab-rows", "“Dog” has 118 rows of weights")


@pytest.mark.parametrize("page", [PHONE, {"width": 390, "height": 844}], indirect=True, ids=["375", "390"])
def test_a_phone_shows_both_tabs_without_scrolling_sideways(page):
    open_layer(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]
    ARTEFACTS.mkdir(exist_ok=True)
    page.screenshot(path=ARTEFACTS / f"lab_layer_{page.viewport_size['width']}.png", full_page=True)
    open_step(page, SCORES)
    page.locator("#lab-answers table").wait_for(timeout=30 * SECONDS)
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]


@pytest.mark.parametrize(
    ("locale", "tab", "sentence"),
    [
        ("de", "Faltungslabor", "256×256×3 Zahlen"),
        ("es", "Laboratorio de convolución", "256×256×3 números"),
        ("fr", "Labo de convolution", "256×256×3 nombres"),
    ],
)
def test_both_tabs_speak_the_visitor_s_language(browser, app, locale, tab, sentence):
    with lab_in(browser, app, locale, tab) as page:
        open_step(page, LAYER)
        expect(page, "#lab-layer-maps", sentence)
        open_step(page, SCORES)
        expect(page, "#lab-answers", "0,663")
