# %% [markdown]
# # Train an image classifier from scratch
#
# No weights that somebody else trained, and no library that trains for you: small pictures, a network that fits on a
# page, and a loop of a few lines. Read it from top to bottom as a lesson, run it cell by cell, or run it as a script:
#
#     python -m training.from_scratch --data torchvision:CIFAR10 --out models/small
#
# CIFAR-10 is 60,000 pictures of 32×32 pixels in ten classes. Any folder of small pictures will do; `--help` says which
# forms `--data` can take.

# %%
from __future__ import annotations

import copy
import time
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from typing import Literal

import matplotlib
import matplotlib.pyplot as plt
import torch
from torch import nn
from torch.nn import functional as F
from tqdm.auto import tqdm

from model.config import Input
from model.errors import ModelError, OutputError
from model.folder import ONNX, REPORT, WEIGHTS, check_replaceable, load_folder, new_model_folder
from model.save import export_onnx, save_weights
from model.whole import whole_file
from training.data.photos import DataError, check_disk
from training.data.pictures import draw_pictures, read_pictures, split_as_the_source, split_pictures, without_bad
from training.data.sources import open_data
from training.fit.drawing import draw_curves, draw_predictions
from training.fit.finish import calibrate, document
from training.fit.provenance import lesson_config, provenance
from training.options import above_zero, at_least_one, option, parse, small_side
from training.options import minutes as some_minutes
from training.program import IN_NOTEBOOK, STARTED, say_when_interrupted
from training.quality.schema import metrics_of
from training.quality.tables import metric_rows
from training.settings import SmallLesson

# %% [markdown]
# ## 1. Settings
#
# Each line is an option of the command line, with a value that works; `training/settings.py` has those that all lessons share.
# In a notebook, write the options into `NOTEBOOK_OPTIONS`.

# %%
NOTEBOOK_OPTIONS = "--data torchvision:CIFAR10 --out models/small"


@dataclass(frozen=True, kw_only=True)
class Settings(SmallLesson):
    """What can be chosen."""

    recipe: Literal["fast", "lesson"] = option("fast", "how to train; both are in the script", group="training")
    epochs: int | None = option(None, "times that every picture is trained on (default: the recipe's)", check=at_least_one)
    minutes: float | None = option(
        None, "instead: train until everything, to the report, fits into so many minutes", check=some_minutes
    )
    width: int | None = option(None, "channels of the first layer (default: the recipe's)", check=at_least_one)
    lr: float | None = option(None, "highest learning rate; lower for long training (default: the recipe's)", check=above_zero)
    flip: bool = option(True, "for digits, letters and whatever else has a right side", flag="--no-flip")
    size: int = option(32, "side that pictures are brought to", check=small_side)
    resume: bool = option(False, "go on where an interrupted run with these settings stopped")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.minutes and (self.epochs or self.resume):
            other = "--epochs" if self.epochs else "--resume"
            raise ValueError(f"--minutes says how long this run trains, which {other} says differently: give one of them")
        if self.recipe == "lesson" and self.size < 18:
            raise ValueError("the lesson's three poolings leave nothing of pictures below --size 18")


settings = parse(
    Settings,
    "from_scratch",
    "Train a small network from nothing: small pictures in, a model folder out.",
    "Without a GPU, --minutes 4 says how long everything may take; the network learns as much as it can in that time.",
    NOTEBOOK_OPTIONS.split() if IN_NOTEBOOK else None,
)
device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
torch.manual_seed(settings.seed)
torch.backends.cudnn.benchmark = True  # on a GPU: the pictures are all of one size, so the fastest way is worth looking for
if not IN_NOTEBOOK:
    matplotlib.use("Agg")
say_when_interrupted("Interrupted; no model was written. Use the same command with --resume to go on after the last epoch.")

