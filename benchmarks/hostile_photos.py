"""What expensive photos cost the app and its other visitors: `python -m benchmarks.hostile_photos [FOLDER]`.

Every file of `benchmarks.bombs`, or of a folder, is sent to POST /api/classify while another visitor asks for answers: seconds
until it is answered or refused, and the most memory that the app and its processes held over what they hold when idle. Then an
album of 60 PNGs of 24 megapixels is sent as the page sends it: how long the other visitor waits, with and without it, in turn.
"""

from __future__ import annotations

import statistics
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import numpy as np
import psutil
from tqdm import tqdm

from benchmarks.bombs import BOMBS
from benchmarks.machine import describe
from benchmarks.memory_under_load import ALBUM, large_png
from tests.pictures import CAT
from tests.running import RunningApp, running_app

LIMIT_SECONDS, LIMIT_MB, LIMIT_RATIO = 2.5, 300, 2.0
AT_ONCE = 4  # photos of an album that a browser sends together
BLOCKS, IDLE_REQUESTS = 3, 150
WORST = 12


class Visitor(threading.Thread):
    """Somebody else, who asks for one answer after another and writes down how long each takes."""

    def __init__(self, url: str) -> None:
        super().__init__(daemon=True)
        self._url, self._photo = url, CAT.read_bytes()
        self.leaves = threading.Event()
        self.milliseconds: list[float] = []

    def run(self) -> None:
        with httpx.Client(timeout=60, headers={"X-Forwarded-For": "somebody else"}) as client:
            while not self.leaves.is_set():
                began = time.perf_counter()
                client.post(f"{self._url}/api/classify", content=self._photo).raise_for_status()
                self.milliseconds.append(1000 * (time.perf_counter() - began))
                time.sleep(0.02)


@contextmanager
def visiting(url: str) -> Iterator[Visitor]:
    visitor = Visitor(url)
    visitor.start()
    yield visitor
    visitor.leaves.set()
    visitor.join()


class Memory(threading.Thread):
    """The most memory that an app and its processes hold, in MB, looked at a hundred times a second."""

    def __init__(self, app: RunningApp) -> None:
        super().__init__(daemon=True)
        self._app = psutil.Process(app.pid)
        self.ends = threading.Event()
        self.peak = 0.0

    def now(self) -> float:
        total = 0.0
        for process in (self._app, *self._app.children(recursive=True)):
            try:
                total += process.memory_info().rss / 1e6
            except psutil.NoSuchProcess:
                continue
        return total

    def run(self) -> None:
        while not self.ends.wait(0.01):
            self.peak = max(self.peak, self.now())


def measure_bombs(app: RunningApp, bombs: dict[str, bytes]) -> None:
    rows = []
    memory = Memory(app)
    memory.start()
    with httpx.Client(timeout=120, headers={"X-Forwarded-For": "hostile"}) as client, visiting(app.url) as other:
        time.sleep(2)
        for name, data in tqdm(bombs.items(), desc="expensive photos"):
            idle = memory.peak = memory.now()
            began = time.perf_counter()
            answer = client.post(f"{app.url}/api/classify", content=data)
            seconds = time.perf_counter() - began
            said = answer.json().get("error", "") if answer.status_code != 200 else "answered"
            rows.append((seconds, memory.peak - idle, name, len(data), answer.status_code, said))
    memory.ends.set()
    over = [row for row in rows if row[0] > LIMIT_SECONDS or row[1] > LIMIT_MB or row[4] >= 500]
    print(
        f"{len(rows)} files; {sum(row[4] == 200 for row in rows)} answered, the others refused; over the limits: {len(over)}\n"
    )
    print("| file | size | seconds | memory | |\n|---|---|---|---|---|")
    worst = {*sorted(rows, reverse=True)[:WORST], *sorted(rows, key=lambda row: -row[1])[:5], *over}
    for seconds, megabytes, name, size, status, said in sorted(worst, reverse=True):
        print(f"| {name} | {size / 1e6:.2f} MB | {seconds:.2f} | {megabytes:.0f} MB | {status} {said} |")
    print(f"\nmedian {statistics.median(row[0] for row in rows):.3f} s, {statistics.median(row[1] for row in rows):.0f} MB")
    print(f"another visitor meanwhile: {times(other.milliseconds)}\n")


def measure_album(app: RunningApp) -> None:
    photos = [large_png(number) for number in range(3)]
    alone, beside = [], []
    for _ in tqdm(range(BLOCKS), desc="albums"):
        with visiting(app.url) as other:
            while len(other.milliseconds) < IDLE_REQUESTS:
                time.sleep(0.1)
        alone += other.milliseconds
        with (
            visiting(app.url) as other,
            httpx.Client(timeout=120, headers={"X-Forwarded-For": "album"}) as client,
            ThreadPoolExecutor(AT_ONCE) as pool,
        ):
            sent = [pool.submit(client.post, f"{app.url}/api/album", content=photos[n % len(photos)]) for n in range(ALBUM)]
            answers = [each.result() for each in sent]
        beside += other.milliseconds
    assert all(answer.status_code == 200 for answer in answers), {answer.status_code: answer.text for answer in answers}
    ratio = np.percentile(beside, 95) / np.percentile(alone, 95)
    print(f"another visitor, alone:        {times(alone)}")
    print(f"while an album of {ALBUM} x 24 MP: {times(beside)}")
    verdict = "ok" if ratio <= LIMIT_RATIO else "OVER"
    print(f"p95 / p95: {ratio:.2f} (limit {LIMIT_RATIO}): {verdict}")


def times(milliseconds: list[float]) -> str:
    half, most, all_but_one = np.percentile(milliseconds, [50, 95, 99])
    return f"median {half:.0f} ms, p95 {most:.0f} ms, p99 {all_but_one:.0f} ms (n = {len(milliseconds)})"


def main() -> None:
    if len(sys.argv) > 1:
        bombs = {path.name: path.read_bytes() for path in sorted(Path(sys.argv[1]).iterdir())}
    else:
        bombs = {name: make() for name, make in tqdm(BOMBS.items(), desc="making them")}
    with running_app() as app:
        measure_bombs(app, bombs)
    with running_app() as app:
        measure_album(app)
    print(describe("gradio", "onnxruntime", "pillow", "pillow-heif"))


if __name__ == "__main__":
    main()
