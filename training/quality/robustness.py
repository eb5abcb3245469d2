"""How much worse the answers get when photos are corrupted: compressed, blurred, darkened, rotated, grey, or drawn.

After the corruptions of Hendrycks and Dietterich (2019), with those that photos from phones and chats really have. Every
photo is first shrunk to at most 512 pixels a side, so that a severity means the same for all; then it goes the way every
photo goes, through `Classifier.prepare`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageEnhance, ImageFilter, ImageOps, ImageStat
from scipy.ndimage import gaussian_filter, gaussian_gradient_magnitude

from model.calibration import wilson_interval
from model.classifier import Classifier
from model.network import available_cores
from model.photo import open_photo
from training.data.decode import batched, map_ahead
from training.data.draw import draw_by_share
from training.data.formats import resaved
from training.data.photos import Photos
from training.quality.report_schema import CorruptionScores, Robustness

LARGEST_SIDE = 512
PREVIEW_SIDE = 160
CLEAN = "as it is"


@dataclass(frozen=True)
class Corruption:
    """One way to corrupt a photo, at one severity; `apply` takes and gives an RGB image."""

    name: str
    severity: str
    apply: Callable[[Image.Image], Image.Image]


def jpeg(quality: int) -> Corruption:
    """Saved as JPEG at Pillow's `quality`, 1-95."""
    return Corruption("JPEG", f"quality {quality}", lambda photo: resaved(photo, quality))


def blur(percent: float) -> Corruption:
    """A Gaussian blur with a standard deviation of `percent` of the shorter side."""
    return Corruption(
        "blur",
        f"{percent:g} % of the side",
        lambda photo: photo.filter(ImageFilter.GaussianBlur(min(photo.size) * percent / 100)),
    )


def brightness(factor: float) -> Corruption:
    """Every value times `factor`, cut off at white."""
    name = "darker" if factor < 1 else "brighter"
    return Corruption(name, f"× {factor:g}", lambda photo: ImageEnhance.Brightness(photo).enhance(factor))


def rotation(degrees: int) -> Corruption:
    """Turned counter-clockwise: by 90° and 180° as a whole, else in its frame, with empty corners in the mean colour."""

    def apply(photo: Image.Image) -> Image.Image:
        red, green, blue = (round(mean) for mean in ImageStat.Stat(photo).mean)
        return photo.rotate(degrees, Image.Resampling.BICUBIC, expand=degrees % 90 == 0, fillcolor=(red, green, blue))

    return Corruption("rotation", f"{degrees}°", apply)


def grey(share: float) -> Corruption:
    """Colours mixed with `share` (0-1) of grey."""
    return Corruption("grey", f"{100 * share:g} %", lambda photo: ImageEnhance.Color(photo).enhance(1 - share))


def inverted() -> Corruption:
    """The negative."""
    return Corruption("inverted", "colours", ImageOps.invert)


def pencil() -> Corruption:
    """A pencil drawing: grey values divided by their blurred surroundings, so that edges and texture remain."""

    def apply(photo: Image.Image) -> Image.Image:
        values = np.asarray(photo.convert("L"), dtype=np.float32) + 1
        paper = values / gaussian_filter(values, min(photo.size) * 0.03)
        return Image.fromarray((255 * paper.clip(0, 1) ** 2).astype(np.uint8)).convert("RGB")

    return Corruption("drawing", "pencil", apply)


def outline() -> Corruption:
    """A line drawing: the slope of the grey values, black on white; the steepest hundredth is black."""

    def apply(photo: Image.Image) -> Image.Image:
        slope = gaussian_gradient_magnitude(np.asarray(photo.convert("L"), dtype=np.float32), min(photo.size) * 0.006)
        ink = (slope / max(float(np.quantile(slope, 0.99)), 1.0)).clip(0, 1)
        return Image.fromarray((255 * (1 - ink)).astype(np.uint8)).convert("RGB")

    return Corruption("drawing", "outline", apply)


CORRUPTIONS: tuple[Corruption, ...] = (
    *map(jpeg, (50, 25, 10, 5)),
    *map(blur, (0.5, 1, 2, 4)),
    *map(brightness, (0.5, 0.25, 0.1, 1.5, 2, 3)),
    *map(rotation, (15, 45, 90, 180)),
    *map(grey, (0.5, 1)),
    inverted(),
    pencil(),
    outline(),
)


def open_small(path: Path) -> Image.Image:
    """An RGB photo, shrunk to at most 512 pixels a side; smaller ones keep their size.

    Raises:
        model.photo.PhotoError: the photo cannot be used.
    """
    photo = open_photo(path, at_least=(LARGEST_SIDE, LARGEST_SIDE))
    photo.thumbnail((LARGEST_SIDE, LARGEST_SIDE), Image.Resampling.BILINEAR)
    return photo


def sample(photos: Photos, labels: Sequence[str], count: int, seed: int = 0) -> Photos:
    """About `count` photos of the labels, drawn at random in the proportions of `photos`, at least one of each label."""
    own = photos.take(index for index, answer in enumerate(photos.answers) if answer in labels)
    return own.take(draw_by_share(own.answers, count, seed))


def measure_robustness(classifier: Classifier, photos: Photos, corruptions: Sequence[Corruption] = CORRUPTIONS) -> Robustness:
    """Accuracy on photos of the labels, as they are and under every corruption.

    Raises:
        model.photo.PhotoError: a photo cannot be used.
    """
    applied = [Corruption(CLEAN, "", lambda photo: photo), *corruptions]

    def prepare(path: Path) -> list[np.ndarray]:
        photo = open_small(path)
        return [classifier.prepare(corruption.apply(photo)) for corruption in applied]

    answers = np.array(  # (photos, corruptions)
        [
            np.concatenate([classifier.logits(batch) for batch in batched(versions)]).argmax(axis=1)
            for versions in map_ahead(prepare, photos.paths, "robustness", ahead=2 * available_cores())
        ]
    )
    labels = classifier.config.labels
    right = answers == np.array([[labels.index(answer)] for answer in photos.answers])
    accuracies = right.mean(axis=0).tolist()
    neither = (answers == len(labels)).mean(axis=0).tolist() if classifier.config.neither else [None] * len(applied)
    clean, *corrupted = (
        CorruptionScores(
            name=corruption.name,
            severity=corruption.severity,
            accuracy=accuracies[column],
            accuracy_95_interval=wilson_interval(int(right[:, column].sum()), len(photos)),
            drop=accuracies[0] - accuracies[column],
            called_neither=neither[column],
        )
        for column, corruption in enumerate(applied)
    )
    return Robustness(photos=len(photos), clean=clean, corruptions=tuple(corrupted))


def previews(path: Path, corruptions: Sequence[Corruption] = CORRUPTIONS) -> list[Image.Image]:
    """What every corruption makes of one photo, at most 160 pixels a side: shows the reader what a severity means."""
    photo = open_small(path)
    small = [corruption.apply(photo) for corruption in corruptions]
    for image in small:
        image.thumbnail((PREVIEW_SIDE, PREVIEW_SIDE))
    return small
