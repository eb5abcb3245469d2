"""What the README's first command costs: time, download and disk of each lock, installed into a new environment.

    python -m benchmarks.install [--rounds 2]

The locks take turns, without pip's cache; starting the app is not included. The download is that of `pip download`, once.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.machine import describe, spread

ROOT = Path(__file__).resolve().parents[1]
LOCKS = ("requirements-serve.txt", "requirements.txt")


def size(folder: Path) -> float:
    """Megabytes of the files below a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink()) / 1e6


def pip(*arguments: object) -> None:
    """Run pip, without its cache and without words."""
    command = [sys.executable, "-m", "pip", "--quiet", "--no-cache-dir", *map(str, arguments)]
    subprocess.run(command, check=True, stderr=subprocess.DEVNULL)


def install(lock: str) -> tuple[float, float]:
    """Seconds, and megabytes on the disk."""
    with tempfile.TemporaryDirectory(prefix="install-") as scratch:
        environment = Path(scratch, "venv")
        started = time.perf_counter()
        subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True)
        pip("--python", environment, "install", "-r", ROOT / lock)
        return time.perf_counter() - started, size(environment)


def download(lock: str) -> float:
    """Megabytes of the packages."""
    with tempfile.TemporaryDirectory(prefix="download-") as folder:
        pip("download", "-d", folder, "-r", ROOT / lock)
        return size(Path(folder))


def main() -> None:
    """Install the locks in turn, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=2, help="how often each is installed (default: %(default)s)")
    arguments = parser.parse_args()
    measured: dict[str, list[tuple[float, float]]] = {lock: [] for lock in LOCKS}
    for _ in range(arguments.rounds):
        for lock in LOCKS:
            measured[lock].append(install(lock))
    print("| lock | time | download | disk |\n|---|---|---|---|")
    for lock, rows in measured.items():
        seconds, disk = zip(*rows, strict=True)
        print(f"| `{lock}` | {spread(list(seconds), 's')} | {download(lock):,.0f} MB | {max(disk):,.0f} MB |")
    print(f"\n{arguments.rounds} rounds, {describe()}")


if __name__ == "__main__":
    main()
