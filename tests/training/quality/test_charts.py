from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from training.quality.charts import DARK, LIGHT, draw_confusion, draw_reliability, draw_robustness, draw_top_losses, png
from training.quality.report_schema import Bin, Confusion, CorruptionScores, Loss, Robustness

CONFUSION = Confusion(answers=("a", "b"), counts=((5, 1), (0, 4)))
BINS = [
    Bin(low=0.8, high=0.9, photos=4, confidence=0.85, accuracy=0.75),
    Bin(low=0.9, high=1, photos=90, confidence=1, accuracy=1),
]
CLEAN = CorruptionScores(name="as it is", severity="", accuracy=1, accuracy_95_interval=(0.7, 1), drop=0)
BLUR = CorruptionScores(name="blur", severity="2 %", accuracy=0.5, accuracy_95_interval=(0.2, 0.8), drop=0.5)
ROBUSTNESS = Robustness(photos=10, clean=CLEAN, corruptions=(BLUR,) * 3)
LOSS = Loss(file="a/1.jpg", true="a", predicted="b", probability=0.9, probability_of_true=0.1)


@pytest.mark.parametrize(
    "figure",
    [
        draw_confusion(CONFUSION, LIGHT),
        draw_reliability(BINS, LIGHT),
        draw_robustness(ROBUSTNESS, LIGHT),
        draw_top_losses([LOSS] * 5, [Image.new("RGB", (40, 30), "blue")] * 5),
    ],
    ids=["confusion", "reliability", "robustness", "top losses"],
)
def test_the_pictures_show_something(figure):
    with Image.open(io.BytesIO(png(figure))) as picture:
        pixels = np.asarray(picture.convert("RGB"))
    assert min(pixels.shape[:2]) > 200
    assert pixels.std() > 10
    assert (pixels[0, 0] == 255).all()


def test_a_confusion_matrix_is_as_dark_as_its_rows_are_certain():
    confusion = Confusion(answers=tuple(f"breed {n}" for n in range(40)), counts=tuple(map(tuple, np.diag(range(40)).tolist())))
    for palette, brighter in ((LIGHT, False), (DARK, True)):
        figure = draw_confusion(confusion, palette)
        figure.canvas.draw()
        image = figure.axes[0].images[0]
        certain, empty = image.to_rgba(image.get_array())[5, [5, 6], :3].sum(axis=1)
        assert (certain > empty) is np.bool_(brighter)
