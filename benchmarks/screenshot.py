"""Take the README's screenshots of the running app: `python -m benchmarks.screenshot` (needs Chromium)."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from tests.pictures import CAT, COFFEE, film
from tests.running import ROOT, running_app
from ui.inside.patches import FOLDER

DOCS = ROOT / "docs"


def classify(page: Page) -> None:
    page.set_input_files("#photo input[type=file]", str(CAT))
    page.wait_for_selector("#why img")


def live(page: Page) -> None:
    page.get_by_role("tab", name="Live").click()
    page.locator("#live [data-part=start]").click()
    page.wait_for_selector("#live .bar.first")


def album(page: Page) -> None:
    page.get_by_role("tab", name="Album").click()
    photos = [CAT, COFFEE, *sorted(FOLDER.glob("*.jpg"))[:10]]
    with tempfile.TemporaryDirectory() as folder:
        broken = Path(folder) / "notes.jpg"
        broken.write_bytes(b"%PDF-1.7")
        page.set_input_files("#album-files input[type=file]", [*map(str, photos), str(broken)])
        page.wait_for_selector("#album-csv")


def inside(page: Page) -> None:
    page.get_by_role("tab", name="Inside the network").click()
    page.wait_for_selector("#inside-stages .box")
    page.set_input_files("#inside-photo input[type=file]", str(CAT))
    page.wait_for_selector("#inside-maps img")
    page.locator("#inside-maps img").nth(1).click()
    page.wait_for_selector("#inside-channel .patches img")


def lab(page: Page) -> None:
    page.get_by_role("tab", name="Convolution lab").click()
    page.get_by_role("button", name="a cat", exact=True).click()
    page.locator("#lab-tabs").get_by_role("tab").nth(1).click()
    page.wait_for_selector("#lab-map img")


TABS: dict[str, tuple[Callable[[Page], None], bool]] = {  # what to do, and whether the whole page is shown
    "screenshot": (classify, False), "live": (live, False), "album": (album, False),
    "inside": (inside, True), "lab": (lab, True),
}  # fmt: skip


def main() -> None:
    with running_app() as app, sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"),
            args=["--no-sandbox", "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream",
                  f"--use-file-for-fake-video-capture={film(CAT, Path(folder))}"],
        )  # fmt: skip
        for name, (act, full) in TABS.items():
            page = browser.new_page(viewport={"width": 1100, "height": 820})
            page.goto(app.url)
            page.wait_for_selector("#photo input[type=file]", state="attached", timeout=60_000)
            act(page)
            page.wait_for_timeout(2000)  # the bars grow, the photos fade in
            page.screenshot(path=DOCS / f"{name}.jpg", full_page=full, type="jpeg", quality=82)
            page.close()
            print(f"docs/{name}.jpg")
        browser.close()


if __name__ == "__main__":
    main()
