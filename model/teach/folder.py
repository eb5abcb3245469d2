"""A taught model as a model folder: written without torch, opened like any other."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import onnx

from model.folder import BACKGROUND, CARD, CONFIG, ONNX, WEIGHTS, new_model_folder
from model.onnx_head import add_linear_head
from model.teach.body import Body
from model.teach.card import taught_card
from model.teach.model import NAME, config_of
from model.teach.teach import Taught
from model.teach.weights import with_head

_DATE = (2000, 1, 1, 0, 0, 0)  # of the files in a zip: the same model is the same bytes


def files_of(body: Body, taught: Taught, name: str = NAME, about: Mapping[str, Any] | None = None) -> dict[str, bytes]:
    """The files of the model folder: config.json, model.onnx, the card; weights and background where its body has them.

    Args:
        about: what config.json is to say of the photos and their licence, where it is known.

    Raises:
        ModelError: the weights beside the body are damaged.
    """
    config = config_of(body, taught, name, about)
    network = onnx.ModelProto()
    network.CopyFrom(body.onnx)
    add_linear_head(network, taught.head)
    files: dict[str, bytes] = {CONFIG: config.to_json().encode("utf-8"), ONNX: network.SerializeToString()}
    if weights := with_head(body.folder / WEIGHTS, taught.head):
        files[WEIGHTS] = weights
    if (body.folder / BACKGROUND).is_file():
        files[BACKGROUND] = (body.folder / BACKGROUND).read_bytes()
    files[CARD] = taught_card(config, taught.quality).encode("utf-8")
    return files


def write_folder(body: Body, taught: Taught, target: Path) -> None:
    """Write the model folder `target`, whole or not at all; it is called after its last part.

    Raises:
        OutputError: `target` exists and is no model folder, or cannot be written to.
        ModelError: the weights beside the body are damaged.
    """
    with new_model_folder(target) as folder:
        for name, content in files_of(body, taught, target.name).items():
            (folder / name).write_bytes(content)


def zipped(body: Body, taught: Taught, name: str = NAME, extra: dict[str, bytes] | None = None) -> bytes:
    """A zip with the model folder `name` in it, and the files `extra` in that.

    Raises:
        ModelError: the weights beside the body are damaged.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for path, content in (files_of(body, taught, name) | (extra or {})).items():
            entry = zipfile.ZipInfo(f"{name}/{path}", _DATE)
            entry.external_attr = 0o644 << 16
            # networks hardly shrink: only what is text is packed
            entry.compress_type = zipfile.ZIP_DEFLATED if path.endswith((".json", ".md")) else zipfile.ZIP_STORED
            file.writestr(entry, content)
    return buffer.getvalue()
