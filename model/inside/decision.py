"""How the logits of one photo come about: pooled features, times weights, plus biases, merged where an answer has many rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from model.head import LinearHead
from model.inside.look import Inside


@dataclass(frozen=True, slots=True)
class Decision:
    """What the head of a network makes of one photo.

    Attributes:
        logits: float32 (K,), as the network gives them.
        maps: float32 (C, h, w), the last feature maps. pooled: float32 (C,), the mean of each, as the network has it.
        head: the linear layer, with one or more rows for each answer.
    """

    logits: np.ndarray
    maps: np.ndarray
    pooled: np.ndarray
    head: LinearHead

    @property
    def scores(self) -> np.ndarray:
        """float32 (R,): what each row says."""
        scores: np.ndarray = self.head.scores(self.pooled[None])[0]
        return scores

    def rows_of(self, answer: int) -> np.ndarray:
        """The numbers of an answer's rows, the one with the highest score first."""
        first = sum(self.head.rows[:answer])
        rows = np.arange(first, first + self.head.rows[answer])
        ordered: np.ndarray = rows[np.argsort(-self.scores[rows], kind="stable")]
        return ordered

    def terms(self, row: int) -> np.ndarray:
        """float32 (C,): what each feature adds to the score of a row; with its bias, they are the score."""
        terms: np.ndarray = self.head.weight[row] * self.pooled
        return terms


def decide(inside: Inside, batch: np.ndarray) -> Decision | None:
    """The decision for a batch of one photo, float32 (1, 3, height, width), in one run of the network.

    None where the logits do not come from the mean of the last maps by one linear layer.
    """
    head = inside.graph.head
    if head is None or head.linear is None or head.pooled is None:
        return None
    logits, maps, pooled = inside.run(batch, [inside.graph.output, head.features, head.pooled])
    return Decision(logits[0], maps[0], pooled.reshape(-1), head.linear)
