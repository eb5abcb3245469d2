"""One way to look inside whatever network a classifier has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from model.classifier import Classifier
from model.errors import ModelError, first_line
from model.inside.graph import Graph
from model.inside.learned import Learned, Rounding
from model.network import OnnxNetwork, TorchNetwork


class Inside(Protocol):
    """A network with its inner tensors within reach; safe to call from several threads."""

    graph: Graph

    def run(self, batch: np.ndarray, tensors: Sequence[str]) -> list[np.ndarray]:
        """The values of `tensors` (of the logits too, if named) for a batch float32 (N, 3, height, width)."""
        ...

    def learned(self, tensor: str) -> Learned | None:
        """What the convolution or batch normalisation that computes `tensor` has learned; None for anything else."""
        ...

    def rounding(self, tensor: str) -> Rounding | None:
        """How the network keeps `tensor`; None where it does not round it."""
        ...

    def gradients(self, batch: np.ndarray, tensor: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Logits (1, K), maps (1, C, h, w) of `tensor`, and d logit / d map summed over its places (K, C): float32."""
        ...


def look_inside(classifier: Classifier) -> Inside:
    """The inside of the network that answers: no other copy, no other rounding.

    Raises:
        ModelError: the network is of a kind that cannot be looked into, or its file cannot be read.
    """
    size = classifier.config.input
    network = classifier.network
    if isinstance(network, OnnxNetwork):
        try:
            from model.inside.onnx_graph import OnnxInside
        except ImportError as error:
            raise ModelError(f"looking into a network needs onnx ({first_line(error)}): pip install onnx") from None
        inside = OnnxInside(network.path, size.height, size.width)
        inside.share(network)
        return inside
    if isinstance(network, TorchNetwork):
        from model.inside.torch_graph import TorchInside

        return TorchInside(network.module, size.height, size.width)
    raise ModelError(f"a {type(network).__name__} cannot be looked into")
