"""The Album tab in a real Chromium."""

from __future__ import annotations

import base64
import csv
import io
import re
import time
from pathlib import Path

import pytest
from PIL import Image

from tests.browser.conftest import PHONE, SECONDS, archive, open_tab
from tests.pictures import CAT, COFFEE, encoded, needs_photos, photos

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def drop(page, *files) -> None:
    buffers = [each if isinstance(each, dict) else file(each.name, each.read_bytes()) for each in files]
    page.locator("#album-files input[type=file]").first.set_input_files(buffers)


def file(name: str, content: bytes) -> dict[str, object]:
    return {"name": name, "mimeType": "application/octet-stream", "buffer": content}


def done(page, sentence: str) -> None:
    page.locator("#album-progress [data-part=summary]").filter(has_text=sentence).wait_for(timeout=60 * SECONDS)


def slowly(page, milliseconds: int) -> None:
    """Every answer comes so much later."""
    page.evaluate(
        """milliseconds => { const quick = window.fetch;
            window.fetch = async (...asked) => { const answer = await quick(...asked);
                if (String(asked[0]).includes('/api/album')) await new Promise(done => setTimeout(done, milliseconds));
                return answer; }; }""",
        milliseconds,
    )


def sent(page) -> list[str]:
    """A list that grows with the requests for answers."""
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url) if "/api/album" in request.url else None)
    return requests


def cats(count: int, first: int = 0) -> list[dict[str, object]]:
    """Files that are all different, and all the same photo."""
    return [file(f"{number}.jpg", CAT.read_bytes() + bytes([number])) for number in range(first, first + count)]


def downloaded(page) -> tuple[str, list[dict[str, str]]]:
    with page.expect_download() as download:
        page.locator("#album-csv").click()
    text = download.value.path().read_text("utf-8-sig")
    return download.value.suggested_filename, list(csv.DictReader(io.StringIO(text)))


def test_photos_are_grouped_listed_and_downloaded(album):
    drop(album, CAT, COFFEE, file("=cmd().txt", b"notes"), file("empty.jpg", b""))
    done(album, "Photos answered: 2. Files that could not be used: 2.")
    assert album.locator("#album-gallery h2").all_inner_texts() == ["Cat", "neither"]
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
    album.locator("#album-table").get_by_role("button", name="file", exact=True).click()
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
    done(album, "Photos answered: 2. Files that could not be used: 0.")
    assert album.get_by_role("img", name="holiday.zip/a/cat.jpg: Cat").is_visible()
    assert album.locator("#album-problems").inner_text() == "Left out, no photos: 1 file (holiday.zip/a.txt)."


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
    assert album.locator("#album-problems li").inner_text() == "large.jpg: It is larger than 20 MB. Take a smaller one."


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


GIVEN = """async ([target, kind, text]) => {
    const blob = await (await fetch('data:image/jpeg;base64,' + text)).blob();
    const given = new DataTransfer();
    given.items.add(new File([blob], 'given.jpg'));
    const values = {bubbles: true, cancelable: true};
    document.querySelector(target).dispatchEvent(kind === 'drop'
        ? new DragEvent('drop', {dataTransfer: given, ...values})
        : new ClipboardEvent('paste', {clipboardData: given, ...values}));
}"""


@pytest.mark.parametrize(("target", "kind"), [("#album-files", "drop"), ("body", "drop"), ("body", "paste")])
def test_files_are_taken_wherever_on_the_page_they_are_dropped_or_pasted(album, target, kind):
    album.evaluate(GIVEN, [target, kind, base64.b64encode(CAT.read_bytes()).decode()])
    done(album, "Photos answered: 1.")
    assert names(album) == ["given.jpg"]


def test_what_is_dropped_in_another_tab_is_not_for_the_album(album):
    open_tab(album, "Convolution lab")
    album.evaluate(GIVEN, ["body", "drop", base64.b64encode(CAT.read_bytes()).decode()])
    open_tab(album, "Album")
    album.wait_for_timeout(500)
    assert album.locator("#album-table").inner_text() == ""


