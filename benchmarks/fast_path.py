"""How good is the model that a few minutes without a GPU buy?

    python -m benchmarks.fast_path CATS_DOGS --weights WEIGHTS [--photos 2000 --minutes 3] [--runs 3]

CATS_DOGS holds train/ and test/ of a folder per class. For each run another seeded draw of the training photos goes through
`training.head --minutes`; the clock runs from the start of the process to its end. The model folder that comes out
is then measured on all test photos, outside the time.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.machine import describe
from model import Classifier
from training.data.draw import draw_by_share
from training.data.folders import find_photos
from training.data.photos import Photos
from training.quality.measure import measure
from training.quality.schema import Metrics

ROOT = Path(__file__).resolve().parents[1]


def draw(photos: Photos, count: int, seed: int, folder: Path) -> None:
    """Links to `count` of the photos, or to all of them, laid out as a folder per class."""
    chosen = photos.take(draw_by_share(photos.answers, count, seed))
    for path, label in zip(chosen.paths, chosen.answers, strict=True):
        (folder / label).mkdir(parents=True, exist_ok=True)
        (folder / label / path.name).symlink_to(path.resolve())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="holds train/ and test/")
    parser.add_argument("--weights", default="imagenet", help="as of training.head")
    parser.add_argument("--arch", default="mobilenet_v2")
    parser.add_argument("--photos", type=int, default=2000, help="how many to train and validate on (default: %(default)s)")
    parser.add_argument("--minutes", default="3", help="the time budget (default: %(default)s)")
    parser.add_argument("--runs", type=int, default=3, help="runs, each with a seed of its own (default: %(default)s)")
    parser.add_argument("--options", default="--size 256 --resize squish --plain")
    arguments = parser.parse_args()
    training, test = (find_photos(arguments.data / name) for name in ("train", "test"))
    runs: list[tuple[float, Metrics]] = []
    for seed in range(arguments.runs):
        with tempfile.TemporaryDirectory() as scratch:
            draw(training, arguments.photos, seed, Path(scratch) / "photos")
            out = Path(scratch) / "model"
            command = [sys.executable, "-m", "training.head", "--data", f"{scratch}/photos", "--out", str(out)]
            command += ["--arch", arguments.arch, "--weights", arguments.weights, "--minutes", arguments.minutes]
            command += ["--seed", str(seed), *arguments.options.split()]
            started = time.perf_counter()
            done = subprocess.run(
                command, cwd=ROOT, capture_output=True, text=True, env={"OMP_WAIT_POLICY": "PASSIVE", **os.environ}
            )
            seconds = time.perf_counter() - started
            if done.returncode:
                raise SystemExit(f"{' '.join(command)}\n{done.stderr[-2000:]}")
            print("\n".join(line for line in done.stdout.splitlines() if line and "|" not in line), flush=True)
            result = measure(Classifier.load(out), test, "measuring on test photos")
        runs.append((seconds, result))
        print(
            f"seed {seed}: {seconds / 60:.2f} min, accuracy {result.accuracy:.2%}, log loss {result.log_loss:.4f}",
            flush=True,
        )
    accuracies, losses, times = (
        [result.accuracy for _, result in runs],
        [result.log_loss for _, result in runs],
        [seconds / 60 for seconds, _ in runs],
    )
    print(
        f"\n| {arguments.photos:,} photos, {arguments.arch}, {arguments.minutes} min "
        f"| {statistics.median(times):.2f} ({min(times):.2f}–{max(times):.2f}) min "
        f"| {statistics.median(accuracies):.2%} ({min(accuracies):.2%}–{max(accuracies):.2%}) "
        f"| {statistics.median(losses):.4f} ({min(losses):.4f}–{max(losses):.4f}) |"
    )
    print(f"n = {len(runs)} seeds, median (range), on {len(test):,} test photos. {describe()}")


if __name__ == "__main__":
    main()
