"""Write all photos that are built to be expensive."""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks.bombs import BOMBS
from benchmarks.bombs.parts import FULL, MILLION


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for number, (name, make) in enumerate(BOMBS.items()):
        data = make()[: FULL + MILLION]
        (folder / f"{number:03d} {name.replace('/', '-')}").write_bytes(data)
        print(f"{name:60} {len(data):>12,} bytes", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
