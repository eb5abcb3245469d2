"""Photos are opened behind a wall, ahead of whoever looks at them: while a network answers one batch, the next is decoded."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import TypeVar

import numpy as np
from tqdm.auto import tqdm

from model.classifier import MAX_BATCH, Classifier
from model.decode.wall import behind_wall
from model.network import available_cores

Item = TypeVar("Item")
Result = TypeVar("Result")

AHEAD = 2 * MAX_BATCH
PATIENCE = 5  # with a photo where training takes the cores: processor time decides whether it is opened


def map_ahead(
    function: Callable[[Item], Result],
    items: Sequence[Item],
    description: str | None = None,
    unit: str = "photo",
    ahead: int = AHEAD,
    threads: int | None = None,
) -> Generator[Result]:
    """The results of a function for the items, in their order, computed in threads before they are asked for.

    What the function raises is raised here, in the place of its result; then no further item is begun.

    Args:
        description: of the progress bar; None shows no bar. unit: what the bar counts.
        ahead: how many results are computed or kept before they are taken, at most: this bounds the memory.
        threads: as many as there are cores, where it is None.
    """
    waiting = iter(items)
    threads = threads or available_cores()
    pool = ThreadPoolExecutor(threads)
    try:
        with (
            behind_wall(threads, PATIENCE),
            tqdm(total=len(items), desc=description, unit=unit, disable=description is None) as bar,
        ):
            pending = deque(pool.submit(function, item) for item in islice(waiting, ahead))
            while pending:
                result = pending.popleft().result()
                pending.extend(pool.submit(function, item) for item in islice(waiting, 1))
                bar.update()
                yield result
    finally:
        pool.shutdown(cancel_futures=True)


def batched(items: Iterable[Item], size: int = MAX_BATCH) -> Iterator[list[Item]]:
    """The items in lists of `size`, the last one shorter where they do not divide."""
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch


def logits_of(
    classifier: Classifier,
    prepare: Callable[[Path], np.ndarray],
    paths: Sequence[Path],
    description: str | None = None,
    dtype: type[np.floating] = np.float32,
) -> np.ndarray:
    """What a network says of photos: (N, K) of type `dtype`.

    Args:
        prepare: a photo's file → the network's input, uint8 (height, width, 3); what it raises is raised here.
        paths: N files, at least one. description: of the progress bar; None shows no bar.
    """
    rows = [classifier.logits(batch).astype(dtype, copy=False) for batch in batched(map_ahead(prepare, paths, description))]
    logits: np.ndarray = np.concatenate(rows)
    return logits
