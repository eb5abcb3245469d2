"""Our app beside the tutorial's and the smallest Gradio app: start, latency, throughput, memory.

    python -m benchmarks.serving [--starts 7] [--start-only | --page-only] [--rounds 3] [--seconds 15]

The servers run at once and are asked in turn: the tutorial's app with a resnet34 learner, ours with a resnet34 of the
same shape (random weights in both: speed does not depend on them), ours with the starter, and an app without a model
that answers a constant. Prints the README's table.

`--start-only` compares the starts of the smallest app, of ours with the starter and, where fastai is installed, of the
tutorial's. Apps are started in turn; the processor time is what the process has used when its first answer is there,
which programs beside it change less than the seconds on the clock.

`--page-only` compares what 16 visitors of our page get, heat map included, with what 16 programs get by POST /api/classify and
/api/explain, and with what is left of the page where its function answers a constant at once: that is Gradio's own share, as
the page calls it and by Gradio's queue.
"""

from __future__ import annotations

import argparse
import importlib.util
import io
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

import psutil
from PIL import Image
from tqdm import tqdm

from benchmarks.http_client import HttpClient, endpoint_of, page_function_of
from benchmarks.machine import describe, spread
from benchmarks.resnet34 import make_models
from model import Classifier
from model.folder import load_folder
from tests.pictures import CAT, COFFEE, SHARED, photos
from tests.running import RunningApp, running_app

SINGLE, LARGE, MEMORY_PHOTOS, CLIENTS = 100, 15, 500, 16
Values = dict[str, list[float]]  # by the name of the app


@dataclass(frozen=True)
class App:
    """One of the apps that are compared.

    Attributes:
        command: arguments of Python. environment: variables to add.
        has_route: whether it answers POST /api/classify; else Gradio's three calls are its only route.
    """

    name: str
    command: list[str]
    environment: dict[str, str] = field(default_factory=dict)
    has_route: bool = True

    def running(self) -> AbstractContextManager[RunningApp]:
        """The app, from where it answers `/config`, the first thing that a page or a client asks for."""
        return running_app(self.environment, self.command, "/config")

    def ask(self, client: HttpClient, photo: bytes, endpoint: str) -> object:
        """One photo by the best route that the app has."""
        return client.classify(photo) if self.has_route else client.three_calls(photo, endpoint)


BARE = App("bare Gradio, no model", ["benchmarks/bare_app.py"], has_route=False)
STARTER = App("ours, starter", ["app.py"])
COUNTED = App("ours, counted", ["-m", "benchmarks.counted_app"])
NOTHING = App("ours, where the page's function does nothing", ["-m", "benchmarks.counted_app", "nothing"])


def tutorial_app(export: Path) -> App:
    return App("tutorial, resnet34", ["benchmarks/tutorial_app.py", str(export)], has_route=False)


def large_photo() -> bytes:
    """A 12-megapixel JPEG as a phone makes it: 4000×3000, a few megabytes."""
    image = Image.open(CAT).convert("RGB").resize((4000, 3000), Image.Resampling.BICUBIC)
    grain = Image.effect_noise((4000, 3000), 25).convert("RGB")
    buffer = io.BytesIO()
    Image.blend(image, grain, 0.15).save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


def timed(action: Callable[[], object]) -> float:
    """Milliseconds."""
    start = time.perf_counter()
    action()
    return (time.perf_counter() - start) * 1000


def processes_of(app: RunningApp) -> list[psutil.Process]:
    process = psutil.Process(app.pid)
    return [process, *process.children(recursive=True)]


def resident(app: RunningApp) -> float:
    """Megabytes."""
    return float(sum(process.memory_info().rss for process in processes_of(app)) / 1e6)


def processor_time(app: RunningApp) -> float:
    """Seconds, user and system, so far."""
    return float(sum(sum(process.cpu_times()[:2]) for process in processes_of(app)))


