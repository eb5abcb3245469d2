"""How far are the answers of web/in_browser.html from the server's? In Chromium, on real photos.

    python -m benchmarks.in_browser PHOTOS [--count 200]

PHOTOS is a folder with a folder per label. Asked are `--count` photos as they are; then the twenty of a thousand that the
model is least sure of, enlarged to 12 megapixels, which the server shrinks while it decodes them. For comparison: how far
the server's own answer moves when such a photo is saved as JPEG with quality 89 instead of 90. Needs Chromium and npm.
"""

from __future__ import annotations

import argparse
import io
import random
import shutil
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

from benchmarks.machine import describe, spread
from model import Classifier
from tests.in_browser import difference
from tests.static_site import install, serving

LARGE = (4000, 3000)
UNSURE = 20


def jpeg(path: Path, quality: int) -> bytes:
    """The photo, enlarged."""
    buffer = io.BytesIO()
    Image.open(path).convert("RGB").resize(LARGE, Image.Resampling.LANCZOS).save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def moved(classifier: Classifier, one: bytes, other: bytes) -> float:
    """The largest difference of a probability between two files, on the server."""
    first, second = (prediction.as_dict() for prediction in classifier.classify([one, other]))
    return max(abs(first[label] - second[label]) for label in first)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", type=Path)
    parser.add_argument("--count", type=int, default=200)
    options = parser.parse_args()
    classifier = Classifier.load()
    paths = sorted(options.photos.glob("*/*.jpg"))
    random.Random(0).shuffle(paths)
    unsure = sorted(paths[:1000], key=lambda path: classifier.classify([path])[0].probability)[:UNSURE]
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    with tempfile.TemporaryDirectory() as folder, serving(install(Path(folder))) as site, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        tab = browser.new_page()
        tab.goto(f"{site.url}/in_browser.html")
        plain = [difference(tab, classifier, path.read_bytes()) for path in paths[: options.count]]
        large = [difference(tab, classifier, jpeg(path, 90)) for path in unsure]
        print(f"{describe()}, Chromium {browser.version}")
        browser.close()
    again = [moved(classifier, jpeg(path, 90), jpeg(path, 89)) for path in unsure]
    print(f"{len(plain)} photos as they are: largest difference of a probability {max(plain):.1e}")
    print(f"{UNSURE} least sure of 1,000, enlarged to 12 megapixels: {spread(large, '', 3)}, largest {max(large):.3f}")
    print(
        f"the same, on the server alone, saved with quality 89 instead of 90: {spread(again, '', 3)}, largest {max(again):.3f}"
    )


if __name__ == "__main__":
    main()
