# %% [markdown]
# # Transfer learning, written out
#
# A network that has learned to see from a million photos is kept as it is: the **base**, frozen. What it makes of each of your
# photos, the **features**, goes into a small new network that learns your labels: the **head**. First in plain PyTorch, then as
# the fastai call that does the same; the two must come out equal, and the last table shows that they do.
#
#     python -m training.transfer --data PHOTOS --out models/mine
#     python -m training.transfer --data PHOTOS --out models/mine --arch xception --head linear
#
# `fine_tune.py` goes on from here: it trains the base too, on photos that are never the same twice.

# %%
from __future__ import annotations

import copy
import math
import time
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

import matplotlib.pyplot as plt
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset
from tqdm.auto import tqdm

from model.config import Input
from model.errors import ModelError, OutputError
from model.folder import ONNX, REPORT, WEIGHTS, check_replaceable, load_folder, new_model_folder
from model.save import export_onnx, save_weights
from model.whole import whole_file
from training.data.photos import DataError, check_disk
from training.data.pictures import draw_pictures, read_pictures, split_pictures, without_bad
from training.data.sources import open_data
from training.fit.base import Base, pretrained_base
from training.fit.drawing import draw_curves, draw_predictions
from training.fit.finish import calibrate, document
from training.fit.provenance import lesson_config, provenance
from training.options import above_zero, at_least_one, option, parse, part, small_side
from training.program import IN_NOTEBOOK, say_when_interrupted
from training.quality.schema import metrics_of
from training.quality.tables import metric_rows
from training.settings import SmallLesson

# %% [markdown]
# ## 1. Settings
#
# Each line is an option of the command line, with a value that works; `training/settings.py` has those that all lessons share.
# In a notebook, write the options into `NOTEBOOK_OPTIONS`.
#
# The base is any network of torchvision or timm. Xception is timm's; a name that both have is torchvision's, unless
# `timm:resnet50` says otherwise.

# %%
NOTEBOOK_OPTIONS = "--data photos --out models/mine"


@dataclass(frozen=True, kw_only=True)
class Settings(SmallLesson):
    """What can be chosen."""

    arch: str = option("resnet50", "a network of torchvision or timm: xception, resnet50, timm:resnet50...", group="training")
    weights: str = option("imagenet", "imagenet (downloaded), none, or a state dict file")
    head: Literal["hidden", "linear"] = option("hidden", "what is trained on the features; both are in the script")
    size: int = option(150, "side of the network's input", check=small_side)
    epochs: int = option(10, "of the head", check=at_least_one)
    batch_size: int = option(64, "photos per step", check=at_least_one)
    lr: float = option(1e-3, "highest learning rate", check=above_zero)
    warm_up: float | None = option(None, "share of the training in which it rises (default: the recipe's)", check=part)
    decay_to: float | None = option(None, "share of it that is left at the end (default: the recipe's)", check=part)
    fastai: bool = option(True, "leave out the fastai call that comes to the same", flag="--no-fastai")


settings = parse(
    Settings,
    "transfer",
    "Train a new head on a frozen base, in plain PyTorch and with fastai: photos in, a model folder out.",
    "A few hundred photos are enough: the base has learned to see from a million others.",
    NOTEBOOK_OPTIONS.split() if IN_NOTEBOOK else None,
)
device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
torch.manual_seed(settings.seed)
if not IN_NOTEBOOK:
    plt.switch_backend("Agg")
say_when_interrupted("Interrupted; no model was written.")

# %% [markdown]
# ## 2. Photos, and a base
#
# The base comes with the weights it was trained to on ImageNet, and expects colours as they were normalised there: its library
# says how. Some of the photos are held back: **validation** photos tell how it goes while we train.

# %%
run = settings.out.with_name(settings.out.name + "-run")  # what belongs to the run, not to the model
checkpoint = run / "best.pth"
try:
    check_replaceable(settings.out)
    check_disk(settings.out.parent, needed=500_000_000)
    base = pretrained_base(settings.arch, settings.weights, settings.size)
    found = open_data(
        settings.data, run / "data", settings.label_from, label_column=settings.label_column, image_column=settings.image_column
    )
    if settings.skip_bad:
        found = without_bad(found)
    for remark in found.remarks:
        print(remark)
    found = draw_pictures(found, settings.seed, settings.per_class)
    splits, left_out = split_pictures(found, settings.valid, settings.seed)
    training, validation, test = splits
    size = Input(height=settings.size, width=settings.size, resize="squish", mean=base.mean, std=base.std)
    photos, targets = read_pictures(training, size, "reading photos to train on")
    valid_photos, valid_targets = read_pictures(validation, size, "reading photos to validate on")
