"""The stored pictures that activate a channel most: what Zeiler & Fergus 2013 showed of a network's layers.

Their pictures came from the 1.3 million of ImageNet; here are two dozen, which are free to ship: read the result as a
hint, not as what the channel is for. The pictures lie beside this file; README.md says whose they are.
"""

from __future__ import annotations

import functools
import threading
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from model.classifier import Classifier
from model.inside.graph import Layer
from model.inside.look import Inside
from model.resize import fit

FOLDER = Path(__file__).parent
_BATCH = 8
_KEPT_LAYERS = 32


@dataclass(frozen=True, slots=True)
class Patch:
    """Part of a stored picture: RGB pixels, what it is called, and how much the whole picture activates the channel."""

    image: Image.Image
    name: str
    activation: float


@functools.cache
def stored_pictures() -> tuple[tuple[str, Image.Image], ...]:
    """Name and RGB picture, 256×256, in the order of their names."""
    return tuple((path.stem, Image.open(path).convert("RGB")) for path in sorted(FOLDER.glob("*.jpg")))


def part_of(picture: Image.Image, layer: Layer, row: int, column: int, height: int, width: int) -> Image.Image:
    """The part that one value of a layer's maps sees, for a picture of the input size height × width.

    Where that is the whole picture, half of it around the place: values in the middle of a receptive field weigh most
    (Luo et al. 2016, "Understanding the effective receptive field").
    """
    (top, bottom), (left, right) = layer.down.of(row), layer.across.of(column)
    if layer.receptive_field is None:
        half = min(height, width) / 4
        x, y = (column + 0.5) * width / layer.width, (row + 0.5) * height / layer.height
        left, top, right, bottom = x - half, y - half, x + half, y + half
    scaled = picture if picture.size == (width, height) else picture.resize((width, height), Image.Resampling.BILINEAR)
    return scaled.crop((round(left), round(top), round(right), round(bottom)))


class Patches:
    """Finds for a channel the stored pictures that activate it most. Safe to use from several threads."""

    def __init__(self, classifier: Classifier) -> None:
        self._classifier = classifier
        self._lock = threading.Lock()
        self._peaks: OrderedDict[str, tuple[np.ndarray, np.ndarray]] = OrderedDict()

    def best(self, inside: Inside, layer: Layer, channel: int, count: int = 9) -> list[Patch]:
        """The `count` parts that activate `channel` of `layer` most, each from another picture, strongest first.

        A picture counts with the mean of its map: the highest value ends at 6 in MobileNet, where many pictures are
        equal. The part is where the map, smoothed over 3×3 values, is highest.
        """
        size = self._classifier.config.input
        values, places = self._of_layer(inside, layer)
        parts = []
        for index in np.argsort(-values[:, channel], kind="stable")[:count]:
            name, picture = stored_pictures()[index]
            row, column = divmod(int(places[index, channel]), layer.width)
            part = part_of(picture, layer, row, column, size.height, size.width)
            parts.append(Patch(part, name, float(values[index, channel])))
        return parts

    def _of_layer(self, inside: Inside, layer: Layer) -> tuple[np.ndarray, np.ndarray]:
        """How much every picture activates every channel, and where most: (pictures, channels) each."""
        with self._lock:
            if layer.tensor not in self._peaks:
                self._peaks[layer.tensor] = self._search(inside, layer)
                if len(self._peaks) > _KEPT_LAYERS:
                    self._peaks.popitem(last=False)
            return self._peaks[layer.tensor]

    def _search(self, inside: Inside, layer: Layer) -> tuple[np.ndarray, np.ndarray]:
        from scipy.ndimage import uniform_filter  # 0.2 s that the start of the app need not wait for

        prepared = [fit(picture, self._classifier.config.input) for _, picture in stored_pictures()]
        values, places = [], []
        for start in range(0, len(prepared), _BATCH):
            batch = self._classifier.batch(prepared[start : start + _BATCH])
            maps = inside.run(batch, [layer.tensor])[0]
            values.append(maps.mean(axis=(2, 3)))
            # means with the neighbours, because of many values at the limit of 6 the first would be taken
            smooth = uniform_filter(maps, 3, axes=(2, 3), mode="nearest")
            places.append(smooth.reshape(len(batch), layer.channels, -1).argmax(axis=2))
        return np.concatenate(values), np.concatenate(places)
