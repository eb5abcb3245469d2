"""The Teach tab in a real Chromium: classes are collected, taught, tried and taken along."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import time
import urllib.request
import zipfile
from contextlib import contextmanager

import pytest

from tests.browser.conftest import PHONE, SECONDS, archive
from tests.mugs import blue_mug, film_of, red_mug, views
from tests.pictures import CAT, encoded
from tests.running import ROOT, running_app

pytestmark = pytest.mark.browser
SENT = 60 * SECONDS

# What a dropped folder looks like to a page: {name: base64, or a folder like this one}. A script cannot drop a real one.
DROP = """([selector, tree]) => {
    const entry = (name, content, path) => typeof content === "string"
        ? {isFile: true, isDirectory: false, name, fullPath: path, file: (resolve) => {
            const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
            resolve(new File([bytes], name)); }}
        : {isFile: false, isDirectory: true, name, fullPath: path, createReader: () => {
            let left = Object.entries(content).map(([inner, below]) => entry(inner, below, path + "/" + inner));
            return {readEntries: (resolve) => { resolve(left); left = []; }}; }};
    const entries = Object.entries(tree).map(([name, content]) => entry(name, content, "/" + name));
    const files = [];
    for (const each of entries) if (each.isFile) each.file((file) => files.push(file));
    const event = new Event("drop", {bubbles: true, cancelable: true});
    event.dataTransfer = {types: ["Files"], files, items: entries.map((each) => ({webkitGetAsEntry: () => each}))};
    document.querySelector(selector).dispatchEvent(event);
}"""


@pytest.fixture(scope="module")
def photos() -> dict[str, list[bytes]]:
    """Six photos of each mug, and of a cat."""
    made = {"Blue": views(blue_mug(), 6, 5), "Red": views(red_mug(), 6, 6)}
    return {name: [encoded(view, "JPEG", quality=90) for view in pictures] for name, pictures in made.items()}


@pytest.fixture
def teach(page):
    return opened(page)


def opened(page):
    page.get_by_role("tab", name="Teach").click()
    page.locator("#teach .class").first.wait_for(timeout=SENT)
    return page


def card(page, name: str):
    return page.get_by_role("article", name=name, exact=True)


def file(name: str, content: bytes) -> dict[str, object]:
    return {"name": name, "mimeType": "image/jpeg", "buffer": content}


def files(kind: str, contents: list[bytes]) -> list[dict[str, object]]:
    return [file(f"{kind}-{number}.jpg", content) for number, content in enumerate(contents)]


def give(page, name: str, given: list[dict[str, object]]) -> None:
    with page.expect_file_chooser() as chooser:
        card(page, name).get_by_role("button", name="Photos").click()
    chooser.value.set_files(given)


def rename(page, name: str, new: str) -> None:
    box = card(page, name).get_by_label("Name of this class")
    box.fill(new)
    box.press("Enter")
    card(page, new).wait_for()


def has(page, name: str, count: int) -> None:
    text = "1 photo" if count == 1 else f"{count} photos"
    card(page, name).locator(".count").get_by_text(text, exact=True).wait_for(timeout=SENT)
    assert card(page, name).locator(".thumbs img").count() == count


def trained(page, counts: str) -> None:
    page.locator("#teach .trained").filter(has_text=f"Trained on {counts} photos in ").wait_for(timeout=SENT)


def message(page, text: str) -> None:
    page.locator("#teach .message").filter(has_text=text).first.wait_for(timeout=SENT)


def taught(page, photos, counts: str = "6 + 6") -> None:
    rename(page, "Class 1", "Blue")
    rename(page, "Class 2", "Red")
    for name in ("Blue", "Red"):
        give(page, name, files(name, photos[name]))
    trained(page, counts)


def leading(page) -> str:
    return page.locator("#teach [data-part=answer]").inner_text()


def leads(page, name: str) -> None:
    page.locator("#teach [data-part=answer]").get_by_text(name, exact=True).wait_for(timeout=SENT)


def text_of(content: bytes) -> str:
    return base64.b64encode(content).decode()


def classify(url: str, photo: bytes) -> str:
    request = urllib.request.Request(f"{url}/api/classify", data=photo, method="POST")
    with urllib.request.urlopen(request, timeout=60) as response:
        return json.load(response)[0]["label"]


# Which of the two mugs the camera's picture shows: blue where the saucer is, or red.
SHOWN_MUG = """() => {
    const video = document.querySelector("#teach video");
    const canvas = Object.assign(document.createElement("canvas"), {width: 32, height: 24});
    const context = canvas.getContext("2d");
    context.drawImage(video, 0, 0, 32, 24);
    const {data} = context.getImageData(0, 0, 32, 24);
    let blue = 0;
    for (let at = 0; at < data.length; at += 4) blue += data[at + 2] > data[at] + 40;
    return blue > 60 ? "Blue" : "Red";
}"""


@contextmanager
def phone_with_two_mugs(launch, app, folder):
    """A phone's page; its camera sees the red mug for seven seconds, then the blue one, and so on."""
    browser = launch(film_of([red_mug(), blue_mug()], 7, folder))
    try:
        context = browser.new_context(
            viewport={"width": 390, "height": 844},
            has_touch=True,
            is_mobile=True,
            device_scale_factor=2,
            permissions=["camera"],
        )
        page = context.new_page()
        page.goto(app.url)
        yield opened(page)
    finally:
        browser.close()