except (DataError, ModelError, OSError, OutputError) as error:
    raise SystemExit(f"Cannot train: {error}") from None
run.mkdir(parents=True, exist_ok=True)
labels = training.labels
print(f"{len(training):,} photos to train on, {len(validation):,} to validate on, {len(test) if test else 0:,} to test on")
if left_out:
    print(f"{left_out:,} near-duplicates of photos to validate or to test on are left out")
print(f"{base.name} of {base.library}: {base.width:,} features of each photo")
if base.note:
    print(base.note)
if settings.weights == "none":
    print("its weights are random: it has never seen anything, and a head on it learns little")

# %% [markdown]
# ## 3. Frozen means frozen
#
# The base ends in a few hundred or thousand **feature maps**: how much of something is where. **Global average pooling** keeps
# how much of it there is anywhere, one number a map. Frozen means three things. No weight gets a gradient. Dropout is off. And
# batch norms use the means and variances they have (`eval`), also while the head is trained: a batch norm in training mode
# normalises each batch by itself and moves towards your photos, so the base would change although no optimiser touches it, and
# the features of a photo would depend on its neighbours in the batch.


# %%
class Frozen(nn.Module):
    """A frozen base: uint8 (N, 3, H, W), 0-255 → features float32 (N, F)."""

    def __init__(self, base: Base) -> None:
        super().__init__()
        self.network = nn.Sequential(base.body, *base.pool).requires_grad_(requires_grad=False)
        self.mean, self.std = (torch.tensor(values, device=device).view(3, 1, 1) for values in (base.mean, base.std))

    def train(self, mode: bool = True) -> Frozen:
        """Stay in evaluation mode, whatever is asked for."""
        return super().train(mode=False)

    def forward(self, photos: torch.Tensor) -> torch.Tensor:
        """Normalise, look, and average over all places."""
        return self.network((photos.to(device) / 255 - self.mean) / self.std)


frozen = Frozen(base).to(device).eval()
before = copy.deepcopy(frozen.state_dict())  # weights, and the statistics of batch norms

# %% [markdown]
# ## 4. Look at every photo once
#
# A frozen base gives the same features for the same photo in every epoch. So they are computed once, and every epoch trains on
# them: that makes transfer learning a matter of seconds once the base has looked, even without a GPU. The price is
# **augmentation**. A photo that is flipped or cropped anew in every epoch has new features in every epoch, and the base must
# look again. `fine_tune.py` pays that price.


# %%
def features_of(photos: torch.Tensor, description: str) -> torch.Tensor:
    """Features float32 (N, F) of photos uint8 (N, 3, H, W)."""
    with torch.inference_mode():
        return torch.cat([frozen(batch) for batch in tqdm(photos.split(32), desc=description, unit="batch")])


clock = time.perf_counter()
features, valid_features = features_of(photos, "features to train on"), features_of(valid_photos, "features to validate on")
targets, valid_targets = targets.to(device), valid_targets.to(device)
looking = time.perf_counter() - clock

# %% [markdown]
# ## 5. Two heads, and their learning rates
#
# `hidden`: features → 128 numbers → ReLU → one logit per label, trained by Adam at one learning rate. `linear`: features →
# logits, and nothing between; it learns less, and overfits later. Its learning rate follows a **schedule**: it rises for a
# while, since the averages that Adam goes by are still of few gradients, and falls along half a cosine to almost nothing, so
# that the head settles (Loshchilov and Hutter 2017). `--warm-up 0.2 --decay-to 0.01` gives it to the other head too.


# %%
@dataclass(frozen=True)
class Recipe:
    """How a head is built and trained."""

    hidden: int  # numbers between features and logits; 0: none
    warm_up: float = 0.0  # share of the training in which the learning rate rises
    decay_to: float = 1.0  # share of it that is left at the end


RECIPES = {"hidden": Recipe(hidden=128), "linear": Recipe(hidden=0, warm_up=0.2, decay_to=0.01)}
changes = {name: value for name in ("warm_up", "decay_to") if (value := getattr(settings, name)) is not None}
recipe = replace(RECIPES[settings.head], **changes)


