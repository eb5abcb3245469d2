"""What is left when a network is trained: calibration, measured quality, and the card. All from the folder's graph."""

from __future__ import annotations

import shutil
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from model.classifier import softmax
from model.config import FORMAT_VERSION, Architecture, Config, Input
from model.folder import CARD, CONFIG, load_folder
from training.data.photos import Photos, Splits
from training.evaluate import collect_logits, scores, write_report
from training.fit.export import versions
from training.fit.weights import origin
from training.quality.card import REPORT, model_card
from training.quality.machine import trainer
from training.quality.metrics import fit_temperature


def lesson_config(
    settings: Namespace,
    splits: Splits,
    size: Input,
    network: str,
    weights: str,
    history: list[Any],
    minutes: float,
    **more: Any,
) -> Config:
    """The config.json of a lesson's network, before anything is measured.

    Args:
        size: with the normalisation that the network was trained with.
        network: which network of which script.
        weights: where its first weights came from.
        history: a row for each epoch.
        more: further settings to keep.
    """
    chosen = {name: value for name, value in vars(settings).items() if not isinstance(value, Path)}
    return Config(
        format_version=FORMAT_VERSION,
        name=settings.name,
        labels=splits.training.labels,
        input=size,
        temperature=1,
        architecture=Architecture(library="script", name=network),
        training={
            "data": settings.data_name,
            "photos": splits.training.counts(),
            "validation_photos": splits.validation.counts(),
            **origin(weights),
            "licence": settings.licence,
            "settings": chosen | more,
            "history": history,
            "hardware": trainer(),
            "minutes": minutes,
        },
        metrics={},
        versions={name: version for name, version in versions().items() if name != "fastai"},
    )


def calibrate(folder: Path, config: Config, validation: Photos) -> Config:
    """Fit the temperature that calibrates the probabilities of `model.onnx` (Guo et al. 2017), and write config.json.

    Returns:
        `config` with that temperature, and with the figures of the validation photos.

    Raises:
        DataError: a validation photo can no longer be opened.
    """
    _write_config(folder, config)
    logits, targets = collect_logits(load_folder(folder), validation, "fitting the temperature")
    config = config.model_copy(update={"temperature": fit_temperature(logits, targets)})
    figures = scores(config, softmax(logits / config.temperature), targets)
    return _write_config(folder, config.model_copy(update={"metrics": {"validation": figures}}))


def document(
    folder: Path, config: Config, name: str, photos: Photos, robustness: int = 0, pictures: Sequence[Path] = ()
) -> Config:
    """Measure the folder as it is served, and write report, config.json and card.

    Args:
        name: what to call the photos: `test`, or `validation` where there are none to test on.
        robustness: on how many photos to measure the effect of worse photos; 0 leaves it out.
        pictures: files to keep beside the report; the card shows those of `card.PICTURES`.

    Returns:
        `config` with the figures of these photos.

    Raises:
        DataError: a photo can no longer be opened.
    """
    _write_config(folder, config)
    figures = write_report(load_folder(folder), photos, folder / REPORT, name, model=folder, robustness=robustness)
    for picture in pictures:
        shutil.copy(picture, folder / REPORT)
    return finish(folder, config.model_copy(update={"metrics": config.metrics | {name: figures}}))


def finish(folder: Path, config: Config) -> Config:
    """Write config.json and the card."""
    _write_config(folder, config)
    (folder / CARD).write_text(model_card(config, folder), "utf-8")
    return config


def _write_config(folder: Path, config: Config) -> Config:
    (folder / CONFIG).write_text(config.to_json(), "utf-8")
    return config
