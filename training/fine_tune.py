# %% [markdown]
# # Fine-tune an image classifier
#
# Photos go in; a model folder comes out: labels, weights, an int8 graph that serves, and a card with its measured
# quality. Read it from top to bottom as a lesson, run it cell by cell, or run it as a script:
#
#     python -m training.fine_tune --data PHOTOS --out models/mine
#
# `PHOTOS` holds one folder of photos per class. `--help` lists everything else that it can be, and every setting.

# %%
from __future__ import annotations

import sys
import tempfile
import time
from contextlib import nullcontext, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import torch
from fastai.callback.fp16 import AMPMode
from fastai.callback.training import BnFreeze
from fastai.distributed import num_distrib, rank0_first
from fastai.vision.all import (
    CategoryBlock,
    CrossEntropyLossFlat,
    DataBlock,
    EarlyStoppingCallback,
    ImageBlock,
    Learner,
    MixUp,
    Normalize,
    PILImage,
    RandomResizedCrop,
    Resize,
    ResizeMethod,
    Transform,
    accuracy,
    aug_transforms,
    params,
    set_seed,
    valley,
)

from model.classifier import Classifier
from model.config import FORMAT_VERSION, NEITHER, Architecture, Config, Input, Neither
from model.errors import ModelError, OutputError
from model.folder import LEARNER, ONNX, REPORT, WEIGHTS, check_replaceable, new_model_folder
from model.hub.client import PublishError, check_access
from model.network import TorchNetwork, available_cores
from model.save import export_onnx, save_weights
from training.data.check import check_photos
from training.data.formats import in_a_random_format
from training.data.photos import DataError, check_disk
from training.data.report import describe, text, write
from training.data.sources import open_data
from training.data.split import Splits, repeat_neither, split_found
from training.fit.checkpoint import Checkpoint
from training.fit.export import export_learner, quantise, versions
from training.fit.finish import calibrate, document
from training.fit.provenance import provenance
from training.fit.weights import pretrained
from training.options import LEAVE_SOURCES_OUT, above_zero, at_least_one, count, option, parse, share, share_or_sources, side
from training.program import IN_NOTEBOOK, MAIN_PROCESS, STARTED, say_when_interrupted
from training.publish import publish_trained
from training.quality.machine import trainer
from training.quality.schema import metrics_of
from training.quality.tables import metric_rows
from training.settings import PhotosToModel

# %% [markdown]
# ## 1. Settings
#
# Each line is an option of the command line, with a value that works. `training/settings.py` has those that all lessons share:
# photos in, model out. In a notebook, write the options into `NOTEBOOK_OPTIONS`.

# %%
NOTEBOOK_OPTIONS = "--data photos --out models/mine"


@dataclass(frozen=True, kw_only=True)
class Settings(PhotosToModel):
    """What can be chosen."""

    # network
    arch: str = option("resnet34", "an architecture of torchvision or timm", group="network")
    weights: str = option("imagenet", "imagenet (downloaded), none, or a state dict file")
    size: int = option(224, "side of the network's input", check=side)
    train_size: int | None = option(None, "side while training; a smaller one is faster (default: --size)", check=side)
    frozen_stages: int = option(0, "first modules of the body that never train", check=count, metavar="N")
    # schedule
    epochs: int = option(4, "of the whole network", check=at_least_one, group="schedule")
    freeze_epochs: int = option(1, "of the head alone, before", check=count)
    batch_size: int = option(64, "photos per step", check=at_least_one)
    lr: float = option(2e-3, "fine_tune's base learning rate", check=above_zero)
    lr_find: bool = option(False, "look for the learning rate first, and use what is found")
    lr_mult: float = option(10.0, "how much slower the body learns", check=above_zero)
    patience: int | None = option(
        None, "stop when validation has not improved for so many epochs", check=at_least_one, metavar="EPOCHS"
    )
    resume: bool = option(False, "go on where an interrupted run with these settings stopped")
    # what is seen of the photos
    valid: float | str | None = option(
        None,
        f"photos to validate on; with {LEAVE_SOURCES_OUT}, whole sources that make up about a tenth (default: that with 3 "
        "sources and more, else 0.1)",
        check=share_or_sources,
        metavar="SHARE",
        group="photos while training",
    )
    neither_share: float = option(0.15, "share of an epoch for the photos of neither, repeated", check=share, metavar="SHARE")
    min_scale: float = option(0.35, "smallest share of a photo that a crop keeps", check=share)
    formats: bool = option(
        True,
        "leave photos in the format they have: for data whose classes share one, and that will only see that one",
        flag="--one-format",
    )
    # regularisation
    class_weights: bool = option(False, "every class weighs the same, however small", group="regularisation")
    label_smoothing: float = option(0.0, "for example 0.1 (default: none)", check=share, metavar="SHARE")
    mixup: float | None = option(None, "train on mixtures of two photos, for example 0.2", check=above_zero, metavar="ALPHA")
    # machine
    seed: int = option(42, "of the split, the shuffling and the new weights", check=count, group="machine")
    workers: int | None = option(None, "processes that decode photos (default: by the cores; 0 off Linux)", check=count)
    compile: bool = option(False, "torch.compile the network; pays on a GPU and many epochs")

    def __post_init__(self) -> None:
        super().__post_init__()
        if isinstance(self.valid, float) and self.valid + self.test >= 1:
            raise ValueError(f"--valid {self.valid} and --test {self.test} leave nothing to train on")


