"""Datasets that come as rows of a label and a photo: of the Hub, and of torchvision."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from model.errors import first_line
from model.photo_files import shown
from training.data.columns import Columns
from training.data.label_values import read_labels
from training.data.load_rows import load_splits
from training.data.photo_paths import resolve
from training.data.photos import DataError
from training.data.row_photos import NO_PHOTO, SEVERAL_PHOTOS, image_column, photo_of, read_path, undecoded
from training.data.split_columns import read_splits
from training.data.splits import meaning
from training.data.tree import Notes

# Its name, how many photos it has, and each one's label and encoded bytes, or the file that they lie in.
Split = tuple[str, int, Iterator[tuple[str, bytes | Path]]]
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


def _encoded(dataset: Any) -> Iterator[tuple[str, bytes | Path]]:
    for picture, target in dataset:
        file = io.BytesIO()
        picture.save(file, "PNG", compress_level=1)
        yield dataset.classes[target], file.getvalue()


def rows_of(name: str, columns: Columns, notes: Notes) -> Iterator[Split]:
    """The splits of a dataset on the Hub, or of Parquet files here, with a column of photos and one of labels.

    Args:
        notes: gets what is left out, and how the dataset was understood.

    Raises:
        DataError: it cannot be loaded, or has no such columns.
    """
    splits = {split: table for split, table in load_splits(name).items() if len(table)}
    if not splits:
        raise DataError(f"{shown(name)} has no rows")
    first = next((table for split, table in splits.items() if (found := meaning(split)) and found.split == "train"), None)
    image, sentence = image_column(first or next(iter(splits.values())), columns.image, shown(name))
    notes.understood += [sentence] if sentence else []
    for split in [split for split, table in splits.items() if image not in table.column_names]:
        notes.say(f"the split {split} of {shown(name)} has no column {image}: it is left aside")
        del splits[split]
    folder = Path(name) if Path(name).is_dir() else Path(name).parent if Path(name).exists() else None
    names = list(dict.fromkeys(name for table in splits.values() for name in table.column_names))
    values = _values(splits, image)
    own = read_splits(values if len(splits) == 1 else {}, shown(name), len(next(iter(splits.values()))), columns.label)
    may = {column: held for column, held in values.items() if column not in own.aside}
    labels = read_labels(may, columns.label, names, shown(name), folder, classes=_with_names(splits))
    notes.say(*own.sentences, *labels.sentences)
    start = 0
    for split, table in splits.items():
        rows = range(start, start + len(table))
        start = rows.stop
        if not any(labels.texts[row] for row in rows):
            notes.say(f"the split {split} of {shown(name)} has no labels: it is left aside")
        for row in rows:
            if row in labels.missing:
                notes.left_out.add(labels.missing[row], f"{split}, row {row - rows.start}")
        labelled = [(row - rows.start, label) for row in rows if (label := labels.texts[row])]
        if not own.columns:
            yield split, len(labelled), _photos(table, image, labelled, split, name, folder, notes)
        for part in dict.fromkeys(own.names) if own.columns else ():
            of_part = [(row, label) for row, label in labelled if own.names[row] == part]
            yield part, len(of_part), _photos(table, image, of_part, split, name, folder, notes)


def _values(splits: Mapping[str, Any], image: str) -> dict[str, list[Any]]:
    """What may hold labels, the rows of all splits one after the other; the names of classes instead of their numbers."""
    names = dict.fromkeys(name for table in splits.values() for name in table.column_names if name != image)
    values: dict[str, list[Any]] = {name: [] for name in names}
    for name in names:
        for table in splits.values():
            feature = table.features.get(name)
            if feature is None:
                values[name] += [None] * len(table)
            elif held := _label_values(table, name, feature):
                values[name] += held
    return {name: held for name, held in values.items() if len(held) == sum(map(len, splits.values()))}


def _with_names(splits: Mapping[str, Any]) -> set[str]:
    """The columns whose type says what the classes are called."""
    from datasets import ClassLabel

    kinds = [(name, getattr(kind, "feature", kind)) for table in splits.values() for name, kind in table.features.items()]
    return {name for name, kind in kinds if isinstance(kind, ClassLabel)}


def _label_values(table: Any, name: str, feature: Any) -> list[Any] | None:
    """The values of a column, None where its type holds no labels: photos, sounds, arrays."""
    from datasets import ClassLabel, LargeList, List, Value

    inner = feature.feature if isinstance(feature, (List, LargeList)) else feature
    if not isinstance(inner, (ClassLabel, Value, dict)) or getattr(inner, "dtype", "").endswith("binary"):
        return None
    held = table.select_columns([name]).with_format("arrow")[:][name].to_pylist()
    if not isinstance(inner, ClassLabel):
        return list(held)

    def named(number: Any) -> Any:
        if isinstance(number, list):
            return [named(each) for each in number]
        return inner.names[number] if number is not None and 0 <= number < len(inner.names) else None

    return [named(number) for number in held]


def _photos(
    table: Any, image: str, labelled: Sequence[tuple[int, str]], split: str, name: str, folder: Path | None, notes: Notes
) -> Iterator[tuple[str, bytes | Path]]:
    """The label and the photo of the rows `labelled`, which are numbers and labels."""
    rows = undecoded(table, image).select_columns([image])
    paths: list[tuple[str, str, str]] = []  # of files here: label, path, and the row for people
    for row, label in labelled:
        photo = photo_of(rows[row][image])
        place = f"{split}, row {row}"
        if photo is None or isinstance(photo, list):
            notes.left_out.add(SEVERAL_PHOTOS if photo else NO_PHOTO, place)
        elif isinstance(photo, bytes):
            yield label, photo
        elif folder is None:
            yield label, read_path(photo, name)
        else:
            paths.append((label, photo, place))
    if folder is not None and paths:
        found = resolve([path for _, path, _ in paths], [place for *_, place in paths], image, Path(name), folder)
        notes.understood += found.sentences
        yield from ((label, path) for (label, *_), path in zip(paths, found.paths, strict=True))


def suffix(content: bytes) -> str:
    """A file name's ending for encoded photos: only a hint, since photos are opened by their contents."""
    return ".png" if content.startswith(b"\x89PNG") else ".jpg"