def until(page, mug: str) -> None:
    page.wait_for_function(f"({SHOWN_MUG})() === {mug!r}", polling=50, timeout=40 * SECONDS)


def turns_up(page, mug: str) -> None:
    """Wait until the mug has just come before the camera."""
    until(page, "Red" if mug == "Blue" else "Blue")
    until(page, mug)


@contextmanager
def finger_on(page, selector: str):
    """A finger that rests on something."""
    box = page.locator(selector).bounding_box()
    point = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
    touch = page.context.new_cdp_session(page)
    touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [point]})
    yield
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


@pytest.mark.slow
def test_two_mugs_are_filmed_told_apart_and_taken_along(launch, app, tmp_path):
    with phone_with_two_mugs(launch, app, tmp_path) as page:
        rename(page, "Class 1", "Blue mug")
        rename(page, "Class 2", "Red mug")
        page.get_by_role("button", name="Start the camera").tap()
        page.locator("#teach .shutter").wait_for(timeout=SENT)
        for mug in ("Blue", "Red"):
            page.locator("#teach .chips button").filter(has_text=f"{mug} mug").tap()
            turns_up(page, mug)
            with finger_on(page, "#teach .shutter"):
                page.wait_for_timeout(5 * SECONDS)
            assert page.evaluate(SHOWN_MUG) == mug, "the film was faster than this test"
        page.locator("#teach .trained").filter(has_text="Trained on").wait_for(timeout=SENT)
        for name in ("Blue mug", "Red mug"):
            assert 20 <= card(page, name).locator(".thumbs img").count() <= 45
        for mug in ("Blue", "Red"):
            turns_up(page, mug)
            leads(page, f"{mug} mug")
            bar = page.get_by_role("meter", name=f"{mug} mug")
            page.wait_for_function("bar => Number(bar.getAttribute('aria-valuenow')) > 50", arg=bar.element_handle())
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        page.get_by_label("Name of the model").fill("two mugs")
        with page.expect_download() as download:
            page.get_by_role("button", name="Download the model").tap()
        assert download.value.suggested_filename == "two-mugs.zip"
        python = page.locator("#teach .snippet pre").first.text_content()
        with zipfile.ZipFile(download.value.path()) as zipped:
            zipped.extractall(tmp_path)
            assert {name.split("/")[0] for name in zipped.namelist()} == {"two-mugs"}
            assert not [name for name in zipped.namelist() if name.endswith((".jpg", ".jpeg"))]
    (tmp_path / "photo.jpg").write_bytes(encoded(views(red_mug(), 1, 8)[0], "JPEG"))
    beside = os.environ | {"PYTHONPATH": str(ROOT)}
    said = subprocess.check_output([sys.executable, "-c", python], cwd=tmp_path, env=beside, text=True)
    assert said.startswith("Red mug ")
    with running_app({"MODEL_REPO": str(tmp_path / "two-mugs")}) as own:
        for name, mug in (("Blue mug", blue_mug()), ("Red mug", red_mug())):
            assert [classify(own.url, encoded(view, "JPEG")) for view in views(mug, 4, 9)] == [name] * 4


