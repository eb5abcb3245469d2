"""The tab Classify and what holds for the whole page, as a visitor uses it, in a real Chromium."""

from __future__ import annotations

import base64

import pytest
from PIL import Image

from tests.browser.conftest import PHONE, SECONDS, open_tab
from tests.pictures import CAT, COFFEE, needs_photos, photos
from tests.running import ROOT

pytestmark = pytest.mark.browser
WAIT = 30 * SECONDS
DOG, FOX = (ROOT / "ui" / "examples" / f"{name}.jpg" for name in ("dog", "fox"))
TALL_PHONE = {"width": 390, "height": 844}


def upload(page, path) -> None:
    page.set_input_files("#photo input[type=file]", str(path))


def wait_for_answer(page, label: str) -> None:
    """Until the answer stands first, and its evidence on the photo."""
    page.locator(f'#answer .bar:first-child[value="{label}"][aria-pressed=true]').wait_for(timeout=WAIT)
    page.locator("#photo img.heat").wait_for(timeout=WAIT)


def example(page, name: str):
    return page.get_by_role("button", name=name, exact=True).first


def shown(page, box: str = "#photo") -> str:
    """The name of the file that a tab's photo shows."""
    return (page.locator(f"{box} .image-frame > img").first.get_attribute("src") or "").rpartition("/")[2]


def shares(page) -> dict[str, float]:
    """What the bars say, in percent: of `< 1 %` the middle, so to speak."""
    texts = page.locator("#answer .bar").evaluate_all("bars => bars.map(bar => [bar.value, bar.lastChild.textContent])")
    return {label: 0.5 if "<" in text else 99.5 if ">" in text else float(text.split()[0]) for label, text in texts}


def dropped(page, target: str, path, event: str = "drop") -> None:
    """Drop or paste a file, as the browser tells it to a page."""
    page.evaluate(
        """([target, data, event]) => {
            const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
            const transfer = new DataTransfer();
            transfer.items.add(new File([bytes], "photo.jpg", { type: "image/jpeg" }));
            const options = { bubbles: true, cancelable: true };
            const told = event === "drop" ? new DragEvent("drop", { ...options, dataTransfer: transfer })
                : new ClipboardEvent("paste", { ...options, clipboardData: transfer });
            document.querySelector(target).dispatchEvent(told);
        }""",
        [target, base64.b64encode(path.read_bytes()).decode(), event],
    )


# what it answers


def test_an_uploaded_cat_is_a_cat_in_words_and_as_bars(page):
    upload(page, CAT)
    wait_for_answer(page, "Cat")
    assert page.get_by_role("status").filter(has_text="Cat").first.inner_text() == "Cat, and it is very sure"
    found = shares(page)
    assert set(found) == {"Cat", "Dog", "neither"}
    assert 99 <= sum(found.values()) <= 101


def test_a_coffee_cup_is_neither(page):
    upload(page, COFFEE)
    wait_for_answer(page, "neither")
    assert page.locator("#answer .verdict").inner_text() == "Neither a cat nor a dog"


@needs_photos
def test_real_photos_one_after_the_other(page):
    for label in ("Cat", "Dog"):
        upload(page, photos(label, 3)[2])
        wait_for_answer(page, label)
        page.get_by_role("button", name="Remove Image").click()
        page.wait_for_selector("#photo input[type=file]", state="attached")


def test_a_photo_that_browsers_cannot_show_is_shown(page, tmp_path):
    Image.open(CAT).save(tmp_path / "cat.tiff")
    upload(page, tmp_path / "cat.tiff")
    wait_for_answer(page, "Cat")
    page.wait_for_function("document.querySelector('#photo img.preview').naturalWidth > 100")
    assert page.locator("#photo img.preview").bounding_box()["width"] > 300
    assert not page.locator("#photo .image-frame > img").first.is_visible()


# how it is given a photo


def test_a_webcam_snapshot(page):
    page.get_by_role("button", name="Capture from camera").click()
    page.get_by_text("Click to Access Webcam").click()
    page.locator("#photo video").wait_for(timeout=WAIT)
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
    page.keyboard.press("Control+v")  # anywhere: nothing has the focus
    wait_for_answer(page, "Cat")
    page.get_by_role("button", name="Remove Image").click()
    page.get_by_role("button", name="Paste from clipboard").click()
    wait_for_answer(page, "Cat")


