"""Where a model comes from: the block `training` of its config.json, written alike by every program; and lessons' configs."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from model.config import FORMAT_VERSION, Architecture, Config, Input
from training.data.photos import Photos
from training.fit.export import versions
from training.fit.weights import origin
from training.program import STARTED
from training.quality.machine import trainer
from training.settings import PhotosToModel, SmallLesson

# told elsewhere in the block, of no consequence for the weights, or the business of whoever trained
NOT_TOLD = {"data", "neither", "out", "name", "data_name", "licence", "push", "space", "private", "resume", "weights"}


def provenance(
    settings: PhotosToModel | SmallLesson,
    training: Photos,
    validation: Photos,
    weights: str,
    history: Sequence[Mapping[str, float]],
    *,
    left_out: str | None = None,
    **more: Any,
) -> dict[str, Any]:
    """The block, before the folder is written.

    Args:
        training, validation: what was trained on, and what was chosen by.
        weights: where the first ones came from, as `weights.pretrained` takes it.
        history: a row for each epoch, or for each choice that was tried.
        left_out: what the validation photos were, where all photos are also trained on.
        more: settings that the run chose itself, or chose otherwise.
    """
    chosen = {name: value for name, value in asdict(settings).items() if name not in NOT_TOLD and not isinstance(value, Path)}
    return {
        "data": settings.data_name,
        "photos": training.counts(),
        "sources": training.by_source(),
        **({"left_out": left_out} if left_out else {}),
        "validation_photos": validation.counts(),
        **origin(weights),
        "licence": settings.licence,
        "settings": chosen | more,
        "history": list(history),
        "hardware": trainer(),
        "minutes": (time.monotonic() - STARTED) / 60,
    }


def lesson_config(settings: SmallLesson, labels: Sequence[str], size: Input, network: str, training: dict[str, Any]) -> Config:
    """The config.json of a lesson's network, before anything is measured.

    Args:
        size: with the normalisation that the network was trained with.
        network: which network of which script.
        training: of `provenance`.
    """
    return Config(
        format_version=FORMAT_VERSION,
        name=settings.name,
        labels=tuple(labels),
        input=size,
        temperature=1,
        architecture=Architecture(library="script", name=network),
        training=training,
        metrics={},
        versions={name: version for name, version in versions().items() if name != "fastai"},
    )
