"""How many answers change when a photo is only saved again: smaller, larger, more compressed, or as other classes are saved.

What a photo shows does not change with that, so no answer should. Where many do, the network goes by the format.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from training.data.formats import Change, resaved
from training.data.photos import Photos
from training.data.shortcuts import FILE, Look
from training.quality.metrics import wilson_interval

GOOD = 90  # JPEG quality where it is not the quality that is tried
OTHERS = "as photos of other classes"


def at_side(side: int, quality: int = GOOD, subsampling: int = 2) -> Change:
    """Bring the longer side to so many pixels, and save as JPEG."""

    def change(photo: Image.Image, path: Path) -> Image.Image:
        factor = side / max(photo.size)
        width, height = (max(1, round(factor * length)) for length in photo.size)
        return resaved(photo.resize((width, height), Image.Resampling.BICUBIC, reducing_gap=3.0), quality, subsampling)

    return change


def compressed(quality: int) -> Change:
    """Save as JPEG of that quality."""
    return lambda photo, path: resaved(photo, quality)


FIXED: Mapping[str, Change] = {
    **{f"{side:,} pixels": at_side(side) for side in (200, 400, 1600)},
    **{f"JPEG {quality}": compressed(quality) for quality in (40, 75, 95)},
}


def as_others(photos: Photos, looks: Sequence[Look]) -> Change:
    """Save a photo as one of another class, drawn at random, was saved: as long on its longer side, as compressed.

    Args:
        looks: of each photo.
    """
    quality, sides = FILE.index("JPEG quality"), [FILE.index("width"), FILE.index("height")]
    answer_of = dict(zip(photos.paths, photos.answers, strict=True))
    by_answer = {
        answer: [look for look, own in zip(looks, photos.answers, strict=True) if own != answer] for answer in photos.counts()
    }

    def change(photo: Image.Image, path: Path) -> Image.Image:
        others = by_answer[answer_of[path]]
        other = others[zlib.crc32(path.name.encode()) % len(others)]
        saved = float(other.numbers[quality])
        subsampling = {"4:4:4": 0, "4:2:2": 1}.get(other.words["colour subsampling"], 2)
        return at_side(int(other.numbers[sides].max()), 95 if np.isnan(saved) else round(max(saved, 5)), subsampling)(
            photo, path
        )

    return change


def sample_of(photos: Photos, count: int, seed: int) -> list[int]:
    """The indices of at most `count` photos, spread evenly over classes and sources as far as they have as many."""
    draw = np.random.default_rng(seed)
    pairs: dict[tuple[str, str], list[int]] = {}
    for index in draw.permutation(len(photos)).tolist():
        pairs.setdefault((photos.sources[index], photos.answers[index]), []).append(index)
    chosen: list[int] = []
    while len(chosen) < min(count, len(photos)):
        for members in pairs.values():
            if members and len(chosen) < count:
                chosen.append(members.pop())
    return sorted(chosen)


def changed_answers(
    photos: Photos, looks: Sequence[Look], answer: Callable[[Change, str], np.ndarray], before: np.ndarray
) -> dict[str, Any]:
    """The share of photos that are answered otherwise when they are saved again.

    Args:
        photos, looks: what is answered, and what its files are like.
        answer: gives the answers int (N,) to the photos, each changed; the second argument names the change.
        before: int (N,), the answers to the photos as they are.

    Returns:
        `photos`: how many; `shares`: of the changed answers, 0-1, by the change; `intervals`: their 95 % intervals.
    """
    changes = dict(FIXED)
    if len(photos.counts()) > 1:
        changes[OTHERS] = as_others(photos, looks)
    counts = {name: int((answer(change, name) != before).sum()) for name, change in changes.items()}
    return {
        "photos": len(photos),
        "shares": {name: count / len(photos) for name, count in counts.items()},
        "intervals": {name: list(wilson_interval(count, len(photos))) for name, count in counts.items()},
    }