settings = parse(
    Settings,
    "fine_tune",
    "Fine-tune an image classifier: photos in, a model folder out.",
    "Without a GPU, training.head takes minutes instead of hours, and its model is often the better one.",
    NOTEBOOK_OPTIONS.split() if IN_NOTEBOOK else None,
)
train_size = settings.train_size or settings.size
workers = settings.workers
if workers is None:  # elsewhere than on Linux each worker would run this script again; two cores are better off without
    workers = min(8, available_cores()) if sys.platform == "linux" and available_cores() > 2 else 0
CALIBRATION_PHOTOS = 256
ROBUSTNESS_PHOTOS = 100
say = print if MAIN_PROCESS else lambda *_, **__: None
set_seed(settings.seed, reproducible=False)
if not IN_NOTEBOOK:
    matplotlib.use("Agg")
say_when_interrupted("Interrupted; no model was written. Use the same command with --resume to go on.")

# %% [markdown]
# ## 2. Look at the data before spending time on it
#
# Whatever is wrong with the photos is said now, all of it at once. Every photo goes through the same door that a
# visitor's photo goes through (`model/photo.py`), so training sees what serving sees. Near-duplicates stay on one side
# of the split: a test on photos that were trained on, saved again, is no test.

# %%
run = settings.out.with_name(settings.out.name + "-run")  # what belongs to the run, not to the model


def look_at_the_data() -> Splits:
    """The photos of the run, checked and split; data.json says what they are."""
    rules = settings.label_from, settings.neither, settings.labels, settings.layout
    found = open_data(settings.data, run / "data", *rules, settings.label_column, settings.image_column)
    checked = check_photos(found, settings.size, run / "photos", settings.skip_bad)
    shares = settings.valid, settings.test
    splits, left_out = split_found(checked.photos, checked.came, checked.groups, *shares, settings.seed)
    facts = describe(checked, splits.by_name(), left_out, settings.size, found)
    write(facts, run / "data.json")
    say(text(facts))
    return splits


try:
    check_replaceable(settings.out)
    check_disk(settings.out.parent, needed=500_000_000)
    if settings.push and MAIN_PROCESS:  # a missing token is better known before training than after
        check_access(settings.push)
    if settings.space and MAIN_PROCESS:
        check_access(settings.space, "space")
    run.mkdir(parents=True, exist_ok=True)
    training, validation, test = rank0_first(look_at_the_data) if num_distrib() > 1 else look_at_the_data()
    labels = training.labels
    knows_neither = NEITHER in training.answers
    answers = [*labels, *([NEITHER] if knows_neither else [])]
    start = pretrained(settings.arch, len(answers), settings.weights)
    same = {name: str(value) for name, value in asdict(settings).items() if name not in ("resume", "push", "space", "private")}
    checkpoint = Checkpoint(run, same | {"labels": ", ".join(labels)}, settings.resume)
