"""Whether two versions of a model answer alike, on pictures that need no download."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image

from model.classifier import Classifier

_SIZES = ((64, 64), (200, 150), (97, 301), (640, 480), (333, 500), (224, 224), (1000, 700), (150, 200))  # height, width


def drawn_photos() -> list[np.ndarray]:
    """Eight pictures of coloured clouds with noise, the same every time: uint8 (H, W, 3)."""
    dice = np.random.default_rng(0)
    photos = []
    for height, width in _SIZES:
        patches = Image.fromarray(dice.integers(0, 256, (4, 5, 3), np.uint8))
        clouds = np.asarray(patches.resize((width, height), Image.Resampling.BILINEAR))
        photos.append((clouds + dice.normal(0, 20, clouds.shape)).clip(0, 255).astype(np.uint8))
    return photos


def largest_differences(one: Classifier, other: Classifier, prepared: Sequence[np.ndarray]) -> tuple[float, float]:
    """The largest difference of a probability (0-1), and of a logit as a share of the largest logit.

    Args:
        prepared: photos from `Classifier.prepare`; each is answered alone.
    """
    logits, others = (np.concatenate([model.logits([photo]) for photo in prepared]) for model in (one, other))
    difference = float(np.abs(one.probabilities(logits) - other.probabilities(others)).max())
    return difference, float(np.abs(logits - others).max() / max(1.0, float(np.abs(logits).max())))
