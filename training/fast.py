"""The fast path: the best model that a few minutes can buy, without a GPU.

1. The features of a frozen body are computed once (`features.py`).
2. A linear head is fitted to them: logistic regression, with a weight decay chosen by cross-validation.
3. Where there are thousands of photos, what is left of the time polishes the last stages of the body on augmented
   photos, on a schedule that runs by the clock; it is undone if it does not lower the validation loss.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from fastai.callback.core import Callback, CancelFitException, CancelValidException
from fastai.callback.schedule import ParamScheduler, combined_cos
from fastai.learner import Learner
from torch import nn
from tqdm.auto import tqdm

from model.classifier import softmax
from training import metrics
from training.data import Photos
from training.features import VIEWS

WEIGHT_DECAYS = (0.1, 0.05, 0.025, 0.012, 0.006, 0.003, 0.001, 0.0003)
FOLDS = 4
FROZEN_SHARE = 0.3  # of the body's parameters that a short polish leaves alone
FEATURES_SHARE = 0.6  # of the time that computing features may take
POLISH_LR = 3e-4
SHORTEST_POLISH = 20.0  # seconds
POLISH_PHOTOS = 5000  # with fewer it makes things worse: 98.1 % became 97.4 % with 1,800 cats and dogs
WRITING = 45.0  # seconds to export, reduce to int8 and draw the report, before any photo is measured


class Clock:
    """The time budget of a run, in seconds; `reserve` of it is kept for writing and measuring the model."""

    def __init__(self, started: float, budget: float) -> None:
        self.started = started
        self.budget = budget
        self.reserve = 0.0

    def left(self) -> float:
        """Seconds until the reserve begins; negative when it has begun."""
        return self.started + self.budget - self.reserve - time.monotonic()


@dataclass(frozen=True)
class Plan:
    """What will be done with the time, in seconds, and on how many photos."""

    photos: int
    of: int
    features: float
    polish: float
    rest: float

    def text(self, minutes: float, trainable: str) -> str:
        """The plan for the terminal."""
        some = "" if self.photos == self.of else f" (of {self.of:,}: more do not fit into the time)"
        polish = f"{self.polish / 60:.1f} min" if self.polish > SHORTEST_POLISH else "no time is left for that"
        if self.photos < POLISH_PHOTOS:
            polish = f"not with fewer than {POLISH_PHOTOS:,} photos, which it would learn by heart"
        return "\n".join(
            [
                f"the plan for {minutes:g} minutes",
                f"  features of {self.photos:,} photos{some} and their mirror images: {self.features / 60:.1f} min",
                "  a linear head on them: seconds",
                f"  polishing {trainable}: {polish}",
                f"  writing and measuring the model: {self.rest / 60:.1f} min",
                *(
                    ["  that is more than the time allows; it will take longer"]
                    if self.features + self.rest > 60 * minutes
                    else []
                ),
            ]
        )


def plan(clock: Clock, views_per_second: float, training: int, validation: int) -> Plan:
    """Divide what is left of the time, and set the clock's reserve.

    Args:
        views_per_second: of `FeatureExtractor`. training, validation: photos.
    """
    clock.reserve = WRITING + 3.5 * validation / views_per_second
    left = clock.left() - validation / views_per_second
    photos = int(min(training, max(FEATURES_SHARE * left, SHORTEST_POLISH) * views_per_second / VIEWS))
    features = (VIEWS * photos + validation) / views_per_second
    left = clock.left() - features if photos >= POLISH_PHOTOS else 0
    return Plan(photos, training, features, max(0.0, left), clock.reserve)


def subset(photos: Photos, count: int, seed: int) -> Photos:
    """About `count` of the photos, with the share of every class and at least one of each."""
    if count >= len(photos):
        return photos
    order = np.random.default_rng(seed).permutation(len(photos))
    answers = np.array(photos.answers)[order]
    chosen = [order[answers == answer] for answer in photos.counts()]
    return photos.take(sorted(int(i) for own in chosen for i in own[: max(1, round(count / len(photos) * len(own)))]))


def importance(targets: np.ndarray, neither_share: float, class_weights: bool) -> np.ndarray:
    """The weight of each photo in the loss, float (N,), with sum 1.

    Args:
        targets: int (N,). neither_share: the least that the last answer weighs together, 0-1; 0 where it is a label.
        class_weights: whether every answer weighs the same.
    """
    counts = np.bincount(targets)
    weights = 1 / counts if class_weights else np.ones(len(counts))
    if neither_share:
        labelled = (weights * counts)[:-1].sum()
        weights[-1] = max(weights[-1], neither_share / (1 - neither_share) * labelled / counts[-1])
    each: np.ndarray = weights[targets] / weights[targets].sum()
    return each


class Head(NamedTuple):
    """A linear head: weight float32 (K, C), bias float32 (K,), its weight decay, and its cross-validated loss in nats."""

    weight: torch.Tensor
    bias: torch.Tensor
    decay: float
    loss: float


def fit_head(features: np.ndarray, targets: np.ndarray, weights: np.ndarray, seed: int) -> Head:
    """Multinomial logistic regression by L-BFGS, its weight decay chosen by cross-validation.

    It is the largest one that does no worse than the best by one standard error of the difference (Breiman et al. 1984).

    Args:
        features: float (V, N, C), V views of N photos. targets: int (N,), 0 to K - 1, each at least once.
        weights: float (N,), of each photo in the loss, with sum 1.
        seed: of the folds.
    """
    folds = np.random.default_rng(seed).permutation(len(targets)) % min(FOLDS, len(targets))
    losses = np.empty((len(WEIGHT_DECAYS), len(targets)))
    for fold in tqdm(range(folds.max() + 1), desc="fitting the head", unit="fold"):
        out = folds == fold
        held = torch.from_numpy(features[0, out].astype(np.float32))
        for row, (weight, bias) in zip(losses, _fits(features[:, ~out], targets, weights, ~out), strict=True):
            row[out] = metrics.losses(softmax(nn.functional.linear(held, weight, bias).numpy()), targets[out])
    more = (losses - losses[(losses @ weights).argmin()]) * weights * len(targets)
    chosen = int((more.mean(axis=1) <= more.std(axis=1) / len(targets) ** 0.5).argmax())
    *_, (weight, bias) = _fits(features, targets, weights, np.full(len(targets), True), WEIGHT_DECAYS[: chosen + 1])
    return Head(weight, bias, WEIGHT_DECAYS[chosen], float(losses[chosen] @ weights))


def _fits(
    features: np.ndarray,
    targets: np.ndarray,
    weights: np.ndarray,
    used: np.ndarray,
    decays: Sequence[float] = WEIGHT_DECAYS,
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Weight and bias for each decay, from the photos that are `used` (bool (N,)): `features` holds these alone."""
    views = len(features)
    x = torch.from_numpy(features.reshape(-1, features.shape[2]).astype(np.float32))
    y = torch.from_numpy(np.tile(targets[used], views))
    each = torch.from_numpy(np.tile(weights[used] / weights[used].sum() / views, views).astype(np.float32))
    weight = torch.zeros(int(targets.max()) + 1, x.shape[1], requires_grad=True)
    bias = torch.zeros(len(weight), requires_grad=True)
    for decay in decays:  # each fit starts from the one before
        optimiser = torch.optim.LBFGS([weight, bias], max_iter=60, history_size=20, line_search_fn="strong_wolfe")

        def closure(optimiser: torch.optim.Optimizer = optimiser, decay: float = decay) -> torch.Tensor:
            optimiser.zero_grad()
            errors = nn.functional.cross_entropy(nn.functional.linear(x, weight, bias), y, reduction="none")
            loss: torch.Tensor = (errors * each).sum() + decay / 2 * weight.square().sum()
            loss.backward()  # type: ignore[no-untyped-call]
            return loss

        optimiser.step(closure)  # type: ignore[no-untyped-call]
        yield weight.detach().clone(), bias.detach().clone()


