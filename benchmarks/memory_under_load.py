"""What stays in memory after load: `python -m benchmarks.memory_under_load [--rounds 3]`.

Each round is 2,000 photos by 32 clients to POST /api/classify, 500 to the page's own route, an album of 60 large PNGs, and
files that were built to be expensive. After each, and some seconds of rest: the resident memory of the app, and of the
processes that open its photos.
"""

from __future__ import annotations

import argparse
import io
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import psutil
from PIL import Image
from tqdm import tqdm

from benchmarks.bombs import BOMBS
from benchmarks.http_client import HttpClient, page_function_of
from benchmarks.machine import describe
from tests.pictures import photos
from tests.running import RunningApp, running_app

CLIENTS, REQUESTS, PAGE_REQUESTS, ALBUM, REST = 32, 2_000, 500, 60, 12
LIMIT_MB, LIMIT_GROWTH = 600, 1.1


def large_png(number: int = 0) -> bytes:
    """24 megapixels, a band of them noise: some megabytes that take most of a second to decode."""
    pixels = np.full((4000, 6000, 3), number, np.uint8)
    pixels[2000:2100] = np.random.default_rng(number).integers(0, 255, (100, 6000, 3), np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def ask(url: str, one: Callable[[HttpClient, bytes], object], pictures: Sequence[bytes], count: int, clients: int) -> None:
    """Send so many photos by so many clients, whatever is answered."""

    def visit(number: int) -> None:
        client = HttpClient(url)
        for index in range(number, count, clients):
            one(client, pictures[index % len(pictures)])

    with ThreadPoolExecutor(clients) as pool:
        list(pool.map(visit, range(clients)))


def resident(app: RunningApp) -> tuple[float, float]:
    """Megabytes of the app, and of its processes."""
    process = psutil.Process(app.pid)
    others = sum(child.memory_info().rss for child in process.children(recursive=True))
    return process.memory_info().rss / 1e6, others / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    small = [path.read_bytes() for label in ("Cat", "Dog") for path in photos(label, 50)]
    large = [large_png(number) for number in range(3)]
    expensive = [make() for make in list(BOMBS.values())[::8]]

    def post(client: HttpClient, photo: bytes) -> object:
        return client.ask("POST", "/api/classify", photo, "image/jpeg")

    with running_app() as app:
        function = page_function_of(app.url)
        HttpClient(app.url).classify(small[0])
        time.sleep(REST)
        print("| | app, MB | its processes, MB |\n|---|---|---|")
        print("| idle | {:.0f} | {:.0f} |".format(*resident(app)), flush=True)
        after = []
        for number in tqdm(range(1, rounds + 1), desc="rounds"):
            ask(
                app.url,
                lambda client, photo: client.ask("POST", "/api/classify", photo, "image/jpeg"),
                small,
                REQUESTS,
                CLIENTS,
            )
            ask(app.url, lambda client, photo: client.visit(photo, function), small, PAGE_REQUESTS, CLIENTS)
            ask(app.url, lambda client, photo: client.ask("POST", "/api/album", photo, "image/png"), large, ALBUM, 6)
            ask(app.url, post, expensive, len(expensive), 2)
            time.sleep(REST)
            after.append(resident(app))
            print("| round {} | {:.0f} | {:.0f} |".format(number, *after[-1]), flush=True)
    growth, last = sum(after[-1]) / sum(after[0]), sum(after[-1])
    verdict = "ok" if growth <= LIMIT_GROWTH and last <= LIMIT_MB else "OVER"
    print(f"\nround {rounds} / round 1: {growth:.2f} (limit {LIMIT_GROWTH}); {last:.0f} MB (limit {LIMIT_MB}): {verdict}")
    print(describe("gradio", "onnxruntime", "pillow"))


if __name__ == "__main__":
    main()
