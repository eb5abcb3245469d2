"""One language everywhere: the page, its title, what Gradio adds to it, and the server's sentences."""

from __future__ import annotations

from contextlib import contextmanager

import pytest

from tests.browser.conftest import SECONDS
from tests.pictures import CAT
from ui.texts import TEXTS, say

pytestmark = pytest.mark.browser

VISITORS = {
    "de-AT": ("de", "Katze oder Hund?", "Über API verwenden"),
    "es": ("es", "¿Gato o perro?", "Usar vía API"),
    "fr-CA": ("fr", "Chat ou chien ?", "Utiliser via API"),
    "it": ("en", "Cat or Dog?", "Use via API"),  # Gradio speaks Italian, this page does not
    "en-GB": ("en", "Cat or Dog?", "Use via API"),
}
PHOTO_INPUT = "#photo input[type=file]"
TO_UNTRANSLATED = """() => [...document.querySelectorAll("[aria-label], [title], [alt], button")].flatMap((element) =>
    [...["aria-label", "title", "alt"].map((name) => element.getAttribute(name)), element.textContent.trim()])"""


@contextmanager
def visiting(browser, app, **settings):
    context = browser.new_context(viewport={"width": 1200, "height": 900}, permissions=["camera"], **settings)
    try:
        page = context.new_page()
        page.goto(app.url)
        page.wait_for_selector(PHOTO_INPUT, state="attached", timeout=60 * SECONDS)
        yield page
    finally:
        context.close()


@pytest.mark.parametrize("locale", VISITORS)
def test_everything_is_in_one_language(browser, app, locale):
    language, title, api = VISITORS[locale]
    with visiting(browser, app, locale=locale) as page:
        page.wait_for_function("(title) => document.title === title", arg=title)
        assert page.get_by_role("heading", level=1).inner_text() == title
        assert page.locator("html").get_attribute("lang") == language
        assert page.get_by_role("tab").first.inner_text() == say("classify.tab", language)
        assert api in page.locator("footer").inner_text()
        page.locator(PHOTO_INPUT).set_input_files({"name": "a.jpg", "mimeType": "image/jpeg", "buffer": b"%PDF-1.7"})
        page.get_by_text(say("photo.pdf", language)).first.wait_for(timeout=30 * SECONDS)
        assert page.locator("html").get_attribute("lang") == language


@pytest.mark.parametrize("language", sorted(set(TEXTS) - {"en"}))
def test_what_gradio_says_in_english_only_is_translated(browser, app, language):
    english = {text for key, text in TEXTS["en"].items() if key.startswith("gradio.")}
    english -= {text for key, text in TEXTS[language].items() if key.startswith("gradio.")}
    with visiting(browser, app, locale=language) as page:
        page.get_by_role("button", name=say("gradio.camera", language)).wait_for()
        assert english.isdisjoint(page.evaluate(TO_UNTRANSLATED))
        page.locator(PHOTO_INPUT).set_input_files(CAT)
        page.get_by_alt_text(say("classify.photo_alt", language)).first.wait_for(state="attached", timeout=30 * SECONDS)
        assert english.isdisjoint(page.evaluate(TO_UNTRANSLATED))


def test_a_photos_name_is_read_in_words_in_english_too(browser, app):
    with visiting(browser, app, locale="en-US") as page:
        page.locator(PHOTO_INPUT).set_input_files(CAT)
        page.get_by_alt_text(say("classify.photo_alt", "en")).first.wait_for(state="attached", timeout=30 * SECONDS)
        assert not [name for name in page.evaluate(TO_UNTRANSLATED) if name and name.startswith("__i18n__")]


def test_the_second_language_of_a_visitor_counts_where_the_first_is_not_offered(browser, app):
    with visiting(browser, app, extra_http_headers={"Accept-Language": "it, fr;q=0.7"}) as page:
        page.wait_for_function("document.title === 'Chat ou chien ?'")
        assert page.locator("html").get_attribute("lang") == "fr"
        assert page.get_by_role("tab").first.inner_text() == say("classify.tab", "fr")
        page.locator(PHOTO_INPUT).set_input_files(
            {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": CAT.read_bytes()[:1000]}
        )
        page.get_by_text(say("photo.cut_off", "fr")).first.wait_for(timeout=30 * SECONDS)


def test_the_example_of_the_api_page_is_no_web_address(browser, app):
    with visiting(browser, app, locale="en-US") as page:
        page.get_by_role("button", name="Use via API").click()
        page.get_by_text("Web addresses are not fetched").first.wait_for(timeout=30 * SECONDS)
        shown = page.locator("body").inner_text()
        assert "data:image/gif;base64," in shown
        assert "raw.githubusercontent.com" not in page.content()
