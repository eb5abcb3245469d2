"""What metrics.json of a report holds: the figures of `training.quality.schema`, and all else that the report shows."""

from __future__ import annotations

import math

from pydantic import Field

from model.folder import ONNX
from training.quality.schema import ChangedAnswers, Count, Interval, Metrics, Part, Share


class ModelFacts(Part):
    """Which model was measured."""

    name: str = Field(description="of config.json")
    revision: str = Field(description="a commit, `local` or `embedded`")
    network: str = Field(description="architecture and library")
    input: str = Field(description="width×height in pixels")
    labels: tuple[str, ...] = Field(description="in the model's order")


class Confusion(Part):
    """How often each answer was given to photos of each true answer."""

    answers: tuple[str, ...] = Field(description="the names of rows and columns")
    counts: tuple[tuple[Count, ...], ...] = Field(description="photos: a row for each true answer, a column for each given")


class Bin(Part):
    """The photos whose highest probability lies in (low, high]: how sure the model was, and how often it was right."""

    low: Share = Field(description="the highest probability is above this")
    high: Share = Field(description="and not above this")
    photos: Count = Field(description="in this bin")
    confidence: Share = Field(description="mean of their highest probability")
    accuracy: Share = Field(description="share of them with the right answer")


class Loss(Part):
    """One photo, and what was answered."""

    file: str = Field(description="its folder and name")
    true: str = Field(description="what it shows")
    predicted: str = Field(description="the answer given")
    probability: Share = Field(description="of the answer given")
    probability_of_true: Share = Field(description="of the true answer")


class Latency(Part):
    """How long one photo takes, decoded and answered alone."""

    photos: Count = Field(description="that were timed, one at a time")
    median_ms: float = Field(description="milliseconds")
    middle_90_ms: tuple[float, float] = Field(description="where the middle 90 % lie, in milliseconds")


class CorruptionScores(Part):
    """The answers to photos that were corrupted in one way, at one severity."""

    name: str = Field(description="of the corruption")
    severity: str = Field(description="its strength")
    accuracy: Share = Field(description="share of the photos with the right answer")
    accuracy_95_interval: Interval = Field(description="of the accuracy (Wilson 1927)")
    drop: float = Field(ge=-1, le=1, description="accuracy lost against the photos as they are")
    called_neither: Share | None = Field(default=None, description="share of the photos that are called neither")


class Robustness(Part):
    """The answers to photos of the labels that were corrupted."""

    photos: Count = Field(description="drawn at random, by the labels' shares")
    clean: CorruptionScores = Field(description="the photos as they are")
    corruptions: tuple[CorruptionScores, ...] = Field(description="the same photos, corrupted")


class Cost(Part):
    """What an answer takes: time and bytes."""

    latency: Latency = Field(description="one photo at a time")
    size_bytes: dict[str, Count] | None = Field(default=None, description="of every file of the model folder but its report")

    @property
    def network_bytes(self) -> int | None:
        """Of the network that serves."""
        return self.size_bytes[ONNX] if self.size_bytes else None

    @property
    def folder_megabytes(self) -> float:
        """All files of the folder, in millions of bytes."""
        return sum((self.size_bytes or {}).values()) / 1e6


class Paired(Part):
    """Two models, A and B, on the same photos."""

    both_right: Count = Field(description="photos")
    only_a: Count = Field(description="photos that A alone answers rightly")
    only_b: Count = Field(description="photos that B alone answers rightly")
    both_wrong: Count = Field(description="photos")
    difference: float = Field(ge=-1, le=1, description="accuracy of B minus accuracy of A")
    difference_95_interval: tuple[float, float] = Field(description="of the difference (Agresti and Min 2005)")
    mcnemar_p: Share = Field(description="of the exact McNemar test: how often two equally good models differ as much or more")


class Comparison(Paired, Cost):
    """A second model, B, beside the measured one, A, on the same photos."""

    model: ModelFacts = Field(description="B")
    metrics: Metrics = Field(description="of B")
    photos: Count = Field(description="of the labels, answered by both")
    sentence: str = Field(description="what the comparison says, in plain words")


class Report(Metrics, Cost):
    """metrics.json: the figures of a model on one set of photos, and all that the report shows."""

    model: ModelFacts = Field(description="which was measured")
    name: str = Field(description="of the photos, `test` for one")
    measured: str = Field(description="the day, as 2026-11-25")
    machine: str = Field(description="processor, cores, system, and versions")
    confusion: Confusion = Field(description="of all photos")
    reliability: tuple[Bin, ...] = Field(description="of the photos of the labels: the bins that hold photos")
    top_losses: tuple[Loss, ...] = Field(description="the photos whose true answer got the lowest probability, worst first")
    robustness: Robustness | None = Field(default=None, description="answers to corrupted photos")
    saved_again: ChangedAnswers | None = Field(default=None, description="when photos are saved again")
    comparison: Comparison | None = Field(default=None, description="with a second model")
    data: tuple[str, ...] | None = Field(
        default=None, description="sentences on how the photos were found, and what was left out"
    )

    @property
    def figures(self) -> Metrics:
        """What belongs into config.json."""
        return Metrics(**{name: getattr(self, name) for name in Metrics.model_fields})

    @property
    def mistakes(self) -> int:
        """Photos of the labels with a wrong answer."""
        return self.photos - round(self.accuracy * self.photos)

    @property
    def guessing_log_loss(self) -> float:
        """Of answers that say nothing: the labels alike, in nats."""
        return math.log(len(self.model.labels))