def measure_starts(apps: Sequence[App], count: int, photo: bytes) -> tuple[dict[str, str], Values, Values]:
    """Start each app in turn, once more than is counted.

    Returns:
        The endpoint of each app; seconds from the start of its process to its first answer; processor seconds till then.
    """
    endpoints: dict[str, str] = {}
    seconds: Values = {app.name: [] for app in apps}
    processor: Values = {app.name: [] for app in apps}
    for round_number in tqdm(range(count + 1), desc="starting each app"):
        for app in apps:
            began = time.perf_counter()
            with app.running() as server:
                if round_number == 0:  # what the disk has to give, it gives now
                    endpoints[app.name] = endpoint_of(server.url)
                    continue
                HttpClient(server.url).three_calls(photo, endpoints[app.name])
                seconds[app.name].append(time.perf_counter() - began)
                processor[app.name].append(processor_time(server))
    return endpoints, seconds, processor


def throughput(ask: Callable[[HttpClient, bytes], object], url: str, pictures: Sequence[bytes], seconds: float) -> float:
    """Photos per second answered to `CLIENTS` clients that each ask again at once."""
    stop = time.monotonic() + seconds

    def visit(number: int) -> int:
        client, done = HttpClient(url), 0
        while time.monotonic() < stop:
            ask(client, pictures[(number + done) % len(pictures)])
            done += 1
        return done

    start = time.monotonic()
    with ThreadPoolExecutor(CLIENTS) as pool:
        total = sum(pool.map(visit, range(CLIENTS)))
    return total / (time.monotonic() - start)


def network_alone(classifier: Classifier, photo: bytes) -> list[float]:
    """Milliseconds of the network for one photo, without opening or serving it."""
    batch = classifier.batch([classifier.prepare(photo)])
    for _ in range(10):
        classifier.network.logits(batch)
    return [timed(lambda: classifier.network.logits(batch)) for _ in range(SINGLE)]


class Table:
    """The rows that were measured, as Markdown, with ratios to one of the apps."""

    def __init__(self, apps: Sequence[App], reference: App) -> None:
        self._names = [app.name for app in apps]
        self._reference = reference.name
        self._lines: list[str] = []

    def add(self, what: str, unit: str, values: Values, digits: int = 1) -> None:
        cells = []
        for name in self._names:
            ratio = statistics.median(values[name]) / statistics.median(values[self._reference])
            cells.append(spread(values[name], unit, digits) + (f", {ratio:.2f} ×" if name != self._reference else ""))
        self._lines.append(f"| {what} | {' | '.join(cells)} |")
        print(f"  {self._lines[-1]}", file=sys.stderr)

    def __str__(self) -> str:
        head = [f"| what | {' | '.join(self._names)} |", f"|{'---|' * (len(self._names) + 1)}"]
        return "\n".join([*head, *self._lines])


def add_starts(table: Table, seconds: Values, processor: Values) -> None:
    table.add("process start → first answer", "s", seconds, 2)
    table.add("the same, processor time", "s", processor, 2)


def compare_starts(starts: int, photo: bytes, folder: Path) -> None:
    apps = [BARE, STARTER]
    if importlib.util.find_spec("fastai"):
        apps.append(tutorial_app(make_models(folder)[0]))
    table = Table(apps, BARE)
    _, seconds, processor = measure_starts(apps, starts, photo)
    add_starts(table, seconds, processor)
    print(f"\n{describe('gradio', 'fastai', 'torch', 'onnxruntime', 'pillow')}")
    print(f"n: {starts} starts of each, in turn; median (range), ratio of medians to {BARE.name}\n\n{table}")