def test_a_second_drop_waits_is_shown_and_is_added_and_nothing_is_answered_twice(album):
    requests = sent(album)
    slowly(album, 150)
    drop(album, *cats(40))
    album.locator("#album-progress progress").wait_for()
    drop(album, *cats(12, 40))
    album.get_by_text("1 more drop waits: 12 photos").wait_for(timeout=20 * SECONDS)
    drop(album, COFFEE)
    album.get_by_text("2 more drops wait: 13 photos").wait_for(timeout=20 * SECONDS)
    done(album, "Photos answered: 53. Files that could not be used: 0.")
    assert len(requests) == 53
    assert album.get_by_role("img", name="coffee.jpg: neither").is_visible()
    _, rows = downloaded(album)
    assert [row["file"] for row in rows] == [*(f"{number}.jpg" for number in range(52)), "coffee.jpg"]


def test_a_drop_beside_a_finished_album_is_added_and_clear_begins_afresh(album):
    drop(album, CAT)
    done(album, "Photos answered: 1.")
    drop(album, COFFEE)
    done(album, "Photos answered: 2.")
    assert names(album) == ["cat.jpg", "coffee.jpg"]
    album.locator("#album").get_by_role("button", name="Clear").click()
    assert album.locator("#album img:visible").count() == 0
    assert not album.locator("#album-csv").is_visible()
    assert album.evaluate("document.activeElement.dataset.part") == "choose"
    drop(album, COFFEE)
    done(album, "Photos answered: 1.")
    assert names(album) == ["coffee.jpg"]


def test_clear_forgets_what_is_under_way(album):
    slowly(album, 400)
    drop(album, *cats(6))
    album.locator("#album-progress progress").wait_for()
    album.locator("#album").get_by_role("button", name="Clear").click()
    drop(album, COFFEE)
    done(album, "Photos answered: 1.")
    album.wait_for_timeout(800)
    assert names(album) == ["coffee.jpg"]


def test_the_same_file_is_answered_once(album, tmp_path):
    path = tmp_path / "cat.jpg"
    path.write_bytes(CAT.read_bytes())
    requests = sent(album)
    album.locator("#album-files input[type=file]").first.set_input_files(str(path))
    done(album, "Photos answered: 1.")
    album.locator("#album-files input[type=file]").first.set_input_files([str(path), str(COFFEE)])
    done(album, "Photos answered: 2.")
    assert len(requests) == 2
    assert album.get_by_text("In the album already: 1 file.").is_visible()


def test_no_more_than_a_thousand_are_taken(album):
    entries = {f"{number}.jpg": b"" for number in range(1_001)}
    album.route("**/api/album*", lambda route: route.fulfill(status=415, json={"error": "No photo."}))
    drop(album, file("many.zip", archive(entries)))
    done(album, "Photos answered: 0. Files that could not be used: 1,000.")
    assert album.get_by_text("Left out: 1 file. An album holds at most 1,000 photos.").is_visible()


def test_stop_shows_only_while_something_runs(album):
    stop = album.locator("#album").get_by_role("button", name="Stop", exact=True)
    assert not stop.is_visible()
    slowly(album, 300)
    drop(album, CAT, COFFEE)
    stop.wait_for()
    done(album, "Photos answered: 2.")
    assert not stop.is_visible()


def test_a_server_that_cannot_be_reached_is_named_and_the_photos_wait(album):
    album.route("**/api/album*", lambda route: route.abort())
    drop(album, CAT, COFFEE)
    problem = album.locator("#album [role=alert]").filter(has_text="The server cannot be reached")
    problem.wait_for(timeout=30 * SECONDS)
    album.unroute("**/api/album*")
    album.get_by_role("button", name="Go on with 2 photos").click()
    done(album, "Photos answered: 2.")
    assert not problem.is_visible()


def test_a_busy_server_is_asked_again(album):
    answers = iter([503, 503])

    def busy(route) -> None:
        if next(answers, None):
            route.fulfill(status=503, json={"error": "Busy."}, headers={"Retry-After": "1"})
        else:
            route.continue_()

    album.route("**/api/album*", busy)
    drop(album, CAT)
    done(album, "Photos answered: 1.")


