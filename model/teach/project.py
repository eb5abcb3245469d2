"""A project to go on with later: names, features and thumbnails in a zip. The photos themselves are not in it."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from model.teach.body import Body
from model.teach.examples import THUMBNAIL, Example, Look, thumbnail
from model.teach.lesson import LONGEST_BURST, LessonError, check_name

FORMAT = 1
MAX_BYTES = 20_000_000
MAX_UNPACKED = 60_000_000
MOST = 1_000.0  # of a feature: they are mean activations, and what is beyond all reason breaks the fit
_INDEX, _FEATURES, _EDGES, _PICTURES = "project.json", "features.float16", "edges.uint8", "thumbnails"
_EDGE = (28, 3)


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
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(_INDEX, json.dumps(index, ensure_ascii=False, indent=1))
        file.writestr(_FEATURES, b"".join(example.features.astype("<f2").tobytes() for example in examples))
        file.writestr(_EDGES, b"".join(example.look.edge.tobytes() for example in examples))
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
    except Exception:  # zip, zlib, JSON, NumPy and Pillow raise many types, and none of their texts helps a visitor
        raise LessonError("This is not a saved project, or it is damaged. Save it again where it was made.") from None


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
        count = sum(len(each["photos"]) for each in index["classes"])
        if count > most:
            raise LessonError(f"This project has {count:,} photos; at most {most:,} are kept.")
        features = np.frombuffer(_content(file, entries[_FEATURES]), "<f2").reshape(count, body.channels).astype(np.float16)
        edges = np.frombuffer(_content(file, entries[_EDGES]), np.uint8).reshape(count, *_EDGE)
        if not (np.abs(features) <= MOST).all():  # nan is not, either
            raise LessonError("This project is damaged: there are numbers in it that no photo gives.")
        classes, number = [], 0
        for each in index["classes"]:
            examples = []
            for photo in each["photos"]:
                width, height, size = (int(photo[key]) for key in ("width", "height", "bytes"))
                burst = str(photo.get("burst", ""))
                is_named = len(burst) <= LONGEST_BURST and burst.isprintable()
                if not is_named or min(width, height, size) < 1 or max(width, height, size) > 10**9:
                    raise LessonError("This project is damaged: what it says of a photo makes no sense.")
                picture = _picture(_content(file, entries[f"{_PICTURES}/{number:04}.jpg"]))
                look = Look(str(photo["format"])[:8], width, height, size, edges[number])
                examples.append(Example(features[number], look, picture, burst))
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