# %% [markdown]
# ## 2. Pictures in
#
# Every picture goes through the door that a visitor's picture goes through, and small ones stay in memory: an array of
# bytes per split. A part of what there is to train on is held back: **validation** pictures tell how it goes while we
# choose and train, **test** pictures are looked at once, at the end. Near-duplicates stay on one side: a test on pictures that
# were trained on, saved again, is no test. Networks like numbers around zero, so the mean and
# the standard deviation of each colour are measured, on training pictures alone.
#
# The recipe `lesson` repeats its source to the letter: all 50,000 pictures are trained on, the 10,000 test pictures are the
# validation pictures, near-duplicates stay where they are, and its means and standard deviations are the source's own. So its
# accuracy is on pictures that the best epoch was chosen by: a little too good.

# %%
run = settings.out.with_name(settings.out.name + "-run")  # what belongs to the run, not to the model
checkpoint, unfinished = run / "best.pth", run / "unfinished.pth"
try:
    if settings.resume and not unfinished.is_file():
        raise DataError(f"there is nothing to resume in {run}; run without --resume")
    check_replaceable(settings.out)
    check_disk(settings.out.parent, needed=300_000_000)
    run.mkdir(parents=True, exist_ok=True)
    found = open_data(
        settings.data,
        run / "data",
        settings.label_from,
        label_column=settings.label_column,
        image_column=settings.image_column,
    )
    if settings.skip_bad:
        found = without_bad(found)
    found = draw_pictures(found, settings.seed, settings.per_class)
    if settings.recipe == "lesson" and found.test:
        splits, left_out = split_as_the_source(found), 0
    else:
        splits, left_out = split_pictures(found, settings.valid, settings.seed)
    training, validation, test = splits
    size = Input(height=settings.size, width=settings.size, resize="squish", mean=(0, 0, 0), std=(1, 1, 1))
    reading = time.monotonic()
    pictures, targets = read_pictures(training, size, "reading pictures to train on")
    valid_pictures, valid_targets = (t.to(device) for t in read_pictures(validation, size, "reading pictures to validate on"))
except (DataError, ModelError, OSError, OutputError) as error:
    with suppress(OSError):  # where there is something in it already, it stays
        run.rmdir()
    raise SystemExit(f"Cannot train: {error}") from None
pictures, targets = pictures.to(device), targets.to(device)
reading = time.monotonic() - reading
labels = training.labels
print(f"{len(training):,} pictures to train on, {len(validation):,} to validate on, {len(test) if test else 0:,} to test on")
for remark in found.remarks:
    print(remark)
if left_out:
    print(f"{left_out:,} near-duplicates of pictures to validate or to test on are left out")
mean = torch.stack([channel.float().mean() for channel in pictures.unbind(1)]) / 255
std = (torch.stack([channel.float().std() for channel in pictures.unbind(1)]) / 255).clamp(min=0.001)
print("mean " + ", ".join(f"{m:.4f}" for m in mean) + "; standard deviation " + ", ".join(f"{s:.4f}" for s in std))
if settings.recipe == "lesson":
    mean, std = (torch.tensor(values, device=device) for values in ((0.4670, 0.4735, 0.4662), (0.2496, 0.2489, 0.2521)))
    print("normalised by the source's: 0.4670, 0.4735, 0.4662; 0.2496, 0.2489, 0.2521")


def normalise(pictures: torch.Tensor) -> torch.Tensor:
    """uint8 (N, 3, H, W), 0-255 → float32, with mean 0 and standard deviation 1 over the training pictures."""
    return (pictures / 255 - mean.view(3, 1, 1)) / std.view(3, 1, 1)


# %% [markdown]
# ## 3. Look at them
#
# If you cannot tell what they show, do not expect it of a network.

# %%
_, axes = plt.subplots(4, 8, figsize=(10, 5.5))
for ax, index in zip(axes.flat, torch.randperm(len(pictures))[:32].tolist(), strict=False):
    ax.imshow(pictures[index].permute(1, 2, 0).cpu())
    ax.set_title(labels[targets[index]], fontsize=9, parse_math=False)
for ax in axes.flat:
    ax.axis("off")
plt.tight_layout()
plt.savefig(run / "pictures.png", dpi=80)
print(f"look at {run / 'pictures.png'}")

