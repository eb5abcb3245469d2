"""Fitting a run into a number of minutes: how many photos are looked at, and how often."""

from __future__ import annotations

import time

import numpy as np

from training.data.draw import draw_by_share
from training.data.photos import Photos
from training.quality.resaved import FIXED

WRITING = 20.0  # seconds to write folder and card
FITTING = 0.2  # of the time that is left for fitting heads
LEAST_VIEWS = 2


def plan(
    minutes: float, started: float, views_per_second: float, photos: Photos, views: int, resaved: int, seed: int
) -> tuple[int, list[int]]:
    """How often each photo is looked at, at most `views` times, and the indices of the photos that are.

    Args:
        started: of the run, by `time.monotonic`. views_per_second: of `training.fit.features`.
        resaved: photos that are looked at again in other formats.
    """
    left = (started + 60 * minutes - time.monotonic() - WRITING) * (1 - FITTING)
    affordable = left * views_per_second - resaved * (len(FIXED) + 1)
    looks = int(np.clip(affordable // max(1, len(photos)), min(LEAST_VIEWS, views), views))
    count = max(2 * len(photos.counts()), int(affordable // looks))
    return looks, draw_by_share(photos.answers, count, seed, least=2)
