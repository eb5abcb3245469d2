"""Photos per second in training, and the accuracy that comes of it: ours beside the tutorial's, on the same machine.

    python -m benchmarks.training DATA [--epochs 3] [--rounds 2] [--options "--compile"]

DATA holds train/ and valid/ of a folder per class. Both train resnet34 at 224 pixels from random weights, with the same
epochs and learning rate, turn by turn. Where there is an NVIDIA GPU its utilisation is sampled twice a second.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from benchmarks.machine import describe, spread

ROOT = Path(__file__).resolve().parents[1]


class Utilisation:
    """Samples of the GPU's utilisation, in per cent, while the block runs; none without nvidia-smi."""

    def __enter__(self) -> list[float]:
        self.samples: list[float] = []
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self._sample)
        if shutil.which("nvidia-smi"):
            self.thread.start()
        return self.samples

    def _sample(self) -> None:
        command = ["nvidia-smi", "--query-gpu=utilization.gpu", "--format=csv,noheader,nounits", "--id=0"]
        while not self.stop.wait(0.5):
            done = subprocess.run(command, capture_output=True, text=True)
            if done.returncode == 0:
                self.samples.append(float(done.stdout))

    def __exit__(self, *details: object) -> None:
        self.stop.set()
        if self.thread.is_alive():
            self.thread.join()


def train(command: list[str]) -> list[float]:
    """Run a training to its end; the samples of the GPU's utilisation."""
    with Utilisation() as samples:
        done = subprocess.run([sys.executable, *command], cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}\n{done.stderr[-2000:]}")
    return samples


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="holds train/ and valid/ of a folder per class")
    parser.add_argument("--epochs", type=int, default=3, help="of each run (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=2, help="runs of each side, turn by turn (default: %(default)s)")
    parser.add_argument("--options", default="", help="more options for training.fine_tune")
    arguments = parser.parse_args()
    speeds: dict[str, list[float]] = {"tutorial": [], "ours": []}
    accuracies: dict[str, list[float]] = {"tutorial": [], "ours": []}
    busy: dict[str, list[float]] = {"tutorial": [], "ours": []}
    for turn in range(arguments.rounds):
        for side in speeds:
            with tempfile.TemporaryDirectory() as scratch:
                if side == "tutorial":
                    result = Path(scratch) / "result.json"
                    busy[side] += train(
                        ["benchmarks/tutorial_train.py", str(arguments.data), str(result), str(arguments.epochs)]
                    )
                    found = json.loads(result.read_text("utf-8"))
                    epochs, accuracy = found["photos_per_second"], found["accuracy"]
                else:
                    command = ["-m", "training.fine_tune", "--data", str(arguments.data), "--out", f"{scratch}/model"]
                    command += [
                        "--weights",
                        "none",
                        "--freeze-epochs",
                        "0",
                        "--epochs",
                        str(arguments.epochs),
                        "--seed",
                        str(turn),
                    ]
                    busy[side] += train([*command, *arguments.options.split()])
                    config = json.loads((Path(scratch) / "model" / "config.json").read_text("utf-8"))
                    epochs = [row["photos_per_second"] for row in config["training"]["history"]]
                    accuracy = config["metrics"]["validation"]["accuracy"]
            speeds[side] += epochs[1:] or epochs  # the first epoch also starts workers and compiles
            accuracies[side].append(accuracy)
    print("| training resnet34 at 224 pixels | photos/s | validation accuracy | GPU utilisation |\n|---|---|---|---|")
    for side, values in speeds.items():
        gpu = f"{statistics.median(busy[side]):.0f} %" if busy[side] else "no GPU"
        print(f"| {side} | {spread(values, '/s', 0)} | {statistics.mean(accuracies[side]):.2%} | {gpu} |")
    ratio = statistics.median(speeds["ours"]) / statistics.median(speeds["tutorial"])
    print(f"\nratio {ratio:.2f} ×; {arguments.rounds} runs of {arguments.epochs} epochs each")
    print(describe("torch", "torchvision", "fastai"))


if __name__ == "__main__":
    main()
