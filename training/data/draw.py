"""Stratified draws. A stratum is a class, or a class of a source; each gets its share, or as much as any other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence

import numpy as np

from training.data.photos import Photos


def by_source_and_class(photos: Photos) -> list[tuple[str, str]]:
    """The stratum of each photo: its source and its answer."""
    return list(zip(photos.sources, photos.answers, strict=True))


def draw_by_share(strata: Sequence[Hashable], count: int, seed: int, least: int = 1) -> list[int]:
    """The indices of about `count` items, sorted: every stratum's share of them, and at least `least`, or all it has.

    Args:
        strata: the stratum of each item.
    """
    sizes = Counter(strata)
    share = min(1.0, count / max(1, len(strata)))
    return sorted(index for index, rank in _ranked(strata, seed) if rank < max(least, round(share * sizes[strata[index]])))


def draw_evenly(strata: Sequence[Hashable], seed: int, count: int | None = None, per_stratum: int | None = None) -> list[int]:
    """The indices of items, sorted: as many of every stratum as of any other, as far as it has them.

    Args:
        strata: the stratum of each item.
        count: how many to draw in all, at most. per_stratum: how many to draw from each, at most.
    """
    by_rank = sorted(_ranked(strata, seed), key=lambda pair: pair[1])  # stable: in a random order where ranks are equal
    return sorted([index for index, rank in by_rank if per_stratum is None or rank < per_stratum][:count])


def _ranked(strata: Sequence[Hashable], seed: int) -> list[tuple[int, int]]:
    """The indices in a random order, each with its rank in its stratum: 0 for the first one of it in this order."""
    seen: Counter[Hashable] = Counter()
    ranked = []
    for index in np.random.default_rng(seed).permutation(len(strata)).tolist():
        ranked.append((index, seen[strata[index]]))
        seen[strata[index]] += 1
    return ranked
