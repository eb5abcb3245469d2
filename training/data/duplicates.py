"""Photos that show the same picture: saved twice, shrunk, or compressed again.

If one of them is trained on and another is tested on, the test is too easy. Two photos are near-duplicates where their
perceptual hashes (a sign of each low frequency of the brightness, 64 bits; `imagehash.phash`) differ in few bits and
their thumbnails agree: the hash finds them, the thumbnail tells plain pictures of different colours apart.
"""

from __future__ import annotations

import imagehash
import numpy as np
from PIL import Image
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from tqdm.auto import tqdm

THUMBNAIL = 16
MAX_BITS = 6
MAX_DIFFERENCE = 10.0
_CHUNK = 512


def fingerprint(photo: Image.Image) -> tuple[int, np.ndarray]:
    """The perceptual hash of an RGB photo, 64 bits, and its thumbnail, uint8 (16, 16, 3)."""
    bits = imagehash.phash(photo).hash.ravel()
    thumbnail = np.asarray(photo.resize((THUMBNAIL, THUMBNAIL), Image.Resampling.BOX, reducing_gap=2.0))
    return int.from_bytes(np.packbits(bits).tobytes()), thumbnail


def near_duplicates(hashes: np.ndarray, thumbnails: np.ndarray) -> np.ndarray:
    """Number the groups of photos that are near-duplicates of one another, directly or through others.

    Args:
        hashes: uint64 (N,). thumbnails: uint8 (N, 16, 16, 3), of `fingerprint`.

    Returns:
        int (N,): the group of each photo, 0 to groups - 1; a photo without near-duplicates is alone in its group.
    """
    count = len(hashes)
    first: list[np.ndarray] = []
    second: list[np.ndarray] = []
    small = thumbnails.reshape(count, -1).astype(np.int16)
    for start in tqdm(range(0, count, _CHUNK), desc="looking for duplicates", unit="block", disable=count < 20_000):
        rows = hashes[start : start + _CHUNK]
        i, j = np.nonzero(np.bitwise_count(rows[:, None] ^ hashes[None, start:]) <= MAX_BITS)
        i, j = i[i < j] + start, j[i < j] + start
        for part in range(0, len(i), 100_000):  # a block of equal hashes has many pairs
            a, b = i[part : part + 100_000], j[part : part + 100_000]
            alike = np.abs(small[a] - small[b]).mean(axis=1) <= MAX_DIFFERENCE
            first.append(a[alike])
            second.append(b[alike])
    i, j = (np.concatenate(parts) if parts else np.empty(0, int) for parts in (first, second))
    graph = coo_array((np.ones(len(i), bool), (i, j)), shape=(count, count))
    groups: np.ndarray = connected_components(graph, directed=False)[1]
    return groups
