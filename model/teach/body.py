"""The body of a network that serves: photos in, pooled features out. It stays as it is; only heads are taught."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Sequence

import numpy as np
import onnx
import onnxruntime as ort

from model.classifier import Classifier
from model.errors import ModelError, first_line
from model.head import LinearHead
from model.inside.onnx_graph import OnnxInside
from model.network import OnnxNetwork, session_options
from model.onnx_head import body_of


class Body:
    """The frozen body of a classifier. Safe to use from several threads.

    Args:
        classifier: with an ONNX network whose head is average pooling and one linear layer, merged or not.
        threads: cores that one call may use; all by default.

    Attributes:
        classifier: that one. channels: C, how many features a photo has. head: what it knows already, rows on these features.
        folder: the model folder it was loaded from. onnx: the network up to the features.

    Raises:
        ModelError: its network is of another kind.
    """

    def __init__(self, classifier: Classifier, threads: int | None = None) -> None:
        network, config = classifier.network, classifier.config
        if not isinstance(network, OnnxNetwork):
            raise ModelError(
                f"{config.name} cannot be taught: it has no ONNX file. Make a model folder of it first: python -m model convert"
            )
        head = OnnxInside(network.path, config.input.height, config.input.width).graph.head
        if head is None or head.linear is None or head.pooled is None or config.probabilities != "exclusive":
            raise ModelError(f"{config.name} cannot be taught: its head is not average pooling and one linear layer")
        self.classifier = classifier
        self.head: LinearHead = head.linear
        self.channels = self.head.weight.shape[1]
        self.folder = network.path.parent
        self.onnx = body_of(onnx.load(network.path), head.pooled)
        both = onnx.ModelProto()
        both.CopyFrom(self.onnx)
        both.graph.output.add().name = head.features
        try:
            self._session = ort.InferenceSession(
                both.SerializeToString(), session_options(threads), providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # onnxruntime raises several unrelated types
            raise ModelError(f"the body of {network.path} cannot be run: {first_line(error, limit=500)}") from None
        self._input = self._session.get_inputs()[0].name
        self._pooled, self._maps = head.pooled, head.features

    def features(self, prepared: Sequence[np.ndarray]) -> np.ndarray:
        """Pooled features float32 (N, C) of photos from `Classifier.prepare`, uint8 (height, width, 3) each.

        One after the other, so that a photo's features do not depend on what is computed with it.
        """
        rows = [self._run(self.classifier.batch([photo]), self._pooled)[0] for photo in prepared]
        return np.concatenate(rows) if rows else np.zeros((0, self.channels), np.float32)

    def look(self, batch: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Pooled features float32 (N, C) and the last feature maps (N, C, h, w) of a batch from `Classifier.batch`."""
        pooled, maps = self._run(batch, self._pooled, self._maps)
        return pooled, maps

    def _run(self, batch: np.ndarray, *tensors: str) -> list[np.ndarray]:
        values: list[np.ndarray] = self._session.run(list(tensors), {self._input: batch})
        return values

    @functools.cached_property
    def key(self) -> str:
        """Which body this is: 64 hex digits, made of its weights, so that features of another are not taken for its own."""
        digest = hashlib.sha256(self.classifier.config.input.model_dump_json().encode())
        for tensor in sorted(self.onnx.graph.initializer, key=lambda tensor: tensor.name):
            digest.update(onnx.numpy_helper.to_array(tensor).tobytes())
        return digest.hexdigest()