def stages_to_freeze(body: nn.Module) -> int:
    """How many first modules of `body` hold at most 30 % of its parameters: what a short polish leaves alone."""
    sizes = np.cumsum([sum(p.numel() for p in stage.parameters()) for stage in body.children()])
    return int((sizes <= FROZEN_SHARE * sizes[-1]).sum())


class ByTheClock(Callback):
    """A fit whose progress is the time that has passed, and that ends when the time is up; it does not validate."""

    order = -5  # after TrainEvalCallback, which counts batches and sets the mode; before ParamScheduler, which reads the count

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.seconds = clock.left()
        self.steps = 0
        self.bar = tqdm(total=round(self.seconds), desc="polishing", unit="s")

    def before_train(self) -> None:
        """Keep the statistics of batch norms: a few hundred steps on crops would only disturb them."""
        for module in self.learn.model.modules():
            if isinstance(module, nn.modules.batchnorm._BatchNorm):
                module.eval()

    def before_batch(self) -> None:
        """Say how much of the fit is done, 0-1."""
        passed = self.seconds - self.clock.left()
        self.bar.update(round(passed) - self.bar.n)
        if passed >= self.seconds:
            raise CancelFitException
        self.learn.pct_train = passed / self.seconds
        self.steps += 1

    def before_validate(self) -> None:
        """Leave it out: once at the end is enough."""
        raise CancelValidException

    def after_fit(self) -> None:
        """Close the progress bar."""
        self.bar.close()


class Polished(NamedTuple):
    """How polishing went: steps, the validation loss in nats before and after, and whether it was kept."""

    steps: int
    before: float
    loss: float
    kept: bool


def polish(learn: Learner, clock: Clock) -> Polished:
    """Train what is not frozen until the clock says stop, in one cycle by time (Smith 2018); undo it if it is no gain."""
    before = {name: weight.clone() for name, weight in learn.model.state_dict().items()}
    schedule = {
        "lr": combined_cos(0.25, POLISH_LR / 10, POLISH_LR, POLISH_LR / 1e3),
        "mom": combined_cos(0.25, 0.95, 0.85, 0.95),
    }
    learn.create_opt()
    with learn.no_logging(), learn.no_bar():
        loss = _validation_loss(learn)
        by_the_clock = ByTheClock(clock)
        learn.fit(10**6, cbs=[by_the_clock, ParamScheduler(schedule)])
        after = _validation_loss(learn)
    if after >= loss:
        learn.model.load_state_dict(before)
    return Polished(by_the_clock.steps, loss, after, after < loss)


def _validation_loss(learn: Learner) -> float:
    """In nats, without class weights or smoothing."""
    probabilities, targets = learn.get_preds(dl=learn.dls.valid)
    return metrics.log_loss(probabilities.double().numpy(), targets.numpy())
