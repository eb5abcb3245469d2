"""What the old head knows of new classes: which of its rows fire on their photos, and so speak for them.

A head that was made from ImageNet's has a row for each of 1,000 things. Rows that fire on the photos of a class are claimed by
it, by shares; what no class claims speaks for *neither*. So a taught mug is not beaten by *coffee mug*, which fires on it and
steps back, and a bicycle is neither a mug nor a cup before a single bicycle was shown. Rows that the old head merges into one
answer, as all breeds of dog, are claimed as one: ten photos of dogs speak for breeds that none of them shows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from model.classifier import softmax
from model.head import LinearHead, merge

MIN_ROWS = 100  # a head of fewer does not know the world: what fires on a photo says little about it
SOFTENING = 2.0  # temperature of the old head's probabilities: a class also claims what resembles it
HALF_CLAIMED = 0.05  # the mean probability of a row, on the photos of a class, at which half of it is claimed
HALF_OF_GROUP = 0.1  # the same for the rows of an answer together, without softening
LEAST_SHARE = 0.1  # of a row: what is less claimed is not worth a copy of it


@dataclass(frozen=True)
class Knowledge:
    """The logits that the old head gives new answers before anything is learned.

    Attributes:
        head: the old one. groups: the rows that it merges into one answer, neither excepted.
    """

    head: LinearHead
    groups: tuple[slice, ...]

    @classmethod
    def of(cls, head: LinearHead, has_neither: bool) -> Knowledge | None:
        """What a head knows; None where it has few rows. has_neither: whether its last answer is that."""
        if len(head.weight) < MIN_ROWS:
            return None
        ends = np.cumsum(head.rows).tolist()
        groups = [slice(end - count, end) for end, count in zip(ends, head.rows, strict=True) if count > 1]
        return cls(head, tuple(groups[:-1] if has_neither and head.rows[-1] > 1 else groups))

    def claims(self, scores: np.ndarray, targets: np.ndarray, weights: np.ndarray, classes: int) -> Claims:
        """How the rows are shared among K classes and neither.

        Args:
            scores: float (N, R), of photos of the classes, by the old head's rows. targets: int (N,), below K.
            weights: float (N,).
        """
        fired, sharply = (
            np.stack([np.average(shown[targets == k], axis=0, weights=weights[targets == k]) for k in range(classes)])
            for shown in (softmax(scores / SOFTENING), softmax(scores))
        )
        together, each = fired.copy(), fired.copy()
        # a row that fires on several classes speaks for each of them; those of a group are divided among the classes, or many
        # that hardly fire on it would claim it whole
        half = np.full(scores.shape[1], HALF_CLAIMED)
        rivals = each.max(axis=0)
        for group in self.groups:
            whole = sharply[:, group].sum(axis=1, keepdims=True)
            together[:, group] = whole
            each[:, group] += whole / (group.stop - group.start)
            half[group] = HALF_OF_GROUP
            rivals[group] = each[:, group].sum(axis=0)
        most = together.max(axis=0)  # not the sum: many classes that hardly fire do not claim a row together
        taken = most / (most + half)
        shares = taken * each / rivals
        kept = shares >= LEAST_SHARE
        kept[np.arange(classes), shares.argmax(axis=1)] = True  # every class has a row
        rows = [np.flatnonzero(own) for own in kept]
        logs = [np.log(shares[k, own]) for k, own in enumerate(rows)]
        return Claims(self.head, (*rows, np.arange(len(most))), (*logs, np.log(1 - taken)))


@dataclass(frozen=True)
class Claims:
    """Which rows of the old head speak for which answer, the last of which is neither.

    Attributes:
        head: the old one. rows: for each answer, which rows. shares: the logarithm of its share of each of them.
    """

    head: LinearHead
    rows: tuple[np.ndarray, ...]
    shares: tuple[np.ndarray, ...]

    def merged(self, scores: np.ndarray) -> np.ndarray:
        """Logits float32 (N, K + 1), of the scores (N, R) of the old head's rows."""
        answers = zip(self.rows, self.shares, strict=True)
        logits = [merge(scores[:, rows] + shares.astype(np.float32), (len(rows),)) for rows, shares in answers]
        return np.concatenate(logits, axis=1)

    def with_rows(self, taught: LinearHead) -> LinearHead:
        """The head whose logits are these plus those of `taught`, which has one row for each answer."""
        weight = [self.head.weight[rows] + row for rows, row in zip(self.rows, taught.weight, strict=True)]
        bias = [self.head.bias[rows] + log + b for rows, log, b in zip(self.rows, self.shares, taught.bias, strict=True)]
        return LinearHead(
            np.concatenate(weight).astype(np.float32),
            np.concatenate(bias).astype(np.float32),
            tuple(len(rows) for rows in self.rows),
        )