# %% [markdown]
# ## 4. A network is a class
#
# `__init__` says which layers there are, `forward` in what order a batch runs through them. A convolution slides small
# patterns over the picture and notes where each one fits; pooling keeps the best fit of every four neighbours, so that
# the next layer sees twice as far. One linear layer weighs the evidence at the end: one number per label, the **logits**.
#
# The lesson's network is AlexNet (Krizhevsky et al. 2012) made small: five convolutions, three of them pooled to the best fit
# of every 3×3 neighbours, and three linear layers that see what each of the last 256 patterns found in each of the four places
# that are left. **Dropout** switches off half of the numbers at random while it trains, so that none can rely on another.

# %%


class LessonNetwork(nn.Module):
    """float32 (N, 3, side, side) → logits (N, outputs), for a side of 18 and more; the source's width is 64."""

    def __init__(self, outputs: int, width: int, side: int) -> None:
        super().__init__()
        for _ in range(2):
            side = (side - 1 - 3) // 2 + 1  # a convolution with a kernel of 4, then pooling
        side = (side - 3) // 2 + 1
        self.conv1 = nn.Conv2d(3, width, 4, padding=1)
        self.conv2 = nn.Conv2d(width, 3 * width, 4, padding=1)
        self.conv3 = nn.Conv2d(3 * width, 6 * width, 3, padding=1)
        self.conv4 = nn.Conv2d(6 * width, 4 * width, 3, padding=1)
        self.conv5 = nn.Conv2d(4 * width, 4 * width, 3, padding=1)
        self.dropout = nn.Dropout(0.5)
        self.linear1 = nn.Linear(4 * width * side * side, 8 * width)
        self.linear2 = nn.Linear(8 * width, 4 * width)
        self.linear3 = nn.Linear(4 * width, outputs)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """See the class."""
        x = F.max_pool2d(F.relu(self.conv1(x)), 3, 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 3, 2)
        x = F.relu(self.conv3(x))
        x = F.relu(self.conv4(x))
        x = F.max_pool2d(F.relu(self.conv5(x)), 3, 2).flatten(1)
        x = F.relu(self.linear1(self.dropout(x)))
        x = F.relu(self.linear2(self.dropout(x)))
        return self.linear3(x)


# %% [markdown]
# The fast one knows three things more. **Batch norm** brings every channel back to mean 0 and standard deviation 1, so
# that it learns at rates that would tear the lesson's network apart (Ioffe and Szegedy 2015). The first layer takes
# **strides** of two pixels, and every block pools as early as it can: a convolution at a quarter of the places is a
# quarter of the work, which pays for more channels. And its linear layer sees each pattern's **average** over all places
# (Lin et al. 2013): it does not matter where the cat sits, and the app can show where the evidence lies.

# %%


