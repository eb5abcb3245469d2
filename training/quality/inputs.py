"""What is measured: a model, and photos of its labels and of other things."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from model.classifier import Classifier
from model.errors import ModelError
from model.folder import load_folder
from model.source import model_folder
from training.data.photos import Photos
from training.data.sources import Layout, only_neither, open_data


def open_model(name: str, revision: str | None = None) -> tuple[Classifier, Path]:
    """The classifier of a model folder or a Hub repository, and the folder its files lie in.

    Raises:
        ModelError: see `model.source.model_folder`; or its labels are independent.
    """
    folder, version = model_folder(name, revision)
    classifier = load_folder(folder, version)
    if classifier.config.probabilities == "independent":
        raise ModelError(f"{name} gives independent labels; only models with one right answer per photo can be evaluated")
    return classifier, folder


def open_photos(
    data: str | Sequence[str],
    neither: Path | Sequence[Path] | None,
    label_from: str | None = None,
    unpacked: Path = Path("data"),
    labels: Sequence[str] = (),
    layout: Layout = "guess",
) -> Photos:
    """The photos to measure on: the test set of `data` where it comes with one, else its validation set, else all of it.

    Args:
        neither: folders of photos of other things.
        unpacked: where an archive or a dataset is unpacked. labels, layout: see `training.data.sources.open_data`.

    Raises:
        DataError: see `training.data.sources.open_data`.
    """
    photos = open_data(data, unpacked, label_from, labels=labels, layout=layout).to_measure
    folders = [neither] if isinstance(neither, Path) else neither or ()
    return Photos.joined([photos, *(only_neither(folder, folder.name) for folder in folders)], photos.labels)
