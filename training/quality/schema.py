"""Figures that say how good a model is: the `metrics` of a config.json. docs/metrics.md describes them.

A figure that was not measured is missing in JSON and None here. One that the photos leave undefined, as the recall of a label
without photos, is null in JSON and None here.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from model.config import Config, sentence
from model.errors import ModelError

METRICS_VERSION: Final = 1
LEFT_OUT = "left out"  # the name, in config.json, of the figures of what was left out to choose by

Share = Annotated[float, Field(ge=0, le=1)]
Interval = tuple[Share, Share]
Count = Annotated[int, Field(ge=0)]
Nats = Annotated[float, Field(ge=0)]


class Part(BaseModel):
    """Some figures that belong together."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Document(Part):
    """Figures that are read and written on their own."""

    format_version: Literal[1] = Field(default=METRICS_VERSION, description="of this format; 1 where it is missing")

    def to_json(self) -> dict[str, Any]:
        """The figures as JSON has them, without what was not measured."""
        return {"format_version": self.format_version} | self.model_dump(mode="json", exclude_defaults=True)


class LabelScores(Part):
    """How well one label is recognised. None where a figure is undefined: no photo of it, or nothing called it."""

    photos: Count = Field(description="of this label")
    precision: Share | None = Field(description="share of the photos called by this label that show it")
    recall: Share | None = Field(description="share of the photos that show this label that are called by it")
    f1: Share | None = Field(description="harmonic mean of precision and recall")
    roc_auc: Share | None = Field(description="chance that a photo of it gets a higher p(label) than one of another label")


class Figures(Part):
    """The answers as given, over all photos: a dog called neither is wrong, and so is a stone called dog."""

    photos: Count = Field(description="those of neither included")
    accuracy: Share = Field(description="share of the photos with the right answer")
    accuracy_95_interval: Interval = Field(description="of the accuracy (Wilson 1927)")
    log_loss: Nats = Field(description="mean of -ln p(true answer), in nats")
    calibration_error: Share = Field(description="expected calibration error, 15 bins of equal width (Guo et al. 2017)")
    neither_false_accepts_at_95: Share | None = Field(
        default=None,
        description="share of the photos of neither taken for a label when 95 % of the labels' photos are",
    )


class ChangedAnswers(Part):
    """How many answers change when photos are only saved again; what they show does not change."""

    photos: Count = Field(description="that were saved again")
    shares: dict[str, Share] = Field(description="share of the answers that change, by how the photos were saved")
    intervals: dict[str, Interval] = Field(description="95 % intervals of these shares (Wilson 1927)")


class BySource(Document, Figures):
    """The figures of all photos, and of each source; of heads that were fitted without the source, where it was left out."""

    mean_accuracy: Share = Field(description="mean over the sources of 40 photos and more, or over all where none has as many")
    worst_accuracy: Share = Field(description="the lowest accuracy among these sources")
    worst: str = Field(description="the source that has it")
    sources: dict[str, Figures] = Field(description="the figures of each source, by its name")
    changed_answers: ChangedAnswers | None = Field(default=None, description="when photos that were left out are saved again")


class Metrics(Document):
    """The figures of a model on one set of photos.

    All but those named `neither_*` and `all_answers` are of photos of the labels alone, over all answers: a cat called neither
    is an error.
    """

    photos: Count = Field(description="of the labels")
    accuracy: Share = Field(description="share of the photos with the right answer")
    accuracy_95_interval: Interval = Field(description="of the accuracy (Wilson 1927)")
    error_rate: Share = Field(description="1 - accuracy")
    log_loss: Nats = Field(description="mean of -ln p(true answer), in nats")
    calibration_error: Share = Field(description="expected calibration error, 15 bins of equal width (Guo et al. 2017)")
    macro_f1: Share | None = Field(description="mean of the labels' F1; null where no label has photos")
    roc_auc: Share | None = Field(description="mean of the labels' ROC AUC; null where photos show one label alone")
    accuracy_per_label: dict[str, Share] = Field(description="recall of each label that has photos")
    per_label: dict[str, LabelScores] = Field(description="the figures of each label")
    neither_photos: Count | None = Field(default=None, description="photos that show none of the labels")
    neither_accuracy: Share | None = Field(default=None, description="share of these that are called neither")
    neither_score: str | None = Field(default=None, description="what should be high for them, and the next two figures go by")
    neither_false_accepts_at_95: Share | None = Field(
        default=None, description="share of these taken for a label when 95 % of the labels' photos are"
    )
    neither_auroc: Share | None = Field(
        default=None, description="chance that the score of a photo of neither is higher than that of a photo of a label"
    )
    accuracy_fp32: Share | None = Field(default=None, description="accuracy of the same weights in float32")
    log_loss_fp32: Nats | None = Field(default=None, description="log loss of the same weights in float32")
    all_answers: BySource | Figures | None = Field(
        default=None, description="the figures of all photos that the model can answer rightly, those of neither included"
    )


def metrics_of(config: Config) -> dict[str, Metrics | BySource]:
    """The `metrics` of a config.json, by the name of the photos; those by source are of what was left out to choose by.

    Raises:
        ModelError: they are of another format; the message names the field.
    """
    read: dict[str, Metrics | BySource] = {}
    for name, figures in config.metrics.items():
        has_sources = isinstance(figures, dict) and "sources" in figures
        document: type[Metrics] | type[BySource] = BySource if has_sources else Metrics
        try:
            read[name] = document.model_validate(figures)
        except ValidationError as error:
            problem = sentence(f"the metrics {name!r} of {config.name}", error)
            raise ModelError(f"{problem}; measure again with python -m training.evaluate, or remove these metrics") from None
    return read


def left_out_of(config: Config) -> BySource | None:
    """The figures of what was left out to choose by, where the model has them.

    Raises:
        ModelError: see `metrics_of`.
    """
    figures = metrics_of(config).get(LEFT_OUT)
    return figures if isinstance(figures, BySource) else None