class Block(nn.Module):
    """Half as many places, and more channels: convolution, pooling, convolution."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(outputs)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """See the class."""
        x = F.relu(self.norm1(F.max_pool2d(self.conv1(x), 2)))
        return F.relu(self.norm2(self.conv2(x)))


class FastNetwork(nn.Module):
    """float32 (N, 3, side, side) → logits (N, outputs), for any side of 16 and more."""

    def __init__(self, outputs: int, width: int, side: int) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, width, 4, stride=2, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(width)
        self.block1 = Block(width, 2 * width)
        self.block2 = Block(2 * width, 4 * width)
        self.linear = nn.Linear(4 * width, outputs)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """See the class."""
        x = F.relu(self.norm(self.stem(x)))
        x = self.block2(self.block1(x))
        return self.linear(x.mean((2, 3)))


# %% [markdown]
# A GPU has arithmetic to spare, so there the same network begins at full size, without the stride, and has a third block.

# %%


class LargeNetwork(nn.Module):
    """float32 (N, 3, side, side) → logits (N, outputs), for any side of 16 and more: thirty times the work."""

    def __init__(self, outputs: int, width: int, side: int) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, width, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(width)
        self.blocks = nn.Sequential(Block(width, 2 * width), Block(2 * width, 4 * width), Block(4 * width, 4 * width))
        self.linear = nn.Linear(4 * width, outputs)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """See the class."""
        x = F.relu(self.norm(self.stem(x)))
        return self.linear(self.blocks(x).mean((2, 3)))


# %% [markdown]
# ## 5. Two recipes, one loss, one optimiser
#
# The **loss** (cross-entropy) is how surprised the network is by the true labels, in nats: with K labels and no idea it
# is log K. The **optimiser** (stochastic gradient descent) moves every weight a little in the direction that lowers it
# for one batch; momentum keeps it moving. The **learning rate** says how far, and follows a schedule: it rises for a
# while, since the first gradients of random weights are wild, and decays to almost nothing, so that the network settles.


# %%
@dataclass(frozen=True)
class Recipe:
    """How a network is trained."""

    network: type[nn.Module]
    width: int  # channels of its first layer
    epochs: int  # how often every picture is trained on
    batch_size: int  # pictures per step
    lr: float  # the highest learning rate
    warm_up: float = 0.0  # share of the training in which it rises to that
    final_lr_fraction: float = 1.0  # share of it that is left at the end
    drop_last: bool = False  # leave out the last batch of an epoch where it is smaller
    momentum: float = 0.0
    weight_decay: float = 0.0
    label_smoothing: float = 0.0  # share of the answer that is given to all labels alike
    shift: int = 0  # pixels that pictures are moved by, at most
    flip: bool = False  # flip every picture horizontally in every other epoch
    small: float = 0.0  # share of the training in which pictures have 3/4 of their side, which is half of the work


ON_GPU = device.type == "cuda"
RECIPES = {
    "lesson": Recipe(LessonNetwork, width=64, epochs=25, batch_size=64, lr=0.008),
    "fast": Recipe(
        LargeNetwork if ON_GPU else FastNetwork,
        width=64 if ON_GPU else 32,
        epochs=30 if ON_GPU else 16,
        batch_size=512 if ON_GPU else 128,
        lr=0.3,
        warm_up=0.2,
        final_lr_fraction=0.01,
        drop_last=True,
        momentum=0.9,
        weight_decay=5e-4,
        label_smoothing=0.1,
        shift=2,
        flip=True,
        small=0.0 if ON_GPU else 0.6,
    ),
}
changes = {name: value for name in ("epochs", "width", "lr") if (value := getattr(settings, name))}
recipe = replace(RECIPES[settings.recipe], **changes)
recipe = replace(recipe, flip=recipe.flip and settings.flip)


def new_network() -> nn.Module:
    """The recipe's network with random weights; the channels of a pixel lie side by side, which convolutions like."""
    fresh = recipe.network(len(labels), recipe.width, settings.size).to(device)
    return fresh.to(memory_format=torch.channels_last)  # type: ignore[call-overload]


network = new_network()
loss_function = nn.CrossEntropyLoss(label_smoothing=recipe.label_smoothing)
optimiser = torch.optim.SGD(network.parameters(), recipe.lr, recipe.momentum, weight_decay=recipe.weight_decay)


def learning_rate(progress: float) -> float:
    """The learning rate when a share `progress` of the training, 0-1, is done: one triangle (Smith 2018)."""
    if progress < recipe.warm_up:
        return recipe.lr * max(progress / recipe.warm_up, recipe.final_lr_fraction)
    decayed = (progress - recipe.warm_up) / (1 - recipe.warm_up)
    return recipe.lr * (1 - (1 - recipe.final_lr_fraction) * decayed)


# %% [markdown]
# What of a picture reaches the logits before anything is learned? For one batch: the standard deviation of each layer's
# outputs **over the pictures**, and the length of each gradient beside that of the weights it is to move.
#
# This is why the lesson's curves begin with a plateau: for two or three epochs its loss stays at log 10 = 2.303, it answers
# every picture alike, and it is not broken. The default initialisation of PyTorch is too small for a chain of ReLUs (He et
# al. 2015), so every layer hands on less of what distinguishes two pictures: 0.55 after the first one, 0.006 in the logits.
# Gradients shrink likewise on their way back. Without batch norm nothing brings the numbers back to scale, and without
# momentum steps in the same direction do not add up. They lead out nevertheless: once the first layers tell pictures apart,
# gradients grow, and the loss falls within an epoch. The fast recipe has batch norm and momentum; two pictures differ thirty
# times as much in its logits, and it has no plateau.