def test_an_album_can_be_stopped_shows_what_was_answered_and_goes_on(album):
    requests = sent(album)
    slowly(album, 200)
    drop(album, *cats(60))
    album.locator("#album-progress progress").wait_for(timeout=60 * SECONDS)
    album.get_by_role("tabpanel").get_by_role("button", name="Stop", exact=True).click()
    done(album, "Photos answered: ")
    answered = int(re.findall(r"\d+", album.locator("#album-progress [data-part=summary]").inner_text())[0])
    assert answered < 60
    album.get_by_role("button", name=re.compile(f"Go on with {60 - answered} photos")).click()
    done(album, "Photos answered: 60.")
    assert len(requests) == 60


def folders(tmp_path) -> str:
    """Three cats, one of which is a cup, a cup, and one photo in a folder whose name says nothing."""
    for name in ("cats/1.jpg", "Katzen/2.jpg", "cats/cup.jpg", "neither/cup.jpg", "holiday/cup.jpg"):
        path = tmp_path / "mine" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes((COFFEE if "cup" in name else CAT).read_bytes())
    return str(tmp_path / "mine")


def judged(page, tmp_path):
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name=re.compile("folder|Ordner")).click()
    chooser.value.set_files(folders(tmp_path))
    page.locator("#album-judge table").wait_for(timeout=60 * SECONDS)
    return page.locator("#album-judge")


def test_folders_named_after_labels_make_it_a_judge(album, tmp_path):
    judge = judged(album, tmp_path)
    text = judge.inner_text()
    assert "Photos in folders that are named after an answer: 4 of 5." in text
    assert "75.0 % of them are right (3 of 4)." in text
    assert "between 30.1 % and 95.4 % (95 % Wilson interval)" in text  # wilson_interval(3, 4)
    rows = [row.inner_text().split("\t") for row in judge.locator("tr").all()]
    assert rows == [["folder ↓ answer →", "Cat", "neither"], ["Cat", "2", "1"], ["neither", "0", "1"]]
    assert judge.locator("figcaption").all_inner_texts() == ["neither > 99 %, but it is Cat"]
    _, found = downloaded(album)
    truths = {row["file"]: row["truth"] for row in found}
    assert truths == {
        "mine/cats/1.jpg": "Cat", "mine/Katzen/2.jpg": "Cat", "mine/cats/cup.jpg": "Cat", "mine/neither/cup.jpg": "neither",
        "mine/holiday/cup.jpg": "",
    }  # fmt: skip
    assert "truth" in album.locator("#album-table thead").inner_text()


def test_without_such_folders_there_is_no_judge(album):
    drop(album, CAT)
    done(album, "Photos answered: 1.")
    assert album.locator("#album-judge").inner_text() == ""
    assert "truth" not in downloaded(album)[1][0]


def test_the_album_speaks_german(browser, app, tmp_path):
    context = browser.new_context(locale="de-DE")
    page = context.new_page()
    page.goto(app.url)
    page.get_by_role("tab", name="Album").wait_for()
    open_tab(page, "Album")
    judge = judged(page, tmp_path)
    drop(page, file("notes.jpg", b"notes"))
    page.locator("#album-problems li").wait_for(timeout=20 * SECONDS)
    assert "Das ist kein Foto" in page.locator("#album-problems li").inner_text()
    assert page.locator("#album-gallery h2").all_inner_texts() == ["keins davon", "Katze"]
    assert "75,0 % davon stimmen (3 von 4)." in judge.inner_text()
    context.close()


def width_of(path: Path) -> int:
    with Image.open(path) as image:
        return image.width


def opened(page, name: str):
    """The dialog with a photo, as soon as its map is there."""
    page.locator("#album-gallery").get_by_role("button", name=name).first.press("Enter")
    dialog = page.get_by_role("dialog", name=name)
    dialog.wait_for()
    page.wait_for_function(MAP, timeout=20 * SECONDS)
    return dialog


