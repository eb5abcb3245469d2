"""Do exports answer the same here as in fastai? `python -m benchmarks.exports PHOTOS [--photos 200] [--only NAME…]`.

`python -m benchmarks.exports --budget [--only NAME…]` needs no photos: what share of its budget an export of each of the
networks in `benchmarks.export_budget` takes, and what the files of `tests.expensive` cost.

PHOTOS holds a folder per class (Cat, Dog). For each learner below: build it with fastai on some of the photos, train it for
a few batches so that its answers differ, `learn.export()`, then compare `load_learner(…).predict` with
`Classifier.load(…).classify`, photo by photo, in float32, and the model folder that `convert` writes with both.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.export_budget import report
from benchmarks.machine import describe
from model import Classifier
from model.fastai_export.convert import convert

warnings.simplefilter("ignore")

import pandas as pd  # noqa: E402
import torch  # noqa: E402
from fastai.vision.all import (  # noqa: E402
    CategoryBlock,
    DataBlock,
    DataLoaders,
    ImageBlock,
    ImageDataLoaders,
    Learner,
    Normalize,
    RandomResizedCrop,
    RandomSplitter,
    Resize,
    ResizeMethod,
    aug_transforms,
    imagenet_stats,
    load_learner,
    nn,
    set_seed,
    vision_learner,
    xresnet18,
)
from torchvision.models import mobilenet_v2, resnet18, resnet34, resnet50  # noqa: E402

TRAINING_PHOTOS = 48
BATCH = 16
NORMALISE = Normalize.from_stats(*imagenet_stats, cuda=False)


def is_cat(name: str) -> bool:
    """The label function of the well-known lesson."""
    return name.startswith("cat")


def label(path: Path) -> str:
    return path.parent.name


def folders(photos: list[Path], **kwargs: object) -> DataLoaders:
    return ImageDataLoaders.from_path_func(Path(), photos, label, bs=BATCH, num_workers=0, **kwargs)


def name_function(photos: list[Path], **kwargs: object) -> DataLoaders:
    return ImageDataLoaders.from_name_func(Path(), photos, is_cat, bs=BATCH, num_workers=0, **kwargs)


def expression(photos: list[Path], **kwargs: object) -> DataLoaders:
    return ImageDataLoaders.from_name_re(Path(), photos, r"^(cat|dog)\.", bs=BATCH, num_workers=0, **kwargs)


def table(photos: list[Path], **kwargs: object) -> DataLoaders:
    rows = [(str(path)[1:], f"{label(path)};{'even' if int(path.stem.split('.')[1]) % 2 == 0 else 'odd'}") for path in photos]
    frame = pd.DataFrame(rows, columns=["photo", "kinds"])
    return ImageDataLoaders.from_df(
        frame, "/", fn_col="photo", label_col="kinds", label_delim=";", bs=BATCH, num_workers=0, **kwargs
    )


def block(photos: list[Path], **kwargs: object) -> DataLoaders:
    data = DataBlock(
        (ImageBlock, CategoryBlock), get_y=lambda path: path.parent.name, splitter=RandomSplitter(seed=0), **kwargs
    )
    return data.dataloaders(photos, bs=BATCH, num_workers=0)


def own_head(dls: DataLoaders) -> Learner:
    head = nn.Sequential(
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, 32), nn.GELU(), nn.LayerNorm(32), nn.Linear(32, dls.c)
    )
    return vision_learner(dls, resnet18, pretrained=False, custom_head=head)


def vision(arch: Callable[..., nn.Module] | str) -> Callable[[DataLoaders], Learner]:
    return lambda dls: vision_learner(dls, arch, pretrained=False)


LEARNERS: dict[str, tuple[Callable[[list[Path]], DataLoaders], Callable[[DataLoaders], Learner]]] = {
    "resnet18, from_name_func, crop": (lambda p: name_function(p, item_tfms=Resize(128)), vision(resnet18)),
    "resnet34, from_folder, squish": (
        lambda p: folders(p, item_tfms=Resize(128, ResizeMethod.Squish), batch_tfms=[*aug_transforms(), NORMALISE]),
        vision(resnet34),
    ),
    "resnet50, from_name_re, pad": (
        lambda p: expression(p, item_tfms=Resize((128, 160), ResizeMethod.Pad), batch_tfms=[NORMALISE]),
        vision(resnet50),
    ),
    "xresnet18, from_folder, presizing": (
        lambda p: folders(p, item_tfms=Resize(160), batch_tfms=[*aug_transforms(size=128, min_scale=0.75), NORMALISE]),
        lambda dls: Learner(dls, xresnet18(n_out=2)),
    ),
    "mobilenet_v2, from_folder, RandomResizedCrop": (
        lambda p: folders(p, item_tfms=RandomResizedCrop(128, min_scale=0.5), batch_tfms=[*aug_transforms(), NORMALISE]),
        lambda dls: Learner(dls, mobilenet_v2(num_classes=2)),
    ),
    "timm efficientnet_b0, lambda, crop": (
        lambda p: block(p, item_tfms=Resize(128), batch_tfms=[*aug_transforms(size=96), NORMALISE]),
        vision("efficientnet_b0"),
    ),
    "timm convnext_atto, from_folder, crop": (lambda p: folders(p, item_tfms=Resize(128)), vision("convnext_atto")),
    "resnet18 with its own head, from_folder, zeros": (
        lambda p: folders(p, item_tfms=Resize(128, ResizeMethod.Pad, pad_mode="zeros"), batch_tfms=[NORMALISE]),
        own_head,
    ),
    "resnet18, from_df, multi-label": (
        lambda p: table(p, item_tfms=Resize(128), batch_tfms=[*aug_transforms(), NORMALISE]),
        vision(resnet18),
    ),
}


def spread_out(learn: Learner) -> None:
    """Stretch the last layer so that the answers of a hardly trained network differ from photo to photo."""
    *_, last = (module for module in learn.model.modules() if isinstance(module, nn.Linear))
    with torch.no_grad():
        logits = learn.model.eval()(torch.Tensor(learn.dls.one_batch()[0]))
        scale = 2 / logits.std(0).mean()
        last.weight *= scale
        if last.bias is not None:
            last.bias.copy_((last.bias - logits.mean(0)) * scale)


def measure(name: str, training: list[Path], photos: list[Path], folder: Path) -> tuple[float, float, float]:
    """Largest difference of a probability to the learner's own, the same after `convert`, and how far answers spread."""
    make_data, make_learner = LEARNERS[name]
    set_seed(0)
    dls = make_data(training)
    learn = make_learner(dls)
    for module in learn.model.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            module.momentum = None  # a true average: after so few batches the moving one leaves every answer the same
    with learn.no_bar(), learn.no_logging():
        learn.fit(1, 1e-3)
    spread_out(learn)
    learn.path = folder
    learn.export("model.pkl")
    theirs = load_learner(folder / "model.pkl")
    with theirs.no_bar(), theirs.no_logging():
        expected = np.stack([theirs.predict(path)[2].numpy() for path in photos])
    ours = np.array([p.probabilities for p in Classifier.load(folder / "model.pkl").classify(photos)])
    convert(folder / "model.pkl", folder / "converted")
    converted = np.array([p.probabilities for p in Classifier.load(folder / "converted").classify(photos)])
    return float(np.abs(ours - expected).max()), float(np.abs(converted - expected).max()), float(expected.std(axis=0).max())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "data", type=Path, nargs="?", metavar="PHOTOS", help="a folder per class, photos named cat.N.jpg and dog.N.jpg"
    )
    parser.add_argument("--photos", type=int, default=200, help="how many photos to compare on")
    parser.add_argument(
        "--only", nargs="*", default=[], metavar="NAME", help="these learners; with --budget these networks and files"
    )
    parser.add_argument("--budget", action="store_true", help="how much of their budget honest and hostile exports take")
    options = parser.parse_args()
    if options.budget:
        report(options.only)
        return
    if options.data is None or not set(options.only) <= LEARNERS.keys():
        parser.error(f"name a folder of photos, and with --only some of: {', '.join(LEARNERS)}")
    everything = sorted(options.data.resolve().glob("*/*.jpg"))
    random.Random(0).shuffle(everything)
    if len(everything) < TRAINING_PHOTOS + options.photos:
        raise SystemExit(f"{options.data} has {len(everything)} photos; {TRAINING_PHOTOS + options.photos} are needed")
    training, photos = everything[:TRAINING_PHOTOS], everything[TRAINING_PHOTOS : TRAINING_PHOTOS + options.photos]
    print("| learner | export opened here | converted | spread of its answers |\n|---|---|---|---|")
    for name in options.only or LEARNERS:
        with tempfile.TemporaryDirectory() as folder:
            opened, converted, spread = measure(name, training, photos, Path(folder))
        print(f"| {name} | {opened:.1e} | {converted:.1e} | {spread:.2f} |", flush=True)
    n = f"n = {len(photos)} photos"
    print(f"\nLargest difference of a probability to `learn.predict`, {n}. {describe()}; torch {torch.__version__}.")


if __name__ == "__main__":
    main()