# %%
def show_signal(inputs: torch.Tensor, answers: torch.Tensor) -> None:
    """Print, layer by layer, what differs from picture to picture, and how large gradients are beside weights.

    Args:
        inputs: float32 (N, 3, H, W), normalised. answers: int64 (N,).
    """
    outputs: dict[str, torch.Tensor] = {}
    fresh = copy.deepcopy(network).train()
    layers = {name: layer for name, layer in fresh.named_modules() if isinstance(layer, nn.Conv2d | nn.Linear)}
    for name, layer in layers.items():
        layer.register_forward_hook(lambda _layer, _inputs, output, name=name: outputs.update({name: output.detach()}))
    with torch.random.fork_rng():  # dropout draws; what is drawn later stays the same
        F.cross_entropy(fresh(inputs), answers).backward()
    print("before training       differs by   gradient / weights")
    for name, output in outputs.items():
        weight = layers[name].weight
        assert weight.grad is not None
        print(f"  {name:<18}{float(output.std(0).mean()):10.4f}{float(weight.grad.norm() / weight.detach().norm()):15.5f}")


some = torch.randperm(len(pictures), generator=torch.Generator().manual_seed(settings.seed))[:256].to(device)
show_signal(normalise(pictures[some]), targets[some])

# %% [markdown]
# ## 6. The same picture is never seen twice
#
# A cat that is flipped horizontally is still a cat, and so is a cat two pixels further left. (A letter is not: `--no-flip`.)
# Every picture is shifted a little, anew in every epoch, and flipped in every other one (Jordan 2024): a whole batch at once,
# on the device where it lies, by arithmetic on the indices of pixels. What moves in from outside reflects what is at the edge.


# %%
def augment(batch: torch.Tensor, flipped: torch.Tensor) -> torch.Tensor:
    """uint8 (N, 3, H, W), each shifted by up to `recipe.shift` pixels, and flipped where `flipped`, bool (N,), says so."""

    def moved(side: int) -> torch.Tensor:
        by = torch.randint(-recipe.shift, recipe.shift + 1, (len(batch), 1), device=device)
        index = (torch.arange(side, device=device) + by).abs()
        return side - 1 - (side - 1 - index).abs()

    rows, columns = moved(batch.shape[2]), moved(batch.shape[3])
    columns = torch.where(flipped[:, None], batch.shape[3] - 1 - columns, columns)
    each = torch.arange(len(batch), device=device)[:, None, None]
    return batch.permute(0, 2, 3, 1)[each, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)


# %% [markdown]
# ## 7. The loop
#
# Forward, loss, backward, step: the rest is book-keeping. After every epoch the network answers the validation
# pictures, and if it never did better, its weights are the new **checkpoint**; what `--resume` needs to go on is written,
# too: weights, optimiser, and where the random numbers are. With `--minutes` the clock says how much
# of the training is done, else the number of steps. The fast recipe begins with smaller pictures: what there is to learn
# first can be seen in them too (progressive resizing, Howard 2018). On a GPU, 16-bit numbers are used where they are
# safe.

