"""Photos whose labels are probably wrong, found by the answers of heads that were fitted without them.

By confident learning (Northcutt et al. 2021), as cleanlab does it: a label is suspect where another answer is as probable as
that answer usually is among its own photos.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from model.photo import open_photo
from model.photo_files import shown
from model.whole import whole_file
from training.data.photos import Photos

MOST = 60  # that are shown
CELL = 150


@dataclass(frozen=True)
class Suspect:
    """A photo, its label, and what a head that never saw it says instead, with which probability."""

    path: Path
    label: str
    answer: str
    probability: float


def find_suspects(photos: Photos, targets: np.ndarray, probabilities: np.ndarray, names: tuple[str, ...]) -> list[Suspect]:
    """The photos whose labels are probably wrong, the most suspicious first.

    Args:
        targets: int (N,). probabilities: float (N, K), cross-validated. names: of the K answers.
    """
    from cleanlab.filter import find_label_issues

    if len(np.unique(targets)) < 2:
        return []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # on answers that no photo has
        ranked = find_label_issues(targets, probabilities, return_indices_ranked_by="self_confidence", n_jobs=1)
    return [
        Suspect(photos.paths[i], names[targets[i]], names[probabilities[i].argmax()], float(probabilities[i].max()))
        for i in ranked
        if probabilities[i].argmax() != targets[i]
    ]


def draw_suspects(suspects: list[Suspect], path: Path) -> None:
    """Write a picture of the most suspicious ones, each with its label and the answer."""
    drawn = suspects[:MOST]
    columns = min(10, max(1, len(drawn)))
    sheet = Image.new("RGB", (columns * CELL, -(-len(drawn) // columns) * (CELL + 28)), "white")
    pen = ImageDraw.Draw(sheet)
    for number, suspect in enumerate(drawn):
        x, y = number % columns * CELL, number // columns * (CELL + 28)
        photo = open_photo(suspect.path, at_least=(CELL, CELL))
        photo.thumbnail((CELL - 6, CELL - 6))
        sheet.paste(photo, (x, y))
        text = f"{shown(suspect.path.stem)[:22]}\n{suspect.label}? {suspect.answer} {suspect.probability:.0%}"
        pen.text((x, y + CELL - 4), text.encode("latin-1", "replace").decode("latin-1"), fill="black", font_size=11)
    with whole_file(path) as file:
        sheet.save(file, "JPEG", quality=85)
