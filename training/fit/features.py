"""What a frozen body sees in each photo, computed once and kept on disk.

With the body frozen, an epoch repeats the same work on the same photos. So the pooled features are computed once, by the int8
network that will serve, and the head is fitted to them in seconds: to what it will be given, rounding and all.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from tqdm.auto import tqdm

from model.classifier import Classifier
from model.config import Config
from model.network import OnnxNetwork, available_cores
from training.data import formats
from training.data.formats import Change, input_of
from training.data.photos import Photos

BATCH = 32


class FeatureExtractor:
    """Pooled features of photos, float16, by a body in ONNX.

    Args:
        body: (N, 3, H, W), normalised → (N, C). config: how photos become inputs. cache: a folder that keeps features.
    """

    def __init__(self, body: Path, config: Config, cache: Path) -> None:
        self._classifier = Classifier(OnnxNetwork(body), config)
        digest = hashlib.sha256(config.input.model_dump_json().encode())
        digest.update(body.read_bytes())
        digest.update(Path(formats.__file__).read_bytes())
        self._key = digest.hexdigest()
        self._cache = cache

    def views_per_second(self, photos: Photos, count: int = 2 * BATCH) -> float:
        """How many views are computed in a second, decoding included, by some of the photos."""
        sample = photos.take(range(0, len(photos), max(1, len(photos) // count)))
        self._run(sample.take(range(min(4, len(sample)))), formats.view_of(0), lambda _: None)  # warm up
        started = time.monotonic()
        self._run(sample, formats.view_of(2), lambda _: None)
        return len(sample) / (time.monotonic() - started)

    def views(self, photos: Photos, count: int) -> np.ndarray:
        """float16 (count, N, C): the photos as they are, and `count` - 1 times in other formats, every second time flipped."""
        return np.stack(
            [
                self(photos, formats.view_of(view), f"view{view}", f"features, view {view + 1} of {count}")
                for view in range(count)
            ]
        )

    def __call__(self, photos: Photos, change: Change | None, name: str, description: str) -> np.ndarray:
        """float16 (N, C): of the photos as `change` makes them, or as they are served; from the cache if they are there.

        Args:
            name: what tells this change from others.
        """
        digest = hashlib.sha256(f"{self._key} {name}".encode())
        for path in photos.paths:
            stat = path.stat()
            digest.update(f"{path.resolve()} {stat.st_mtime_ns} {stat.st_size}\n".encode())
        cached = self._cache / f"features-{digest.hexdigest()[:20]}.npy"
        if cached.is_file():
            found: np.ndarray = np.load(cached)
            return found
        with tqdm(total=len(photos), desc=description, unit="photo") as bar:
            features = self._run(photos, change, bar.update)
        self._cache.mkdir(parents=True, exist_ok=True)
        temporary = cached.with_suffix(".part")
        with temporary.open("wb") as file:
            np.save(file, features)
        temporary.replace(cached)
        return features

    def _run(self, photos: Photos, change: Change | None, done: Callable[[int], object]) -> np.ndarray:
        """While the network looks at a batch, the photos of the next one are decoded."""
        classifier = self._classifier

        def prepare(path: Path) -> np.ndarray:
            return input_of(path, change, classifier.config.input)

        batches = [photos.paths[start : start + BATCH] for start in range(0, len(photos), BATCH)]
        rows: list[np.ndarray] = []
        with ThreadPoolExecutor(available_cores()) as pool:
            waiting = [pool.submit(prepare, path) for path in batches[0]]
            for following in [*batches[1:], ()]:
                prepared = [future.result() for future in waiting]
                waiting = [pool.submit(prepare, path) for path in following]
                rows.append(classifier.logits(prepared).astype(np.float16))
                done(len(prepared))
        features: np.ndarray = np.concatenate(rows)
        return features
