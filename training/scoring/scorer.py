"""Answers for batches of photos: a table with a row per photo, by a network of its own on each core."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Generator, Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa

from model.classifier import Classifier
from model.config import Config
from model.folder import CONFIG, ONNX
from model.network import OnnxNetwork
from model.photo import PhotoError
from training.data.decode import map_ahead

Scorer = Callable[[Sequence[str]], pa.Table]


def schema(answers: Sequence[str]) -> pa.Schema:
    """The columns of a part."""
    probabilities = [(f"p_{answer}", pa.float32()) for answer in answers]
    return pa.schema(
        [("path", pa.string()), ("label", pa.string()), ("probability", pa.float32()), *probabilities, ("error", pa.string())]
    )


def score_batch(classifier: Classifier, root: Path, paths: Sequence[str]) -> pa.Table:
    """Score photos, one after another and then in one call of the network per 32: a table of `schema`, a row per path.

    Nothing that is wrong with a photo raises: its row has an error instead. `paths` are relative to `root`, or absolute.
    """
    prepared = [_prepare(classifier, Path(root, path)) for path in paths]
    predictions = iter(classifier.predict([photo for photo in prepared if not isinstance(photo, str)]))
    rows = [
        (_text(path), None, None, *(None for _ in classifier.config.answers), _text(photo))
        if isinstance(photo, str)
        else (_text(path), (answer := next(predictions)).label, answer.probability, *answer.probabilities, None)
        for path, photo in zip(paths, prepared, strict=True)
    ]
    fields = schema(classifier.config.answers)
    columns = [pa.array(column, field.type) for column, field in zip(zip(*rows, strict=True), fields, strict=True)]
    return pa.Table.from_arrays(columns, schema=fields)


def _prepare(classifier: Classifier, path: Path) -> np.ndarray | str:
    """The network's input, or what is wrong with the photo."""
    try:
        if path.is_fifo():
            return "This is a pipe, not a photo."  # opening it would wait for ever
        return classifier.prepare(path)
    except PhotoError as error:
        return str(error)
    except Exception as error:  # one photo among a million that nobody foresaw must not end the run
        return f"{type(error).__name__}: {error}"


def _text(name: str) -> str:
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def load_scorer(folder: Path, revision: str, root: Path) -> Scorer:
    """`score_batch` with the model in a folder, and photos relative to `root`.

    The network uses one core: every core scores a batch of its own, so none waits for another.
    """
    network = OnnxNetwork(folder / ONNX, threads=1)
    return partial(score_batch, Classifier(network, Config.read(folder / CONFIG), revision), root)


def unpack_scorer(files: Mapping[str, bytes], revision: str, root: Path) -> Scorer:
    """The same from the content of the model's files, by name: for a machine that does not have them."""
    with tempfile.TemporaryDirectory(prefix="cat-or-dog-") as folder:
        for name, content in files.items():
            Path(folder, name).write_bytes(content)
        return load_scorer(Path(folder), revision, root)


def map_in_threads(scorer: Scorer, paths: Sequence[str], batch_size: int, threads: int) -> Generator[pa.Table]:
    """The scorer's results for batches of the paths, in order; no more than two batches per thread are under way."""
    batches = [paths[start : start + batch_size] for start in range(0, len(paths), batch_size)]
    return map_ahead(scorer, batches, ahead=2 * threads, threads=threads)
