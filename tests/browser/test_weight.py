"""What a first visitor's browser asks for, counted until the first answer."""

from __future__ import annotations

import pytest

from benchmarks.page_weight import PHONE, files_of, visit
from tests.browser.conftest import SECONDS, open_tab
from ui import first_screen

pytestmark = pytest.mark.browser
REQUESTS, KILOBYTES, SHIFT = 60, 500, 0.02


@pytest.fixture
def fresh(browser):
    """A page of a browser that has seen nothing yet."""
    context = browser.new_context(viewport=PHONE, locale="en-US")
    yield context.new_page()
    context.close()


def test_the_first_answer_is_light_and_moves_nothing(fresh, app):
    found = visit(fresh, app.url, slow=False)
    assert found.requests <= REQUESTS, found.traffic.paths
    assert found.kilobytes <= KILOBYTES, found.traffic.requested
    assert found.shift <= SHIFT
    files = files_of(found)
    assert not [name for name in files if name.endswith(".css")], "a style sheet that is not in ui/first_screen.json"
    assert sorted(files) == sorted(first_screen._SCRIPTS), "run python -m benchmarks.page_weight --files"


def test_no_style_is_missing(fresh, app):
    """What the page looks like by the one file of styles is what it looks like by Gradio's own."""
    looks = []
    for blocked in (False, True):
        if blocked:  # as if this Gradio had other files
            fresh.route(
                app.url + "/", lambda route: route.fulfill(response=(page := route.fetch()), body=own_styles(page.text()))
            )
        fresh.goto(app.url)
        fresh.wait_for_selector("#photo input[type=file]", state="attached", timeout=60 * SECONDS)
        fresh.get_by_role("button", name="a cat", exact=True).wait_for(timeout=30 * SECONDS)
        fresh.wait_for_timeout(500)
        looks.append(fresh.evaluate(LOOK))
    assert len(looks[0]) > 100
    assert looks[0] == looks[1]


LOOK = """() => [...document.querySelectorAll('gradio-app *')].map((each) => {
  const { x, y, width, height } = each.getBoundingClientRect(), { color, fontSize, backgroundColor } = getComputedStyle(each);
  return [each.tagName, x, y, width, height, color, fontSize, backgroundColor].join(' ');
})"""


def own_styles(html: str) -> str:
    """The page as it would be without `ui/first_screen.py`'s styles: Gradio asks for its own."""
    for name in first_screen._STYLES:
        link = f'<link rel="stylesheet" href="./assets/{name}" disabled>'
        assert link in html
        html = html.replace(link, "")
    head = f'<link rel="stylesheet" href="./assets/{first_screen._SHEET_NAME}">'
    assert head in html
    index = next(name for name in first_screen._STYLES if name.startswith("index-"))
    return html.replace(head, f'<link rel="stylesheet" crossorigin href="./assets/{index}">')


def test_a_tab_asks_for_its_files_when_it_is_opened(fresh, app):
    asked: list[str] = []
    fresh.on("request", lambda request: asked.append(request.url))
    fresh.goto(app.url)
    fresh.get_by_role("button", name="a cat", exact=True).wait_for(timeout=60 * SECONDS)
    fresh.wait_for_timeout(500)
    before = len(asked)
    open_tab(fresh, "Convolution lab")
    fresh.locator("#lab-photo input[type=file]").wait_for(state="attached", timeout=30 * SECONDS)
    fresh.get_by_role("tab", name="Kernels").click()
    fresh.locator("#lab-stride").wait_for(timeout=30 * SECONDS)
    assert [url for url in asked[before:] if "/assets/" in url]
    open_tab(fresh, "Classify")
    open_tab(fresh, "Convolution lab")
    fresh.locator("#lab-stride").wait_for(timeout=30 * SECONDS)