def test_photos_are_chosen_and_removed_and_it_trains_by_itself(teach, photos):
    assert teach.locator("#teach .trained").inner_text() == "It trains by itself as soon as two classes have 3 photos each."
    taught(teach, photos)
    has(teach, "Blue", 6)
    assert teach.locator("#teach").get_by_role("meter").count() == 3
    first = card(teach, "Blue").get_by_role("button", name="Remove this photo of Blue").first
    first.focus()
    teach.keyboard.press("Enter")
    trained(teach, "5 + 6")
    assert teach.evaluate("document.activeElement.getAttribute('aria-label')") == "Remove this photo of Blue"
    card(teach, "Red").get_by_role("button", name="Remove Red").click()
    teach.get_by_role("dialog").get_by_role("button", name="Remove this class").click()
    teach.locator("#teach .trained").filter(has_text="Two classes are needed").wait_for(timeout=SENT)
    assert not teach.get_by_role("button", name="Download the model").is_enabled()


def test_a_bad_file_is_named_with_its_reason(teach, photos, tmp_path):
    bad = "<b>no</b> photo.jpg"
    large = tmp_path / "large.jpg"
    with large.open("wb") as sparse:
        sparse.truncate(20_000_001)
    give(teach, "Class 1", [file(bad, b"%PDF-1.7"), *files("Blue", photos["Blue"][:2])])
    has(teach, "Class 1", 2)
    with teach.expect_file_chooser() as chooser:
        card(teach, "Class 1").get_by_role("button", name="Photos").click()
    chooser.value.set_files(str(large))
    teach.get_by_text("Files that could not be used: 2").click()
    pdf, too_large = teach.locator("#teach [data-part=refused_list] li").all_inner_texts()
    assert pdf.startswith(f"{bad} This is a PDF")
    assert too_large == "large.jpg It is larger than 20 MB. Choose a smaller one."


def test_a_folder_of_folders_fills_all_classes(teach, photos):
    tree: dict[str, object] = {
        name: {f"{number}.jpg": text_of(photo) for number, photo in enumerate(photos[name][:4])} for name in ("Blue", "Red")
    }
    tree |= {"neither": {"cat.jpg": text_of(CAT.read_bytes()), ".hidden": text_of(b"?")}}
    teach.evaluate(DROP, ["#teach .teach", {"mugs": tree}])
    trained(teach, "4 + 4")
    for name, count in (("Blue", 4), ("Red", 4), ("none of these", 1)):
        has(teach, name, count)
    assert teach.locator("#teach .class").count() == 3


def test_a_zip_is_opened_in_the_browser(teach, photos):
    kinds = {"Red": photos["Red"], "Gro\u0308ße": photos["Blue"]}  # as a Mac writes it
    entries = {f"mugs/{kind}/{number}.jpg": content[number] for kind, content in kinds.items() for number in range(3)}
    content = archive(entries | {"mugs/README.txt": b"whose they are", "__MACOSX/._0.jpg": b"?"})
    sent: list[str] = []
    teach.on("request", lambda request: sent.append(request.url) if "/photos?" in request.url else None)
    with teach.expect_file_chooser() as chooser:
        teach.get_by_role("button", name="Zip", exact=True).click()
    chooser.value.set_files([{"name": "mugs.zip", "mimeType": "application/zip", "buffer": content}])
    trained(teach, "3 + 3")
    has(teach, "Größe", 3)
    assert len(sent) == 6
    assert teach.locator("#teach .class").count() == 2
    assert teach.locator("#teach [data-part=omitted] li").all_inner_texts() == [
        "Left out, no photos: 1 file (mugs.zip/mugs/README.txt).",
        "Left out, hidden, or what systems put beside photos: 1 file (mugs.zip/__MACOSX/._0.jpg).",
    ]
    broken = {"name": "broken.zip", "mimeType": "application/zip", "buffer": content[:-30]}
    give(teach, "Red", [broken, {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"notes"}])
    teach.get_by_text("Files that could not be used: 2").click()
    assert teach.locator("#teach [data-part=refused_list] li").all_inner_texts() == [
        "broken.zip This zip is damaged, or it is none.",
        "notes.txt This is not a photo.",
    ]
    assert teach.locator("#teach [data-part=omitted] li").count() == 0


