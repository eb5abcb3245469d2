"""Why this answer: where in the photo the network found evidence for a label."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from PIL import Image

from model.classifier import Classifier, Prediction
from model.errors import ModelError
from model.head import LinearHead
from model.inside.graph import Head
from model.inside.look import Inside, look_inside
from model.resize import fit, seen_part

Method = Literal["CAM", "Grad-CAM"]


@dataclass(frozen=True, slots=True)
class HeatMap:
    """Where the evidence for one answer lies.

    Attributes:
        label: the answer that is explained.
        method: `CAM` is exact: the mean of the map is what the photo adds to the logit, up to the error of quantisation;
            where an answer merges several rows, each counts by its share in the logit. `Grad-CAM` is an estimate by
            gradients.
        values: float32 (rows, columns), the evidence for `label`: positive speaks for it, negative against it.
        box: (left, top, right, bottom) as shares of the upright photo: the part that the network saw, which is larger
            than the photo where it was padded.
        merged: whether the answer has several rows of weights, each of which counts by its share.
        strongest: the largest value in the map of any answer: what `heat` calls 1.
    """

    label: str
    method: Method
    values: np.ndarray
    box: tuple[float, float, float, float]
    strongest: float
    merged: bool = False

    def heat(self) -> np.ndarray:
        """float32 (rows, columns) from 0 (no evidence, or against) to 1 (the most for any answer in this photo)."""
        positive: np.ndarray = np.maximum(self.values, 0, dtype=np.float32)
        return positive / self.strongest if self.strongest > 0 else positive


@dataclass(frozen=True, slots=True)
class Evidence:
    """Logits (1, K), the evidence for each answer float32 (K, h, w), how it was found, and how many rows each answer has."""

    logits: np.ndarray
    maps: np.ndarray
    method: Method
    rows: tuple[int, ...]


class Explainer:
    """Answers with reasons. Safe to use from several threads; the network is looked into when it is first asked.

    Where the head is an average and a linear layer, the map is the class activation map (Zhou et al. 2016), else that of
    Grad-CAM (Selvaraju et al. 2017). `benchmarks/heat_map.py` measures what it is worth; less the maps of the rival
    answers, as the gradient of the log odds would have it, it was worth the same.
    """

    def __init__(self, classifier: Classifier) -> None:
        self._classifier = classifier
        self._inside: Inside | None = None
        self._problem: str | None = None
        self._lock = threading.Lock()

    @property
    def inside(self) -> Inside:
        """The network with its inner tensors within reach.

        Raises:
            ModelError: it cannot be looked into.
        """
        with self._lock:
            if self._problem is not None:
                raise ModelError(self._problem)
            if self._inside is None:
                try:
                    self._inside = look_inside(self._classifier)
                except ModelError as error:
                    self._problem = str(error)  # it will not go away: no photo need try again
                    raise
            return self._inside

    def explain(self, photo: Image.Image, label: str | None = None) -> tuple[Prediction, HeatMap]:
        """The answer for an upright RGB photo, and where the evidence for `label` lies (by default, for the answer).

        Raises:
            ValueError: the model has no such answer.
            ModelError: the network has no feature maps to explain by.
        """
        self.check_label(label)
        classifier = self._classifier
        batch = classifier.batch([fit(photo, classifier.config.input)])
        return self.heat_map(self._evidence(batch), photo, label)

    @property
    def tensors(self) -> tuple[str, ...]:
        """What `evidence` needs of the network that is looked into; empty where only `gradients` tell where evidence lies.

        Raises:
            ModelError: the network has no feature maps to explain by.
        """
        output, head = self.inside.graph.output, self._head
        return () if head.linear is None or head.pooled is None else (output, head.features, head.pooled)

    def evidence(self, values: Sequence[np.ndarray]) -> Evidence:
        """The evidence for each answer in one photo, from the values (1, ...) of `tensors`."""
        logits, maps, pooled = values
        linear = self._head.linear
        assert linear is not None  # or there were no tensors to ask for
        return class_activation(logits, maps, pooled.reshape(1, -1), linear)

    def gradients(self, batch: np.ndarray) -> Evidence:
        """The same by gradients, for a batch of one photo: the network runs for it, and its head several times."""
        logits, maps, weights = self.inside.gradients(batch, self._head.features)
        estimate = np.tensordot(weights / maps[0, 0].size, maps[0], 1)
        return Evidence(logits, estimate, "Grad-CAM", (1,) * logits.shape[1])

    def heat_map(self, evidence: Evidence, photo: Image.Image, label: str | None = None) -> tuple[Prediction, HeatMap]:
        """What `explain` gives, for an upright photo whose evidence is known. Raises `ValueError` as it does."""
        classifier = self._classifier
        self.check_label(label)
        answers = classifier.config.answers
        prediction = classifier.predictions(evidence.logits)[0]
        chosen = answers.index(label or prediction.label)
        box = seen_part(photo, classifier.config.input)
        strongest, merged = float(evidence.maps.max()), evidence.rows[chosen] > 1
        return prediction, HeatMap(answers[chosen], evidence.method, evidence.maps[chosen], box, strongest, merged)

    def check_label(self, label: str | None) -> None:
        """Raises `ValueError` where the model has no such answer."""
        answers = self._classifier.config.answers
        if label is not None and label not in answers:
            raise ValueError(f"The model has no answer {label[:60]!r}. It has: {', '.join(answers[:50])}.")

    def _evidence(self, batch: np.ndarray) -> Evidence:
        tensors = self.tensors
        return self.evidence(self.inside.run(batch, tensors)) if tensors else self.gradients(batch)

    @property
    def _head(self) -> Head:
        head = self.inside.graph.head
        if head is None:
            raise ModelError("This network has no feature maps that its answer depends on, so no heat map.")
        return head


def class_activation(logits: np.ndarray, maps: np.ndarray, pooled: np.ndarray, head: LinearHead) -> Evidence:
    """The class activation maps of a photo: logits (1, K), last feature maps (1, C, h, w) and their mean (1, C)."""
    return Evidence(logits, np.tensordot(head.gradient(pooled[0]), maps[0], 1), "CAM", head.rows)
