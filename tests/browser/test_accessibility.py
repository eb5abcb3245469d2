"""The page for everybody: what axe-core finds in every tab, the keyboard, the fonts, and who asks that nothing moves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.browser.conftest import SECONDS, archive, open_tab
from tests.mugs import blue_mug, red_mug, views
from tests.pictures import CAT, COFFEE, encoded

pytestmark = pytest.mark.browser

WAIT = 30 * SECONDS
DESKTOP, PHONE = {"width": 1200, "height": 900}, {"width": 390, "height": 844}
LOOKS = [
    pytest.param(("light", DESKTOP), id="light-1200"),
    pytest.param(("dark", PHONE), id="dark-390"),
    pytest.param(("light", PHONE), id="light-390", marks=pytest.mark.slow),
    pytest.param(("dark", DESKTOP), id="dark-1200", marks=pytest.mark.slow),
]
# Also what axe-core leaves out where nobody asks: buttons that say another thing than they are called, and too small ones.
OPTIONS = {
    "resultTypes": ["violations"],
    "rules": {"label-content-name-mismatch": {"enabled": True}, "target-size": {"enabled": True}},
}
PASSED_OVER = ("minor",)

# What this page asks for besides: large enough for a finger, one <h1> and no level left out, one <main>, nothing that moves
# or lies beyond the edge.
OURS = """() => {
    const isShown = (part) => part.checkVisibility({visibilityProperty: true});
    const shown = (selector) => [...document.querySelectorAll(selector)].filter(isShown);
    const begins = (part) => part.outerHTML.slice(0, 160);
    const small = shown("button, select, summary, [role=button], [role=tab], input[type=range]").filter((part) => {
        const {width, height} = part.getBoundingClientRect();
        return width && (width < 23.5 || height < 23.5);
    });
    const levels = shown("h1, h2, h3, h4, h5, h6").map((part) => Number(part.tagName[1]));
    const first = levels.filter((level) => level === 1).length;
    const leaps = levels.some((level, at) => level > (levels[at - 1] ?? 0) + 1);
    const moving = shown("body *").filter((part) => {
        const {animationDuration, transitionDuration} = getComputedStyle(part);
        return `${animationDuration}, ${transitionDuration}`.split(", ").some((time) => parseFloat(time) > 0.01);
    });
    return [
        ...small.map((part) => `too small: ${begins(part)}`),
        ...moving.map((part) => `moves: ${begins(part)}`),
        ...(leaps || first !== 1 ? [`headings: ${levels}`] : []),
        ...(document.querySelectorAll("main").length === 1 ? [] : ["not exactly one <main>"]),
        ...(document.documentElement.scrollWidth > innerWidth ? ["the page scrolls sideways"] : []),
    ];
}"""
FOCUSED = """() => {
    const part = document.activeElement, style = getComputedStyle(part), box = part.getBoundingClientRect();
    if (part === document.body) return null;
    const seen = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2 && box.width > 1 && box.height > 1;
    return seen ? "" : part.outerHTML.slice(0, 160);
}"""


def classify(page: Any) -> Iterator[str]:
    yield "no photo"
    page.set_input_files("#photo input[type=file]", CAT)
    page.locator("#answer .bar").filter(has_text="%").first.wait_for(timeout=WAIT)
    yield "an answer"
    page.get_by_role("button", name="Remove Image").click()
    text = {"name": "text.jpg", "mimeType": "image/jpeg", "buffer": b"no photo"}
    page.set_input_files("#photo input[type=file]", text)
    page.locator("#answer").get_by_role("alert").wait_for(timeout=WAIT)
    yield "a file that is no photo"


def teach(page: Any) -> Iterator[str]:
    open_tab(page, "Teach")
    page.locator("#teach .class").first.wait_for(timeout=WAIT)
    yield "empty"
    for number, mug in enumerate((blue_mug(), red_mug())):
        photos = [encoded(view, "JPEG") for view in views(mug, 6, number)]
        with page.expect_file_chooser() as chooser:
            page.locator("#teach .class").nth(number).get_by_role("button", name="Photos").click()
        files = [{"name": f"{each}.jpg", "mimeType": "image/jpeg", "buffer": photo} for each, photo in enumerate(photos)]
        chooser.value.set_files(files)
    page.locator("#teach .trained").filter(has_text="Trained on 6 + 6").wait_for(timeout=WAIT)
    for summary in page.locator("#teach summary:visible").all():
        summary.click()
    yield "taught"


def live(page: Any) -> Iterator[str]:
    open_tab(page, "Live")
    start = page.locator("#live").get_by_role("button", name="Start")
    start.wait_for(timeout=WAIT)
    yield "stopped"
    start.click()
    page.locator("#live").get_by_role("meter").first.wait_for(timeout=WAIT)
    yield "running"
    page.locator("#live").get_by_role("button", name="Freeze").click()
    page.locator("#live").get_by_role("button", name="Classify").wait_for(timeout=WAIT)
    yield "frozen"


def album(page: Any) -> Iterator[str]:
    open_tab(page, "Album")
    chosen = page.locator("#album-files input[type=file]").first
    chosen.wait_for(state="attached", timeout=WAIT)
    yield "empty"
    text = {"name": "text.jpg", "mimeType": "image/jpeg", "buffer": b"no photo"}
    judged = archive({"Cat/a.jpg": CAT.read_bytes(), "Dog/b.jpg": COFFEE.read_bytes(), "Dog/c.jpg": CAT.read_bytes()})
    chosen.set_input_files([{"name": "judged.zip", "mimeType": "application/zip", "buffer": judged}, text])
    page.locator("#album-judge table").first.wait_for(timeout=WAIT)
    yield "judged"
    page.locator("#album-gallery button").first.click()
    page.locator("#album dialog").wait_for(timeout=WAIT)
    yield "one photo"


def inside(page: Any) -> Iterator[str]:
    page.set_input_files("#photo input[type=file]", CAT)
    open_tab(page, "Inside the network")
    page.locator("#inside-maps").get_by_role("button").nth(20).wait_for(timeout=WAIT)
    yield "maps"
    page.get_by_role("button", name="Show me around").click()
    page.locator("#inside-tour h2").wait_for(timeout=WAIT)
    yield "the tour"


def lab(page: Any) -> Iterator[str]:
    page.set_input_files("#photo input[type=file]", CAT)
    open_tab(page, "Convolution lab")
    steps = page.locator("#lab-tabs").get_by_role("tab")
    steps.first.wait_for(timeout=WAIT)
    for step in range(steps.count()):
        steps.nth(step).click()
        page.locator("#lab-tabs").locator("figure:visible, table:visible").first.wait_for(timeout=WAIT)
        yield steps.nth(step).inner_text()


TABS = [classify, teach, live, album, inside, lab]


@pytest.fixture
def opened(browser, app) -> Iterator[Callable[..., Any]]:
    """Opens the page in a look."""
    contexts = []

    def open_page(theme: str, size: dict[str, int], **options: Any) -> Any:
        contexts.append(browser.new_context(viewport=size, permissions=["camera"], **options))
        page = contexts[-1].new_page()
        page.goto(f"{app.url}/?__theme={theme}")
        page.wait_for_selector("#photo input[type=file]", state="attached", timeout=WAIT)
        return page

    yield open_page
    for context in contexts:
        context.close()


def findings(page: Any) -> list[str]:
    """What axe-core finds, and what this page asks for besides."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    found = []
    for problem in axe.run(page, options=OPTIONS).response["violations"]:
        for node in problem["nodes"] if problem["impact"] not in PASSED_OVER else ():
            said = [check["message"] for kind in ("any", "all", "none") for check in node[kind]]
            found.append(f"{problem['impact']} {problem['id']}: {node['target']} {node['html'][:160]}: {'; '.join(said)}")
    return found + page.evaluate(OURS)


