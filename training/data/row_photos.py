"""The photo of a row, in whatever way the column holds it: bytes, a record of bytes and path, a path, a list of one, base64."""

from __future__ import annotations

import base64
import binascii
from pathlib import Path
from typing import Any

from model.formats import HEAD, begins_as_photo
from training.data.columns import IMAGES, Picked, pick, plain
from training.data.photo_paths import ADDRESS, check_no_address, is_file, looks_like_photos
from training.data.photos import DataError

NO_PHOTO = "rows without a photo"
SEVERAL_PHOTOS = "rows with several photos"
_TRIED = 100  # rows that are looked at to know what a column holds
_SHORTEST = 100  # characters of base64 that may be a photo


def image_column(table: Any, wanted: str | None, where: str) -> Picked:
    """The column of a `datasets.Dataset` that holds photos.

    Raises:
        DataError: there is none, or several with nothing to choose by, or one that was named and holds something else.
    """
    names = list(table.column_names)
    holding = [name for name in names if _may_hold(table, name)]
    stored = [name for name in holding if not _is_text(table.features[name])]
    picked = pick(IMAGES, wanted, stored or holding, names, where)
    if picked.name not in holding:
        raise DataError(
            f"the column {picked.name} of {where} holds no photos but {_told(table.features[picked.name])}"
            + (f"; {', '.join(holding)} may" if holding else "")
        )
    return picked


def undecoded(table: Any, column: str) -> Any:
    """The dataset, whose photos come as they are stored."""
    from datasets import Features

    features = Features({name: _undecoded(feature) for name, feature in table.features.items()})
    return table.cast(features) if features[column] != table.features[column] else table


def photo_of(value: Any) -> bytes | str | list[Any] | None:
    """The photo of a row: its bytes, its path, None where there is none, a list where there are several.

    Raises:
        DataError: it is an address on the web.
    """
    while isinstance(value, list) and len(value) == 1:
        value = value[0]
    if isinstance(value, dict):
        value = value.get("bytes") or value.get("path")
    if isinstance(value, str):
        return _decoded(value.strip()) or value.strip() or None
    return value or None


def read_path(path: str, name: str) -> bytes:
    """The bytes of a photo that a dataset of the Hub brought along.

    Raises:
        DataError: it did not.
    """
    from datasets.utils.file_utils import xopen

    try:
        if "::" in path or is_file(Path(path)):
            with xopen(path, "rb") as file:
                return bytes(file.read())
    except OSError:
        pass
    check_no_address([path], name)
    raise DataError(
        f"{name} holds paths of photos ({path}), and its rows do not bring these along: hf download {name.partition(':')[0]} "
        "--repo-type dataset --local-dir FOLDER, unpack what is in there, and name FOLDER"
    )


def _decoded(text: str) -> bytes | None:
    """The bytes of a `data:` address or of base64, None where it is something else."""
    content = text.partition(";base64,")[2] if text.startswith("data:") else text
    if len(content) < _SHORTEST or not begins_as_photo(_from_base64(content[: HEAD // 3 * 4])):
        return None
    return _from_base64(content)


def _from_base64(text: str) -> bytes:
    try:
        return base64.b64decode(text)
    except (binascii.Error, ValueError):
        return b""


def _may_hold(table: Any, name: str) -> bool:
    """Whether a column may hold photos: by its type; of bytes and texts, by what they look like."""
    from datasets import Image

    feature = _inner(table.features[name])
    if isinstance(feature, Image):
        return True
    is_record = isinstance(feature, dict) and "bytes" in feature
    if not (is_record or _is_text(feature) or getattr(feature, "dtype", "").endswith("binary")):
        return False
    values = [photo_of(value) for value in table.select_columns([name])[:_TRIED][name]]
    contents = [value for value in values if isinstance(value, bytes)]
    texts = [value for value in values if isinstance(value, str)]
    if contents:
        return plain(name) in IMAGES.names or any(begins_as_photo(content[:HEAD]) for content in contents)
    return is_record or looks_like_photos(texts) or (plain(name) in IMAGES.names and any(map(ADDRESS.match, texts)))


def _inner(feature: Any) -> Any:
    """What a feature is, or what a list of it holds."""
    while (held := getattr(feature, "feature", None)) is not None:
        feature = held
    return feature


def _is_text(feature: Any) -> bool:
    return getattr(_inner(feature), "dtype", None) in ("string", "large_string")


def _undecoded(feature: Any) -> Any:
    from datasets import Image, LargeList, List

    if isinstance(feature, Image):
        return Image(decode=False)
    if isinstance(feature, (List, LargeList)):
        return type(feature)(_undecoded(feature.feature))
    return feature


def _told(feature: Any) -> str:
    return str(getattr(feature, "dtype", None) or type(feature).__name__)
