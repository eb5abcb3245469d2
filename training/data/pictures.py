"""Small pictures are kept in memory: read once, as a visitor's photo is read, and never decoded again."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch
from tqdm.auto import tqdm

from model.config import Input
from model.network import available_cores
from model.photo import PhotoError, fit, open_for
from training.data.photos import DataError, Photos, report

MAX_BYTES = 6_000_000_000


def read_pictures(photos: Photos, size: Input, description: str) -> tuple[torch.Tensor, torch.Tensor]:
    """Pictures and their targets.

    Returns:
        uint8 (N, 3, height, width), 0-255, and int64 (N,), the index of each picture's answer among the labels.

    Raises:
        DataError: the pictures do not fit into memory, or some cannot be opened; all of these are named.
    """
    if (needed := len(photos) * size.height * size.width * 3) > MAX_BYTES:
        raise DataError(
            f"  - {len(photos):,} pictures of {size.width}×{size.height} need {needed / 1e9:.0f} GB of memory; choose a "
            "smaller --size, or train with training/fine_tune.py, which reads them batch by batch"
        )
    pixels = np.empty((len(photos), size.height, size.width, 3), np.uint8)

    def read(numbered: tuple[int, Path]) -> str:
        index, path = numbered
        try:
            pixels[index] = fit(open_for(path, size), size)
        except PhotoError as error:
            return f"{path}: {error}"
        return ""

    with ThreadPoolExecutor(available_cores()) as pool:
        done = pool.map(read, enumerate(photos.paths))
        problems = [problem for problem in tqdm(done, total=len(photos), desc=description, unit="picture") if problem]
    if problems:
        raise DataError(report(problems))
    targets = torch.tensor([photos.labels.index(answer) for answer in photos.answers])
    return torch.from_numpy(pixels).permute(0, 3, 1, 2), targets
