"""Does the heat map mean something? Take away what it calls hottest, and see how fast the answer goes.

    python -m benchmarks.heat_map PHOTOS [--count 200] [--model FOLDER]

The deletion and insertion metrics of Petsiuk et al. 2018 (RISE): a growing share of the photo is replaced by a blur of
itself (deletion), or a blur becomes the photo again (insertion), the hottest places first, and the probability of the
answer is drawn. Random places are single pixels, and squares as large as one cell of the map: pixels are noise that
confuses a network whatever it saw, squares are the fair rival. PHOTOS is a folder with a folder per label.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import numpy as np
from PIL import Image, ImageFilter

from benchmarks.machine import describe, spread
from model import Classifier
from model.inside.explain import Explainer
from model.resize import fit
from tests.running import running_app
from ui.data_url import image_url
from ui.heat import heat_layer

SHARES = (0.0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0)
RANKINGS = ("hottest", "random squares", "random pixels", "coldest")


def rankings(heat: np.ndarray, height: int, width: int, dice: np.random.Generator) -> dict[str, np.ndarray]:
    """For every way to choose: float (height, width), the pixels with the largest values go first."""
    full = np.asarray(Image.fromarray(heat.astype(np.float32)).resize((width, height), Image.Resampling.BICUBIC))
    rows, columns = heat.shape
    squares = dice.permutation(rows * columns).reshape(rows, columns).astype(np.float32)
    squares = np.asarray(Image.fromarray(squares).resize((width, height), Image.Resampling.NEAREST))
    # pixels of one square have one rank: a little noise breaks the tie
    return {
        "hottest": full, "coldest": -full, "random pixels": dice.random((height, width)),
        "random squares": squares + dice.random((height, width)) * 0.5,
    }  # fmt: skip


def curves(classifier: Classifier, paths: list[Path]) -> dict[str, dict[str, np.ndarray]]:
    """Probability of the answer: {"deletion", "insertion"} → ranking → float (photos, shares)."""
    explainer = Explainer(classifier)
    dice = np.random.default_rng(0)
    size = classifier.config.input
    found = {way: {name: [] for name in RANKINGS} for way in ("deletion", "insertion")}
    for path in paths:
        image = classifier.open(path)
        prediction, heat_map = explainer.explain(image)
        chosen = prediction.answers.index(prediction.label)
        photo = fit(image, size)
        blurred = np.asarray(Image.fromarray(photo).filter(ImageFilter.GaussianBlur(size.width / 20)))
        for name, rank in rankings(heat_map.values, size.height, size.width, dice).items():
            order = np.empty(rank.size)
            order[np.argsort(-rank, axis=None, kind="stable")] = np.arange(rank.size) / rank.size
            order = order.reshape(rank.shape)
            for way, start, end in (("deletion", photo, blurred), ("insertion", blurred, photo)):
                steps = [np.where((order < share)[..., None], end, start) for share in SHARES]
                found[way][name].append([p.probabilities[chosen] for p in classifier.predict(steps)])
    return {way: {name: np.array(rows) for name, rows in of.items()} for way, of in found.items()}


def print_curves(found: dict[str, dict[str, np.ndarray]]) -> None:
    for way, of in found.items():
        print(f"\n{way}: mean probability of the answer, by share of the photo\n")
        print("| which places first | " + " | ".join(f"{share:.0%}" for share in SHARES) + " | area under the curve |")
        print("|---" * (len(SHARES) + 2) + "|")
        for name, rows in of.items():
            areas = np.trapezoid(rows, SHARES, axis=1)
            error = areas.std(ddof=1) / len(areas) ** 0.5
            cells = " | ".join(f"{p:.2f}" for p in rows.mean(axis=0))
            print(f"| {name} | {cells} | {areas.mean():.3f} ± {error:.3f} |")


def print_times(classifier: Classifier, paths: list[Path]) -> None:
    """A plain answer, and one with the heat map as the page shows it, in turn: in Python, then asked over HTTP."""
    explainer = Explainer(classifier)

    def explain(photo: bytes) -> None:
        image = classifier.open(photo)
        image_url(heat_layer(explainer.explain(image)[1], image.width, image.height), "webp")

    print_pairs("in Python, with the picture for the page", paths, lambda photo: classifier.classify([photo]), explain)


def print_http_times(model: str | None, paths: list[Path]) -> None:
    with running_app({"MODEL_REPO": model} if model else None) as app, httpx.Client(base_url=app.url) as client:

        def post(route: str, photo: bytes) -> None:
            client.post(route, content=photo).raise_for_status()

        print_pairs(
            "POST /api/explain beside POST /api/classify", paths,
            lambda photo: post("/api/classify", photo), lambda photo: post("/api/explain", photo),
        )  # fmt: skip


def print_pairs(what: str, paths: list[Path], plain: Callable[[bytes], object], explained: Callable[[bytes], object]) -> None:
    first = paths[0].read_bytes()
    plain(first)
    explained(first)
    times = []
    for path in paths:
        photo = path.read_bytes()
        started = time.perf_counter()
        plain(photo)
        between = time.perf_counter()
        explained(photo)
        times.append((1e3 * (between - started), 1e3 * (time.perf_counter() - between)))
    ratios = [explained / plain for plain, explained in times]
    print(f"\n{what}: {spread([pair[0] for pair in times], 'ms')}, explained {spread([pair[1] for pair in times], 'ms')}, "
          f"ratio {spread(ratios, '×', 2)}; {len(times)} pairs")  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", type=Path, help="a folder with a folder of photos per label")
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--model", default=None, help="a model folder or export (default: the starter)")
    arguments = parser.parse_args()
    paths = sorted(path for path in arguments.photos.rglob("*") if path.suffix.lower() in (".jpg", ".jpeg", ".png"))
    if not paths:
        raise SystemExit(f"{arguments.photos} has no photos")
    paths = random.Random(0).sample(paths, min(arguments.count, len(paths)))
    classifier = Classifier.load(arguments.model)
    print(f"{classifier.config.name}, {len(paths)} photos; {describe()}")
    print_curves(curves(classifier, paths))
    print_times(classifier, paths)
    print_http_times(arguments.model, paths)


if __name__ == "__main__":
    main()