# %%
WRITING = 25.0  # seconds that a model folder and its report take, before any picture is answered
at_once = max(1, 4_000_000 // settings.size**2)  # large pictures come in smaller batches, or memory does not suffice
batch_size = min(recipe.batch_size, at_once, len(pictures))
in_epoch = len(pictures) // batch_size * batch_size if recipe.drop_last else len(pictures)
steps = recipe.epochs * -(-in_epoch // batch_size)
if settings.minutes:  # what is not training: writing, and answering validation and test pictures as visitors' are answered
    answering = 1.5 * reading * (len(validation) + len(test or ())) / (len(training) + len(validation))
    until = STARTED + 60 * settings.minutes - WRITING - answering
    if until - time.monotonic() < 3:
        least = (time.monotonic() - STARTED + WRITING + answering) / 60
        raise SystemExit(f"--minutes {settings.minutes:g} is too short: give it at least {least + 0.15:.1f}")
began = time.monotonic()


def share_done(step: int) -> float:
    """How much of the training is done, 0-1."""
    return (time.monotonic() - began) / (until - began) if settings.minutes else step / steps


def logits_of(pictures: torch.Tensor) -> torch.Tensor:
    """Logits float32 (N, outputs) of uint8 (N, 3, H, W)."""
    network.eval()
    with torch.inference_mode():
        return torch.cat([network(normalise(batch)) for batch in pictures.split(min(500, at_once))])


history: list[dict[str, float]] = []
first_side = torch.rand(len(pictures), device=device) < 0.5  # which side every picture begins with; then they alternate
step = epoch = 0
same = {name: str(value) for name, value in asdict(settings).items() if name != "resume"} | {"pictures": str(len(pictures))}
if settings.resume:
    state = torch.load(unfinished, map_location=device, weights_only=True)
    if changed := [f"--{name.replace('_', '-')} {value}" for name, value in state["settings"].items() if same[name] != value]:
        raise SystemExit(f"Cannot resume: {run} was begun with other settings; give the same as before: {', '.join(changed)}")
    network.load_state_dict(state["network"])
    optimiser.load_state_dict(state["optimiser"])
    first_side, history, step, epoch = state["first_side"], state["history"], state["step"], len(state["history"])
    torch.set_rng_state(state["random"].cpu())
    if device.type == "cuda":
        torch.cuda.set_rng_state(state["random_on_gpu"].cpu())
    began -= history[-1]["seconds"]
    print(f"going on after epoch {epoch}")
try:
    while (progress := share_done(step)) < 1:
        network.train()
        losses = torch.zeros((), device=device)
        order = torch.randperm(len(pictures), device=device)
        batches = order[:in_epoch].split(batch_size)  # what is left over has its turn in another epoch
        seen = 0
        for batch in (bar := tqdm(batches, desc=f"epoch {epoch + 1}", leave=False)):
            if (progress := share_done(step)) >= 1:
                break
            for group in optimiser.param_groups:
                group["lr"] = learning_rate(progress)
            chosen = pictures[batch]
            if recipe.shift:
                chosen = augment(chosen, (first_side[batch] ^ bool(epoch % 2)) & recipe.flip)
            inputs = normalise(chosen)
            if progress < recipe.small:
                inputs = F.interpolate(inputs, scale_factor=0.75, mode="bilinear")
            with torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda"):
                loss = loss_function(network(inputs), targets[batch])  # forward, loss
            optimiser.zero_grad()
            loss.backward()  # backward
            optimiser.step()  # step
            losses += loss.detach()
            step, seen = step + 1, seen + 1
            bar.set_postfix_str(f"{100 * progress:.0f} % of the training done", refresh=False)
        if not seen:
            break
        epoch += 1
        answers = logits_of(valid_pictures)
        row = {
            "epoch": epoch,
            "train_loss": float(losses) / seen,
            "valid_loss": float(F.cross_entropy(answers, valid_targets)),
            "valid_accuracy": float((answers.argmax(1) == valid_targets).float().mean()),
            "lr": learning_rate(progress),
            "seconds": time.monotonic() - began,
        }
        print("  ".join(f"{name} {value:.4g}" for name, value in row.items()), flush=True)
        if row["valid_accuracy"] >= max((before["valid_accuracy"] for before in history), default=0):
            with whole_file(checkpoint) as file:
                torch.save(network.state_dict(), file)
        history.append(row)
        state = {
            "settings": same,
            "network": network.state_dict(),
            "optimiser": optimiser.state_dict(),
            "first_side": first_side,
            "history": history,
            "step": step,
            "random": torch.get_rng_state(),
            "random_on_gpu": torch.cuda.get_rng_state() if device.type == "cuda" else None,
        }
        with whole_file(unfinished) as file:
            torch.save(state, file)
except KeyboardInterrupt:
    if not history:
        raise
    print(f"\nInterrupted: going on with the best of {len(history)} epochs.")

say_when_interrupted(f"Interrupted; {settings.out} was not written. The weights of the best epoch are in {checkpoint}.")

# %% [markdown]
# ## 8. The curves
#
# Both losses fall: it learns. The one of training falls and the one of validation rises: it overfits, and what
# helps is more pictures, more augmentation or fewer epochs. Label smoothing keeps the loss of training up: a perfect
# answer is no longer free.
#
# The lesson's curves begin with its best moment, the plateau that section 5 explains. The fast recipe's have none.

# %%
draw_curves(history, run / "curves.png")

# %% [markdown]
# ## 9. Load it again
#
# A network is a class and its weights. The class makes a new one with random weights, the best checkpoint fills them
# in, and the new network must answer the validation pictures exactly as well as the old one did on its best day.

# %%
network = new_network()
network.load_state_dict(torch.load(checkpoint, map_location=device, weights_only=True))
best = max(history, key=lambda row: (row["valid_accuracy"], row["epoch"]))
again = float((logits_of(valid_pictures).argmax(1) == valid_targets).float().mean())
print(f"best epoch: {best['epoch']}, validation accuracy {best['valid_accuracy']:.4f}; loaded again: {again:.4f}")

# %% [markdown]
# ## 10. A model folder, and ten predictions
#
# The same kind of folder that `fine_tune.py` writes: everything that serves a model opens it. From here on nothing
# knows the class above any more: the network is a graph in `model.onnx`, the labels and the normalisation lie beside
# it, and pictures come in as a visitor's do. A temperature calibrates the probabilities (Guo et al. 2017); it is fitted
# on validation pictures. Then, once, the test pictures.

# %%
size = size.model_copy(update={"mean": tuple(mean.tolist()), "std": tuple(std.tolist())})
described = f"{recipe.network.__name__} of training/from_scratch.py"
used = {name: value for name, value in vars(recipe).items() if name != "network"}
config = lesson_config(settings, labels, size, described, provenance(settings, training, validation, "none", history, **used))
name, photos = ("test", test) if test else ("validation", validation)

with new_model_folder(settings.out) as folder:
    save_weights(network, folder / WEIGHTS)
    export_onnx(network, folder / ONNX, settings.size, settings.size)
    config = calibrate(folder, config, validation)
    draw_predictions(load_folder(folder), photos, run / "predictions.png")
    drawn = [run / "curves.png", run / "predictions.png"]
    config = document(folder, config, name, photos, pictures=drawn)
checkpoint.unlink()
unfinished.unlink()
say_when_interrupted(f"Interrupted; the model is in {settings.out}.")

# %% [markdown]
# ## 11. Test-time augmentation
#
# A network is not quite sure that a flipped cat is a cat. The mean of its logits for a picture and for the flipped picture is
# right a little more often, for twice the work. The app does without.

# %%
if recipe.flip:
    shown, answers = (t.to(device) for t in read_pictures(photos, size, "reading pictures to augment"))
    network.to(device)
    plain = logits_of(shown)
    augmented = plain + logits_of(shown.flip(3))
    right = [float((logits.argmax(1) == answers).float().mean()) for logits in (plain, augmented)]
    print(f"{right[0]:.2%}, and {right[1]:.2%} with test-time augmentation, of {len(photos):,} {name} pictures")

print(f"\n{settings.out} on {len(photos):,} {name} pictures\n\n" + "\n".join(metric_rows(metrics_of(config)[name])))
print(f"\n{(time.monotonic() - STARTED) / 60:.1f} minutes in all")
print(f"\nLook at the curves: {settings.out / REPORT / 'curves.png'}")
print(f"and at the answers: {settings.out / REPORT / 'predictions.png'}")
print(f"Read the report:    {settings.out / REPORT / 'report.html'}")
print(f"Try it:             python -m model --model {settings.out} PICTURE")
print(f"Serve it:           MODEL_REPO={settings.out} python app.py")
print(f"\nNothing needs {run} any more; it can be deleted.")
