# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     name: python3
# ---

# %% [markdown]
# # Fine-tune an image classifier
#
# A folder of photos per class goes in; a model folder comes out: labels, weights, an int8 graph that serves, and a card
# with its measured quality. Read it from top to bottom as a lesson, run it cell by cell, or run it as a script:
#
#     python training/fine_tune.py --data PHOTOS --out models/mine
#
# `PHOTOS` holds one folder of photos per class. `--help` lists every setting.

# %%
from __future__ import annotations

import argparse
import platform
import sys
import tempfile
import time
from pathlib import Path

IN_NOTEBOOK = "ipykernel" in sys.modules
START = Path.cwd() if IN_NOTEBOOK else Path(__file__).resolve()
ROOT = next(folder for folder in (START, *START.parents) if (folder / "model" / "config.py").is_file())
sys.path.insert(0, str(ROOT))

import numpy as np
import torch
from fastai.callback.training import BnFreeze
from fastai.vision.all import (
    CategoryBlock,
    CrossEntropyLossFlat,
    DataBlock,
    ImageBlock,
    Learner,
    Normalize,
    RandomResizedCrop,
    Resize,
    ResizeMethod,
    accuracy,
    aug_transforms,
    params,
    set_seed,
)

from model.classifier import Classifier
from model.config import FORMAT_VERSION, NEITHER, Architecture, Config, Input, ModelError, Neither
from model.folder import CARD, CONFIG, ONNX, WEIGHTS, check_replaceable, load_folder, written_whole
from model.network import TorchNetwork, available_cores
from training.card import metric_rows, model_card
from training.data import DataError, check_disk, check_photos, find_splits, repeat_neither, split
from training.evaluate import collect_logits, measure
from training.export import export_onnx, quantise, save_weights, versions
from training.metrics import fit_temperature
from training.options import at_least_one, count, rate, share, side
from training.weights import origin, pretrained

# %% [markdown]
# ## 1. Settings
#
# Everything that can be chosen, with values that work. In a notebook, write the options into `NOTEBOOK_OPTIONS`.

# %%
NOTEBOOK_OPTIONS = "--data photos --out models/mine"

parser = argparse.ArgumentParser(description="Fine-tune an image classifier on a folder of photos per class.")
# photos in, model out
parser.add_argument("--data", type=Path, required=True, help="a folder of photos per class, or train/ and valid/ of such")
parser.add_argument("--neither", type=Path, help="a folder of photos of other things, to answer 'neither'")
parser.add_argument("--neither-share", type=share, default=0.15, help="their share of an epoch, by repeating them")
parser.add_argument("--out", type=Path, required=True, help="the model folder to write")
parser.add_argument("--name", help="the model's name in its card (default: the name of the folder)")
parser.add_argument("--licence", default="apache-2.0", help="the licence in the model card (default: %(default)s)")
parser.add_argument("--data-name", help="what the card calls the photos (default: the name of their folder)")
parser.add_argument("--skip-bad", action="store_true", help="leave out photos that cannot be opened instead of stopping")
parser.add_argument("--valid", type=share, default=0.1, help="share of photos to validate on (default: %(default)s)")
# network
parser.add_argument("--arch", default="resnet34", help="a torchvision architecture (default: %(default)s)")
parser.add_argument("--weights", default="imagenet", help="imagenet (downloaded), none, or a state dict file")
parser.add_argument("--size", type=side, default=224, help="side of the network's input (default: %(default)s)")
parser.add_argument("--train-size", type=side, help="side while training; a smaller one is faster (default: --size)")
# schedule
parser.add_argument("--epochs", type=at_least_one, default=4, help="epochs of the whole network (default: %(default)s)")
parser.add_argument("--freeze-epochs", type=count, default=1, help="epochs of the head alone before (default: %(default)s)")
parser.add_argument("--frozen-stages", type=count, default=0, help="first modules of the body that never train (default: 0)")
parser.add_argument("--lr", type=rate, default=2e-3, help="fine_tune's base learning rate (default: %(default)s)")
parser.add_argument("--lr-mult", type=rate, default=10, help="how much slower the body learns (default: %(default)s)")
parser.add_argument("--batch-size", type=at_least_one, default=64, help="photos per step (default: %(default)s)")
parser.add_argument("--min-scale", type=share, default=0.35, help="smallest share of a photo that a crop keeps")
# machine
parser.add_argument("--seed", type=count, default=42, help="of the split, the shuffling and the new weights")
parser.add_argument("--workers", type=count, help="processes that decode photos (default: by the cores; 0 off Linux)")
settings = parser.parse_args(NOTEBOOK_OPTIONS.split() if IN_NOTEBOOK else None)

