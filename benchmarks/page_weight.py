"""What the page weighs, and how soon it is usable on a slow phone.

    python -m benchmarks.page_weight [--runs 5] [--beside URL] [--fast] [--requests]
    python -m benchmarks.page_weight --files

Chromium, 390 × 844, with an empty cache, over a connection of 1.6 Mbit/s (up 0.75) with 150 ms per request, on a processor made
four times slower (Lighthouse's slow 4G and mobile). The page counts as usable when the photo's input takes a file and the tabs
are there; then it is given a photo, and the first answer is there when a percentage is. What is transferred is counted until
then, headers included. A change of the layer in Inside is timed in another page, from the click to the maps.

`--beside` measures another server in turn, an older version say; `--fast` neither slows the network nor the processor;
`--requests` lists what was asked for; `--files` writes ui/first_screen.json, which is what the page names to browsers at once.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Browser, Page, Route, sync_playwright

from benchmarks.machine import describe, spread
from tests.pictures import CAT
from tests.running import ROOT, running_app

PHONE = {"width": 390, "height": 844}
NETWORK = {"offline": False, "latency": 150, "downloadThroughput": 1.6e6 / 8, "uploadThroughput": 0.75e6 / 8}
SLOWER = 4
NAMED = ROOT / "ui" / "first_screen.json"
PATIENCE = 120_000  # milliseconds
USABLE = """() => {
  const input = document.querySelector('#photo input[type=file]');
  return input && !input.disabled && [...document.querySelectorAll('[role=tab]')].some((tab) => tab.offsetParent);
}"""
ANSWERED = r"() => /\d\s?%/.test(document.querySelector('#answer')?.innerText ?? '')"
SHIFTS = """
  window.shifts = [];
  new PerformanceObserver((list) => list.getEntries().forEach(({ startTime, value }) => shifts.push([startTime, value])))
    .observe({ type: 'layout-shift', buffered: true });
"""
NEW_MAPS = """(place) => new Promise((resolve) => {
  const maps = () => document.querySelector('#inside-maps .maps:not(.late) [data-part=grid]')?.innerText;
  const [before, start] = [maps(), performance.now()];
  const look = () => (maps() && maps() !== before ? resolve(performance.now() - start) : requestAnimationFrame(look));
  document.querySelectorAll('#inside-stages button')[place].click();
  look();
})"""


@dataclass
class Traffic:
    """What a page has asked for, as the browser counts it.

    Attributes:
        requested: address → bytes received for it, headers and all; in the order of the requests.
    """

    requested: dict[str, float] = field(default_factory=dict)
    _addresses: dict[str, str] = field(default_factory=dict)

    def watch(self, session: Any) -> None:
        session.on("Network.requestWillBeSent", self._sent)
        session.on("Network.responseReceived", lambda event: self._add(event, event["response"]["encodedDataLength"]))
        session.on("Network.dataReceived", lambda event: self._add(event, event["encodedDataLength"]))
        session.on("Network.loadingFinished", self._finished)
        session.send("Network.enable")

    def _sent(self, event: dict[str, Any]) -> None:
        address = event["request"]["url"]
        if not address.startswith(("data:", "blob:")):
            self._addresses[event["requestId"]] = f"{len(self._addresses)} {address}"
            self.requested[self._addresses[event["requestId"]]] = 0

    def _add(self, event: dict[str, Any], size: float) -> None:
        if event["requestId"] in self._addresses:
            self.requested[self._addresses[event["requestId"]]] += size

    def _finished(self, event: dict[str, Any]) -> None:
        if event["requestId"] in self._addresses:
            self.requested[self._addresses[event["requestId"]]] = event["encodedDataLength"]

    @property
    def paths(self) -> list[str]:
        """Without the host, in the order of the requests."""
        return ["/" + address.split("/", 3)[3] for address in self.requested]


@dataclass
class Visit:
    """One visitor's first minute: seconds, requests, kilobytes, and how far the page has jumped when the answer came."""

    usable: float
    answered: float
    shift: float
    traffic: Traffic
    before_usable: int

    @property
    def requests(self) -> float:
        return float(len(self.traffic.requested))

    @property
    def kilobytes(self) -> float:
        return sum(self.traffic.requested.values()) / 1000


@contextmanager
def chromium() -> Iterator[Browser]:
    path = shutil.which("chromium") or shutil.which("google-chrome") or shutil.which("chromium-browser")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


