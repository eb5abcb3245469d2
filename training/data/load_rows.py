"""Datasets of rows as the library `datasets` loads them: from the Hub, from Parquet files, from what it saved to the disk."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from model.errors import first_line
from model.photo_files import PhotoFiles, list_photos, shown
from training.data.photos import DataError
from training.data.splits import is_filler, meaning

PARQUET = ".parquet"
_SAVED = ("dataset_dict.json", "state.json")  # what `save_to_disk` writes


def lies_in_rows(there: PhotoFiles) -> bool:
    """Whether a folder is one that `datasets` saved, or one of Parquet files that hold or name photos.

    Photos in folders count more than a Parquet file beside them that holds none, as the answers of `training.score`.
    """
    if _is_saved(there.root):
        return True
    files = _parquet_files(there)
    if not files:
        return False
    classes = {folders[-1] for name in there.names if (folders := [f for f in name.split("/")[:-1] if not is_filler(f)])}
    return len(classes) < 2 or any(map(_holds_bytes, files))


def load_splits(data: str) -> dict[str, Any]:
    """The splits of a dataset, as `datasets.Dataset`s by their names.

    Args:
        data: a Parquet file, a folder of `lies_in_rows`, or `user/name` or `user/name:configuration` of the Hub.

    Raises:
        DataError: it cannot be loaded.
    """
    from datasets import Dataset, disable_progress_bars, load_dataset, load_from_disk
    from datasets.utils.logging import CRITICAL, set_verbosity

    disable_progress_bars()
    set_verbosity(CRITICAL)  # what is wrong is said below
    path = Path(data)
    try:
        if path.is_dir() and _is_saved(path):
            loaded = load_from_disk(str(path))
            return {"train": loaded} if isinstance(loaded, Dataset) else dict(loaded)
        if path.exists():
            files = [path] if path.is_file() else _parquet_files(list_photos(path))
            return {
                split: load_dataset("parquet", data_files=named, split="train")  # each alone: a test set may lack labels
                for split, named in _by_split(files, path).items()
            }
        name, _, configuration = data.partition(":")
        return dict(load_dataset(name, configuration or None))
    except Exception as error:  # the library, the Hub client and the network raise their own
        raise DataError(_reason(data, error, path.exists())) from None


def _reason(data: str, error: Exception, is_here: bool) -> str:
    told = str(error)
    name = data.partition(":")[0]
    if "scripts are no longer supported" in told:
        return (
            f"{data} comes with a loading script, a program of somebody else's, which is not run here. Many datasets have a "
            f"copy in Parquet: hf download {name} --repo-type dataset --revision refs/convert/parquet --local-dir FOLDER, and "
            "name FOLDER"
        )
    if choice := re.search(r"(Config name is missing|BuilderConfig .* not found).*?\[(.*?)\]", told, re.DOTALL):
        names = choice[2].replace("'", "")
        problem = "has several configurations" if "missing" in choice[1] else "has no such configuration; there are"
        return f"{data} {problem}: {names}. Name one behind a colon, as in --data {name}:{names.split(', ')[0]}"
    if "CastError" in type(error).__name__ + type(error.__cause__).__name__:
        return (
            f"{shown(data)}: its files have different columns, so they are no one dataset: name a file, or the folder of some"
        )
    if "BatchSize must be greater than 0" in told or "corresponds to no data" in told:  # files without rows
        return f"{shown(data)} has no rows: a photo and its label for each are expected"
    reason = first_line(error.__cause__ if isinstance(error.__cause__, Exception) else error)
    if is_here:
        return f"{shown(data)} could not be read as a dataset: {reason}"
    return f"{data} is not a folder here, and could not be loaded as a dataset from the Hub or a fastai dataset: {reason}"


def _is_saved(folder: Path) -> bool:
    return any((folder / name).is_file() for name in _SAVED)


def _parquet_files(there: PhotoFiles) -> list[Path]:
    return [there.root / name for name in there.others if name.endswith(PARQUET)]


def _by_split(files: list[Path], root: Path) -> dict[str, list[str]]:
    """The files by the split that their names mean, or those of their folders; `train` where none means anything."""
    splits: dict[str, list[str]] = {}
    for file in files:
        names = [file.stem, *reversed(file.relative_to(root).parts[:-1])]
        found = next((found for name in names if (found := meaning(name))), None)
        splits.setdefault(found.split if found else "other", []).append(str(file))
    return {"train": splits["other"]} if set(splits) == {"other"} else splits


def _holds_bytes(file: Path) -> bool:
    """Whether a Parquet file has a column of bytes, or of records with bytes, as photos are kept."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        types = pq.read_schema(file).types
    except (OSError, pa.ArrowException):
        return True  # so that reading it says what is wrong
    return any(
        pa.types.is_binary(kind)
        or pa.types.is_large_binary(kind)
        or (pa.types.is_struct(kind) and kind.get_field_index("bytes") >= 0)
        for kind in types
    )
