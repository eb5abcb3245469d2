"""How good is a network trained from nothing, and how long does it take?

    python -m benchmarks.from_scratch DATA [--options "--minutes 4"] [--runs 3] [--curves curves.png]

Each run is `training.from_scratch` with another seed, in a process and a folder of its own: unpacking and reading the
pictures, training, and measuring the model folder on all test pictures are in its time. Prints a row of the table of
training/README.md: the accuracy is that of the folder as it is served and that with
test-time augmentation. `--log FILE` keeps what the runs printed.
"""

from __future__ import annotations

import argparse
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import matplotlib.pyplot as plt

from benchmarks.machine import describe
from model.config import Config
from model.folder import CONFIG
from training.quality.schema import metrics_of

ROOT = Path(__file__).resolve().parents[1]


class Run(NamedTuple):
    seconds: float  # of the whole process
    training: float  # seconds of the loop alone, validation included
    accuracy: float
    augmented: float | None  # the accuracy with test-time augmentation
    log_loss: float
    history: list[dict[str, float]]


def measure(data: str, options: list[str], seed: int) -> tuple[Run, str]:
    with tempfile.TemporaryDirectory() as scratch:
        out = Path(scratch) / "model"
        command = [
            sys.executable,
            "-m",
            "training.from_scratch",
            "--data",
            data,
            "--out",
            str(out),
            "--seed",
            str(seed),
            *options,
        ]
        started = time.perf_counter()
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=os.environ | {"TQDM_DISABLE": "1"})
        seconds = time.perf_counter() - started
        if done.returncode:
            raise SystemExit(f"{' '.join(command)}\n{done.stderr[-2000:]}")
        config = Config.read(out / CONFIG)
    test = metrics_of(config)["test"]
    history = config.training["history"]
    printed = done.stdout.replace(scratch, "models")
    told = re.search(r"([\d.]+)% with test-time augmentation", done.stdout)
    augmented = float(told[1]) / 100 if told else None
    return Run(seconds, history[-1]["seconds"], test.accuracy, augmented, test.log_loss, history), printed


def spread(values: list[float], scale: float, unit: str, digits: int) -> str:
    """Mean ± standard deviation, where there is more than one."""
    mean = f"{scale * statistics.fmean(values):.{digits}f}"
    return f"{mean} ± {scale * statistics.stdev(values):.{digits}f}{unit}" if len(values) > 1 else f"{mean}{unit}"


def draw(runs: list[Run], title: str, path: Path) -> None:
    _, axes = plt.subplots(1, 2, figsize=(11, 4))
    for run in runs:
        seconds = [row["seconds"] / 60 for row in run.history]
        axes[0].plot(seconds, [row["valid_accuracy"] for row in run.history], ".-", alpha=0.8)
        axes[1].plot(seconds, [row["train_loss"] for row in run.history], ":", color="grey")
        axes[1].plot(seconds, [row["valid_loss"] for row in run.history], ".-", alpha=0.8)
    axes[0].set(title="validation accuracy", xlabel="minutes of training")
    axes[1].set(title="loss in nats: validation, and training (dotted)", xlabel="minutes of training")
    for ax in axes:
        ax.grid(alpha=0.3)
    plt.suptitle(title)
    plt.tight_layout()
    plt.savefig(path, dpi=80)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", help="as --data of training.from_scratch; it needs test pictures")
    parser.add_argument("--options", default="--minutes 4", help="of training.from_scratch (default: %(default)s)")
    parser.add_argument("--runs", type=int, default=3, help="each with a seed of its own (default: %(default)s)")
    parser.add_argument("--curves", type=Path, help="a PNG of every run's curves")
    parser.add_argument("--log", type=Path, help="a text file of what the runs printed")
    arguments = parser.parse_args()
    data = str(Path(arguments.data).resolve()) if Path(arguments.data).exists() else arguments.data
    runs: list[Run] = []
    printed: list[str] = []
    for seed in range(arguments.runs):
        run, output = measure(data, arguments.options.split(), seed)
        runs.append(run)
        printed.append(f"## seed {seed}\n\n" + output.replace(data, Path(data).name))
        print(f"seed {seed}: {run.seconds / 60:.2f} min, accuracy {run.accuracy:.2%}", flush=True)
        if arguments.log:
            arguments.log.write_text("\n".join(printed), "utf-8")
    epochs = [len(run.history) for run in runs]
    augmented = [run.augmented for run in runs if run.augmented is not None]
    low, high = min(epochs), max(epochs)
    columns = ["options", "n", "epochs", "all of it", "training", "accuracy", "with test-time augmentation", "log loss"]
    print(f"\n| {' | '.join(columns)} |\n{'|---' * len(columns)}|")
    print(
        f"| `{arguments.options}` | {len(runs)} | {low if low == high else f'{low}–{high}'} "
        f"| {spread([run.seconds for run in runs], 1 / 60, ' min', 2)} "
        f"| {spread([run.training for run in runs], 1, ' s', 1)} "
        f"| {spread([run.accuracy for run in runs], 100, ' %', 2)} "
        f"| {spread(augmented, 100, ' %', 2) if augmented else '–'} "
        f"| {spread([run.log_loss for run in runs], 1, '', 4)} |"
    )
    print(f"Mean ± standard deviation over seeds. {describe('torch', 'torchvision', 'numpy')}")
    if arguments.curves:
        draw(runs, f"training.from_scratch {arguments.options}", arguments.curves)


if __name__ == "__main__":
    main()
