"""The network alone: threads and spinning of ONNX Runtime, on a quiet machine and beside a busy neighbour.

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

from benchmarks.machine import describe, spread
from model.config import Config
from model.folder import CONFIG, ONNX
from model.network import available_cores
from model.source import STARTER

ROUNDS, CALLS = 6, 25


def session(path: Path, threads: int, spinning: bool) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.add_session_config_entry("session.intra_op.allow_spinning", str(int(spinning)))
    return ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


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


if __name__ == "__main__":
    main()
