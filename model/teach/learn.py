"""A head for new classes: what the old one knows, and one row for each class on top, by logistic regression.

Weight decay, temperature and the bias of neither are chosen by answers for photos that were held back, never parting the
frames of a burst. A background of other photos stands for neither; what the old head takes for one of the classes is left out
of it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from model.calibration import calibrate, losses, shifted
from model.classifier import softmax
from model.head import LinearHead, fit_on_top
from model.teach.background import Background
from model.teach.knowledge import Claims, Knowledge

DECAYS = (0.3, 0.1, 0.03)  # strongest first
DECAY = 0.1  # where nothing can be held back
FOLDS = 5
ACCEPTED = 0.95  # of the classes' photos, where nothing but the old head speaks for neither
CLAIMED = 0.4  # a photo of the background is left out where the old head gives the classes so much of it


@dataclass(frozen=True)
class Photos:
    """Photos to learn from, N of them.

    Attributes:
        features: float32 (N, C). targets: int (N,), below `classes`, or equal to it for neither.
        weights: float (N,), more than 0. groups: int (N,): photos of one group are held back together.
        classes: K.
    """

    features: np.ndarray
    targets: np.ndarray
    weights: np.ndarray
    groups: np.ndarray
    classes: int


@dataclass(frozen=True)
class Learned:
    """A head, and what it was chosen by.

    Attributes:
        head: of the classes, and of neither where `knows_neither`. temperature: of its logits.
        decay: weight decay, of those tried. held_back: float (N, answers), the probabilities of each photo by a head that
            was fitted without it and its group; None where nothing can be held back.
        knows_neither: whether there is a last answer for everything else.
    """

    head: LinearHead
    temperature: float
    decay: float
    held_back: np.ndarray | None
    knows_neither: bool


def learn(photos: Photos, knowledge: Knowledge | None, background: Background | None) -> Learned:
    """The head that fits the photos.

    It knows neither by photos of it, by the background, or by rows of the old head; without all three it does not.

    Args:
        photos: at least one of each class. knowledge: of the old head. background: of other photos.
    """
    problem = _Problem(photos, knowledge, background)
    folds = folds_of(photos)
    if folds is None:
        only = problem.solve(DECAY)
        head = problem.head(only)
        if problem.knows_neither and not problem.shows_neither:
            head = head.raised(problem.answers - 1, _accepting(only.logits))
        return Learned(head.as_stored(), 1.0, DECAY, None, problem.knows_neither)
    everywhere = np.concatenate([folds, problem.sources % FOLDS])
    logits = {decay: np.zeros((len(everywhere), problem.answers), np.float32) for decay in DECAYS}
    for fold in range(FOLDS):
        out, solution = everywhere == fold, None
        for decay in DECAYS:  # each fit starts from the one before
            solution = problem.solve(decay, ~out, solution)
            logits[decay][out] = solution.logits[out]
    weights = problem.weights(np.full(len(everywhere), True))
    settings = {decay: problem.calibrated(found, weights) for decay, found in logits.items()}
    probabilities = {
        decay: softmax(shifted(logits[decay], shift) / temperature) for decay, (temperature, shift) in settings.items()
    }
    loss_of = {decay: float(weights @ losses(found, problem.targets)) for decay, found in probabilities.items()}
    best = min(DECAYS, key=loss_of.__getitem__)
    temperature, shift = settings[best]
    head = problem.head(problem.solve(best))
    if problem.knows_neither:
        head = head.raised(problem.answers - 1, shift)
    return Learned(head.as_stored(), temperature, best, probabilities[best][: len(folds)], problem.knows_neither)


def folds_of(photos: Photos) -> np.ndarray | None:
    """Which of `FOLDS` folds each photo is held back with: int (N,), class by class; None where a class has one group only.

    A group that lies in several classes is held back whole.
    """
    fold_of: dict[int, int] = {}
    for target in np.unique(photos.targets).tolist():
        groups = list(dict.fromkeys(photos.groups[photos.targets == target].tolist()))  # in the order of the photos
        if len(groups) < 2 and target < photos.classes:
            return None
        for number, group in enumerate(groups):
            fold_of.setdefault(group, (number + target) % FOLDS)
    return np.array([fold_of[group] for group in photos.groups.tolist()])


@dataclass(frozen=True)
class _Solution:
    """One fit. logits: float32 (N, answers), of all photos. rows: one for each answer, in the space of the problem."""

    claims: Claims | None
    rows: LinearHead
    logits: np.ndarray


class _Problem:
    """The photos, then the background: what is fitted to some of them, and answered for all.

    Attributes:
        targets: int (N,). sources: int (B,), of the background. answers: how many there are, neither included.
        knows_neither: whether the last of them is that. shows_neither: whether there are photos of it.
    """

    def __init__(self, photos: Photos, knowledge: Knowledge | None, background: Background | None) -> None:
        self._photos, self._knowledge, own = photos, knowledge, len(photos.targets)
        self.knows_neither = bool((photos.targets == photos.classes).any()) or background is not None or knowledge is not None
        self.answers = photos.classes + self.knows_neither
        features, scores = photos.features, None
        self.sources, self._basis = np.zeros(0, int), None
        if background is not None:
            features = np.concatenate([features, background.features])
            self.sources = background.sources.astype(int)
        if knowledge is not None:
            scores = knowledge.head.scores(features)
        if background is not None:
            if scores is not None:
                claims = self._claims(scores, np.arange(own))
                keep = softmax(claims.merged(scores[own:]))[:, -1] >= 1 - CLAIMED
                chosen = np.concatenate([np.full(own, True), keep])
                features, scores, self.sources = features[chosen], scores[chosen], self.sources[keep]
            self._basis = np.linalg.qr(np.concatenate([photos.features, background.directions]).T)[0]
        self._x = features if self._basis is None else features @ self._basis
        self._scores = scores
        self.targets = np.concatenate([photos.targets, np.full(len(self.sources), photos.classes)])
        self.shows_neither = bool((self.targets == photos.classes).any())

    def weights(self, chosen: np.ndarray) -> np.ndarray:
        """Of some photos, bool (N,), in the loss, with sum 1: all that were given count as much as all of the background."""
        own = len(self._photos.targets)
        given = self._photos.weights[chosen[:own]]
        others = int(chosen[own:].sum())
        weights = np.concatenate([given / given.sum(), np.full(others, 1 / max(1, others))])
        normalised: np.ndarray = weights / weights.sum()
        return normalised

    def solve(self, decay: float, chosen: np.ndarray | None = None, before: _Solution | None = None) -> _Solution:
        """The fit to some photos, bool (N,), or to all. before: a fit to the same photos, from which it starts."""
        if chosen is None:
            chosen = np.full(len(self.targets), True)
        claims, base = None, np.zeros((len(self.targets), self.answers), np.float32)
        if self._scores is not None:
            claims = (
                before.claims if before else self._claims(self._scores, np.flatnonzero(chosen[: len(self._photos.targets)]))
            )
            assert claims is not None
            base = claims.merged(self._scores)
        shows_neither = bool((self.targets[chosen] == self._photos.classes).any())
        fitted = self.answers if shows_neither else self._photos.classes
        start = before.rows.first(fitted) if before else None
        rows = fit_on_top(self._x[chosen], base[chosen, :fitted], self.targets[chosen], self.weights(chosen), decay, start)
        if fitted < self.answers:  # no photo of neither: it stays what the old head knows of it
            rows = rows.beside(LinearHead.blank(1, self._x.shape[1]))
        return _Solution(claims, rows, base + rows.logits(self._x))

    def calibrated(self, held_back: np.ndarray, weights: np.ndarray) -> tuple[float, float]:
        """Temperature and shift of neither, by the logits (N, answers) of photos that were held back."""
        if self.shows_neither or not self.knows_neither:
            return calibrate(held_back, self.targets, weights, self.knows_neither)
        shift = _accepting(held_back)
        return calibrate(shifted(held_back, shift), self.targets, weights, neither=False)[0], shift

    def head(self, solution: _Solution) -> LinearHead:
        """The head that gives a solution's logits."""
        rows = solution.rows
        if self._basis is not None:
            rows = LinearHead(rows.weight @ self._basis.T, rows.bias, rows.rows)
        return rows if solution.claims is None else solution.claims.with_rows(rows)

    def _claims(self, scores: np.ndarray, chosen: np.ndarray) -> Claims:
        """What the classes claim by some of their photos, int (M,)."""
        assert self._knowledge is not None
        chosen = chosen[self._photos.targets[chosen] < self._photos.classes]
        return self._knowledge.claims(
            scores[chosen], self._photos.targets[chosen], self._photos.weights[chosen], self._photos.classes
        )


def _accepting(logits: np.ndarray) -> float:
    """What lowers the logit of neither so far that 95 % of these photos, none of which shows it, are one of the classes."""
    lead = logits[:, :-1].max(axis=1) - logits[:, -1]
    return min(0.0, float(np.quantile(lead, 1 - ACCEPTED)))
