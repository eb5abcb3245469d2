"""How good is the starter where it matters? The table of README and card, beside the starter before it.

    python -m benchmarks.starter DATA --tables build/starter [--before FOLDER]

DATA holds cats-dogs/test and neither/, `--tables` what `training.starter.py` wrote. The figures of left-out sources are
those that `training.head` measured while it chose, by heads that were not fitted to the source; everything else is answered
here by the model folder as it is served. `--before` names a model folder to answer and to time the same photos beside.
"""

from __future__ import annotations

import argparse
import statistics
import time
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.machine import describe, spread
from model import Classifier
from model.folder import load_folder, load_torch
from model.photo import open_photo
from training.data.photos import Photos
from training.data.sources import open_data
from training.quality.by_source import by_source
from training.quality.measure import answer
from training.quality.rows import Place, lines
from training.quality.schema import left_out_of

WIDE = {"3:1": 3.0, "2:1": 2.0, "16:9": 16 / 9, "9:20": 9 / 20, "1:3": 1 / 3}
SHARE = 0.6  # of a wide photo's shorter side that the photo pasted into it takes


def row(name: str, *values: str) -> None:
    print(f"| {name} | {' | '.join(values)} |", flush=True)


def pasted(photo: Image.Image, ground: Image.Image, aspect: float, dice: np.random.Generator) -> Image.Image:
    """A photo somewhere in a scene of that aspect ratio (width / height): where a crop of the middle may miss it."""
    height, width = (480, round(480 * aspect)) if aspect > 1 else (round(480 / aspect), 480)
    scene = ground.resize((width, height), Image.Resampling.BICUBIC)
    side = round(SHARE * 480)
    photo.thumbnail((side, side))
    scene.paste(photo, (int(dice.integers(width - photo.width + 1)), int(dice.integers(height - photo.height + 1))))
    return scene


def wide(classifier: Classifier, photos: Photos, grounds: list[Path], aspect: float) -> float:
    """The share of cats and dogs pasted into scenes of an aspect ratio that are answered rightly."""
    dice = np.random.default_rng(0)
    right = 0
    for path, label in zip(photos.paths, photos.answers, strict=True):
        ground = open_photo(grounds[int(dice.integers(len(grounds)))])
        right += classifier.classify([pasted(open_photo(path), ground, aspect, dice)])[0].label == label
    return right / len(photos)


def seconds(classifier: Classifier, path: Path) -> float:
    started = time.perf_counter()
    classifier.classify([path])
    return time.perf_counter() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--tables", type=Path, required=True)
    parser.add_argument("--model", type=Path, default=Path("model/starter"))
    parser.add_argument("--before", type=Path)
    parser.add_argument("--timed", type=int, default=300, help="photos to time (default: %(default)s)")
    arguments = parser.parse_args()
    ours = load_folder(arguments.model)
    others = [load_folder(arguments.before)] if arguments.before else []
    models = [ours, *others]
    print(f"| what | {' | '.join(['starter', *(['before'] if others else [])])} |\n|---|{'---|' * len(models)}")

    left_out = left_out_of(ours.config)
    if not left_out or not left_out.changed_answers:
        raise SystemExit(f"{arguments.model} has no figures of what was left out; train it with training.head")
    for name, value in lines(Place.LEFT_OUT, left_out):
        row(f"left-out sources: {name}", value, *["–" for _ in others])
    for name, share in left_out.changed_answers.shares.items():
        row(f"left-out sources: answers that change, saved again {name}", f"{share:.1%}", *["–" for _ in others])

    fitted = open_data(str(arguments.tables / "fit.tsv"), Path("data")).train
    if others:  # it was fitted to none of these but Kaggle's and some of bsds
        unseen = fitted.take([i for i, source in enumerate(fitted.sources) if source not in ("kaggle", "bsds")])
        probabilities, targets = answer(others[0], unseen, "sources, by the starter before")
        for name, value in lines(Place.LEFT_OUT, by_source(probabilities, targets, unseen.sources, 2)):
            row(f"sources that the one before never saw: {name}", "–", value)

    test = open_data(str(arguments.data / "cats-dogs" / "test"), Path("data")).train
    answers = [answer(model, test, "cats-dogs/test") for model in models]
    row("cats-dogs/test, as answered", *(f"{(p.argmax(1) == t).mean():.2%}" for p, t in answers))
    row("cats-dogs/test, cat against dog", *(f"{(p[:, :2].argmax(1) == t).mean():.2%}" for p, t in answers))

    kinds = open_data(str(arguments.tables / "hard.tsv"), Path("data")).train
    for kind in kinds.labels:
        paths = [path for path, answer_ in zip(kinds.paths, kinds.answers, strict=True) if answer_ == kind]
        answered = [[prediction.label for prediction in model.classify(paths)] for model in models]
        counts = (", ".join(f"{labels.count(answer_)} {answer_}" for answer_ in ours.config.answers) for labels in answered)
        row(f"hard: {kind} ({len(paths)})", *counts)

    pets = [i for i, label in enumerate(fitted.answers) if label != "neither" and fitted.sources[i] == "animalpose-voc"][::3]
    grounds = sorted((arguments.data / "neither").iterdir())
    for name, aspect in WIDE.items():
        row(f"a photo somewhere in a scene of {name}", *(f"{wide(m, fitted.take(pets), grounds, aspect):.1%}" for m in models))

    some = fitted.take(range(0, len(fitted), 5))
    in_float = load_torch(arguments.model)
    int8, float32 = (answer(model, some, "int8 and float32")[0].argmax(1) for model in (ours, in_float))
    truth = np.array([ours.config.answers.index(label) for label in some.answers])
    row("int8, on a fifth of the photos it was fitted to", f"{(int8 == truth).mean():.2%}", *["–" for _ in others])
    row("the same in float32", f"{(float32 == truth).mean():.2%}", *["–" for _ in others])

    if others:
        timed = test.paths[:: max(1, len(test) // arguments.timed)][: arguments.timed]
        times: list[list[float]] = [[], []]
        for path in [*timed[:5], *timed]:
            for model, kept in zip(models, times, strict=True):
                kept.append(1000 * seconds(model, path))
        ratios = [ours_ / theirs for ours_, theirs in zip(times[0][5:], times[1][5:], strict=True)]
        row("one photo, opened and answered", *(spread(kept[5:], " ms", 1) for kept in times))
        print(f"\nratio {statistics.median(ratios):.2f} × (median of {len(ratios)} pairs, turn by turn)")
    print(f"\n{len(test):,} test photos; {describe('onnxruntime', 'pillow', 'numpy', 'torch')}")


if __name__ == "__main__":
    main()
