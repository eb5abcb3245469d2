# %% [markdown]
# # Transfer learning, written out
#
# A network that has learned to see from a million photos is kept as it is: the **base**, frozen. What it makes of each of
# your photos, the **features**, goes into a small new network that learns your labels: the **head**. First in plain
# PyTorch, then as the fastai call that does the same; the two must come out equal, and the last table shows that they do.
#
#     python -m training.transfer --data PHOTOS --out models/mine
#
# `fine_tune.py` goes on from here: it trains the base too, on photos that are never the same twice.

# %%
from __future__ import annotations

import copy
import time
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset
from tqdm.auto import tqdm

from model.config import Input
from model.errors import ModelError, OutputError
from model.folder import ONNX, REPORT, WEIGHTS, check_replaceable, new_model_folder
from model.save import export_onnx, save_weights
from training.data.photos import DataError, check_disk
from training.data.pictures import draw_pictures, read_pictures, split_pictures
from training.data.sources import open_data
from training.fit.finish import calibrate, document
from training.fit.provenance import lesson_config, provenance
from training.fit.weights import pretrained
from training.options import above_zero, at_least_one, option, parse, small_side
from training.program import IN_NOTEBOOK, say_when_interrupted
from training.quality.schema import metrics_of
from training.quality.tables import metric_rows
from training.settings import SmallLesson

# %% [markdown]
# ## 1. Settings
#
# Each line is an option of the command line, with a value that works; `training/settings.py` has those that all lessons share.
# In a notebook, write the options into `NOTEBOOK_OPTIONS`.

# %%
NOTEBOOK_OPTIONS = "--data photos --out models/mine"


@dataclass(frozen=True, kw_only=True)
class Settings(SmallLesson):
    """What can be chosen."""

    arch: str = option("resnet34", "a convolutional network of torchvision", group="training")
    weights: str = option("imagenet", "imagenet (downloaded), none, or a state dict file")
    size: int = option(224, "side of the network's input", check=small_side)
    epochs: int = option(5, "of the head", check=at_least_one)
    batch_size: int = option(64, "photos per step", check=at_least_one)
    lr: float = option(1e-3, "learning rate", check=above_zero)
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
say_when_interrupted("Interrupted; no model was written.")

# %% [markdown]
# ## 2. Photos, and a base
#
# The base comes from torchvision with the weights it was trained to on ImageNet, and it expects colours as they were
# normalised there. Frozen means two things: no weight gets a gradient, and batch norms keep the statistics they have
# (`eval`), also while the head is trained.

# %%
run = settings.out.with_name(settings.out.name + "-run")  # what belongs to the run, not to the model
try:
    check_replaceable(settings.out)
    check_disk(settings.out.parent, needed=500_000_000)
    found = open_data(settings.data, run / "data", settings.label_from)
    found = draw_pictures(found, settings.seed, settings.per_class)
    splits, left_out = split_pictures(found, settings.valid, settings.seed)
    labels = splits.training.labels
    start = pretrained(settings.arch, len(labels), settings.weights)
    size = Input(height=settings.size, width=settings.size, resize="squish", mean=start.mean, std=start.std)
    photos, targets = read_pictures(splits.training, size, "reading photos to train on")
    valid_photos, valid_targets = read_pictures(splits.validation, size, "reading photos to validate on")
except (DataError, ModelError, OSError, OutputError) as error:
    raise SystemExit(f"Cannot train: {error}") from None
if left_out:
    print(f"{left_out:,} near-duplicates of photos to validate or to test on are left out")


class Base(nn.Module):
    """A frozen base: uint8 (N, 3, H, W), 0-255 → features float32 (N, F), the average of each feature map."""

    def __init__(self, body: nn.Module) -> None:
        super().__init__()
        self.body = body.requires_grad_(requires_grad=False)
        self.mean, self.std = torch.tensor(size.mean).view(3, 1, 1), torch.tensor(size.std).view(3, 1, 1)

    def train(self, mode: bool = True) -> Base:
        """Stay in evaluation mode, whatever is asked for."""
        return super().train(mode=False)

    def forward(self, photos: torch.Tensor) -> torch.Tensor:
        """Normalise, look, and average over all places."""
        x = (photos.to(device) / 255 - self.mean.to(device)) / self.std.to(device)
        return self.body(x).mean((2, 3))


base = Base(start.network[0]).to(device).eval()

# %% [markdown]
# ## 3. Look at every photo once
#
# A frozen base gives the same features for the same photo in every epoch. So they are computed once, and every epoch trains on
# them. This is what makes transfer learning a matter of seconds, even without a GPU.


# %%
def features_of(photos: torch.Tensor, description: str) -> torch.Tensor:
    """Features float32 (N, F) of photos uint8 (N, 3, H, W)."""
    with torch.inference_mode():
        return torch.cat([base(batch) for batch in tqdm(photos.split(32), desc=description, unit="batch")])


clock = time.perf_counter()
features, valid_features = features_of(photos, "features to train on"), features_of(valid_photos, "features to validate on")
targets, valid_targets = targets.to(device), valid_targets.to(device)
looking = time.perf_counter() - clock