def test_a_picture_is_pasted_into_the_class_that_was_used_last(teach):
    teach.evaluate(
        """async (data) => {
            const bitmap = await createImageBitmap(await (await fetch("data:image/jpeg;base64," + data)).blob());
            const canvas = Object.assign(document.createElement("canvas"), {width: bitmap.width, height: bitmap.height});
            canvas.getContext("2d").drawImage(bitmap, 0, 0);
            const png = await new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
            await navigator.clipboard.write([new ClipboardItem({"image/png": png})]);
        }""",
        text_of(CAT.read_bytes()),
    )
    card(teach, "Class 2").get_by_label("Name of this class").focus()
    teach.keyboard.press("Control+V")
    has(teach, "Class 2", 1)
    card(teach, "Class 1").get_by_role("button", name="Paste").click()
    has(teach, "Class 1", 1)


@pytest.mark.slow
def test_a_project_is_saved_and_loaded(teach, photos):
    taught(teach, photos)
    teach.get_by_label("Name of the model").fill("two mugs")
    with teach.expect_download() as download:
        teach.get_by_role("button", name="Save the project").click()
    assert download.value.suggested_filename == "two-mugs-project.zip"
    teach.get_by_role("button", name="Start again").click()
    teach.get_by_role("dialog").get_by_role("button", name="Start again").click()
    has(teach, "Class 1", 0)
    with teach.expect_file_chooser() as chooser:
        teach.get_by_role("button", name="Load a project").click()
    chooser.value.set_files(download.value.path())
    has(teach, "Blue", 6)
    trained(teach, "6 + 6")
    with teach.expect_file_chooser() as chooser:
        teach.get_by_role("button", name="Load a project").click()
    chooser.value.set_files(str(CAT))
    teach.get_by_role("dialog").get_by_role("button", name="Load a project").click()  # which replaces this lesson
    message(teach, "not a saved project")


@pytest.mark.slow
def test_after_a_reload_the_lesson_goes_on(teach, photos):
    taught(teach, photos)
    teach.reload()
    opened(teach)
    has(teach, "Red", 6)
    trained(teach, "6 + 6")


@pytest.mark.slow
def test_my_model_answers_in_live_and_classify(teach, photos):
    taught(teach, photos)
    teach.get_by_role("tab", name="Live").click()
    teach.get_by_role("radio", name="My model").check()
    teach.locator("#live").get_by_role("button", name="Start").click()
    teach.locator("#live").get_by_role("meter", name="Blue").wait_for(timeout=SENT)
    names = [meter.get_attribute("aria-label") for meter in teach.locator("#live").get_by_role("meter").all()]
    assert names == ["Blue", "Red", "neither"]
    teach.get_by_role("radio", name="Cat or Dog?").check()
    teach.locator("#live").get_by_role("meter", name="Cat").wait_for(timeout=SENT)
    teach.get_by_role("tab", name="Classify").click()
    teach.get_by_role("radio", name="My model").check()
    teach.set_input_files("#photo input[type=file]", [file("red.jpg", photos["Red"][0])])
    teach.locator("#answer").get_by_text("Red").first.wait_for(timeout=SENT)


