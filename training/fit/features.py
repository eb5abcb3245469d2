"""What a frozen body sees in each photo, computed once and kept on disk.

With the body frozen, an epoch repeats the same work on the same photos. So the pooled features are computed once, by the int8
network that will serve, and the head is fitted to them in seconds: to what it will be given, rounding and all.
"""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path

import numpy as np

from model.classifier import MAX_BATCH, Classifier
from model.config import Config
from model.network import OnnxNetwork
from model.whole import whole_file
from training.data import formats
from training.data.decode import logits_of
from training.data.formats import Change, input_of
from training.data.photos import Photos


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

    def views_per_second(self, photos: Photos, count: int = 2 * MAX_BATCH) -> float:
        """How many views are computed in a second, decoding included, by some of the photos."""
        sample = photos.take(range(0, len(photos), max(1, len(photos) // count)))
        self._run(sample.take(range(min(4, len(sample)))), formats.view_of(0))  # warm up
        started = time.monotonic()
        self._run(sample, formats.view_of(2))
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
            digest.update(os.fsencode(f"{path.resolve()} {stat.st_mtime_ns} {stat.st_size}\n"))
        cached = self._cache / f"features-{digest.hexdigest()[:20]}.npy"
        if cached.is_file():
            cached_features: np.ndarray = np.load(cached)
            return cached_features
        features = self._run(photos, change, description)
        self._cache.mkdir(parents=True, exist_ok=True)
        with whole_file(cached) as file:
            np.save(file, features)
        return features

    def _run(self, photos: Photos, change: Change | None, description: str | None = None) -> np.ndarray:
        """float16 (N, C), not from the cache; no progress bar without a description."""
        size = self._classifier.config.input
        return logits_of(
            self._classifier, lambda path: input_of(path, change, size), photos.paths, description, dtype=np.float16
        )