train_size = settings.train_size or settings.size
workers = settings.workers
if workers is None:  # elsewhere than on Linux each worker would run this script again; two cores are better off without
    workers = min(8, available_cores()) if sys.platform == "linux" and available_cores() > 2 else 0
CALIBRATION_PHOTOS = 256
IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
started = time.monotonic()
set_seed(settings.seed, reproducible=False)

# %% [markdown]
# ## 2. Look at the data before spending time on it
#
# Whatever is wrong with the photos is said now, all of it at once. Every photo goes through the same door that a
# visitor's photo goes through (`model/photo.py`), so training sees what serving sees.

# %%
cache = tempfile.TemporaryDirectory(prefix="cat-or-dog-")
try:
    check_replaceable(settings.out)
    check_disk(settings.out.parent, needed=500_000_000)
    found = find_splits(settings.data, settings.neither)
    labels = found[0].labels
    answers = [*labels, *([NEITHER] if settings.neither else [])]
    network = pretrained(settings.arch, len(answers), settings.weights)
    photos = [
        check_photos(each, settings.size, Path(cache.name) / str(number), settings.skip_bad)
        for number, each in enumerate(found)
    ]
except (DataError, ModelError) as error:
    raise SystemExit(f"Cannot train:\n{error}") from None

training, validation = photos if len(photos) == 2 else split(photos[0], settings.valid, settings.seed)
print(f"training on   {training.counts()}")
print(f"validating on {validation.counts()}")

# %% [markdown]
# ## 3. Batches
#
# Training crops a random part of each photo, between 35 % and all of it, stretched by up to 3:2: photos arrive in every
# framing and every aspect ratio. Validation squeezes the whole photo into the input, as serving does. Flips, small
# rotations and changes of light follow, on the GPU where there is one.

# %%
train_crop = RandomResizedCrop(train_size, min_scale=settings.min_scale, ratio=(2 / 3, 3 / 2))
train_crop.split_idx = 0  # training only
valid_resize = Resize(settings.size, method=ResizeMethod.Squish)
valid_resize.split_idx = 1  # validation only
normalise = Normalize.from_stats(IMAGENET_MEAN, IMAGENET_STD, cuda=torch.cuda.is_available())

epoch = repeat_neither(training, settings.neither_share)
paths, targets = [*epoch.paths, *validation.paths], [*epoch.answers, *validation.answers]
dls = DataBlock(
    blocks=(ImageBlock, CategoryBlock(vocab=answers, sort=False)),
    get_x=lambda index: paths[index],
    get_y=lambda index: targets[index],
    splitter=lambda items: (range(len(epoch)), range(len(epoch), len(items))),
    item_tfms=[train_crop, valid_resize],
    batch_tfms=[*aug_transforms(max_rotate=10, max_lighting=0.3, max_warp=0.1), normalise],
).dataloaders(range(len(paths)), bs=min(settings.batch_size, len(epoch)), num_workers=workers)

if IN_NOTEBOOK:
    dls.show_batch(max_n=9)

# %% [markdown]
# ## 4. The network
#
# A body that has learned to see from a million photos, and a new head: the average of its feature maps and one linear
# layer. The first stages know edges and textures already; `--frozen-stages` leaves them alone, which is much faster.

# %%
body, head = network
for stage in list(body.children())[: settings.frozen_stages]:
    stage.requires_grad_(requires_grad=False)