except (DataError, ModelError, OSError, OutputError, PublishError) as error:
    with suppress(OSError):  # where there is something in it already, it stays
        run.rmdir()
    raise SystemExit(f"Cannot train: {error}") from None
network = start.network

# %% [markdown]
# ## 3. Batches
#
# Training crops a random part of each photo, between 35 % and all of it, stretched by up to 3:2: photos arrive in every
# framing and every aspect ratio. Before that, each photo is shrunk, softened or compressed at random, in every class alike:
# its **format** then says nothing about what it shows. Validation squeezes the whole photo into the input, as serving does.
# Flips, small rotations and changes of light follow, on the GPU where there is one.


# %%
class RandomFormat(Transform):
    """A photo as another source might have saved it; while training only."""

    split_idx = 0

    def encodes(self, photo: PILImage) -> PILImage:
        """See `training/data/formats.py`."""
        return PILImage(in_a_random_format(photo, np.random.default_rng(np.random.randint(2**31))))


train_crop = RandomResizedCrop(train_size, min_scale=settings.min_scale, ratio=(2 / 3, 3 / 2))
train_crop.split_idx = 0  # training only
valid_resize = Resize(settings.size, method=ResizeMethod.Squish)
valid_resize.split_idx = 1  # validation only
normalise = Normalize.from_stats(start.mean, start.std, cuda=torch.cuda.is_available())

augmentations = aug_transforms(max_rotate=10, max_lighting=0.3, max_warp=0.1)
epoch = repeat_neither(training, settings.neither_share)
files, targets = [*epoch.paths, *validation.paths], [*epoch.answers, *validation.answers]
dls = DataBlock(
    blocks=(ImageBlock, CategoryBlock(vocab=answers, sort=False)),
    get_x=lambda index: files[index],
    get_y=lambda index: targets[index],
    splitter=lambda items: (range(len(epoch)), range(len(epoch), len(items))),
    item_tfms=[*([RandomFormat()] if settings.formats else []), train_crop, valid_resize],
    batch_tfms=[*augmentations, normalise],
).dataloaders(range(len(files)), bs=min(settings.batch_size, len(epoch)), num_workers=workers)

if MAIN_PROCESS:
    dls.train.show_batch(max_n=16, nrows=4, ncols=4)
    plt.savefig(run / "contact_sheet.png", dpi=80, bbox_inches="tight")
    say(f"look at {run / 'contact_sheet.png'}: photos as the network will see them; and at {run / 'data.json'}")
    if not IN_NOTEBOOK:
        plt.close("all")

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


counts = training.counts()
share_of = {answer: counts.get(answer, 0) / len(training) for answer in answers}
class_weights = torch.tensor([1 / (len(answers) * share_of[answer]) for answer in answers]).to(dls.device)
loss = CrossEntropyLossFlat(weight=class_weights if settings.class_weights else None, label_smoothing=settings.label_smoothing)
extras = [MixUp(settings.mixup)] if settings.mixup else []
learn = Learner(dls, network, loss_func=loss, metrics=accuracy, splitter=splitter, cbs=[BnFreeze, *extras])
if torch.cuda.is_available():  # channels_last, and half precision where it is safe
    learn.to_channelslast(amp_mode=AMPMode.BF16 if torch.cuda.is_bf16_supported() else AMPMode.FP16)
else:
    learn.to_channelslast(use_amp=False)
if settings.compile:
    network.compile()
say(f"{settings.arch} ({start.library}) on {trainer()}, {len(dls.train)} steps an epoch")

config = Config(
    format_version=FORMAT_VERSION,
    name=settings.name,
    labels=labels,
    input=Input(height=settings.size, width=settings.size, resize="squish", mean=start.mean, std=start.std),
    temperature=1,
    neither=Neither(method="output", meaning=f"'{NEITHER}' means: none of {', '.join(labels)} is in the photo.")
    if knows_neither
    else None,
    architecture=Architecture(library=start.library, name=settings.arch),
    training={},
    metrics={},
    versions=versions(),
)

