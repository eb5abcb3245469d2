"""The most expensive photos that `model.photo` accepts: seconds and memory of opening each, in a fresh process.

    python -m benchmarks.photo_limits

The limit is 300 MB and 2 s a photo. Formats whose largest photos exceed it have a lower limit of pixels.
"""

from __future__ import annotations

import io
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.machine import describe
from model.formats import FORMAT_MEGAPIXELS, MAX_MEGAPIXELS
from model.photo import MAX_BYTES, open_photo

LIMIT_MB, LIMIT_SECONDS = 300, 2.0
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
    """In the child: open a small photo of the same format first, then the large one; print seconds and megabytes."""
    data = Path(path).read_bytes()
    open_photo(encode(picture(0.1, "RGB"), "PNG"), INPUT)
    before = peak()
    start = time.perf_counter()
    size = open_photo(data, INPUT).size
    seconds = time.perf_counter() - start
    print(f"{seconds:.3f} {peak() - before:.0f} {size[0]}×{size[1]}")


def main() -> None:
    print(f"{describe('pillow', 'pillow-heif')}\nlimit: {LIMIT_MB} MB, {LIMIT_SECONDS} s\n")
    print("| photo | file | seconds | memory | |\n|---|---|---|---|---|")
    for name, (format, mode, options) in CASES.items():
        megapixels = float(FORMAT_MEGAPIXELS.get(format, MAX_MEGAPIXELS))
        data = encode(picture(megapixels * 0.999, mode), format, **options)
        while len(data) > MAX_BYTES:
            megapixels *= 0.97 * MAX_BYTES / len(data)
            data = encode(picture(megapixels * 0.999, mode), format, **options)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "photo"
            path.write_bytes(data)
            runs = [
                subprocess.run(
                    [sys.executable, "-m", "benchmarks.photo_limits", str(path)], capture_output=True, text=True, check=True
                )
                for _ in range(3)
            ]
        seconds = min(float(run.stdout.split()[0]) for run in runs)
        memory = max(int(run.stdout.split()[1]) for run in runs)
        verdict = "ok" if seconds <= LIMIT_SECONDS and memory <= LIMIT_MB else "OVER"
        print(
            f"| {name}, {megapixels:.0f} MP | {len(data) / 1e6:.1f} MB | {seconds:.2f} | {memory} MB | {verdict} |", flush=True
        )


if __name__ == "__main__":
    open_one(sys.argv[1]) if len(sys.argv) > 1 else main()