def splitter(module: torch.nn.Sequential) -> list[list[torch.nn.Parameter]]:
    """Two groups with their own learning rates: what is trained of the body, and the head."""
    return [[p for p in params(module[0]) if p.requires_grad], params(module[1])]


learn = Learner(dls, network, loss_func=CrossEntropyLossFlat(), metrics=accuracy, splitter=splitter, cbs=BnFreeze)
if torch.cuda.is_available():
    learn.to_channelslast()  # channels_last and float16 where it is safe
    hardware = torch.cuda.get_device_name()
else:
    learn.to_channelslast(use_amp=False)
    hardware = f"{available_cores()} CPU cores ({platform.machine()})"
print(f"{settings.arch} on {hardware}, {len(dls.train)} steps an epoch")

# %% [markdown]
# ## 5. Train
#
# First the head alone, then everything, with a learning rate that rises and falls (one cycle, Smith 2018) and is ten
# times lower in the body. Random weights have nothing to preserve: they train as a whole from the start.

# %%
if settings.weights == "none":
    learn.fit_one_cycle(settings.freeze_epochs + settings.epochs, settings.lr)
else:
    learn.fine_tune(settings.epochs, settings.lr, freeze_epochs=settings.freeze_epochs, lr_mult=settings.lr_mult)

# %% [markdown]
# ## 6. Write the model folder, and measure exactly what was written
#
# The graph is reduced to int8 with ranges seen on training photos. The temperature that makes its probabilities honest
# (Guo et al. 2017) is fitted on the validation photos, through `model/`: what is measured is what is served.

# %%
config = Config(
    format_version=FORMAT_VERSION,
    name=settings.name or settings.out.resolve().name,
    labels=labels,
    input=Input(
        height=settings.size,
        width=settings.size,
        resize="squish",
        mean=IMAGENET_MEAN,
        std=IMAGENET_STD,
    ),
    temperature=1,
    neither=Neither(method="output", meaning=f"'{NEITHER}' means: none of {', '.join(labels)} is in the photo.")
    if settings.neither
    else None,
    architecture=Architecture(library="torchvision", name=settings.arch),
    training={
        "data": settings.data_name or settings.data.resolve().name,
        "photos": training.counts(),
        "validation_photos": validation.counts(),
        **origin(settings.weights),
        "licence": settings.licence,
        "settings": {name: value for name, value in vars(settings).items() if not isinstance(value, Path)},
        "history": [dict(zip(learn.recorder.metric_names[1:], row, strict=False)) for row in learn.recorder.values],
        "hardware": hardware,
        "minutes": (time.monotonic() - started) / 60,
    },
    metrics={},
    versions=versions(),
)

with written_whole(settings.out) as folder, tempfile.TemporaryDirectory() as scratch:
    save_weights(network, folder / WEIGHTS)
    float_graph = Path(scratch) / "float.onnx"
    export_onnx(network, float_graph, settings.size, settings.size)
    in_torch = Classifier(TorchNetwork(network), config)
    sample = np.random.default_rng(settings.seed).choice(len(epoch), min(CALIBRATION_PHOTOS, len(epoch)), replace=False)
    quantise(float_graph, folder / ONNX, [in_torch.batch([in_torch.prepare(epoch.paths[i])]) for i in sample])

    (folder / CONFIG).write_text(config.to_json(), "utf-8")
    logits, truth = collect_logits(load_folder(folder), validation, "fitting the temperature")
    config = config.model_copy(update={"temperature": fit_temperature(logits, truth)})
    (folder / CONFIG).write_text(config.to_json(), "utf-8")
    result = measure(load_folder(folder), validation, "validating")
    config = config.model_copy(update={"metrics": {"validation": result}})
    (folder / CONFIG).write_text(config.to_json(), "utf-8")
    (folder / CARD).write_text(model_card(config), "utf-8")
cache.cleanup()

print(f"\n{settings.out} on the validation photos\n\n" + "\n".join(metric_rows(result)))
print(f"\nTry it:   python -m model --model {settings.out} PHOTO")
print(f"Serve it: MODEL={settings.out} python app.py")
