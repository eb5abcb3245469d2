"""Merging rows into logits, in torch: `model.head.merge` as a layer."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn


class Merge(nn.Module):
    """Scores (N, R) → logits (N, K): the log-sum-exp of each answer's rows."""

    def __init__(self, rows: Sequence[int]) -> None:
        super().__init__()
        self.rows = list(rows)

    def forward(self, scores: torch.Tensor) -> torch.Tensor:
        """Merge."""
        parts = torch.split(scores, self.rows, dim=1)
        return torch.cat([part.logsumexp(dim=1, keepdim=True) for part in parts], dim=1)

    def extra_repr(self) -> str:
        """The rows of each answer, for print."""
        return f"rows={self.rows}"
