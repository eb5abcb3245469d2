"""How many answers change when a photo is only saved again: smaller, larger, more compressed, or as other classes are saved.

What a photo shows does not change with that, so no answer should. Where many do, the network goes by the format.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from model.calibration import wilson_interval
from model.classifier import Classifier
from model.photo import examine_photo
from training.data.decode import logits_of
from training.data.formats import Change, input_of, resaved
from training.data.looks import FILE, Look, look_at
from training.data.photos import Photos
from training.quality.schema import ChangedAnswers

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
        other = others[zlib.crc32(os.fsencode(path.name)) % len(others)]
        saved = float(other.numbers[quality])
        subsampling = {"4:4:4": 0, "4:2:2": 1}.get(other.words["colour subsampling"], 2)
        return at_side(int(other.numbers[sides].max()), 95 if np.isnan(saved) else round(max(saved, 5)), subsampling)(
            photo, path
        )

    return change


def saved_again(classifier: Classifier, photos: Photos) -> ChangedAnswers:
    """How many answers of a model change when photos are saved again.

    Raises:
        model.photo.PhotoError: a photo can no longer be opened.
    """
    size = classifier.config.input

    def answers(change: Change | None, name: str) -> np.ndarray:
        logits = logits_of(classifier, lambda path: input_of(path, change, size), photos.paths, name)
        most_probable: np.ndarray = logits.argmax(axis=1)
        return most_probable

    examined = [examine_photo(path, at_least=(size.height, size.width)) for path in photos.paths]
    looks = [look_at(photo.photo, photo.facts, size.height) for photo in examined]
    return changed_answers(photos, looks, answers, answers(None, "as they are"))


def changed_answers(
    photos: Photos, looks: Sequence[Look], answer: Callable[[Change, str], np.ndarray], before: np.ndarray
) -> ChangedAnswers:
    """The share of photos that are answered otherwise when they are saved again.

    Args:
        photos, looks: what is answered, and what its files are like.
        answer: gives the answers int (N,) to the photos, each changed; the second argument names the change.
        before: int (N,), the answers to the photos as they are.
    """
    changes = dict(FIXED)
    if len(photos.counts()) > 1:
        changes[OTHERS] = as_others(photos, looks)
    counts = {name: int((answer(change, name) != before).sum()) for name, change in changes.items()}
    return ChangedAnswers(
        photos=len(photos),
        shares={name: count / len(photos) for name, count in counts.items()},
        intervals={name: wilson_interval(count, len(photos)) for name, count in counts.items()},
    )