@pytest.mark.parametrize("event", ["drop", "paste"])
def test_a_photo_is_taken_wherever_it_is_dropped_or_pasted(page, event):
    dropped(page, "#title", DOG, event)
    wait_for_answer(page, "Dog")
    dropped(page, "#title", CAT, event)  # and replaces the one that is there
    wait_for_answer(page, "Cat")


def test_a_drop_takes_the_place_of_the_camera(page):
    page.get_by_role("button", name="Capture from camera").click()
    page.get_by_text("Click to Access Webcam").wait_for(timeout=WAIT)
    dropped(page, "#title", DOG)
    wait_for_answer(page, "Dog")


def test_a_drop_in_a_tab_without_a_photo_goes_to_classify(page):
    open_tab(page, "Live")
    dropped(page, "#title", DOG)
    wait_for_answer(page, "Dog")


def test_every_example_is_answered_with_one_click(page):
    for name, label in (("a cat", "Cat"), ("a dog", "Dog"), ("both", "Cat"), ("a fox", "neither"), ("a drawing", "neither"),
                        ("a cup of coffee", "neither")):  # fmt: skip
        example(page, name).click()
        page.wait_for_function("(name) => document.querySelector('#photo .image-frame > img')?.src.includes(name)",
                               arg={"a cup of coffee": "coffee"}.get(name, name.split()[-1]))  # fmt: skip
        wait_for_answer(page, label)


# nothing stale


def test_what_is_no_photo_takes_the_old_answer_away_and_says_one_sentence(page, tmp_path):
    example(page, "a cat").click()
    wait_for_answer(page, "Cat")
    path = tmp_path / "photo.jpg"
    path.write_bytes(b"%PDF-1.7")
    upload(page, path)
    alert = page.get_by_role("alert").filter(has_text="This is a PDF")
    alert.wait_for(timeout=WAIT)
    assert page.get_by_text("This is a PDF").count() == 1, "the error is said once, in its place"
    assert page.locator("#photo img.heat").count() == 0
    assert "Cat" not in page.locator("#answer").inner_text()
    assert page.locator("#photo .image-frame > img").evaluate("image => getComputedStyle(image).visibility") == "hidden"
    upload(page, CAT)
    wait_for_answer(page, "Cat")
    assert not alert.is_visible()
    assert page.locator("#photo .image-frame > img").first.evaluate("image => getComputedStyle(image).visibility") == "visible"


def test_a_photo_that_is_too_large_is_told_the_size_in_one_unit(page, tmp_path):
    path = tmp_path / "photo.jpg"
    with path.open("wb") as sparse:
        sparse.truncate(20_500_000)
    upload(page, CAT)
    wait_for_answer(page, "Cat")
    upload(page, path)
    page.get_by_role("alert").filter(has_text="photo.jpg is larger than 20 MB").wait_for(timeout=WAIT)
    assert page.locator(".toast-wrap").get_by_text("Error").count() == 0
    assert shown(page) == "cat.jpg"  # the photo before it is still there, and so is its answer
    wait_for_answer(page, "Cat")
    upload(page, DOG)
    wait_for_answer(page, "Dog")
    assert not page.get_by_text("is larger than").is_visible()


def test_a_file_of_no_known_type_goes_to_the_server_which_says_what_it_is(page):
    give = """async ([name, data]) => {
        const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
        const transfer = new DataTransfer();
        transfer.items.add(new File([bytes], name));
        const options = { bubbles: true, cancelable: true, dataTransfer: transfer };
        document.querySelector("#photo").dispatchEvent(new DragEvent("drop", options));
    }"""
    page.evaluate(give, ["dog.jpg", base64.b64encode(DOG.read_bytes()).decode()])
    wait_for_answer(page, "Dog")
    page.evaluate(give, ["letter.pdf", base64.b64encode(b"%PDF-1.7").decode()])
    page.get_by_role("alert").filter(has_text="This is a PDF").wait_for(timeout=WAIT)
    assert page.locator(".toast-wrap").get_by_text("Error").count() == 0