# %% [markdown]
# ## 4. Train the head
#
# Features → 128 numbers → ReLU → one logit per label. The optimiser is Adam with the values that fastai chooses; weight
# decay shrinks matrices and leaves biases alone. One line per epoch, four lines per batch.


# %%
def batches(inputs: torch.Tensor) -> DataLoader[tuple[torch.Tensor, ...]]:
    """Inputs and targets in batches, shuffled anew every epoch: in the same order for whoever asks."""
    order = torch.Generator().manual_seed(settings.seed)
    return DataLoader(TensorDataset(inputs, targets), settings.batch_size, shuffle=True, generator=order)


first_head = nn.Sequential(nn.Linear(features.shape[1], 128), nn.ReLU(), nn.Linear(128, len(labels))).to(device)
head = copy.deepcopy(first_head)
decayed, others = ([p for p in head.parameters() if (p.ndim > 1) == matrix] for matrix in (True, False))
groups = [{"params": decayed, "weight_decay": 0.01}, {"params": others, "weight_decay": 0.0}]
optimiser = torch.optim.AdamW(groups, settings.lr, betas=(0.9, 0.99), eps=1e-5)


def validate(logits: torch.Tensor) -> tuple[float, float]:
    """Validation loss in nats, and accuracy 0-1."""
    right = (logits.argmax(1) == valid_targets).float().mean()
    return float(F.cross_entropy(logits, valid_targets)), float(right)


clock = time.perf_counter()
in_pytorch = []
shuffled = batches(features)
for epoch in range(settings.epochs):
    for batch, answers in shuffled:
        loss = F.cross_entropy(head(batch), answers)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    with torch.inference_mode():
        in_pytorch.append(validate(head(valid_features)))
    print(f"epoch {epoch + 1}: validation loss {in_pytorch[-1][0]:.4f}, accuracy {in_pytorch[-1][1]:.4f}")
seconds = looking + time.perf_counter() - clock

# %% [markdown]
# ## 5. A model folder
#
# Base, average and head are one network again, and the folder is one like any other: the app serves it.

# %%
network = nn.Sequential(base.body, nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), *head))
history = [{"epoch": i + 1, "valid_loss": loss, "valid_accuracy": right} for i, (loss, right) in enumerate(in_pytorch)]
described = f"{settings.arch}, frozen, with the head of training/transfer.py"
where_from = provenance(settings, splits.training, splits.validation, settings.weights, history)
config = lesson_config(settings, labels, size, described, where_from)
name, shown = ("test", splits.test) if splits.test else ("validation", splits.validation)
with new_model_folder(settings.out) as folder:
    save_weights(network, folder / WEIGHTS)
    export_onnx(copy.deepcopy(network), folder / ONNX, settings.size, settings.size)
    config = calibrate(folder, config, splits.validation)
    config = document(folder, config, name, shown)
say_when_interrupted(f"Interrupted; the model is in {settings.out}.")
print(f"\n{settings.out} on {len(shown):,} {name} photos\n\n" + "\n".join(metric_rows(metrics_of(config)[name])))

# %% [markdown]
# ## 6. The same as a fastai call
#
# `Learner` and `fit` hide the loop, and little else: the same base, the same first weights of the head, the same batches
# in the same order. One thing must be said: `train_bn=False`. Without it fastai goes on training the batch norms of a
# frozen base, and the two part. (`vision_learner(dls, resnet34)` downloads the base and builds a head; then it is such a
# `Learner`.) fastai sends every photo through the base in every epoch: that is what it takes as soon as photos are
# augmented or the base is trained too, and it is why `fine_tune.py` does it.

# %%
if settings.fastai:
    from fastai.vision.all import DataLoaders, Learner, accuracy, params

    print(f"the same with fastai: about {settings.epochs * looking / 60:.1f} minutes; --no-fastai leaves it out")
    valid = DataLoader(TensorDataset(valid_photos, valid_targets), 64)
    dls = DataLoaders(batches(photos), valid, device=device)
    whole = nn.Sequential(base, copy.deepcopy(first_head))
    learn = Learner(
        dls, whole, F.cross_entropy, metrics=accuracy, train_bn=False, splitter=lambda m: [params(m[0]), params(m[1])]
    )
    learn.freeze()
    clock = time.perf_counter()
    learn.fit(settings.epochs, settings.lr)
    of_fastai = time.perf_counter() - clock
    with torch.inference_mode():
        difference = (head(valid_features).softmax(1) - whole[1](valid_features).softmax(1)).abs().max()
    print("\n| epoch | loss, PyTorch | fastai | accuracy, PyTorch | fastai |\n|---|---|---|---|---|")
    for i, (ours, (_, *theirs)) in enumerate(zip(in_pytorch, learn.recorder.values, strict=True)):
        print(f"| {i + 1} | {ours[0]:.5f} | {theirs[0]:.5f} | {ours[1]:.2%} | {theirs[1]:.2%} |")
    print(f"\nOn no validation photo do two probabilities differ by more than {difference:.1e}.")
    print(f"PyTorch took {seconds:.1f} s (looking at every photo once: {looking:.1f} s), fastai {of_fastai:.1f} s.")

print(f"\nRead the report: {settings.out / REPORT / 'report.html'}")
print(f"Serve it:        MODEL_REPO={settings.out} python app.py")
