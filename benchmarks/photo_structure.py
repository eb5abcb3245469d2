"""How many parts the files of real photos have, beside the limits in force: `model.decode.limits`.

    python -m benchmarks.photo_structure

All photos below ../shared/data and those of scikit-image are taken apart, none is decoded.
"""

from __future__ import annotations

import importlib.util
import statistics
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from benchmarks.machine import describe
from model.decode import limits
from model.decode.metadata import take_apart
from model.decode.source import MAX_BYTES
from model.formats import HEAD, format_of
from model.photo import PhotoError

SHARED = Path(__file__).parents[2] / "shared" / "data"


def files() -> Iterator[Path]:
    """Real photos; where some are missing, a sentence says so."""
    if SHARED.is_dir():
        yield from sorted(path for path in SHARED.rglob("*") if path.is_file())
    else:
        print(f"{SHARED} is missing: its photos are not counted.")
    if (found := importlib.util.find_spec("skimage")) and found.origin:
        yield from sorted(path for path in (Path(found.origin).parent / "data").iterdir() if path.is_file())
    else:
        print("scikit-image is not installed: its pictures are not counted.")


def main() -> None:
    print(f"{describe('pillow', 'scikit-image')}\n")
    largest: dict[tuple[str, str], int] = defaultdict(int)
    counts: dict[str, int] = defaultdict(int)
    seconds: list[float] = []
    check = limits.check

    def recorded(format: str, what: str, count: int) -> None:
        largest[format, what] = max(largest[format, what], count)
        check(format, what, count)

    limits.check = recorded
    for path in files():
        with path.open("rb") as file:
            data = file.read(MAX_BYTES)
        if not (format := format_of(data[:HEAD])):
            continue
        counts[format] += 1
        start = time.perf_counter()
        try:
            take_apart(format, data)
        except PhotoError as error:
            print(f"refused: {path.name}: {error}")
        seconds.append(time.perf_counter() - start)
    print(f"{len(seconds)} photos ({', '.join(f'{count} {format}' for format, count in counts.items())})")
    if seconds:
        print(
            f"taking one apart: {1000 * statistics.median(seconds):.2f} ms in the median, {1000 * max(seconds):.2f} at most\n"
        )
    print("| format | what | largest seen | times ten | limit | for |\n|---|---|---|---|---|---|")
    for format, listed in limits.LIMITS.items():
        for what, limit in listed.items():
            seen = largest[format, what]
            note = " **too low**" if 10 * seen > limit.most else ""
            print(f"| {format} | {what} | {seen:,} | {10 * seen:,} | {limit.most:,}{note} | {limit.why} |")


if __name__ == "__main__":
    main()
