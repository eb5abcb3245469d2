"""What is measured: a model, and photos of its labels and of other things."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from model.classifier import Classifier
from model.errors import ModelError
from model.folder import load_folder
from model.photo_files import shown
from model.source import model_folder
from training.data.folders import only_neither
from training.data.layout import Layout
from training.data.photos import DataError, Photos
from training.data.pictures import photos_without_bad
from training.data.sources import open_data
from training.data.tree import Notes


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
    label_column: str | None = None,
    image_column: str | None = None,
    known: Sequence[str] = (),
    tell: Callable[[str], object] = lambda sentence: None,
    skip_bad: bool = False,
) -> Photos:
    """The photos to measure on: the test set of `data` where it comes with one, else its validation set, else all of it.

    Args:
        neither: folders of photos of other things.
        unpacked: where an archive or a dataset is unpacked. labels, layout, label_column, image_column: see
            `training.data.sources.open_data`.
        known: the labels of the model: those of the photos are spelled as these.
        tell: called with sentences on how the data was read, and what was left out.
        skip_bad: leave out the photos that cannot be opened.

    Raises:
        DataError: see `training.data.sources.open_data`; or no photo can be opened.
    """
    found = open_data(data, unpacked, label_from, None, labels, layout, label_column, image_column, known)
    folders = [neither] if isinstance(neither, Path) else neither or ()
    notes = Notes(found.left_out, list(found.understood))
    photos = found.to_measure
    joined = Photos.joined([photos, *(only_neither(folder, shown(folder.name), notes, 1) for folder in folders)], photos.labels)
    if skip_bad and not (joined := photos_without_bad(joined, notes.left_out)):
        raise DataError("no photo can be opened", *notes.left_out.sentences())
    for sentence in [*notes.understood, *notes.left_out.sentences()]:
        tell(sentence)
    return joined
