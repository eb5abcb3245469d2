"""Take the README's screenshot of the running app: `python -m benchmarks.screenshot` (needs Chromium)."""

from __future__ import annotations

import re
import shutil

from playwright.sync_api import sync_playwright

from tests.pictures import CAT
from tests.running import ROOT, running_app

TARGET = ROOT / "docs" / "screenshot.png"


def main() -> None:
    with running_app() as app, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1100, "height": 760})
        page.goto(app.url)
        page.wait_for_selector("#photo input[type=file]", state="attached", timeout=60_000)
        page.set_input_files("#photo input[type=file]", str(CAT))
        page.get_by_test_id("label-output-value").filter(has_text=re.compile(r"\w")).wait_for(timeout=30_000)
        page.wait_for_timeout(1500)  # the bars grow, the photo fades in
        TARGET.parent.mkdir(exist_ok=True)
        page.screenshot(path=TARGET)
        browser.close()
    print(TARGET.relative_to(ROOT))


if __name__ == "__main__":
    main()
