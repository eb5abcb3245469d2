"""Take the README's screenshots of the running app, and the picture that links to it show (needs Chromium).

python -m benchmarks.screenshot [NAME ...]
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

from PIL import Image, ImageEnhance
from playwright.sync_api import Page, sync_playwright

from tests.mugs import blue_mug, film_of, red_mug, views
from tests.pictures import CAT, COFFEE, encoded, film
from tests.running import ROOT, running_app
from ui.inside.patches import FOLDER

DOCS = ROOT / "docs"


def classify(page: Page) -> None:
    page.get_by_role("button", name="a dog", exact=True).click()
    page.wait_for_selector("#photo img.heat")


def scenes(mug: Image.Image) -> list[Image.Image]:
    """A photo as if it had been taken three times, from other sides and in other light."""
    other = ImageEnhance.Brightness(mug.transpose(Image.Transpose.FLIP_LEFT_RIGHT).rotate(24).crop((70, 30, 430, 270)))
    third = ImageEnhance.Color(mug.rotate(-35, center=(222, 170)).crop((110, 60, 350, 220)))
    return [mug, other.enhance(0.7).resize(mug.size), third.enhance(0.75).resize(mug.size)]


def teach(page: Page) -> None:
    page.get_by_role("tab", name="Teach").click()
    page.locator("#teach .class").first.wait_for()
    with tempfile.TemporaryDirectory() as folder:
        photos = Path(folder) / "mugs.zip"
        with zipfile.ZipFile(photos, "w") as file:
            for seed, (name, mug) in enumerate((("Blue mug", blue_mug()), ("Red mug", red_mug()))):
                for place, scene in enumerate(scenes(mug)):
                    for number, view in enumerate(views(scene, 4, seed)):
                        file.writestr(f"{name}/{place} {number}.jpg", encoded(view, "JPEG"))
        with page.expect_file_chooser() as chooser:
            page.locator("#teach [data-part=open_zip]").click()
        chooser.value.set_files(str(photos))
        page.wait_for_selector("#teach [data-part=right]:not(:empty)")
    page.locator("#teach [data-part=start]").click()
    page.wait_for_selector("#teach [data-part=figures]:not(:empty)")


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
        page.wait_for_selector("#album-progress [data-part=summary]:not(:empty)")


def inside(page: Page) -> None:
    page.get_by_role("tab", name="Inside the network").click()
    page.wait_for_selector("#inside-stages .box")
    page.set_input_files("#inside-photo input[type=file]", str(CAT))
    page.wait_for_selector("#inside-maps .grid button")
    page.locator("#inside-maps .grid button").nth(1).click()
    page.wait_for_selector("#inside-channel .patches img")


def lab(page: Page) -> None:
    page.get_by_role("tab", name="Convolution lab").click()
    page.get_by_role("button", name="a cat", exact=True).click()
    page.locator("#lab-tabs").get_by_role("tab").nth(1).click()
    page.wait_for_selector("#lab-map img")


def layer(page: Page) -> None:
    page.get_by_role("tab", name="Convolution lab").click()
    page.get_by_role("button", name="a cat", exact=True).click()
    page.locator("#lab-tabs").get_by_role("tab").nth(5).click()
    page.wait_for_selector("#lab-layer-sum table")


TABS: dict[str, tuple[Callable[[Page], None], bool]] = {  # what to do, and whether the whole page is shown
    "screenshot": (classify, False), "preview": (classify, False), "live": (live, False), "album": (album, False),
    "inside": (inside, True), "lab": (lab, True), "layer": (layer, True), "screenshot-phone": (classify, False),
    "teach": (teach, True), "teach-phone": (teach, False),
}  # fmt: skip
PHONE = {"width": 390, "height": 844}
PREVIEW = {"width": 1200, "height": 630}  # what sites that show links ask for


def main() -> None:
    names = sys.argv[1:]
    with running_app() as app, sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        films = {"cat": film(CAT, Path(folder)), "mug": film_of([red_mug()], 4, Path(folder))}
        browsers = {
            shown: playwright.chromium.launch(
                executable_path=shutil.which("chromium"),
                args=["--no-sandbox", "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream",
                      f"--use-file-for-fake-video-capture={path}"],
            )
            for shown, path in films.items()
        }  # fmt: skip
        for name, (act, full) in TABS.items():
            if names and name not in names:
                continue
            size = PREVIEW if name == "preview" else PHONE if name.endswith("-phone") else {"width": 1100, "height": 820}
            path = (ROOT / "ui" if name == "preview" else DOCS) / f"{name}.jpg"
            page = browsers["mug" if act is teach else "cat"].new_page(viewport=size)
            page.goto(app.url)
            page.wait_for_selector("#photo input[type=file]", state="attached", timeout=60_000)
            act(page)
            page.wait_for_timeout(2000)  # the bars grow, the photos fade in
            page.screenshot(path=path, full_page=full, type="jpeg", quality=82)
            page.close()
            print(path.relative_to(ROOT))
        for browser in browsers.values():
            browser.close()


if __name__ == "__main__":
    main()