MAP = """() => { const heat = document.querySelector('#album [data-part=heat]');
    return heat.getContext('2d').getImageData(0, 0, heat.width, heat.height).data.some(Boolean); }"""


@pytest.mark.parametrize("page", [{"width": 1200, "height": 900}, PHONE], indirect=True, ids=["desktop", "phone"])
def test_a_photo_opens_with_its_heat_map_by_keyboard_and_focus_returns(album):
    drop(album, CAT)
    done(album, "Photos answered: 1.")
    album.evaluate(
        """() => { const ask = window.fetch; window.fetch = (address, options) => {
            window.asked = [address, options.body.size];
            return ask(address, options); }; }"""
    )
    dialog = opened(album, "cat.jpg")
    address, size = album.evaluate("window.asked")
    assert address.endswith("/api/explain")
    assert size == CAT.stat().st_size  # the very file, which is still in the browser
    assert "Cat, > 99 %" in dialog.inner_text()
    assert dialog.locator("img").evaluate("image => image.naturalWidth") == width_of(CAT)
    map_box, photo_box = (dialog.locator(name).bounding_box() for name in ("canvas", "img"))
    assert map_box == pytest.approx(photo_box, abs=1)
    dialog.get_by_role("checkbox").uncheck()
    assert not album.evaluate(MAP)
    assert album.evaluate("document.documentElement.scrollWidth") <= album.viewport_size["width"]
    album.keyboard.press("Escape")
    assert not dialog.is_visible()
    assert album.evaluate("document.activeElement.firstElementChild.title") == "cat.jpg"


def test_a_photo_of_a_zip_opens_too_and_the_next_one_has_its_own_map(album):
    drop(album, file("a.zip", archive({"cat.jpg": CAT.read_bytes(), "again.jpg": CAT.read_bytes() + b" "})))
    done(album, "Photos answered: 2.")
    dialog = opened(album, "a.zip/cat.jpg")
    assert dialog.locator("img").evaluate("image => image.naturalWidth") == width_of(CAT)
    album.route("**/api/explain", lambda route: (time.sleep(1), route.continue_()))
    album.keyboard.press("ArrowRight")
    album.get_by_role("dialog", name="a.zip/again.jpg").wait_for()
    assert not album.evaluate(MAP)  # the old photo's is gone before the new one's is there
    album.wait_for_function(MAP, timeout=20 * SECONDS)


def test_what_the_browser_cannot_show_is_shown_small(album):
    drop(album, file("cat.tiff", encoded(Image.open(CAT), "TIFF")))
    done(album, "Photos answered: 1.")
    dialog = opened(album, "cat.tiff")
    dialog.get_by_text("this is a small copy of it").wait_for()
    assert dialog.locator("img").evaluate("image => image.naturalWidth") == 112


def test_another_model_answers_everything_again(album):
    drop(album, CAT)
    done(album, "Photos answered: 1.")
    reply = {
        "labels": ["disk"], "probability": 0.9, "probabilities": [0.9, 0.1], "thumbnail": "data:,",
        "model": {"number": 9, "answers": ["disk", "neither"], "csv": "mine.csv"},
    }  # fmt: skip
    album.route("**/api/album?session=token", lambda route: route.fulfill(json=reply))
    album.evaluate("document.documentElement.dataset.model = 'token'")
    done(album, "Another model is chosen now than the one that gave these answers.")
    drop(album, COFFEE)
    done(album, "Photos answered: 2.")
    assert album.locator("#album-gallery h2").all_inner_texts() == ["disk"]
    name, rows = downloaded(album)
    assert name == "mine.csv"
    assert [row["answer"] for row in rows] == ["disk", "disk"]
    album.evaluate("document.documentElement.dataset.model = ''")
    album.get_by_role("button", name="Answer all again").click()
    album.locator("#album-gallery h2").get_by_text("Cat").wait_for(timeout=20 * SECONDS)
    assert album.locator("#album-gallery h2").all_inner_texts() == ["Cat", "neither"]


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
