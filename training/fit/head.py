"""Choosing a head by what it does on photos that were left out, whole sources where there are several.

The features are there already, so a head is fitted in seconds, as often as there is something to leave out. What is chosen:
the weight decay, the temperature that calibrates the probabilities (Guo et al. 2017), and how readily the head says neither.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from tqdm.auto import tqdm

from model.calibration import calibrate, losses, shifted
from model.classifier import softmax
from model.head import LinearHead, fit
from training.data.draw import by_source_and_class, draw_evenly
from training.data.photos import Photos

DECAYS = (0.01, 0.004)  # of a head that starts from what the network knew: how strongly it is drawn back to that
PLAIN_DECAYS = (0.1, 0.03, 0.01, 0.003, 0.001)  # of a head that starts from zeros
MOST = 400  # photos of a class of a source that heads are fitted to while choosing: more take longer and choose the same
FOLDS = 5  # where photos are left out and not sources


@dataclass(frozen=True)
class Choice:
    """What was chosen, and what it was chosen by.

    Attributes:
        decay: of `model.head.fit`. temperature: of the logits. shift: added to the logit of neither before that.
        logits: float32 (N, K), of each photo by a head that was fitted without its fold, shift included; nan where no head
            could be fitted without it.
        heads: by fold, the head that was fitted without it, shift included.
        losses: by decay, the weighted mean of the loss of these photos in nats.
    """

    decay: float
    temperature: float
    shift: float
    logits: np.ndarray
    heads: dict[int, LinearHead]
    losses: dict[float, float]


def folds_of(photos: Photos, groups: np.ndarray, by_source: bool, seed: int) -> np.ndarray:
    """The fold that each photo is left out with: int (N,). Its source, or a fifth that keeps near-duplicates together."""
    if by_source:
        folds: np.ndarray = np.unique(np.array(photos.sources), return_inverse=True)[1]
        return folds
    draw = np.random.default_rng(seed)
    names = np.unique(groups)
    fold_of = dict(zip(draw.permutation(names).tolist(), (np.arange(len(names)) % FOLDS).tolist(), strict=True))
    return np.array([fold_of[group] for group in groups.tolist()])


def weights_of(photos: Photos) -> np.ndarray:
    """The weight of each photo in the loss, float (N,), with sum 1: a class of a source weighs as the root of its photos."""
    pairs = [f"{source}\0{answer}" for source, answer in zip(photos.sources, photos.answers, strict=True)]
    _, which, counts = np.unique(pairs, return_inverse=True, return_counts=True)
    weights = 1 / np.sqrt(counts[which])
    normalised: np.ndarray = weights / weights.sum()
    return normalised


def weights_of_some(photos: Photos, seed: int) -> np.ndarray:
    """`weights_of` at most `MOST` photos of each class of each source, drawn at random; 0 for the others."""
    drawn = draw_evenly(by_source_and_class(photos), seed, per_stratum=MOST)
    weights = np.zeros(len(photos))
    weights[drawn] = weights_of(photos.take(drawn))
    return weights


def choose(
    views: np.ndarray,
    targets: np.ndarray,
    weights: np.ndarray,
    start: LinearHead,
    folds: np.ndarray,
    groups: np.ndarray,
    neither: bool,
    decays: Sequence[float] = DECAYS,
    fitted: np.ndarray | None = None,
) -> Choice:
    """Leave one fold out after the other, and choose by the answers for it.

    Photos that are near-duplicates of one that is left out are not fitted to either.

    Args:
        views: float16 (V, N, C): the first view is the photo as it is served. targets: int (N,), below K.
        weights: float (N,), of each photo in what is chosen by. folds: int (N,). groups: int (N,), of near-duplicates.
        neither: whether the last answer is that.
        fitted: float (N,), of each photo in what heads are fitted to, 0 for none; `weights` by default.
    """
    fitted = weights if fitted is None else fitted
    heads: dict[float, dict[int, LinearHead]] = {decay: {} for decay in decays}
    logits = {decay: np.full((len(targets), len(start.rows)), np.nan, np.float32) for decay in decays}
    for fold in tqdm(np.unique(folds), desc="heads without one fold", unit="fold"):
        out = folds == fold
        own = ~out & ~np.isin(groups, groups[out]) & (fitted > 0)
        if not start.is_merged and len(np.unique(targets[own])) < len(start.rows):
            continue  # an answer that this head would never have seen
        head = start
        for decay in decays:  # each fit starts from the one before
            head = fit_views(views, targets, fitted, own, head, decay, start)
            logits[decay][out] = head.logits(views[0, out])
            heads[decay][int(fold)] = head
    answered = ~np.isnan(next(iter(logits.values()))).any(axis=1)
    loss_of, settings = {}, {}
    share = weights[answered] / weights[answered].sum()
    for decay, found in logits.items():
        settings[decay] = calibrate(found[answered], targets[answered], share, neither)
        temperature, shift = settings[decay]
        loss_of[decay] = float(share @ losses(softmax(shifted(found[answered], shift) / temperature), targets[answered]))
    best = min(loss_of, key=loss_of.__getitem__)
    temperature, shift = settings[best]
    kept = {fold: head.raised(len(head.rows) - 1, shift) for fold, head in heads[best].items()}
    return Choice(best, temperature, shift, shifted(logits[best], shift), kept, loss_of)


def fit_views(
    views: np.ndarray,
    targets: np.ndarray,
    weights: np.ndarray,
    own: np.ndarray,
    start: LinearHead,
    decay: float,
    origin: LinearHead | None = None,
) -> LinearHead:
    """The head fitted to all views of the photos `own`, bool (N,)."""
    count = len(views)
    share = np.tile(weights[own], count)
    return fit(
        views[:, own].reshape(-1, views.shape[2]), np.tile(targets[own], count), share / share.sum(), start, decay, origin
    )
