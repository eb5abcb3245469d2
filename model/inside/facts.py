"""Facts about a network that its list of operations does not say by itself."""

from __future__ import annotations

import math

import numpy as np
from safetensors import SafetensorError, safe_open

from model.classifier import Classifier
from model.inside.look import Inside
from model.network import OnnxNetwork

_NEXT_TO_NOTHING = 1e-3  # of what the largest of its kind has
_STATISTICS = ("running_mean", "running_var", "num_batches_tracked")


def unused_filters(inside: Inside) -> tuple[int, ...]:
    """Which of the first filters find nothing, from 0.

    Their largest weight is below a thousandth of the largest of all, and their maps of noise are the same everywhere: the
    second, because a batch normalisation behind a filter may make up for small weights.
    """
    graph = inside.graph
    filters, first = graph.first_filters, next((layer for layer in graph.layers if layer.kind == "conv"), None)
    if filters is None or first is None or first.channels != len(filters):
        return ()
    noise = np.random.default_rng(0).normal(size=graph.shapes[graph.input]).astype(np.float32)
    ranges = np.ptp(inside.run(noise, [first.tensor])[0][0], axis=(1, 2))
    weights = np.abs(filters).max(axis=(1, 2, 3))
    unused = (weights <= _NEXT_TO_NOTHING * weights.max()) & (ranges <= _NEXT_TO_NOTHING * ranges.max())
    return tuple(int(index) for index in np.flatnonzero(unused))


def parameters_with_batch_norm(classifier: Classifier) -> int | None:
    """How many learned numbers the library counts whose batch normalisation is folded into the convolutions here.

    Counted in the weights that lie beside an ONNX network; None where there are none, or none with batch normalisation.
    """
    network = classifier.network
    path = network.path.parent / "model.safetensors" if isinstance(network, OnnxNetwork) else None
    if path is None or not path.is_file():
        return None
    try:
        with safe_open(path, framework="numpy") as weights:
            names = list(weights.keys())
            if not any(name.endswith("running_var") for name in names):
                return None
            learned = [name for name in names if not name.endswith(_STATISTICS)]
            return sum(int(math.prod(weights.get_slice(name).get_shape())) for name in learned)
    except (OSError, SafetensorError):
        return None
