"""What is left when a network is trained: calibration, measured quality, and the card. All from the folder's graph."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from model.classifier import softmax
from model.config import Config
from model.folder import CARD, CONFIG, REPORT, load_folder
from model.whole import write_text
from training.data.photos import Photos
from training.quality.card import model_card
from training.quality.measure import collect_logits, scores
from training.quality.metrics import fit_temperature
from training.quality.report import write_report


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
    return _write_config(folder, config.model_copy(update={"metrics": {"validation": figures.to_json()}}))


def document(
    folder: Path, config: Config, name: str, photos: Photos, robustness: int = 0, pictures: Sequence[Path] = ()
) -> Config:
    """Measure the folder as it is served, and write report, config.json and card.

    Args:
        name: what to call the photos: `test`, or `validation` where there are none to test on.
        robustness: on how many photos to measure the effect of corruption; 0 leaves it out.
        pictures: files to keep beside the report; the card shows those of `card.PICTURES`.

    Returns:
        `config` with the figures of these photos.

    Raises:
        DataError: a photo can no longer be opened.
    """
    _write_config(folder, config)
    report = write_report(load_folder(folder), photos, folder / REPORT, name, model=folder, robustness=robustness)
    for picture in pictures:
        shutil.copy(picture, folder / REPORT)
    return finish(folder, config.model_copy(update={"metrics": config.metrics | {name: report.figures.to_json()}}))


def finish(folder: Path, config: Config) -> Config:
    """Write config.json and the card."""
    _write_config(folder, config)
    write_text(folder / CARD, model_card(config, folder))
    return config


def _write_config(folder: Path, config: Config) -> Config:
    write_text(folder / CONFIG, config.to_json())
    return config
