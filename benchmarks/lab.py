"""Milliseconds of each step of the convolution lab on a photo of a megapixel, and what the lab adds to the app's start.

    python -m benchmarks.lab [PHOTO]

A step is measured as a control changes it: open the uploaded JPEG, work it out, draw and encode what is shown. The
target is 150 ms. Without PHOTO the example is enlarged to a megapixel; noise, which no compression likes, is the worst
case.
"""

from __future__ import annotations

import io
import subprocess
import sys
import time
from collections.abc import Callable

import numpy as np
from PIL import Image

from benchmarks.machine import describe, spread
from tests.pictures import CAT
from ui.lab import edge_steps, number_steps, sliding_steps, steps
from ui.lab.convolution import KERNELS
from ui.lab.photo import MAX_PIXELS, Photo, open_for_lab
from ui.lab.sliding import Sliding
from ui.texts import ENGLISH

REPEATS = 30
TARGET_MS = 150
IMPORTS = 7  # processes each
GREY, RGB = Sliding(KERNELS["sobel_x"]), Sliding(KERNELS["gaussian"], channels="rgb")
COMBINED = Sliding(KERNELS["sobel_combined"], channels="rgb")


def all_steps() -> dict[str, Callable[[Photo], str]]:
    by_name: dict[str, Callable[[Photo], str]] = {
        "photo with its frame": lambda photo: number_steps.framed(photo, ENGLISH),
        "whole photo as 10×10": lambda photo: number_steps.small_table(photo, ENGLISH),
        "10×10 pixels": lambda photo: number_steps.pixel_table(photo, ENGLISH),
        "histogram": lambda photo: number_steps.histogram(photo, ENGLISH),
    }
    for name, sliding in {"Sobel, grey": GREY, "Gaussian 5×5, RGB": RGB, "Sobel combined, RGB": COMBINED}.items():
        by_name |= {
            f"feature map ({name})": lambda photo, s=sliding: steps.map_step(photo, s, ENGLISH),
            f"close up ({name})": lambda photo, s=sliding: steps.closeup_step(photo, s, ENGLISH),
            f"ReLU ({name})": lambda photo, s=sliding: steps.relu_step(photo, s, ENGLISH),
            f"max pooling 2, stride 2 ({name})": lambda photo, s=sliding: steps.pool_step(photo, s, "max", 2, 2, ENGLISH),
            f"average pooling 8, stride 1 ({name})": lambda photo, s=sliding: steps.pool_step(
                photo, s, "average", 8, 1, ENGLISH
            ),
            f"flatten and dense ({name})": lambda photo, s=sliding: steps.flatten_step(photo, s, "max", 2, 2, 2, ENGLISH),
        }
    return by_name | {
        "gradient": lambda photo: edge_steps.gradient_step(photo, ENGLISH),
        "edge map": lambda photo: edge_steps.edge_step(photo, 12, ENGLISH),
        "edge directions": lambda photo: edge_steps.orientation_step(photo, 12, "count", ENGLISH),
        "edge density, blocks": lambda photo: edge_steps.block_step(photo, 12, ENGLISH),
        "edge density, finer": lambda photo: edge_steps.density_step(photo, 12, 31, ENGLISH),
        "contours": lambda photo: edge_steps.contour_step(photo, 3, 3, ENGLISH),
        "contours, most": lambda photo: edge_steps.contour_step(photo, 4, 2, ENGLISH),
        "one place of the kernel": lambda photo: sliding_steps.position_step(photo, GREY, 7, ENGLISH),
        "animation (5×5)": lambda photo: sliding_steps.animation_step(photo, Sliding(KERNELS["gaussian"]), ENGLISH),
    }


def megapixel(image: Image.Image) -> bytes:
    scale = (MAX_PIXELS / (image.width * image.height)) ** 0.5
    buffer = io.BytesIO()
    image.convert("RGB").resize((int(image.width * scale), int(image.height * scale))).save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


def milliseconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - start)


def milliseconds_in_a_new_process(statement: str, after: str) -> list[float]:
    """Milliseconds of `statement` in a process that has already run `after`."""
    script = f"{after}\nimport time\nt = time.perf_counter()\n{statement}\nprint(1000 * (time.perf_counter() - t))"
    return [float(subprocess.check_output([sys.executable, "-c", script])) for _ in range(IMPORTS)]


def main() -> None:
    photo = Image.open(sys.argv[1] if len(sys.argv) > 1 else CAT)
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (1000, 1000, 3), np.uint8))
    print(f"{describe('numpy', 'scipy', 'pillow', 'contourpy')}; n = {REPEATS} each, median (middle 90 %)\n")
    slow = []
    for kind, data in (("photo", megapixel(photo)), ("noise", megapixel(noise))):
        rows, columns, _ = open_for_lab(data).rgb.shape
        print(f"{kind}, {columns}×{rows}, {len(data) / 1000:,.0f} kB")
        for name, step in all_steps().items():
            step(open_for_lab(data))
            times = [milliseconds(lambda: step(open_for_lab(data))) for _ in range(REPEATS)]
            if sorted(times)[REPEATS // 2] > TARGET_MS:
                slow.append(f"{name} ({kind})")
            print(f"  {name:48} {spread(times, 'ms')}, {len(step(open_for_lab(data))) / 1000:,.0f} kB")
    print(f"\nabove {TARGET_MS} ms: {', '.join(slow) or 'none'}")
    print(f"\nonce there is a page, n = {IMPORTS} processes, median (range)")
    rest = (
        "import gradio, ui.classify\nfrom model import Classifier\nfrom ui.service import Service\n"
        "service = Service(Classifier.load())\nwith gradio.Blocks(): gradio.Markdown('first')"
    )
    start = "import ui.lab\nwith gradio.Blocks(): ui.lab.build(service)"
    print(f"  at the start: import and build the tab {spread(milliseconds_in_a_new_process(start, rest), 'ms')}")
    for module in ("scipy.ndimage", "contourpy"):
        print(f"  at the first use: {module:20} {spread(milliseconds_in_a_new_process(f'import {module}', rest), 'ms')}")


if __name__ == "__main__":
    main()
