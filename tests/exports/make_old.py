"""The same as make.py, for a fastai 2 from before 2022, which make.py's libraries are too new for.

python tests/exports/make_old.py OUT
"""

from __future__ import annotations

import json
import platform
import random
import shutil
import sys
import tempfile
from pathlib import Path

import fastai
import numpy as np
import torch
from fastai.vision.all import ImageDataLoaders, Learner, Normalize, Resize, ResizeMethod, aug_transforms, imagenet_stats
from PIL import Image
from torch import nn
from torchvision.models import mobilenet

PICTURES = Path(__file__).parent / "pictures"


def is_striped(name):
    """A label function that gives True or False."""
    return name.startswith("stripes")


def draw(folder):
    """Twelve pictures, half of them of upright stripes."""
    dice = np.random.RandomState(0)
    for number in range(12):
        kind, width = ("stripes", 60) if number % 2 else ("blobs", 80)
        pixels = dice.randint(0, 90, (64, width, 3))
        if kind == "stripes":
            pixels[:, :: 2 + number % 3] += 150
        Image.fromarray(pixels.astype(np.uint8)).save(folder / f"{kind}_{number}.png")


def small_mobilenet():
    """torchvision's MobileNetV2 with two narrow blocks."""
    net = mobilenet.MobileNetV2(num_classes=2, width_mult=0.1, inverted_residual_setting=[[1, 8, 1, 1], [2, 8, 1, 2]])
    net.features[-1] = nn.Sequential(nn.Conv2d(8, 16, 1), nn.GELU())
    net.classifier = nn.Linear(16, 2)
    return net


def main():
    """Make both exports and what they answer."""
    out = Path(sys.argv[1]).resolve() / f"{platform.python_version().rpartition('.')[0]}-{fastai.__version__}"
    out.mkdir(parents=True, exist_ok=True)
    found = {}
    with tempfile.TemporaryDirectory() as place:
        photos = Path(place)
        draw(photos)
        files = sorted(photos.glob("*.png"))
        settings = {
            "is_cat": {
                "item_tfms": Resize(64, ResizeMethod.Squish),
                "batch_tfms": [Normalize.from_stats(*imagenet_stats, cuda=False)],
            },
            "presize": {"item_tfms": Resize(64), "batch_tfms": aug_transforms(size=48, min_scale=0.75)},
        }
        for name, transforms in settings.items():
            random.seed(0)
            np.random.seed(0)
            torch.manual_seed(0)
            dls = ImageDataLoaders.from_name_func(photos, files, is_striped, bs=4, num_workers=0, seed=0, **transforms)
            learn = Learner(dls, small_mobilenet(), path=photos)
            with learn.no_bar(), learn.no_logging():
                learn.fit(5, 3e-3)
                rows = {path.name: learn.predict(path)[2].tolist() for path in sorted(PICTURES.glob("*.png"))}
            learn.export(f"{name}.pkl")
            shutil.move(str(photos / f"{name}.pkl"), str(out / f"{name}.pkl"))
            found[name] = {"vocab": [str(label) for label in dls.vocab], "probabilities": rows}
    versions = {"python": platform.python_version(), "fastai": fastai.__version__, "torch": torch.__version__}
    (out / "expected.json").write_text(json.dumps({"versions": versions, "exports": found}, indent=1) + "\n")


if __name__ == "__main__":
    main()