def unseen(page: Any) -> list[str]:
    """What the keyboard reaches, once around the page, without showing where it is."""
    rounds: list[list[str]] = [[], []]  # the first begins wherever the keyboard was
    for reached in rounds:
        while len(reached) < 300:
            page.keyboard.press("Tab")
            focused = page.evaluate(FOCUSED)
            if focused is None:
                break
            reached.append(focused)
    assert len(rounds[1]) > 1
    return [f"the keyboard is not seen: {part}" for part in rounds[1] if part]


@pytest.mark.parametrize("tab", TABS)
@pytest.mark.parametrize("look", LOOKS)
def test_nothing_keeps_anybody_from_using_it(opened, look, tab):
    page = opened(*look, reduced_motion="reduce")
    found = []
    for state in tab(page):
        found += [f"{state}: {each}" for each in findings(page)]
        if look == ("light", DESKTOP):
            found += [f"{state}: {each}" for each in unseen(page)]
    assert "\n".join(found) == ""


def test_all_text_is_in_the_systems_own_fonts(opened):
    page = opened("light", DESKTOP)
    fonts = []
    page.on("request", lambda request: fonts.append(request.url) if request.resource_type == "font" else None)
    page.reload()
    for _state in classify(page):
        pass
    assert fonts == []
    protocol = page.context.new_cdp_session(page)
    protocol.send("DOM.enable")
    protocol.send("CSS.enable")
    root = protocol.send("DOM.getDocument")["root"]["nodeId"]
    for selector in ("h1", "#answer", "button"):
        node = protocol.send("DOM.querySelector", {"nodeId": root, "selector": selector})["nodeId"]
        used = protocol.send("CSS.getPlatformFontsForNode", {"nodeId": node})["fonts"]
        assert len({font["familyName"] for font in used}) <= 1, selector


@pytest.mark.parametrize("locale", ["en-US", "de-DE", "es-ES", "fr-FR", "pl-PL"])
def test_the_upload_area_is_called_what_it_says(opened, locale):
    area = opened("light", DESKTOP, locale=locale).locator("#photo").get_by_role("button").first
    assert area.inner_text().strip() == area.get_attribute("aria-label")
