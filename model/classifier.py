"""Photos in, calibrated probabilities out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from model.config import NEITHER, Activation, Config
from model.fastai_export.options import ExportOptions
from model.network import Network
from model.photo import PhotoSource
from model.resize import fit, open_for

MAX_BATCH = 32


@dataclass(frozen=True, slots=True)
class Prediction:
    """The answer for one photo: one probability per answer (the labels, then `neither`), in the model's order.

    Attributes:
        threshold: for independent labels, the probability from which a label is given; None where one answer is right.
    """

    answers: tuple[str, ...]
    probabilities: tuple[float, ...]
    threshold: float | None = None

    @property
    def label(self) -> str:
        """The most probable answer: one of the labels, or `neither`."""
        return self.answers[max(range(len(self.answers)), key=self.probabilities.__getitem__)]

    @property
    def labels(self) -> tuple[str, ...]:
        """What the photo shows: `label` alone, or every independent label that reaches the threshold, maybe none."""
        if self.threshold is None:
            return (self.label,)
        return tuple(label for label, p in zip(self.answers, self.probabilities, strict=True) if p >= self.threshold)

    @property
    def probability(self) -> float:
        """The probability of `label`, 0-1."""
        return max(self.probabilities)

    @property
    def is_neither(self) -> bool:
        """Whether the photo shows none of the labels, as far as the model can tell."""
        return self.label == NEITHER

    def as_dict(self) -> dict[str, float]:
        """Probability per answer, most probable first; sums to 1 where one answer is right."""
        pairs = zip(self.answers, self.probabilities, strict=True)
        return dict(sorted(pairs, key=lambda pair: pair[1], reverse=True))


class Classifier:
    """A trained model, ready to answer. Safe to use from several threads.

    Args:
        network: gives one logit per answer of `config`.
        config: labels, input size, normalisation, temperature.
        revision: the commit or `embedded`, `local`: which version of the model this is.
    """

    def __init__(self, network: Network, config: Config, revision: str = "local") -> None:
        self.network = network
        self.config = config
        self.revision = revision
        # (pixel / 255 - mean) / std as one multiplication and one addition per channel
        std = np.asarray(config.input.std, dtype=np.float32).reshape(3, 1, 1)
        mean = np.asarray(config.input.mean, dtype=np.float32).reshape(3, 1, 1)
        self._scale = 1 / (255 * std)
        self._shift = -mean / std

    @classmethod
    def load(
        cls,
        source: str | Path | None = None,
        revision: str | None = None,
        *,
        labels: Sequence[str] | None = None,
        allow: Iterable[str] = (),
        size: tuple[int, int] | None = None,
        activation: Activation | None = None,
        trust: bool = False,
        apart: bool = False,
    ) -> Classifier:
        """Load a model folder, a fastai export, a Hub repo `user/name` at `revision`, or the embedded starter (None).

        A fastai export (`model.pkl`, alone or as all there is in a folder or repo) is read without running what it
        holds: see `model.fastai_export`.

        Args:
            labels, allow, size, activation, trust: for an export alone; see `model.fastai_export.options.ExportOptions`.
            apart: whether a process of its own opens an export first, with a clock; see `model.source.load`.

        Raises:
            model.errors.ModelError: the model cannot be found or used; the message says why.
        """
        from model.source import load  # which needs this module

        return load(source, revision, ExportOptions(labels, allow, size, activation, trust), apart=apart)

    def prepare(self, photo: PhotoSource) -> np.ndarray:
        """Open one untrusted photo and fit it to the network's input: uint8 (height, width, 3).

        Raises:
            model.photo.PhotoError: the photo cannot be used; the message is for the person who sent it.
        """
        return fit(self.open(photo), self.config.input)

    def open(self, photo: PhotoSource) -> Image.Image:
        """One untrusted photo, upright, RGB, and no smaller than the network needs it.

        Raises:
            model.photo.PhotoError: the photo cannot be used; the message is for the person who sent it.
        """
        return open_for(photo, self.config.input)

    def predict(self, prepared: Sequence[np.ndarray]) -> list[Prediction]:
        """Answer for photos from `prepare`, in one call of the network per 32 photos."""
        predictions: list[Prediction] = []
        for start in range(0, len(prepared), MAX_BATCH):
            logits = self.logits(prepared[start : start + MAX_BATCH])
            predictions += self.predictions(logits)
        return predictions

    def predictions(self, logits: np.ndarray) -> list[Prediction]:
        """Answers for logits float32 (N, K)."""
        return [self._prediction(row) for row in self.probabilities(logits)]

    def batch(self, prepared: Sequence[np.ndarray]) -> np.ndarray:
        """The network's input for photos from `prepare`: float32 (N, 3, height, width), normalised."""
        size = self.config.input
        batch = np.empty((len(prepared), 3, size.height, size.width), dtype=np.float32)
        for row, photo in zip(batch, prepared, strict=True):
            np.multiply(photo.transpose(2, 0, 1), self._scale, out=row)
            row += self._shift
        return batch

    def logits(self, prepared: Sequence[np.ndarray]) -> np.ndarray:
        """The network's raw output for photos from `prepare`: float32 (N, K), before temperature and softmax."""
        return self.network.logits(self.batch(prepared))

    def probabilities(self, logits: np.ndarray) -> np.ndarray:
        """Calibrated probabilities float64 (N, K) for logits (N, K): of one right answer, or independent ones."""
        activation = softmax if self.config.probabilities == "exclusive" else sigmoid
        return activation(logits / self.config.temperature)

    def classify(self, photos: Sequence[PhotoSource]) -> list[Prediction]:
        """One `Prediction` per photo, in order.

        Raises:
            model.photo.PhotoError: for the first photo that cannot be used.
        """
        return self.predict([self.prepare(photo) for photo in photos])

    def _prediction(self, probabilities: np.ndarray) -> Prediction:
        threshold = self.config.threshold if self.config.probabilities == "independent" else None
        return Prediction(self.config.answers, tuple(probabilities.tolist()), threshold)


def softmax(logits: np.ndarray) -> np.ndarray:
    """Probabilities float64 (N, K) whose rows sum to 1."""
    exponentials = np.exp(logits.astype(np.float64) - logits.max(axis=1, keepdims=True))
    normalised: np.ndarray = exponentials / exponentials.sum(axis=1, keepdims=True)
    return normalised


def sigmoid(logits: np.ndarray) -> np.ndarray:
    """Independent probabilities float64 (N, K)."""
    independent: np.ndarray = 0.5 * (1 + np.tanh(0.5 * logits.astype(np.float64)))
    return independent