def test_a_photo_is_tried_with_its_heat_map(teach, photos):
    taught(teach, photos)
    for name in ("Red", "Blue"):
        teach.evaluate(DROP, ["#teach .stage", {f"{name}.jpg": text_of(photos[name][0])}])
        leads(teach, name)
    drawn = """() => {
        const heat = document.querySelector("#teach .heat");
        return heat.getContext("2d").getImageData(0, 0, heat.width, heat.height).data.some(Boolean);
    }"""
    assert teach.evaluate(drawn)
    teach.evaluate(DROP, ["#teach .stage", {"broken.jpg": text_of(b"%PDF-1.7")}])
    teach.locator("#teach [data-part=camera_message]").filter(has_text="This is a PDF").wait_for(timeout=SENT)
    assert leading(teach) == ""
    assert not teach.evaluate(drawn)
    teach.evaluate(DROP, ["#teach .stage", {"Red.jpg": text_of(photos["Red"][0])}])
    leads(teach, "Red")
    teach.get_by_role("switch", name="Heat map").uncheck()
    assert not teach.evaluate(drawn)
    teach.locator("#teach .stage").get_by_role("button", name="Close").click()
    assert leading(teach) == ""


def test_the_keyboard_holds_the_button_too(teach):
    teach.get_by_role("button", name="Start the camera").click()
    button = teach.get_by_role("button", name="Hold to take photos of Class 1")
    button.wait_for(timeout=SENT)
    button.focus()
    teach.keyboard.down("Space")
    teach.wait_for_timeout(1_000)
    teach.keyboard.up("Space")
    teach.wait_for_function("document.querySelectorAll('#teach .thumbs img').length >= 3")
    frames = 0
    while frames < (now := teach.locator("#teach .thumbs img").count()):  # until the last of them has been answered
        frames = now
        teach.wait_for_timeout(1_500)
    assert frames <= 9
    teach.keyboard.press("Enter")
    has(teach, "Class 1", frames + 1)
    teach.get_by_role("tab", name="Live").click()
    teach.wait_for_function("document.querySelector('#teach video').srcObject === null")


@pytest.mark.slow
def test_a_busy_server_is_asked_again(teach, photos):
    answers = [429, 503]
    sent: list[float] = []

    def answer(route) -> None:
        sent.append(time.monotonic())
        if answers:
            body = '{"error": "Too many photos are under way."}'
            route.fulfill(status=answers.pop(), body=body, headers={"Retry-After": "1"}, content_type="application/json")
        else:
            route.continue_()

    teach.route("**/photos?*", answer)
    give(teach, "Class 1", files("Blue", photos["Blue"][:1]))
    teach.locator("#teach .sending").filter(has_text="the server is busy").wait_for(timeout=SENT)
    has(teach, "Class 1", 1)
    assert len(sent) == 3
    assert sent[2] - sent[0] > 1.5
    assert not teach.locator("#teach [data-part=refused]").is_visible()


def test_a_lesson_that_ended_says_so_and_another_begins(teach, photos):
    give(teach, "Class 1", files("Blue", photos["Blue"][:1]))
    has(teach, "Class 1", 1)
    ended = '{"error": "This session ended.", "ended": "idle"}'
    teach.route("**/photos?*", lambda route: route.fulfill(status=404, body=ended, content_type="application/json"))
    give(teach, "Class 1", files("Blue", photos["Blue"][1:2]))
    message(teach, "nothing was done for 10 minutes")
    teach.unroute("**/photos?*")
    give(teach, "Class 1", files("Blue", photos["Blue"][:2]))
    has(teach, "Class 1", 2)


def test_names_are_text_and_each_class_has_its_own(teach):
    rename(teach, "Class 1", "<img src=x onerror=alert(1)>")
    box = card(teach, "Class 2").get_by_label("Name of this class")
    for taken in ("<IMG src=x onerror=alert(1)>", "Neither", "  "):
        box.fill(taken)
        box.press("Enter")
        assert box.input_value() == "Class 2"
    teach.get_by_role("button", name="Add a class").click()
    card(teach, "Class 3").wait_for()
    teach.get_by_role("button", name="Add “none of these”").click()
    assert card(teach, "none of these").get_by_label("Name of this class").is_editable() is False


