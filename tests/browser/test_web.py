"""The pages for one's own site, in a real Chromium, on another origin than the app."""

from __future__ import annotations

import pytest
from PIL import Image

from tests.browser.conftest import ARTEFACTS
from tests.in_browser import difference
from tests.pictures import CAT, COFFEE, SHARED, encoded, needs_photos, photos, quadrants
from tests.snippets import snippets

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PHONE = {"width": 375, "height": 700}
LARGEST_DIFFERENCE = 0.01


@pytest.fixture
def tab(browser, site, request):
    """A tab that fails the test where a script does, or where it asks a host that the test does not expect."""
    options = getattr(request, "param", {"viewport": {"width": 900, "height": 900}})
    context = browser.new_context(permissions=["camera", "clipboard-read", "clipboard-write"], **options)
    tab = context.new_page()
    failures: list[str] = []
    tab.on("pageerror", lambda error: failures.append(str(error)))
    yield tab
    ARTEFACTS.mkdir(exist_ok=True)
    tab.screenshot(path=ARTEFACTS / f"{request.node.name.replace('/', '_')}.png", full_page=True)
    context.close()
    assert failures == []


@pytest.fixture
def calling(tab, site, open_app):
    """web/index.html, which asks the app."""
    tab.goto(f"{site.url}/index.html?server={open_app.url}")
    return tab


@pytest.fixture
def alone(tab, site):
    """web/in_browser.html, once the model is there; `asked` are the addresses it loaded after that."""
    tab.goto(f"{site.url}/in_browser.html")
    message(tab, "The model is here")
    tab.asked = []
    tab.on("request", lambda request: tab.asked.append(request.url))
    return tab


def message(tab, text: str) -> None:
    tab.wait_for_function("text => document.querySelector('#message').textContent.includes(text)", arg=text, timeout=60_000)


def give(tab, photo) -> None:
    tab.set_input_files("#file", photo)


def bars(tab) -> list[str]:
    return [bar.inner_text().split("\n")[0] for bar in tab.query_selector_all(".bar")]


def drop(tab, photo) -> None:
    tab.evaluate(
        """async (bytes) => {
            const data = new DataTransfer();
            data.items.add(new File([new Uint8Array(bytes)], "cat.jpg", { type: "image/jpeg" }));
            const options = { dataTransfer: data, bubbles: true, cancelable: true };
            document.querySelector("#drop").dispatchEvent(new DragEvent("drop", options));
        }""",
        list(photo.read_bytes()),
    )


def paste(tab, photo) -> None:
    tab.evaluate(
        """async (bytes) => {
            const clipboardData = new DataTransfer();
            clipboardData.items.add(new File([new Uint8Array(bytes)], "cat.jpg", { type: "image/jpeg" }));
            document.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true }));
        }""",
        list(photo.read_bytes()),
    )


@pytest.mark.parametrize("way", [give, drop, paste])
@pytest.mark.parametrize("page", ["calling", "alone"])
def test_a_photo_that_is_chosen_dropped_or_pasted_is_answered(page, way, request):
    tab = request.getfixturevalue(page)
    way(tab, CAT)
    message(tab, "Cat: 100.0 %")
    assert bars(tab)[0] == "Cat"
    assert sorted(bars(tab)) == ["Cat", "Dog", "neither"]


@pytest.mark.parametrize("page", ["calling", "alone"])
def test_the_camera_takes_a_photo_and_is_closed(page, request):
    tab = request.getfixturevalue(page)
    tab.click("#camera")
    tab.wait_for_selector("#shutter", state="visible")
    tab.click("#shutter")
    message(tab, "Cat:")
    assert tab.evaluate("document.querySelector('#video').srcObject") is None


def test_a_bar_shows_what_speaks_for_its_label(calling):
    give(calling, CAT)
    message(calling, "Cat:")
    hot = "document.querySelector('#picture').toDataURL()"
    for_cat = calling.evaluate(hot)
    assert "speaks for Cat" in calling.inner_text("#caption")
    assert "What speaks most for Cat is here:" in calling.get_attribute("#picture", "aria-label")
    calling.focus(".bar:has-text('Dog')")
    calling.keyboard.press("Enter")
    calling.wait_for_selector(".bar:has-text('Dog')[aria-pressed=true]")
    calling.wait_for_function("document.querySelector('#caption').textContent.includes('Dog')")
    assert calling.evaluate(hot) != for_cat
    assert "Cat: 100.0 %" in calling.inner_text("#message")  # the answer is the same


