"""A model whose answers can be foretold: how red, how blue, and, for neither, how green a picture is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from model.classifier import Classifier
from model.config import Architecture, Config, Input, Neither

RGB = {"red": (200, 40, 40), "blue": (40, 40, 200), "green": (40, 200, 40)}


class MeanColour:
    """Logits: `scale` times the mean of some channels, 0-1."""

    def __init__(self, channels: list[int], scale: float) -> None:
        self.channels, self.scale = channels, scale

    def logits(self, batch: np.ndarray) -> np.ndarray:
        return self.scale * batch.mean(axis=(2, 3))[:, self.channels]


def colours(neither: bool = True, labels: tuple[str, str] = ("blue", "red"), scale: float = 10) -> Classifier:
    """Tells blue and red apart, whatever the labels are called; green is neither, where it knows that."""
    config = Config(
        format_version=1,
        name="colours",
        labels=labels,
        input=Input(height=32, width=32, resize="squish", mean=(0, 0, 0), std=(1, 1, 1)),
        temperature=1,
        neither=Neither(method="output", meaning="It is green.") if neither else None,
        architecture=Architecture(library="torchvision", name="resnet18"),
        training={},
        metrics={},
        versions={},
    )
    return Classifier(MeanColour([2, 0, 1] if neither else [2, 0], scale), config)


def paint(folder: Path, colour: str, count: int) -> None:
    """Write `count` noisy pictures of one colour into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    dice = np.random.default_rng(count)
    for index in range(count):
        pixels = np.clip(np.array(RGB[colour]) + dice.normal(0, 20, (48, 40, 3)), 0, 255).astype(np.uint8)
        Image.fromarray(pixels).save(folder / f"{colour}{index}.jpg")
