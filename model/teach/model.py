"""What was taught, as a classifier: it answers, and says why, without a file having been written."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any

import numpy as np

from model.classifier import Classifier
from model.config import FORMAT_VERSION, NEITHER, Architecture, Config, Neither
from model.inside.explain import Evidence, Explainer, class_activation
from model.teach.body import Body
from model.teach.teach import Taught

NAME = "my-model"
TAUGHT = "taught"  # the revision of what was never a file
QUALITY = "quality"  # the key of what was measured when it was taught, in the block `training` of its config


class TaughtModel:
    """A taught head on its body.

    Attributes:
        body, taught: those. classifier: answers photos as any other does. explainer: says why.
    """

    def __init__(self, body: Body, taught: Taught, name: str = NAME) -> None:
        self.body, self.taught = body, taught
        self.classifier = Classifier(_Network(body, taught), config_of(body, taught, name), TAUGHT)
        self.explainer: Explainer = _Explainer(body, taught, self.classifier)


class _Network:
    """The body and the head, as one network."""

    def __init__(self, body: Body, taught: Taught) -> None:
        self._body, self._head = body, taught.head

    def logits(self, batch: np.ndarray) -> np.ndarray:
        """float32 (N, 3, height, width), normalised → float32 (N, K)."""
        return self._head.logits(self._body.look(batch)[0])


class _Explainer(Explainer):
    """One run of the body gives the answer and the map."""

    def __init__(self, body: Body, taught: Taught, classifier: Classifier) -> None:
        super().__init__(classifier)
        self._body, self._taught = body, taught.head

    def evidence(self, values: Sequence[np.ndarray]) -> Evidence:
        """From the values of the `tensors` of the whole network that the body is a part of: its own logits do not count."""
        _, maps, pooled = values
        return self._of(pooled.reshape(1, -1), maps)

    def _evidence(self, batch: np.ndarray) -> Evidence:
        return self._of(*self._body.look(batch))

    def _of(self, pooled: np.ndarray, maps: np.ndarray) -> Evidence:
        return class_activation(self._taught.logits(pooled), maps, pooled, self._taught)


def config_of(body: Body, taught: Taught, name: str = NAME, about: Mapping[str, Any] | None = None) -> Config:
    """The config of a taught model: its own labels and figures, the input of its body.

    Args:
        about: further entries of its block `training`, or others than these.
    """
    before = body.classifier.config
    photos = dict(zip(taught.labels, taught.quality.photos, strict=True))
    if taught.quality.neither:
        photos[NEITHER] = taught.quality.neither
    training: dict[str, Any] = {
        "data": "photos that were taught",
        "photos": photos,
        "left_out": "fifths of the photos, those of a burst together",
        "validation_photos": photos if taught.quality.held_back else {},
        "weights": before.name,
        "licence": before.training.get("licence", "other"),
        "settings": {"arch": before.architecture.name, "weight_decay": taught.quality.decay},
        "hardware": f"a CPU ({platform.machine()})",
        "minutes": taught.quality.seconds / 60,
        QUALITY: taught.quality.model_dump(mode="json", exclude={"labels", "answers", "temperature", "photos", "neither"}),
    }
    meaning = f"'neither' means: none of {', '.join(taught.labels)} is in the photo."
    return Config(
        format_version=FORMAT_VERSION,
        name=name,
        labels=taught.labels,
        input=before.input,
        temperature=taught.temperature,
        neither=Neither(method="output", meaning=meaning) if taught.knows_neither else None,
        architecture=Architecture(
            library=before.architecture.library,
            name=before.architecture.name,
            rows=taught.head.rows if taught.head.is_merged else None,
        ),
        training=training | dict(about or {}),
        metrics={},
        versions=before.versions | {name: version(name) for name in ("onnxruntime", "numpy", "pillow")},
    )
