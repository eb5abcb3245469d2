"""The most expensive photos that `model.photo` accepts, and those that are built to be (`benchmarks.bombs`): seconds and memory
of opening each, in a fresh process and without workers; and what ordinary photos pay for it: for counting their parts, and for
being opened behind the wall.

    python -m benchmarks.photo_limits

The limit is 300 MB and 2 s a photo. Formats whose largest photos exceed it have a lower limit of pixels.
"""

from __future__ import annotations

import io
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from benchmarks.bombs import BOMBS
from benchmarks.machine import describe
from model.decode.metadata import take_apart
from model.decode.source import told_format
from model.decode.wall import Wall
from model.formats import FORMAT_MEGAPIXELS, MAX_MEGAPIXELS
from model.photo import MAX_BYTES, PhotoError, open_photo

LIMIT_MB, LIMIT_SECONDS = 300, 2.0
TURNS = 60
INPUT = (336, 336)


def picture(megapixels: float, mode: str) -> Image.Image:
    """Close under `megapixels`: one colour with a band of detail, so that even 50 megapixels fit into 20 MB."""
    height = int((megapixels * 1e6 / 4 * 3) ** 0.5)
    width = int(megapixels * 1e6 / height)
    image = Image.new("RGB", (width, height), (120, 160, 90))
    detail = np.random.default_rng(0).integers(0, 256, (16, width // 16, 3), np.uint8)
    image.paste(Image.fromarray(detail).resize((width, height // 16), Image.Resampling.BILINEAR), (0, height // 2))
    return image.convert(mode)


def encode(image: Image.Image, format: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    if format == "HEIF":
        import pillow_heif

        pillow_heif.from_pillow(image).save(buffer, format="HEIF", quality=int(str(options.get("quality", 50))))
    else:
        image.save(buffer, format, **options)
    return buffer.getvalue()


CASES: dict[str, tuple[str, str, dict[str, object]]] = {
    "JPEG baseline": ("JPEG", "RGB", {"quality": 90}),
    "JPEG progressive 4:2:0": ("JPEG", "RGB", {"quality": 85, "progressive": True}),
    "JPEG CMYK": ("JPEG", "CMYK", {"quality": 80}),
    "PNG RGB": ("PNG", "RGB", {"compress_level": 1}),
    "PNG RGBA": ("PNG", "RGBA", {"compress_level": 1}),
    "PNG 1 bit": ("PNG", "1", {}),
    "PNG palette": ("PNG", "P", {"compress_level": 1}),
    "GIF": ("GIF", "P", {}),
    "BMP grey": ("BMP", "L", {}),
    "TIFF deflate RGBA": ("TIFF", "RGBA", {"compression": "tiff_deflate"}),
    "TIFF LZW": ("TIFF", "RGB", {"compression": "tiff_lzw"}),
    "TIFF turned RGBA": ("TIFF", "RGBA", {"compression": "tiff_deflate", "tiffinfo": {0x0112: 6}}),
    "WEBP lossy": ("WEBP", "RGB", {"quality": 60, "method": 0}),
    "WEBP lossless RGBA": ("WEBP", "RGBA", {"lossless": True, "quality": 0, "method": 0}),
    "AVIF RGBA": ("AVIF", "RGBA", {"quality": 40, "speed": 10}),
    "HEIF": ("HEIF", "RGB", {"quality": 40}),
}


def peak() -> float:
    """Most memory this process ever held, in MB (Linux)."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def open_one(path: str) -> None:
    """In the child: open a small photo first, then the large one; print seconds, megabytes and the answer."""
    data = Path(path).read_bytes()
    open_photo(encode(picture(0.1, "RGB"), "PNG"), INPUT)
    before = peak()
    start = time.perf_counter()
    try:
        photo = open_photo(data, INPUT)
        answer = f"{photo.width}×{photo.height}"
    except PhotoError as error:
        answer = error.code
    seconds = time.perf_counter() - start
    print(f"{seconds:.3f} {peak() - before:.0f} {answer}")


class Cost(NamedTuple):
    """What opening a photo costs, the least seconds and the most megabytes of several fresh processes, and what is answered."""

    seconds: float
    megabytes: int
    answer: str

    @property
    def verdict(self) -> str:
        return "ok" if self.seconds <= LIMIT_SECONDS and self.megabytes <= LIMIT_MB else "OVER"


def cost(data: bytes, processes: int) -> Cost:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "photo"
        path.write_bytes(data)
        command = [sys.executable, "-m", "benchmarks.photo_limits", str(path)]
        try:
            runs = [subprocess.run(command, capture_output=True, text=True, timeout=60) for _ in range(processes)]
        except subprocess.TimeoutExpired:
            return Cost(60, 0, "killed after a minute")
    if any(run.returncode for run in runs):
        return Cost(60, 0, f"died: {runs[0].returncode}")
    told = [run.stdout.split() for run in runs]
    return Cost(min(float(run[0]) for run in told), max(int(run[1]) for run in told), told[0][2])


def ordinary() -> None:
    """What counting the parts costs, of what opening an ordinary photo costs."""
    for name, options in (("JPEG", {"quality": 92}), ("progressive JPEG", {"quality": 85, "progressive": True})):
        grain = np.random.default_rng(0).integers(0, 256, (3024 // 8, 4032 // 8, 3), np.uint8)
        data = encode(Image.fromarray(grain).resize((4032, 3024), Image.Resampling.BICUBIC), "JPEG", **options)
        counted, opened = [], []
        for _ in range(15):
            start = time.perf_counter()
            take_apart("JPEG", data)
            counted.append(time.perf_counter() - start)
            open_photo(data, INPUT)
            opened.append(time.perf_counter() - start - counted[-1])
        share = min(counted) / min(opened)
        print(f"{name}, 12 MP, {len(data) / 1e6:.1f} MB: {1000 * min(counted):.2f} ms of {1000 * min(opened):.0f}, {share:.1%}")


def as_sent() -> dict[str, bytes]:
    """Photos as people send them."""
    phone = Image.effect_noise((4000, 3000), 25).convert("RGB")
    phone = Image.blend(picture(12, "RGB").resize((4000, 3000)), phone, 0.15)
    small = phone.resize((1000, 750))
    return {
        "JPEG of a phone, 12 MP": encode(phone, "JPEG", quality=90),
        "JPEG, 0.75 MP": encode(small, "JPEG", quality=85),
        "JPEG, 0.05 MP": encode(phone.resize((256, 192)), "JPEG", quality=85),
        "PNG, 0.75 MP": encode(small, "PNG"),
        "WEBP, 0.75 MP": encode(small, "WEBP", quality=80),
        "HEIF of a phone, 12 MP": encode(phone, "HEIF"),
    }


def measure_wall() -> None:
    """What an ordinary photo pays for being opened in another process."""
    print("\n| photo | in this process | behind the wall | difference |\n|---|---|---|---|")
    wall = Wall(1)
    for name, data in as_sent().items():
        format = told_format(data)
        ways: dict[str, Callable[[], object]] = {
            "here": lambda data=data: open_photo(data, INPUT),
            "wall": lambda data=data, format=format: wall.ask("open", format, data, INPUT),
        }
        times: dict[str, list[float]] = {way: [] for way in ways}
        for number in range(TURNS + 5):
            for way, run in ways.items():
                began = time.perf_counter()
                run()
                if number >= 5:
                    times[way].append(1000 * (time.perf_counter() - began))
        here, there = (statistics.median(times[way]) for way in ways)
        more = statistics.median(b - a for a, b in zip(times["here"], times["wall"], strict=True))
        verdict = "ok" if more <= max(1.0, 0.05 * here) else "OVER"
        print(f"| {name} | {here:.1f} ms | {there:.1f} ms | {more:+.2f} ms, {more / here:+.0%}, {verdict} |", flush=True)
    wall.close()


def main() -> None:
    print(f"{describe('pillow', 'pillow-heif')}\nlimit: {LIMIT_MB} MB, {LIMIT_SECONDS} s\n\ntaking an ordinary photo apart:")
    ordinary()
    measure_wall()
    print("\n| photo | file | seconds | memory | |\n|---|---|---|---|---|")
    for name, (format, mode, options) in CASES.items():
        megapixels = float(FORMAT_MEGAPIXELS.get(format, MAX_MEGAPIXELS))
        data = encode(picture(megapixels * 0.999, mode), format, **options)
        while len(data) > MAX_BYTES:
            megapixels *= 0.97 * MAX_BYTES / len(data)
            data = encode(picture(megapixels * 0.999, mode), format, **options)
        row = cost(data, 3)
        print(
            f"| {name}, {megapixels:.0f} MP | {len(data) / 1e6:.1f} MB "
            f"| {row.seconds:.2f} | {row.megabytes} MB | {row.verdict} |",
            flush=True,
        )
    print("\n| photo that is built to be expensive | file | seconds | memory | answer | |\n|---|---|---|---|---|---|")
    for name, make in BOMBS.items():
        data = make()[:MAX_BYTES]
        row = cost(data, 1)
        print(
            f"| {name} | {len(data) / 1e6:.1f} MB | {row.seconds:.2f} | {row.megabytes} MB | {row.answer} | {row.verdict} |",
            flush=True,
        )


if __name__ == "__main__":
    open_one(sys.argv[1]) if len(sys.argv) > 1 else main()