def new_head() -> nn.Sequential:
    """Features (N, F) → logits (N, outputs), with random weights."""
    hidden = [nn.Linear(base.width, recipe.hidden), nn.ReLU()] if recipe.hidden else []
    return nn.Sequential(*hidden, nn.Linear(recipe.hidden or base.width, len(labels))).to(device)


def learning_rate(progress: float) -> float:
    """The learning rate when a share `progress` of the training, 0-1, is done."""
    if recipe.warm_up and progress <= recipe.warm_up:
        return settings.lr * max(progress / recipe.warm_up, recipe.decay_to)
    decayed = (progress - recipe.warm_up) / (1 - recipe.warm_up)
    return settings.lr * (recipe.decay_to + (1 - recipe.decay_to) * (1 + math.cos(math.pi * decayed)) / 2)


plt.figure(figsize=(4.5, 3))
plt.plot(*zip(*[(settings.epochs * i / 200, learning_rate(i / 200)) for i in range(201)], strict=True))
plt.gca().set(title="learning rate", xlabel="epochs", ylim=(0, 1.05 * settings.lr))
plt.grid(alpha=0.3)
plt.tight_layout()
plt.savefig(run / "schedule.png", dpi=80)

# %% [markdown]
# ## 6. The loop
#
# Forward, loss, backward, step: four lines per batch. After every epoch the head answers the validation photos, and if it never
# had more of them right, or as many with a smaller loss, its weights are the new **checkpoint**. The base is not in it: it does
# not change. Ctrl-C ends the training with the best epoch so far; nothing is resumed, since the epochs take seconds.


# %%
def batches(inputs: torch.Tensor) -> DataLoader[tuple[torch.Tensor, ...]]:
    """Inputs and targets in batches, shuffled anew every epoch: in the same order for whoever asks."""
    order = torch.Generator().manual_seed(settings.seed)
    return DataLoader(TensorDataset(inputs, targets), settings.batch_size, shuffle=True, generator=order)


def validate(head: nn.Module) -> tuple[float, float]:
    """Validation loss in nats, and accuracy 0-1."""
    with torch.inference_mode():
        logits = head(valid_features)
    return float(F.cross_entropy(logits, valid_targets)), float((logits.argmax(1) == valid_targets).float().mean())


first_head = new_head()
head = copy.deepcopy(first_head)
optimiser = torch.optim.Adam(head.parameters(), settings.lr)
shuffled = batches(features)
history: list[dict[str, float]] = []
best = (-1.0, 0.0, 0)  # accuracy, negative loss, epoch
step, steps = 0, settings.epochs * len(shuffled)
clock = time.perf_counter()
try:
    for epoch in range(1, settings.epochs + 1):
        losses = torch.zeros((), device=device)
        for batch, answers in shuffled:
            for group in optimiser.param_groups:
                group["lr"] = learning_rate(step / steps)
            loss = F.cross_entropy(head(batch), answers)  # forward, loss
            optimiser.zero_grad()
            loss.backward()  # backward
            optimiser.step()  # step
            losses += loss.detach()
            step += 1
        valid_loss, right = validate(head)
        row = {
            "epoch": epoch,
            "train_loss": float(losses) / len(shuffled),
            "valid_loss": valid_loss,
            "valid_accuracy": right,
            "lr": optimiser.param_groups[0]["lr"],
        }
        print("  ".join(f"{name} {value:.4g}" for name, value in row.items()), flush=True)
        if (right, -valid_loss) > best[:2]:
            with whole_file(checkpoint) as file:
                torch.save(head.state_dict(), file)
            best = (right, -valid_loss, epoch)
        history.append(row)
except KeyboardInterrupt:
    if not history:
        raise
    print(f"\nInterrupted: going on with the best of {len(history)} epochs.")
seconds = looking + time.perf_counter() - clock
say_when_interrupted(f"Interrupted; {settings.out} was not written. The head of the best epoch is in {checkpoint}.")

# %% [markdown]
# ## 7. The curves, and the best epoch loaded again
#
# Where the loss of validation rises while that of training falls, the head overfits. With a few
# hundred photos that takes a few epochs, and the checkpoint is what saves us from the last one. A new head is filled with it
# and must answer as well as the old one did on its best day; and the base must be what it was.

