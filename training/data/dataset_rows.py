"""Datasets that come as rows of a label and a photo: of the Hub, and of torchvision."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from model.errors import first_line
from training.data.photos import DataError

Split = tuple[str, int, Iterator[tuple[str, bytes]]]  # its name, how many photos it has, and each one's label and encoded bytes
TORCHVISION = "torchvision:"
_TORCHVISION_NAMES = ("CIFAR10", "CIFAR100", "MNIST", "FashionMNIST", "KMNIST")


def is_torchvision(name: str) -> bool:
    """Whether `name` asks for one of torchvision's datasets: `torchvision:CIFAR10`."""
    return name.startswith(TORCHVISION)


def torchvision_rows(name: str, folder: Path) -> Iterator[Split]:
    """The train and test split of a dataset that torchvision downloads into `folder`, checks by its hash, and reads.

    Raises:
        DataError: torchvision has no such dataset of small pictures, or it cannot be downloaded.
    """
    import torchvision

    kind = name.removeprefix(TORCHVISION)
    if kind not in _TORCHVISION_NAMES:
        raise DataError(f"{name} is not known; there are {', '.join(TORCHVISION + known for known in _TORCHVISION_NAMES)}")
    for split in ("train", "test"):
        try:
            dataset = getattr(torchvision.datasets, kind)(folder, train=split == "train", download=True)
        except (OSError, RuntimeError) as error:  # URLError is an OSError
            raise DataError(
                f"{name} could not be downloaded ({first_line(error)}); name a folder or an archive of it instead"
            ) from None
        yield split, len(dataset), _encoded(dataset)


def _encoded(dataset: Any) -> Iterator[tuple[str, bytes]]:
    for picture, target in dataset:
        file = io.BytesIO()
        picture.save(file, "PNG", compress_level=1)
        yield dataset.classes[target], file.getvalue()


def hub_rows(name: str) -> Iterator[Split]:
    """The splits of a dataset on the Hub, or of a folder of parquet files, with an image column and a class column.

    Raises:
        DataError: it cannot be loaded, or has no such columns.
    """
    from datasets import ClassLabel, Image, disable_progress_bars, load_dataset

    disable_progress_bars()
    try:
        splits = load_dataset(name)
    except Exception as error:  # the library, the Hub client and the network raise their own
        reason = first_line(error)
        raise DataError(
            f"{name} is not a folder here, and could not be loaded as a dataset from the Hub or a fastai dataset: {reason}"
        ) from None
    for split, table in splits.items():
        photo = next((column for column, feature in table.features.items() if isinstance(feature, Image)), None)
        classes = [column for column, feature in table.features.items() if isinstance(feature, ClassLabel)]
        label = next((column for column in ("label", "labels", "fine_label", *classes) if column in classes), None)
        if photo is None or label is None:
            raise DataError(f"{name} has no column of images beside one of class labels: {', '.join(table.column_names)}")
        yield str(split), len(table), _rows(table.cast_column(photo, Image(decode=False)), photo, label)


def _rows(table: Any, photo: str, label: str) -> Iterator[tuple[str, bytes]]:
    names = table.features[label].names
    for row in table:
        value = row[photo]
        content = value["bytes"] if value["bytes"] is not None else Path(value["path"]).read_bytes()
        if row[label] >= 0:  # -1 is a row without a label
            yield names[row[label]], content


def suffix(content: bytes) -> str:
    """A file name's ending for encoded photos: only a hint, since photos are opened by their contents."""
    return ".png" if content.startswith(b"\x89PNG") else ".jpg"