def test_of_several_photos_one_is_taken_and_the_page_says_so(page):
    page.set_input_files("#photo input[type=file]", [str(DOG)])
    wait_for_answer(page, "Dog")
    page.evaluate(
        """async () => {
            const transfer = new DataTransfer();
            for (const name of ["one.jpg", "two.jpg"]) transfer.items.add(new File(["%PDF-1.7"], name, { type: "image/jpeg" }));
            const options = { bubbles: true, cancelable: true, dataTransfer: transfer };
        document.querySelector("#photo").dispatchEvent(new DragEvent("drop", options));
        }"""
    )
    page.get_by_role("alert").filter(has_text="only one.jpg was taken").wait_for(timeout=WAIT)


def test_the_last_answer_that_was_pressed_is_explained(page):
    upload(page, DOG)
    wait_for_answer(page, "Dog")
    page.evaluate("['neither', 'Cat'].forEach((label) => document.querySelector(`#answer .bar[value=${label}]`).click())")
    page.locator('#answer .bar[value="Cat"][aria-pressed=true]').wait_for(timeout=WAIT)


def test_the_last_example_that_was_pressed_is_answered(page):
    for name in ("cat", "dog", "fox", "coffee"):
        page.evaluate("(name) => document.querySelector(`.example-${name}`).click()", name)  # as fast as a hand would be
        page.wait_for_timeout(150)
    page.locator("#photo .image-frame > img[src$='coffee.jpg']").wait_for(timeout=WAIT)
    page.wait_for_timeout(SECONDS)
    assert shown(page) == "coffee.jpg"
    wait_for_answer(page, "neither")


def test_the_answer_goes_before_the_next_one_comes(page):
    upload(page, CAT)
    wait_for_answer(page, "Cat")
    page.route("**/gradio_api/run/*", lambda route: None)  # no answer ever
    upload(page, COFFEE)
    page.locator("#answer .verdict").filter(has_text="Looking").wait_for(timeout=WAIT)
    assert page.locator("#photo img.heat").count() == 0
    assert page.locator("#answer .bar[aria-pressed=true]").count() == 0
    page.unroute("**/gradio_api/run/*")


def test_a_late_answer_is_not_shown_beside_another_photo(page):
    upload(page, CAT)
    wait_for_answer(page, "Cat")
    late: list = []
    page.route("**/gradio_api/run/*", lambda route: route.continue_() if late else late.append(route))
    page.locator('#answer .bar[value="Dog"]').click()  # the evidence for another answer, which is on its way for long
    page.wait_for_timeout(500)
    upload(page, COFFEE)
    wait_for_answer(page, "neither")
    late[0].continue_()
    page.wait_for_timeout(2 * SECONDS)
    assert page.locator('#answer .bar[aria-pressed=true][value="neither"]').count() == 1
    assert "Dog" not in (page.locator("#photo img.heat").get_attribute("alt") or "")


def test_without_a_photo_nothing_is_left_of_the_answer(page):
    upload(page, CAT)
    wait_for_answer(page, "Cat")
    page.get_by_role("button", name="Remove Image").click()
    page.locator("#answer .verdict").filter(has_text="Give it a photo").wait_for(timeout=WAIT)
    assert page.locator("img.heat").count() == 0
    assert shares_are_empty(page)


def shares_are_empty(page) -> bool:
    return page.locator("#answer .bar .share").all_inner_texts() == ["", "", ""]


# the other tabs follow


@pytest.mark.parametrize(("tab", "box"), [("Inside the network", "#inside-photo"), ("Convolution lab", "#lab-photo")])
def test_a_tab_follows_classify_until_it_has_a_photo_of_its_own(page, tab, box):
    example(page, "a dog").click()
    wait_for_answer(page, "Dog")
    open_tab(page, tab)
    label = page.locator(f"{box} [data-testid=block-label]")
    label.filter(has_text="The photo of the tab Classify").wait_for(timeout=WAIT)
    assert shown(page, box) == "dog.jpg"
    open_tab(page, "Classify")
    page.locator("#photo").get_by_role("button", name="Remove Image").click()
    open_tab(page, tab)
    page.locator(f"{box} .image-frame > img").wait_for(state="detached", timeout=WAIT)
    open_tab(page, "Classify")
    upload(page, FOX)
    wait_for_answer(page, "neither")
    open_tab(page, tab)
    page.locator(f"{box} .image-frame > img[src$='fox.jpg']").wait_for(timeout=WAIT)
    page.set_input_files(f"{box} input[type=file]", str(CAT))
    label.filter(has_text="of this tab’s own").wait_for(timeout=WAIT)
    open_tab(page, "Classify")
    upload(page, COFFEE)
    page.locator("#photo .image-frame > img[src$='coffee.jpg']").wait_for(timeout=WAIT)
    open_tab(page, tab)
    page.wait_for_timeout(SECONDS)
    assert shown(page, box) == "cat.jpg"