@pytest.mark.slow
def test_what_it_gets_wrong_is_shown_with_its_heat_map(teach, photos):
    mixed = [*photos["Blue"][:3], *photos["Red"][:3]]
    give(teach, "Class 1", files("one", [*mixed, *photos["Blue"][3:]]))
    give(teach, "Class 2", files("two", [*mixed[::-1], CAT.read_bytes()]))
    teach.locator("#teach .right").filter(has_text="right when each photo was held back").wait_for(timeout=SENT)
    assert teach.get_by_role("rowheader", name="Class 1").is_visible()
    teach.locator("#teach ul.wrong button").first.click()
    dialog = teach.get_by_role("dialog")
    dialog.get_by_role("img", name="Heat map: where the network found evidence for").wait_for(timeout=SENT)
    dialog.get_by_role("button", name="Close").click()
    assert teach.get_by_role("dialog").count() == 0


@pytest.mark.slow
def test_it_can_be_used_and_published_with_what_is_copied(teach, photos):
    taught(teach, photos)
    teach.get_by_label("Name of the model").fill("mugs")
    teach.get_by_text("Use it in your own program").click()
    teach.get_by_role("button", name="Copy: Python").click()
    assert 'Classifier.load("mugs")' in teach.evaluate("navigator.clipboard.readText()")
    curl = teach.locator("#teach .snippet").filter(has_text="curl").locator("pre").last.inner_text()
    address = curl.split()[-1]
    request = urllib.request.Request(address, data=photos["Red"][1], method="POST")
    with urllib.request.urlopen(request, timeout=60) as response:
        assert json.load(response)["scores"][0]["label"] == "Red"
    teach.get_by_text("Publish it on the Hugging Face Hub").click()
    assert teach.get_by_text("python -m training.publish mugs USER/mugs --space USER/mugs-app").is_visible()
    assert not teach.get_by_text("Address of this page").is_visible()  # 127.0.0.1 is nobody else's


@pytest.mark.slow
def test_who_can_sign_in_publishes_with_a_button(teach, photos):
    can = {"possible": True, "user": None}

    def state(route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, json=answer.json() | {"publish": can})

    teach.route("**/api/teach/sessions", state)
    teach.route("**/api/teach/sessions/*", state)
    taught(teach, photos)
    teach.get_by_text("Publish it on the Hugging Face Hub").click()
    assert teach.get_by_role("link", name="Sign in with Hugging Face").get_attribute("href").endswith("/login/huggingface")
    can["user"] = "alice"
    teach.reload()
    trained(opened(teach), "6 + 6")
    teach.get_by_label("Name of the model").fill("mugs")
    teach.get_by_text("Publish it on the Hugging Face Hub").click()
    made = {"model": "https://huggingface.co/alice/mugs", "space": "https://huggingface.co/spaces/alice/mugs-app"}
    asked = []
    teach.route("**/publish", lambda route: (asked.append(route.request.post_data_json), route.fulfill(json=made)))
    teach.get_by_label("Private").check()
    teach.get_by_role("button", name="Publish as alice/mugs").click()
    assert teach.get_by_role("link", name=made["space"]).get_attribute("href") == made["space"]
    assert asked == [{"name": "mugs", "private": True}]


@pytest.mark.parametrize("page", [PHONE], indirect=True, ids=["phone"])
def test_a_phone_shows_everything_without_scrolling_sideways(teach, photos):
    taught(teach, photos)
    for summary in teach.locator("#teach summary").all():
        if summary.is_visible():
            summary.click()
    assert teach.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


@pytest.mark.parametrize(
    ("locale", "tab", "start"), [("de-DE", "Beibringen", "Kamera starten"), ("es-ES", "Enseñar", "Encender la cámara")]
)
def test_the_page_speaks_other_languages(browser, app, locale, tab, start):
    context = browser.new_context(locale=locale)
    page = context.new_page()
    page.goto(app.url)
    page.get_by_role("tab", name=tab).click()
    page.get_by_role("button", name=start).wait_for(timeout=SENT)
    context.close()