# %% [markdown]
# ## 5. Train
#
# First the head alone, then everything, with a learning rate that rises and falls (one cycle, Smith 2018) and is ten
# times lower in the body. Random weights have nothing to preserve: they train as a whole from the start. The state is
# written after every epoch, for `--resume`, and the best epoch is the one that is kept.

# %%
lr = checkpoint.state.get("lr", settings.lr)
whole_from_the_start = settings.weights == "none"
if settings.lr_find and not settings.resume:
    if not whole_from_the_start:
        learn.freeze()
    with nullcontext() if IN_NOTEBOOK else learn.no_bar():
        lr = float(learn.lr_find(suggest_funcs=(valley,)).valley)
    checkpoint.state["lr"] = lr
    plt.savefig(run / "lr_find.png", dpi=80)
    say(f"learning rate {lr:.1e}, as found; the curve is in {run / 'lr_find.png'}")
learn.add_cbs([checkpoint, *([EarlyStoppingCallback(patience=settings.patience)] if settings.patience else [])])
rates = slice(lr / settings.lr_mult, lr)
frozen, whole = settings.freeze_epochs, settings.epochs
with learn.distrib_ctx(sync_bn=False) if num_distrib() > 1 else nullcontext():
    if whole_from_the_start:
        if (first := checkpoint.start(0, frozen + whole)) is not None:
            learn.fit_one_cycle(frozen + whole, lr, start_epoch=first)
    else:
        if (first := checkpoint.start(0, frozen)) is not None:
            learn.freeze()
            learn.fit_one_cycle(frozen, slice(lr), pct_start=0.99, start_epoch=first)
        if (first := checkpoint.start(1, whole)) is not None:
            learn.unfreeze()
            half = slice(rates.start / 2, rates.stop / 2)
            learn.fit_one_cycle(whole, half, pct_start=0.3, div=5.0, start_epoch=first)
if not MAIN_PROCESS:
    sys.exit()  # the other processes have done their share
checkpoint.restore_best()

# %% [markdown]
# ## 6. Write the model folder, and measure exactly what was written
#
# The graph is quantised to int8 with ranges seen on training photos. The temperature that calibrates its probabilities
# (Guo et al. 2017) is fitted on the validation photos, through `model/`: what is measured is what is served. The report
# is about the test photos where there are some: nothing was chosen by looking at them.

# %%
training_block = provenance(settings, training, validation, settings.weights, checkpoint.history, lr=lr)
config = config.model_copy(update={"training": training_block})

with new_model_folder(settings.out) as folder, tempfile.TemporaryDirectory() as scratch:
    save_weights(network, folder / WEIGHTS)
    float_graph = Path(scratch) / "float.onnx"
    export_onnx(network, float_graph, settings.size, settings.size)
    in_torch = Classifier(TorchNetwork(network), config)
    sample = np.random.default_rng(settings.seed).choice(len(epoch), min(CALIBRATION_PHOTOS, len(epoch)), replace=False)
    quantise(float_graph, folder / ONNX, [in_torch.batch([in_torch.prepare(epoch.paths[i])]) for i in sample])

    config = calibrate(folder, config, validation)
    export_learner(network, config, folder / LEARNER)
    name, photos = ("test", test) if test else ("validation", validation)
    config = document(folder, config, name, photos, ROBUSTNESS_PHOTOS)
checkpoint.remove()

say(f"\n{settings.out} on the {name} photos\n\n" + "\n".join(metric_rows(metrics_of(config)[name])))
say(f"\n{(time.monotonic() - STARTED) / 60:.1f} minutes in all")
say(f"\nLook at the report: {settings.out / REPORT / 'report.html'}")
say(f"Try it:             python -m model --model {settings.out} PHOTO")
say(f"Serve it:           MODEL_REPO={settings.out} python app.py")

# %% [markdown]
# ## 7. Publish
#
# `--push USER/NAME` uploads the folder in one commit, downloads it again, checks that it answers identically, and tags
# the version. `--space USER/NAME` puts the app beside it.

# %%
publish_trained(settings.out, settings.push, settings.space, settings.private)