# why


def test_the_answer_comes_with_its_reason_and_other_answers_with_theirs(page):
    upload(page, CAT)
    wait_for_answer(page, "Cat")
    heat = page.locator("#photo img.heat")
    assert heat.get_attribute("alt") == "Heat map: where the network found evidence for Cat"
    first = heat.get_attribute("src")
    dog = page.locator('#answer .bar[value="Dog"]')
    dog.focus()
    page.keyboard.press("Enter")
    page.locator("#answer [data-part=caption]").filter(has_text="speaks for Dog").wait_for(timeout=WAIT)
    assert dog.get_attribute("aria-pressed") == "true"
    assert page.locator('#answer .bar[value="Cat"]').get_attribute("aria-pressed") == "false"
    assert heat.get_attribute("src") != first


def test_the_heat_map_lies_on_the_photo_and_fades(page):
    upload(page, DOG)
    wait_for_answer(page, "Dog")
    boxes = [page.locator(selector).bounding_box() for selector in ("#photo .image-frame > img:not(.heat)", "#photo img.heat")]
    assert boxes[0] == boxes[1]
    slider = page.get_by_label("Heat map", exact=True)
    slider.focus()
    page.keyboard.press("Home")
    assert page.locator("#photo img.heat").evaluate("image => image.style.opacity") == "0"


# the page


def test_the_keyboard_reaches_everything(page):
    upload(page, CAT)
    wait_for_answer(page, "Cat")
    names = set()
    for _ in range(40):
        page.keyboard.press("Tab")
        names.add(
            page.evaluate(
                "document.activeElement.ariaLabel || document.activeElement.value || document.activeElement.innerText"
            )
        )
    assert {"Remove Image", "Cat", "Dog", "neither", "a fox"} <= names
    page.get_by_role("button", name="Remove Image").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("#photo input[type=file]", state="attached")


@pytest.mark.parametrize("page", [PHONE], indirect=True, ids=["phone"])
def test_a_phone_shows_everything_without_scrolling_sideways(page):
    upload(page, CAT)
    wait_for_answer(page, "Cat")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


@pytest.mark.parametrize("page", [TALL_PHONE], indirect=True, ids=["phone"])
def test_a_phone_shows_the_whole_answer_at_once_and_nothing_moves_when_it_comes(page):
    page.evaluate(
        """() => {
            window.shift = 0;
            new PerformanceObserver((list) => list.getEntries().forEach(({ value }) => (window.shift += value)))
                .observe({ type: "layout-shift", buffered: false });
        }"""
    )
    page.wait_for_timeout(SECONDS)
    before = page.evaluate("window.shift")
    example(page, "a dog").click()
    wait_for_answer(page, "Dog")
    page.wait_for_timeout(SECONDS)
    assert page.evaluate("window.shift") - before <= 0.02
    for part in ("#photo img.heat", "#answer .verdict", "#answer .bar:nth-child(3)", "#answer [data-part=strength]",
                 "#answer [data-part=caption]", ".examples .example"):  # fmt: skip
        box = page.locator(part).first.bounding_box()
        assert box["y"] >= 0, part
        assert box["y"] + box["height"] <= TALL_PHONE["height"], part
    assert page.evaluate("window.scrollY") == 0


@pytest.mark.parametrize("page", [TALL_PHONE], indirect=True, ids=["phone"])
def test_a_phone_has_all_tabs_in_one_line_to_swipe(page):
    line = page.get_by_role("tablist").first
    tabs = line.get_by_role("tab").all_inner_texts()
    assert tabs == ["Classify", "Teach", "Live", "Album", "Inside the network", "Convolution lab"]
    page.get_by_role("tab", name="Convolution lab").click()
    assert line.get_by_role("tab").all_inner_texts() == tabs
    assert line.evaluate("line => line.scrollLeft > 0 && line.scrollWidth <= 2 * line.clientWidth")
