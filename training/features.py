"""What a frozen body sees in each photo, computed once and kept on disk.

With the body frozen, an epoch repeats the same work on the same photos. So the pooled features are computed once, by ONNX
Runtime on a CPU (twice as fast as torch there) and by torch on a GPU, and the head is trained on them in seconds.
"""

from __future__ import annotations

import hashlib
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch
from torch import nn
from tqdm.auto import tqdm

from model.classifier import Classifier
from model.config import Config
from model.network import Network, OnnxNetwork, available_cores
from model.save import export_onnx
from training.data import Photos

BATCH = 32
VIEWS = 2  # the photo as it is served, and its mirror image


class _OnGpu:
    """A torch module on the GPU, in bfloat16 where that is safe."""

    def __init__(self, module: nn.Module) -> None:
        self._module = module.eval().cuda().to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def logits(self, batch: np.ndarray) -> np.ndarray:
        """float32 (N, 3, height, width), normalised → float32 (N, C)."""
        with torch.inference_mode(), torch.autocast("cuda", torch.bfloat16):
            on_gpu = torch.from_numpy(batch).cuda(non_blocking=True).to(memory_format=torch.channels_last)
            features: np.ndarray = self._module(on_gpu).float().cpu().numpy()
        return features


class FeatureExtractor:
    """Pooled features of the body of `Sequential(body, head)`.

    Args:
        network: its body is used as it is now.
        config: how photos become inputs.
        cache: a folder that keeps the features of each set of photos.
    """

    def __init__(self, network: nn.Sequential, config: Config, cache: Path) -> None:
        body, head = network
        pooled = nn.Sequential(body, *list(head.children())[:2])  # average pooling and flattening
        digest = hashlib.sha256(config.input.model_dump_json().encode())
        for name, weight in body.state_dict().items():
            digest.update(name.encode() + weight.detach().cpu().numpy().tobytes())
        self._key = digest.hexdigest()
        self._cache = cache
        engine: Network
        if torch.cuda.is_available():
            engine = _OnGpu(pooled)
        else:
            with tempfile.TemporaryDirectory() as folder:
                graph = Path(folder) / "body.onnx"
                export_onnx(pooled, graph, config.input.height, config.input.width)
                engine = OnnxNetwork(graph)
        self._classifier = Classifier(engine, config)

    def views_per_second(self, photos: Photos, count: int = 2 * BATCH) -> float:
        """How many views are computed in a second, decoding included, by some of the photos."""
        sample = photos.paths[:: max(1, len(photos) // count)][:count]
        self._classifier.logits([self._classifier.prepare(path) for path in sample[:4]])  # warm up
        started = time.monotonic()
        self._run(sample, lambda _: None)
        return len(sample) * VIEWS / (time.monotonic() - started)

    def __call__(self, photos: Photos, description: str) -> np.ndarray:
        """float16 (2, N, C): of the photos and of their mirror images; from the cache if they are there."""
        digest = hashlib.sha256(self._key.encode())
        for path in photos.paths:
            stat = path.stat()
            digest.update(f"{path.resolve()} {stat.st_mtime_ns} {stat.st_size}\n".encode())
        cached = self._cache / f"features-{digest.hexdigest()[:20]}.npy"
        if cached.is_file():
            found: np.ndarray = np.load(cached)
            return found
        with tqdm(total=len(photos), desc=description, unit="photo") as bar:
            features = self._run(photos.paths, bar.update)
        self._cache.mkdir(parents=True, exist_ok=True)
        temporary = cached.with_suffix(".part")
        with temporary.open("wb") as file:
            np.save(file, features)
        temporary.replace(cached)
        return features

    def _run(self, paths: tuple[Path, ...], done: Callable[[int], object]) -> np.ndarray:
        """While the network looks at a batch, the photos of the next one are decoded."""
        classifier = self._classifier
        batches = [paths[start : start + BATCH] for start in range(0, len(paths), BATCH)]
        rows: list[np.ndarray] = []
        with ThreadPoolExecutor(available_cores()) as pool:
            waiting = [pool.submit(classifier.prepare, path) for path in batches[0]]
            for following in [*batches[1:], ()]:
                prepared = [future.result() for future in waiting]
                waiting = [pool.submit(classifier.prepare, path) for path in following]
                seen = [prepared, [photo[:, ::-1] for photo in prepared]]
                rows.append(np.stack([classifier.logits(view) for view in seen]).astype(np.float16))
                done(len(prepared))
        features: np.ndarray = np.concatenate(rows, axis=1)
        return features
