"""Everything else: features of varied photos that stand for *neither*, beside a model folder.

`training.background` makes the file. There are no photos in it: float16 features of a thousand, from many sources, and which
source each is of.
"""

from __future__ import annotations

import functools
import io
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from model.errors import ModelError, first_line
from model.folder import BACKGROUND
from model.regular_file import read_regular

MAX_BYTES = 20_000_000
MAX_UNPACKED = 40_000_000  # bytes: ten thousand photos of two thousand channels
DIRECTIONS = 256


@dataclass(frozen=True)
class Background:
    """Photos of anything.

    Attributes:
        features: float16 (B, C). sources: int (B,): those of one source are held back together.
        key: of the body whose features they are (`model.teach.body.Body.key`).
    """

    features: np.ndarray
    sources: np.ndarray
    key: str

    @functools.cached_property
    def directions(self) -> np.ndarray:
        """The main directions in which these photos differ, and their mean: float32 (D, C) with D at most 257.

        A head is looked for in the space of these and of the photos that are taught: it is found faster, and as good.
        """
        features = self.features.astype(np.float32)
        mean = features.mean(axis=0, keepdims=True)
        directions: np.ndarray = np.linalg.svd(features - mean, full_matrices=False)[2][:DIRECTIONS]
        return np.concatenate([mean, directions])

    def to_bytes(self) -> bytes:
        """The contents of the file."""
        buffer = io.BytesIO()
        np.savez_compressed(buffer, features=self.features, sources=self.sources, key=np.array(self.key))
        return buffer.getvalue()

    @classmethod
    def read(cls, folder: Path, key: str, channels: int) -> Background | None:
        """The background beside a model, if there is one and it is of the same body.

        Raises:
            ModelError: the file is damaged, or no file.
        """
        path = folder / BACKGROUND
        try:
            content = io.BytesIO(read_regular(path, MAX_BYTES))
        except FileNotFoundError:
            return None
        try:
            with zipfile.ZipFile(content) as archive:
                if sum(entry.file_size for entry in archive.infolist()) > MAX_UNPACKED:
                    raise ValueError(f"there are more than {MAX_UNPACKED // 1_000_000} MB in it")
            with np.load(content, allow_pickle=False) as file:
                found = cls(file["features"], file["sources"], str(file["key"]))
            if found.features.ndim != 2 or found.features.dtype != np.float16 or not np.isfinite(found.features).all():
                raise ValueError("its features are no finite float16 (photos, channels)")
            if found.sources.shape != found.features.shape[:1] or found.sources.dtype.kind not in "iu":
                raise ValueError("it does not name the source of each photo")
        except Exception as error:  # zip, zlib and numpy raise many types
            raise ModelError(f"{path.name} of this model is damaged: {first_line(error)}; copy it again") from None
        return found if found.key == key and found.features.shape[1] == channels else None