def visit(page: Page, url: str, slow: bool) -> Visit:
    """Open the page in a context that has seen nothing, and give it a photo."""
    session = page.context.new_cdp_session(page)
    traffic = Traffic()
    traffic.watch(session)
    if slow:
        session.send("Network.emulateNetworkConditions", NETWORK)
        session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    page.add_init_script(SHIFTS)
    start = time.perf_counter()
    page.goto(url, wait_until="commit")
    page.wait_for_function(USABLE, timeout=PATIENCE)
    usable, before_usable = time.perf_counter() - start, len(traffic.requested)
    page.wait_for_timeout(1000)  # what else it fetches, it fetches now
    given, at = time.perf_counter(), page.evaluate("performance.now()")
    page.set_input_files("#photo input[type=file]", str(CAT))
    page.wait_for_function(ANSWERED, timeout=PATIENCE)
    answered = usable + time.perf_counter() - given
    page.wait_for_timeout(1000)  # what comes with the answer: its picture, and how the page makes room
    shift = page.evaluate("(at) => shifts.filter(([time]) => time > at).reduce((sum, [, value]) => sum + value, 0)", at)
    return Visit(usable, answered, shift, traffic, before_usable)


def layer_changes(browser: Browser, url: str) -> list[float]:
    """Milliseconds from the click on each stage of the network in Inside to its maps of the photo; nothing is slowed."""
    page = browser.new_page()
    page.goto(url)
    page.locator("[role=tab][data-tab-id=inside]").first.click()
    page.locator("#inside-photo input[type=file]").set_input_files(str(CAT))
    page.wait_for_selector("#inside-maps .maps:not(.late) [data-part=grid] button", timeout=PATIENCE)
    places = range(page.locator("#inside-stages button").count())
    pressed = page.locator("#inside-stages button").evaluate_all("all => all.findIndex((each) => each.ariaPressed === 'true')")
    found = [page.evaluate(NEW_MAPS, place) for place in [*places[pressed + 1 :], *places[: pressed + 1]]]
    page.close()
    return found


def measure(browser: Browser, url: str, slow: bool) -> Visit:
    context = browser.new_context(viewport=PHONE, locale="en-US")
    try:
        return visit(context.new_page(), url, slow)
    finally:
        context.close()


def report(name: str, visits: list[Visit]) -> str:
    cells = [
        spread([visit.usable for visit in visits], "s"),
        spread([visit.answered for visit in visits], "s"),
        spread([visit.requests for visit in visits], "", 0),
        spread([visit.kilobytes for visit in visits], "kB", 0),
        spread([visit.shift for visit in visits], "", 3),
    ]
    return f"| {name} | {' | '.join(cells)} |".replace("  ", " ")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--beside", metavar="URL", help="another server, measured in turn")
    parser.add_argument("--fast", action="store_true")
    parser.add_argument("--requests", action="store_true")
    parser.add_argument("--files", action="store_true")
    options = parser.parse_args()
    with running_app() as app, chromium() as browser:
        if options.files:
            NAMED.write_text(json.dumps(first_files(browser, app.url), indent=1) + "\n", "utf-8")
            return
        servers = {"ours": app.url} | ({options.beside: options.beside} if options.beside else {})
        visits: dict[str, list[Visit]] = {name: [] for name in servers}
        for round_number in range(options.runs + 1):
            for name, url in servers.items():
                made = measure(browser, url, slow=not options.fast)
                if round_number:  # the first visitor after a start is not counted: everything is compressed for it
                    visits[name].append(made)
                print(report(name, [made]), file=sys.stderr)
        layers = layer_changes(browser, app.url)
    if options.requests:
        for path, size in zip(visits["ours"][-1].traffic.paths, visits["ours"][-1].traffic.requested.values(), strict=True):
            print(f"{size:8.0f}  {path[:150]}")
    print(f"\n{describe('gradio')}, Chromium; n = {options.runs}, median (range)\n")
    print("| page | usable | first answer | requests | transferred | layout shift when the answer comes |")
    print("|---|---|---|---|---|---|")
    for name in servers:
        print(report(name, visits[name]))
    print(f"\nAnother layer in Inside: {spread(layers, 'ms', 0)}, n = {len(layers)}, nothing slowed")


def files_of(visit: Visit) -> list[str]:
    """The files of Gradio that a page asks for until it is usable."""
    prefix = "/assets/"
    paths = dict.fromkeys(visit.traffic.paths[: visit.before_usable])
    return [path.removeprefix(prefix) for path in paths if path.startswith(prefix) and "/first-screen-" not in path]


def first_files(browser: Browser, url: str) -> list[str]:
    """The same for a page that names none of them at once, in that order, but the style of the whole page first."""

    def as_gradio_does(route: Route) -> None:
        page = route.fetch()
        route.fulfill(response=page, body=re.sub(r'<link rel="(?:modulepreload|stylesheet|preload)"[^>]*>', "", page.text()))

    context = browser.new_context(viewport=PHONE, locale="en-US")
    context.route(f"{url}/", as_gradio_does)
    files = files_of(visit(context.new_page(), url, slow=False))
    context.close()
    return sorted(files, key=lambda name: re.fullmatch(r"index-[^.]+\.css", name) is None)


if __name__ == "__main__":
    main()