def compare_page(pictures: list[bytes], rounds: int, seconds: float) -> None:
    first, page, constant = "POST /api/classify", "the page", "the page, where its function does nothing"
    queued = f"{constant}, by Gradio's queue"
    ways: dict[str, Callable[[HttpClient, bytes], object]] = {
        first: lambda client, photo: client.classify(photo),
        "POST /api/explain": lambda client, photo: client.send("POST", "/api/explain", photo, "image/jpeg"),
        page: lambda client, photo: client.visit(photo, function),
        constant: lambda client, photo: client.visit(photo, function),
        queued: lambda client, photo: client.visit(photo, replace(function, waits_in_queue=True)),
    }
    rates: Values = {way: [] for way in ways}
    ratios: Values = {way: [] for way in ways}
    batches: Values = {way: [] for way in ways}
    memory: Values = {way: [] for way in ways}
    with COUNTED.running() as counted, NOTHING.running() as nothing:
        function = page_function_of(counted.url)
        servers = {way: nothing if way in (constant, queued) else counted for way in ways}
        for way, ask in ways.items():
            throughput(ask, servers[way].url, pictures, 2)  # the network is looked into
        for _ in tqdm(range(rounds), desc=f"{CLIENTS} clients"):
            for way, ask in ways.items():
                before = batches_of(servers[way])
                rates[way].append(throughput(ask, servers[way].url, pictures, seconds))
                photos, runs = (now - then for now, then in zip(batches_of(servers[way]), before, strict=True))
                ratios[way].append(rates[way][-1] / rates[first][-1])
                batches[way].append(photos / max(1, runs))
                memory[way].append(resident(servers[way]))
    print(f"\n{describe('gradio', 'onnxruntime', 'pillow')}")
    print(f"n: {rounds} × {seconds:g} s of {CLIENTS} clients, in turn; median (range); ratios are within a round\n")
    columns = ["photos/s", f"beside {first}", "photos in a batch, mean", "resident memory, last round"]
    print(f"| {CLIENTS} at once | {' | '.join(columns)} |\n|{'---|' * (len(columns) + 1)}")
    for way in ways:
        meet = "" if servers[way] is nothing else spread(batches[way], "", 1)
        print(f"| {way} | {spread(rates[way], '/s')} | {spread(ratios[way], '×', 2)} | {meet} | {memory[way][-1]:.0f} MB |")
    explained, alone = statistics.median(rates["POST /api/explain"]), statistics.median(rates[constant])
    bound = 1 / (1 / explained + 1 / alone)
    ratio, reached = bound / statistics.median(rates[first]), statistics.median(rates[page])
    print(f"\nGradio's share and POST /api/explain, one after the other, allow {bound:.1f} photos/s, {ratio:.2f} × {first};")
    print(f"the page has {reached:.1f}.")


def batches_of(app: RunningApp) -> tuple[int, int]:
    """Photos that were answered so far, and in how many batches; of `benchmarks.counted_app`."""
    counts = json.loads(HttpClient(app.url).send("GET", "/batches"))
    return counts["photos"], counts["batches"]