# %%
draw_curves(history, run / "curves.png")
last_head = head
head = new_head()
head.load_state_dict(torch.load(checkpoint, map_location=device, weights_only=True))
print(f"best epoch: {best[2]}, validation accuracy {best[0]:.4f}; loaded again: {validate(head)[1]:.4f}")
changed = [name for name, tensor in frozen.state_dict().items() if not torch.equal(tensor, before[name])]
print(f"of the {len(before):,} tensors of the base {len(changed):,} have changed")

# %% [markdown]
# ## 8. A model folder, and ten predictions
#
# Base, average and head are one network again, and the folder is one like any other: the app serves it. A temperature
# calibrates the probabilities (Guo et al. 2017). Where there are no photos to test on, those to validate on are measured: the
# best epoch was chosen by them, so that is a little too good.

# %%
network = nn.Sequential(base.body, nn.Sequential(*base.pool, *head))
described = f"{base.name}, frozen, with the {settings.head} head of training/transfer.py"
where_from = provenance(settings, training, validation, settings.weights, history, **vars(recipe))
config = lesson_config(settings, labels, size, described, where_from)
name, shown = ("test", test) if test else ("validation", validation)
with new_model_folder(settings.out) as folder:
    save_weights(network, folder / WEIGHTS)
    export_onnx(copy.deepcopy(network), folder / ONNX, settings.size, settings.size)
    config = calibrate(folder, config, validation)
    draw_predictions(load_folder(folder), shown, run / "predictions.png")
    drawn = [run / f"{picture}.png" for picture in ("schedule", "curves", "predictions")]
    config = document(folder, config, name, shown, pictures=drawn)
checkpoint.unlink()
say_when_interrupted(f"Interrupted; the model is in {settings.out}.")
print(f"\n{settings.out} on {len(shown):,} {name} photos\n\n" + "\n".join(metric_rows(metrics_of(config)[name])))

# %% [markdown]
# ## 9. The same as a fastai call
#
# `Learner` and `fit` hide the loop, and little else: the same base, first weights, batches and learning rates. Two things must
# be said. `opt_func`: fastai's own Adam has other averages, and weight decay. `train_bn=False`: else fastai goes on training
# the batch norms of a frozen base, and the two part. (`vision_learner(dls, resnet50)` downloads the base and builds a head;
# then it is such a `Learner`.) fastai sends every photo through the base in every epoch: that is what it takes as soon as
# photos are augmented or the base is trained too, and it is why `fine_tune.py` does it. Both are compared after their last
# epoch.

# %%
if settings.fastai and len(history) == settings.epochs:
    from fastai.vision.all import DataLoaders, Learner, OptimWrapper, ParamScheduler, accuracy, params

    print(f"the same with fastai: about {settings.epochs * looking / 60:.1f} minutes; --no-fastai leaves it out")
    valid = DataLoader(TensorDataset(valid_photos, valid_targets), 64)
    dls = DataLoaders(batches(photos), valid, device=device)
    whole = nn.Sequential(frozen, copy.deepcopy(first_head))
    adam, halves = partial(OptimWrapper, opt=torch.optim.Adam), lambda m: [params(m[0]), params(m[1])]
    learn = Learner(dls, whole, F.cross_entropy, opt_func=adam, splitter=halves, metrics=accuracy, train_bn=False)
    learn.freeze()
    clock = time.perf_counter()
    learn.fit(settings.epochs, settings.lr, cbs=ParamScheduler({"lr": learning_rate}))
    of_fastai = time.perf_counter() - clock
    with torch.inference_mode():
        difference = (last_head(valid_features).softmax(1) - whole[1](valid_features).softmax(1)).abs().max()
    print("\n| epoch | loss, PyTorch | fastai | accuracy, PyTorch | fastai |\n|---|---|---|---|---|")
    for row, (_, loss_there, right_there, *_) in zip(history, learn.recorder.values, strict=True):
        ours = f"| {row['epoch']} | {row['valid_loss']:.5f} | {loss_there:.5f}"
        print(f"{ours} | {row['valid_accuracy']:.2%} | {right_there:.2%} |")
    print(f"\nOn no validation photo do two probabilities differ by more than {difference:.1e}.")
    print(f"PyTorch took {seconds:.1f} s (looking at every photo once: {looking:.1f} s), fastai {of_fastai:.1f} s.")

print(f"\nLook at the curves: {settings.out / REPORT / 'curves.png'}")
print(f"and at the answers: {settings.out / REPORT / 'predictions.png'}")
print(f"Read the report:    {settings.out / REPORT / 'report.html'}")
print(f"Serve it:           MODEL_REPO={settings.out} python app.py")
