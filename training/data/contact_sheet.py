"""A picture of the data: some photos of each class and split, side by side, as they are served to people who look at it."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from model.config import NEITHER
from model.photo import PhotoError, open_photo
from model.photo_files import shown
from model.whole import whole_file
from training.data.decode import map_ahead
from training.data.photos import Photos

ACROSS = 8  # photos of each class
MAX_ROWS = 120  # classes of splits; more cannot be looked at
SIDE = 96  # pixels of a photo
_GAP = 4
_MARGIN = 220  # for the names


def draw_contact_sheet(splits: Mapping[str, Photos | None], file: Path, seed: int = 0) -> int:
    """Draw a row of photos for each class of each split, drawn at random, and write them as JPEG.

    Args:
        splits: by name; their paths are readable photos.

    Returns:
        How many classes were left out, since there are too many.
    """
    rows = [
        (split, answer, [photos.paths[i] for i in np.flatnonzero(np.array(photos.answers) == answer)])
        for split, photos in splits.items()
        if photos is not None
        for answer in sorted(set(photos.answers), key=lambda answer: (answer == NEITHER, answer))
    ]
    dice = np.random.default_rng(seed)
    chosen = [[paths[i] for i in sorted(dice.permutation(len(paths))[:ACROSS])] for _, _, paths in rows[:MAX_ROWS]]
    small = iter(list(map_ahead(_small, [path for paths in chosen for path in paths], "contact sheet")))
    width, height = _MARGIN + ACROSS * (SIDE + _GAP), max(1, len(chosen)) * (SIDE + _GAP)
    figure = Figure(figsize=(width / 100, height / 100), dpi=100)
    for place, ((split, answer, paths), drawn) in enumerate(zip(rows, chosen, strict=False)):
        top = height - (place + 1) * (SIDE + _GAP)
        title = f"{_short(shown(answer))}\n{split}, {len(paths):,}"
        figure.text((_MARGIN - 8) / width, (top + SIDE / 2) / height, title, ha="right", va="center", parse_math=False)
        for column in range(len(drawn)):
            figure.figimage(next(small), _MARGIN + column * (SIDE + _GAP), top)
    with whole_file(file) as new, warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from")  # a label in a script the font lacks still has its place
        figure.savefig(new, format="jpeg")
    return max(0, len(rows) - MAX_ROWS)


def _small(path: Path) -> np.ndarray:
    """uint8 (96, 96, 3): a photo, whole, on grey."""
    square = Image.new("RGB", (SIDE, SIDE), (225, 225, 225))
    try:
        photo = open_photo(path, at_least=(SIDE, SIDE))
    except PhotoError:  # it is gone since it was looked at
        return np.asarray(square)
    photo.thumbnail((SIDE, SIDE))
    square.paste(photo, ((SIDE - photo.width) // 2, (SIDE - photo.height) // 2))
    return np.asarray(square)


def _short(name: str, longest: int = 26) -> str:
    return name if len(name) <= longest else f"{name[: longest - 1]}…"