def compare_serving(starts: int, pictures: list[bytes], folder: Path, rounds: int, seconds_each: float) -> None:
    export, resnet = make_models(folder)
    tutorial, ours = tutorial_app(export), App("ours, resnet34", ["app.py"], {"MODEL_REPO": str(resnet)})
    apps = [tutorial, ours, STARTER, BARE]
    table = Table(apps, tutorial)
    endpoints, seconds, processor = measure_starts(apps, starts, pictures[0])
    add_starts(table, seconds, processor)
    with ExitStack() as stack:
        servers = {app.name: stack.enter_context(app.running()) for app in apps}
        clients = {name: HttpClient(server.url) for name, server in servers.items()}
        for name, client in clients.items():
            for picture in pictures[:10]:
                client.three_calls(picture, endpoints[name])

        calls: Values = {app.name: [] for app in apps}
        best: Values = {app.name: [] for app in apps}
        for index in tqdm(range(SINGLE), desc="one photo at a time"):
            photo = pictures[index % len(pictures)]
            for app in apps:
                client, endpoint = clients[app.name], endpoints[app.name]
                calls[app.name].append(timed(lambda: client.three_calls(photo, endpoint)))
                best[app.name].append(timed(lambda: client.classify(photo)) if app.has_route else calls[app.name][-1])
        table.add("one photo, upload + call + result", "ms", calls)
        table.add("one photo, POST /api/classify where there is one", "ms", best)

        large = large_photo()
        larges: Values = {app.name: [] for app in apps}
        for _ in tqdm(range(LARGE), desc="12 megapixels"):
            for app in apps:
                larges[app.name].append(timed(lambda: app.ask(clients[app.name], large, endpoints[app.name])))
        table.add(f"a 12-megapixel JPEG ({len(large) / 1e6:.1f} MB), best route each", "ms", larges)

        rates: Values = {app.name: [] for app in apps}
        visited: Values = {app.name: [] for app in apps}
        functions = {name: page_function_of(server.url) for name, server in servers.items()}
        for _ in tqdm(range(rounds), desc=f"{CLIENTS} clients"):
            for app in apps:
                url = servers[app.name].url
                ask = lambda client, photo: app.ask(client, photo, endpoints[app.name])  # noqa: E731
                visit = lambda client, photo: client.visit(photo, functions[app.name])  # noqa: E731
                rates[app.name].append(throughput(ask, url, pictures, seconds_each))
                visited[app.name].append(throughput(visit, url, pictures, seconds_each))
        table.add(f"photos/s, {CLIENTS} clients, best route each", "/s", rates)
        table.add(f"photos/s, {CLIENTS} visitors of the page, ours with the heat map", "/s", visited)

        clients = {name: HttpClient(server.url) for name, server in servers.items()}  # the old ones were hung up on
        for index in tqdm(range(MEMORY_PHOTOS), desc="before memory is read"):
            for app in apps:
                app.ask(clients[app.name], pictures[index % len(pictures)], endpoints[app.name])
        memory = {name: [resident(server)] for name, server in servers.items()}
        table.add(f"resident memory after {MEMORY_PHOTOS} photos and more", "MB", memory, 0)
        alone = {ours.name: network_alone(load_folder(resnet), pictures[0]),
                 STARTER.name: network_alone(Classifier.load(), pictures[0])}  # fmt: skip

    print(f"\n{describe('gradio', 'fastai', 'torch', 'onnxruntime', 'pillow')}")
    print(
        f"n: {starts} starts, {SINGLE} single photos, {LARGE} large, {rounds} × {seconds_each:g} s of {CLIENTS} clients; "
        f"median (middle 90 %, or the range where n < 20), ratio of medians to {tutorial.name}\n\n{table}"
    )
    for name, values in alone.items():
        gap = statistics.median(best[name]) - statistics.median(values)
        print(f"\n{name}: network alone {spread(values, 'ms')}; POST /api/classify adds {gap:.1f} ms")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--starts", type=int, default=7, help="how often each app is started (default: 7)")
    only = parser.add_mutually_exclusive_group()
    only.add_argument("--start-only", action="store_true", help="compare the starts alone")
    only.add_argument("--page-only", action="store_true", help="compare our page with our routes for programs alone")
    parser.add_argument("--rounds", type=int, default=3, help="of many clients at once (default: 3)")
    parser.add_argument("--seconds", type=float, default=15, help="of each (default: 15)")
    options = parser.parse_args()
    paths = [*photos("Cat", 25), *photos("Dog", 25)] if SHARED.is_dir() else [CAT, COFFEE]
    pictures = [path.read_bytes() for path in paths]
    with tempfile.TemporaryDirectory() as folder:
        if options.start_only:
            compare_starts(options.starts, pictures[0], Path(folder))
        elif options.page_only:
            compare_page(pictures, options.rounds, options.seconds)
        else:
            compare_serving(options.starts, pictures, Path(folder), options.rounds, options.seconds)


if __name__ == "__main__":
    main()
