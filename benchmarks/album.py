"""The Album with 1,000 photos: `python -m benchmarks.album [PHOTOS]` (a folder; needs Chromium).

Seconds from the drop to the last answer, the browser's upload included; the longest time that the page was blocked
(PerformanceObserver, `longtask`); and how long another visitor waits for one answer meanwhile.
"""

from __future__ import annotations

import shutil
import sys
import threading
import time
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Browser, sync_playwright

from benchmarks.machine import describe, spread
from model.photo_files import photos_below
from tests.pictures import CAT, SHARED
from tests.running import running_app

PHOTOS = 1_000
RUNS = 3
_WATCH = """
    window.blocked = [];
    new PerformanceObserver(list => list.getEntries().forEach(entry => window.blocked.push([entry.startTime, entry.duration])))
        .observe({type: 'longtask', buffered: true});
    document.addEventListener('change', () => window.handed = performance.now(), true);
"""


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else SHARED / "cats-dogs" / "test"
    found = photos_below(folder)
    paths = found[:: max(1, len(found) // PHOTOS)][:PHOTOS]
    size = sum(path.stat().st_size for path in paths) / 1e6
    with running_app() as app, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        idle = visit(app.url, 50)
        runs = [album(browser, app.url, paths) for _ in range(RUNS)]
        browser.close()
    print(f"{len(paths)} photos, {size:.0f} MB, {RUNS} runs; median (range, or middle 90 % where n >= 20)")
    print(f"drop to last answer     {spread([run['seconds'] for run in runs], 's')}")
    print(f"photos per second       {spread([len(paths) / run['seconds'] for run in runs], '/s', 0)}")
    print(f"longest block of page   {spread([run['longest_later'] for run in runs], 'ms', 0)}")
    print(f"  and while Chromium    {spread([run['longest'] for run in runs], 'ms', 0)}, makes its list of the files")
    print(f"elements on the page    {spread([run['elements'] for run in runs], '', 0)}")
    print(f"another visitor, idle   {spread(idle, 'ms')} (n = {len(idle)})")
    meanwhile = [time for run in runs for time in run["others"]]
    print(f"another visitor, album  {spread(meanwhile, 'ms')} (n = {len(meanwhile)})")
    print(describe("gradio", "onnxruntime", "pillow"))


def album(browser: Browser, url: str, paths: list[Path]) -> dict[str, Any]:
    """One album on a fresh page."""
    page = browser.new_page(viewport={"width": 1200, "height": 900})
    page.add_init_script(_WATCH)
    page.goto(url)
    page.get_by_role("tab", name="Album").click()
    drop = page.locator("#album-files input[type=file]").first
    drop.wait_for(state="attached")
    page.wait_for_timeout(1000)
    page.evaluate("window.blocked.length = 0")
    ended = threading.Event()
    others: list[float] = []
    visitor = threading.Thread(target=lambda: others.extend(visit(url, 10_000, ended)))
    started = time.perf_counter()
    drop.set_input_files([str(path) for path in paths])
    page.locator("#album-progress progress").wait_for(timeout=300_000)
    visitor.start()
    page.locator("#album-progress [data-part=summary]:not(:empty)").wait_for(timeout=600_000)
    seconds = time.perf_counter() - started
    ended.set()
    visitor.join()
    page.wait_for_timeout(2000)
    blocked, handed = page.evaluate("[window.blocked, window.handed]")
    elements = page.evaluate("document.querySelectorAll('*').length")
    page.close()
    return {
        "seconds": seconds,
        "longest": max((duration for _, duration in blocked), default=0),
        "longest_later": max((duration for begin, duration in blocked if begin >= handed), default=0),
        "elements": elements,
        "others": others,
    }


def visit(url: str, times: int, ended: threading.Event | None = None) -> list[float]:
    """Milliseconds for one photo by the route for programs, asked again and again with a pause between."""
    photo, taken = CAT.read_bytes(), []
    with httpx.Client() as client:
        for _ in range(times):
            if ended and ended.is_set():
                break
            started = time.perf_counter()
            client.post(f"{url}/api/classify", content=photo).raise_for_status()
            taken.append((time.perf_counter() - started) * 1000)
            time.sleep(0.1)
    return taken


if __name__ == "__main__":
    main()
