"""Rows of photos for tests: as records, as Parquet files, as photos beside tables."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import datasets
import numpy as np
from PIL import Image

from training.data.photos import Found

IMAGE, TEXT, NUMBER = datasets.Image(), datasets.Value("string"), datasets.Value("int64")


def jpeg(seed: int = 0) -> bytes:
    """A small photo, another for each seed."""
    file = io.BytesIO()
    Image.fromarray(np.random.default_rng(seed).integers(0, 255, (16, 16, 3), np.uint8)).save(file, "JPEG")
    return file.getvalue()


def records(count: int) -> list[dict[str, Any]]:
    """Photos as the Hub keeps them: their bytes, and no path."""
    return [{"bytes": jpeg(seed), "path": None} for seed in range(count)]


def parquet(file: Path, columns: Mapping[str, Sequence[Any]], **features: Any) -> Path:
    """Write rows as a Parquet file; its folder comes back. The types are those that are given, else as they are found."""
    file.parent.mkdir(parents=True, exist_ok=True)
    types = datasets.Features(features) if features else None
    datasets.Dataset.from_dict(dict(columns), features=types).to_parquet(file)
    return file.parent


def photos(folder: Path, names: Iterable[str]) -> Path:
    """Write a photo for each path."""
    for seed, name in enumerate(names):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(jpeg(seed))
    return folder


def counts(found: Found) -> dict[str, dict[str, int]]:
    """Photos per label of each split."""
    return {split: listed.counts() for split, listed in found.parts.items()}
