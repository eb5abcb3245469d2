"""The network alone: threads and spinning of ONNX Runtime, on a quiet machine and beside a busy neighbour; and what it keeps.

python -m benchmarks.network [MODEL]
"""

from __future__ import annotations

import argparse
import multiprocessing
import statistics
import time
from pathlib import Path

import numpy as np
import onnxruntime as ort
import psutil

from benchmarks.machine import describe, spread
from model.batching import MAX_BATCH
from model.config import Config
from model.folder import CONFIG, ONNX
from model.network import available_cores, session_options
from model.source import STARTER

ROUNDS, CALLS = 6, 25


def session(path: Path, threads: int, spinning: bool) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.add_session_config_entry("session.intra_op.allow_spinning", str(int(spinning)))
    return ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def kept(path: Path, has_arena: bool, shape: tuple[int, int]) -> tuple[float, float, float]:
    """In a process of its own: milliseconds of a photo alone and of one in a batch of 16, and megabytes kept after both."""
    options = session_options()
    options.enable_cpu_mem_arena = options.enable_mem_pattern = has_arena
    network = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    before = psutil.Process().memory_info().rss
    times = []
    for batch in (1, MAX_BATCH):
        photos = np.random.default_rng(0).normal(size=(batch, 3, *shape)).astype(np.float32)
        each = []
        for call in range(2 + 64 // batch):
            start = time.perf_counter()
            network.run(None, {"photos": photos})
            if call > 1:
                each.append((time.perf_counter() - start) * 1000 / batch)
        times.append(statistics.median(each))
    return times[0], times[1], (psutil.Process().memory_info().rss - before) / 1e6


def compare_arena(path: Path, shape: tuple[int, int]) -> None:
    print("\n| arena of memory | ms, alone | ms, in a batch of 16 | MB kept |\n|---|---|---|---|")
    runs: dict[bool, list[tuple[float, float, float]]] = {True: [], False: []}
    for _ in range(ROUNDS):
        for has_arena, values in runs.items():
            with multiprocessing.get_context("spawn").Pool(1) as fresh:
                values.append(fresh.apply(kept, (path, has_arena, shape)))
    for has_arena, values in runs.items():
        alone, together, megabytes = map(list, zip(*values, strict=True))
        cells = spread(alone, "ms", 2), spread(together, "ms", 2), spread(megabytes, "MB", 0)
        print(f"| {'yes' if has_arena else 'no, as here'} | " + " | ".join(cells) + " |")


def neighbour() -> None:
    while True:
        sum(range(10_000))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path, nargs="?", default=STARTER, help="a model folder (default: the starter)")
    folder = parser.parse_args().model
    size = Config.read(folder / CONFIG).input
    dice = np.random.default_rng(0)
    settings = [(threads, spinning) for threads in range(1, available_cores() + 1) for spinning in (False, True)]
    sessions = {setting: session(folder / ONNX, *setting) for setting in settings}
    print(
        f"{folder.name} at {size.width}×{size.height}; {describe('onnxruntime')}; n = {ROUNDS} × {CALLS} calls, alternating\n"
    )
    print("| batch | neighbour | threads | spinning | ms per photo |\n|---|---|---|---|---|")
    for batch, busy in ((1, False), (1, True), (8, False), (16, False)):
        photos = dice.normal(size=(batch, 3, size.height, size.width)).astype(np.float32)
        times: dict[tuple[int, bool], list[float]] = {setting: [] for setting in settings}
        process = multiprocessing.Process(target=neighbour, daemon=True) if busy else None
        if process:
            process.start()
        for _ in range(ROUNDS):
            for setting, each in sessions.items():
                for call in range(max(4, CALLS // batch)):
                    start = time.perf_counter()
                    each.run(None, {"photos": photos})
                    if call:
                        times[setting].append((time.perf_counter() - start) * 1000 / batch)
        if process:
            process.kill()
        for (threads, spinning), values in sorted(times.items(), key=lambda pair: statistics.median(pair[1])):
            cells = batch, "busy" if busy else "quiet", threads, "on" if spinning else "off", spread(values, "ms", 2)
            print("| " + " | ".join(map(str, cells)) + " |")
    compare_arena(folder / ONNX, (size.height, size.width))


if __name__ == "__main__":
    main()