def test_a_sideways_photo_is_shown_and_answered_upright(calling):
    exif = Image.Exif()
    exif[0x0112] = 6  # turn it by 90° clockwise
    stored = quadrants(640, 480)
    give(calling, {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": encoded(stored, "JPEG", exif=exif)})
    calling.wait_for_selector("#picture", state="visible")
    assert calling.evaluate("[picture.width, picture.height]") == [480, 640]


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"not a photo", "not a photo"), (b"", "has no body"), (CAT.read_bytes()[:3000], "cut off"), (bytes(20_000_001), "20 MB")],
)
def test_the_servers_own_sentence_is_shown(calling, content, words):
    give(calling, CAT)
    message(calling, "Cat:")
    give(calling, {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": content})
    message(calling, words)
    assert bars(calling) == []  # nothing of the photo before
    assert calling.is_hidden("#picture")


def test_a_page_of_another_site_is_told_what_is_missing(tab, site, open_app):
    tab.goto(f"{site.other_url}/index.html?server={open_app.url}")
    give(tab, CAT)
    message(tab, f"its CORS_ORIGINS does not name {site.other_url}")


def test_being_offline_is_named(calling):
    calling.context.set_offline(True)
    give(calling, CAT)
    message(calling, "You are offline")


@pytest.mark.parametrize("page", ["index.html", "in_browser.html"])
@pytest.mark.parametrize("tab", [{"viewport": PHONE, "color_scheme": "dark"}], indirect=True)
def test_a_phone_in_the_dark(tab, site, open_app, page):
    tab.goto(f"{site.url}/{page}?server={open_app.url}")
    give(tab, COFFEE)
    message(tab, "neither:")
    assert tab.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert tab.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(28, 25, 23)"


def test_the_keyboard_reaches_everything(calling):
    give(calling, CAT)
    message(calling, "Cat:")
    calling.focus("#file")
    reached = []
    for _ in range(5):
        calling.keyboard.press("Tab")
        reached.append(calling.evaluate("document.activeElement.id || document.activeElement.className"))
    assert reached == ["camera", "bar", "bar", "bar", "server"]


def test_no_photo_leaves_the_device(alone):
    give(alone, CAT)
    message(alone, "Cat: 100.0 %")
    assert [address for address in alone.asked if not address.startswith(("data:", "blob:"))] == []
    refused = alone.evaluate("fetch('http://127.0.0.1:9/', { method: 'POST', body: 'photo' }).then(() => false, () => true)")
    assert refused
    assert "vendor/model.onnx" in " ".join(alone.evaluate("performance.getEntriesByType('resource').map((r) => r.name)"))


def test_what_the_browser_cannot_open_gets_a_sentence(alone):
    give(alone, {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": b"not a photo"})
    message(alone, "This browser cannot open the file as a photo.")


@pytest.mark.parametrize("snippet", snippets("html"), ids=lambda snippet: snippet.where)
def test_snippets_for_pages(tab, site, open_app, web, snippet):
    (web / "snippet.html").write_text(snippet.against(open_app.url), "utf-8")
    tab.goto(f"{site.url}/snippet.html")
    tab.wait_for_function("document.querySelector('input').onchange !== null")  # the module may still load
    tab.set_input_files("input", CAT)
    tab.wait_for_function("document.querySelector('p').textContent.startsWith('Cat: 0.99')", timeout=60_000)


@pytest.mark.parametrize("path", [CAT, COFFEE])
def test_the_browser_answers_as_the_server(alone, classifier, path):
    photo = Image.open(path)
    transparent = photo.convert("RGBA")
    transparent.putalpha(photo.convert("L"))
    files = {
        "as it is": path.read_bytes(),
        "PNG": encoded(photo, "PNG"),
        "transparent": encoded(transparent, "PNG"),
        "12 megapixels": encoded(photo.resize((4000, 3000), Image.Resampling.BICUBIC), "JPEG", quality=90),
        "large PNG": encoded(photo.resize((1300, 1000), Image.Resampling.BICUBIC), "PNG"),
    }
    differences = {name: difference(alone, classifier, file) for name, file in files.items()}
    print(differences)
    assert max(differences.values()) <= LARGEST_DIFFERENCE, differences


@needs_photos
def test_the_browser_answers_as_the_server_on_real_photos(alone, classifier):
    real = [*photos("Cat", 10), *photos("Dog", 10), *sorted((SHARED / "neither").iterdir())[:5]]
    differences = {path.name: difference(alone, classifier, path.read_bytes()) for path in real}
    print(f"largest difference over {len(real)} photos: {max(differences.values()):.1e}")
    assert max(differences.values()) <= LARGEST_DIFFERENCE, differences
