"""A project to go on with later: names, features and thumbnails in a zip. The photos themselves are not in it."""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from model.errors import first_line
from model.teach.body import Body
from model.teach.examples import THUMBNAIL, Example, Look, thumbnail
from model.teach.lesson import LessonError, check_name

FORMAT = 1
MAX_BYTES = 40_000_000
MAX_UNPACKED = 60_000_000
_INDEX, _FEATURES, _EDGES, _PICTURES = "project.json", "features.npy", "edges.npy", "thumbnails"


class ProjectClass(NamedTuple):
    """A class and what it was shown. neither: whether it stands for everything else."""

    name: str
    neither: bool
    examples: list[Example]


def write_project(body: Body, classes: Sequence[ProjectClass]) -> bytes:
    """The zip."""
    examples = [example for each in classes for example in each.examples]
    index = {
        "format_version": FORMAT,
        "body": body.key,
        "model": body.classifier.config.name,
        "classes": [
            {
                "name": each.name,
                "neither": each.neither,
                "photos": [
                    {"format": e.look.format, "width": e.look.width, "height": e.look.height, "bytes": e.look.bytes}
                    | ({"burst": e.burst} if e.burst else {})
                    for e in each.examples
                ],
            }
            for each in classes
        ],
    }
    features = np.stack([e.features for e in examples]) if examples else np.zeros((0, body.channels), np.float16)
    edges = np.stack([e.look.edge for e in examples]) if examples else np.zeros((0, 28, 3), np.uint8)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(_INDEX, json.dumps(index, ensure_ascii=False, indent=1))
        file.writestr(_FEATURES, _array(features))
        file.writestr(_EDGES, _array(edges))
        for number, example in enumerate(examples):
            file.writestr(zipfile.ZipInfo(f"{_PICTURES}/{number:04}.jpg"), example.thumbnail)
    return buffer.getvalue()


def read_project(body: Body, data: bytes, most: int) -> list[ProjectClass]:
    """The classes in an untrusted zip.

    Args:
        most: photos that there may be.

    Raises:
        LessonError: it is no project, damaged, too large, or of another model.
    """
    if len(data) > MAX_BYTES:
        raise LessonError(f"This project is larger than {MAX_BYTES // 1_000_000} MB.")
    try:
        return _read(body, data, most)
    except LessonError:
        raise
    except (zipfile.BadZipFile, zlib.error, KeyError, TypeError, ValueError, AttributeError, OSError, EOFError,
            NotImplementedError, RuntimeError, RecursionError, SyntaxError) as error:  # fmt: skip
        raise LessonError(f"This is not a saved project, or it is damaged ({first_line(error, limit=80)}).") from None


def _read(body: Body, data: bytes, most: int) -> list[ProjectClass]:
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        entries = {entry.filename: entry for entry in file.infolist()}
        if sum(entry.file_size for entry in entries.values()) > MAX_UNPACKED:
            raise LessonError(f"Unpacked, this project is larger than {MAX_UNPACKED // 1_000_000} MB.")
        index: dict[str, Any] = json.loads(_content(file, entries[_INDEX]))
        if index["format_version"] != FORMAT:
            raise LessonError("This project was saved by another version of this app.")
        if index["body"] != body.key:
            raise LessonError(
                f"This project belongs to another model, {str(index['model'])[:80]!r}: its features mean nothing to "
                f"{body.classifier.config.name!r}, which is loaded here. Open it where that model is."
            )
        features = np.load(io.BytesIO(_content(file, entries[_FEATURES])), allow_pickle=False)
        edges = np.load(io.BytesIO(_content(file, entries[_EDGES])), allow_pickle=False)
        count = sum(len(each["photos"]) for each in index["classes"])
        if count > most:
            raise LessonError(f"This project has {count:,} photos; at most {most:,} are kept.")
        if features.shape != (count, body.channels) or features.dtype != np.float16 or not np.isfinite(features).all():
            raise ValueError("the features do not belong to the photos")
        if edges.shape != (count, 28, 3) or edges.dtype != np.uint8:
            raise ValueError("the edges do not belong to the photos")
        classes, number = [], 0
        for each in index["classes"]:
            examples = []
            for photo in each["photos"]:
                width, height, size = (int(photo[key]) for key in ("width", "height", "bytes"))
                if min(width, height, size) < 1:
                    raise ValueError("a photo has no size")
                picture = _picture(_content(file, entries[f"{_PICTURES}/{number:04}.jpg"]))
                look = Look(str(photo["format"])[:8], width, height, size, edges[number])
                examples.append(Example(features[number], look, picture, str(photo.get("burst", ""))[:64]))
                number += 1
            neither = each["neither"] is True
            classes.append(ProjectClass("" if neither else check_name(each["name"]), neither, examples))
        return classes


def _content(file: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    with file.open(entry) as opened:
        content = opened.read(entry.file_size + 1)
    if len(content) > entry.file_size:
        raise ValueError("an entry is longer than it says")
    return content


def _picture(data: bytes) -> bytes:
    """A stranger's thumbnail, opened as every photo is and written anew."""
    image = Image.open(io.BytesIO(data), formats=["JPEG"])
    if max(image.size) > THUMBNAIL:
        raise ValueError("a thumbnail is too large")
    return thumbnail(image.convert("RGB"))


def _array(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()
