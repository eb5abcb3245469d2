from __future__ import annotations

import io
import shutil
import zipfile
from pathlib import Path

import pytest

from tests.pictures import CAT, film
from tests.running import ROOT

SECONDS = 1000  # Playwright counts milliseconds
PHONE = {"width": 375, "height": 720}
ARTEFACTS = ROOT / "artefacts"


@pytest.fixture(scope="session")
def webcam_film(tmp_path_factory) -> Path:
    """What the fake camera shows."""
    return film(CAT, tmp_path_factory.mktemp("camera"))


@pytest.fixture(scope="session")
def launch():
    """Starts a Chromium whose fake camera shows a film."""
    sync_api = pytest.importorskip("playwright.sync_api")
    chromium = shutil.which("chromium") or shutil.which("google-chrome") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.skip("needs Chromium (on Debian: apt-get install chromium)")
    with sync_api.sync_playwright() as playwright:

        def start(film: Path):
            return playwright.chromium.launch(
                executable_path=chromium,
                args=[
                    "--no-sandbox",
                    "--use-fake-device-for-media-stream",
                    "--use-fake-ui-for-media-stream",
                    f"--use-file-for-fake-video-capture={film}",
                ],
            )

        yield start


@pytest.fixture(scope="session")
def browser(launch, webcam_film):
    browser = launch(webcam_film)
    yield browser
    browser.close()


def archive(entries: dict[str, bytes]) -> bytes:
    """A zip of files, by name."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name, content in entries.items():
            zipped.writestr(name, content)
    return buffer.getvalue()


def open_tab(page, name: str) -> None:
    """Open a tab of the page."""
    page.get_by_role("tab", name=name).click()


@pytest.fixture
def page(browser, app, request):
    """The app's page, ready for a photo; a screenshot of how it ends is kept in artefacts/."""
    size = getattr(request, "param", {"width": 1200, "height": 900})
    context = browser.new_context(viewport=size, permissions=["camera", "clipboard-read", "clipboard-write"])
    page = context.new_page()
    failures: list[str] = []
    page.on("pageerror", lambda error: failures.append(str(error)))
    page.on("request", lambda request: request.url.startswith((app.url, "data:", "blob:")) or failures.append(request.url))
    page.goto(app.url)
    page.wait_for_selector("#photo input[type=file]", state="attached", timeout=60_000)
    yield page
    ARTEFACTS.mkdir(exist_ok=True)
    page.screenshot(path=ARTEFACTS / f"{request.node.name}.png", full_page=True)
    context.close()
    assert failures == [], "scripts failed, or the page asked another host"


@pytest.fixture
def album(page):
    """The page with its tab Album open, ready for photos."""
    open_tab(page, "Album")
    page.locator("#album-files input[type=file]").first.wait_for(state="attached")
    return page
