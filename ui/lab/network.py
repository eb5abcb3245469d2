"""The network that is served, as the lab takes it apart: the layers it shows, and what they make of the visitor's photo."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from model.inside.convolution import Convolution, read_convolution
from model.inside.decision import Decision, decide
from model.inside.graph import Graph, Op
from model.inside.look import Inside
from ui.lab.own_kernel import LabError
from ui.lab.photo import Photo
from ui.service import Answers


@dataclass(frozen=True)
class Layers:
    """The convolutions that are shown.

    Attributes:
        first: sees the three channels of the photo.
        many: makes one map of many; None where there is none.
        depthwise: keeps its maps apart; None where there is none. `many` follows it then.
        strided: the first with a stride; None where there is none.
    """

    first: Convolution
    many: Convolution | None
    depthwise: Convolution | None
    strided: Op | None


@dataclass(frozen=True)
class Maps:
    """What a layer sees of a photo and makes of it: (C, H, W) with the zeros around it, and (K, h, w)."""

    seen: np.ndarray
    result: np.ndarray


class LabNetwork:
    """What the lab's steps ask the network. It is looked into when it is first asked."""

    def __init__(self, answers: Answers) -> None:
        self.classifier = answers.classifier
        self._explainer = answers.explainer

    @property
    def inside(self) -> Inside:
        """The network with its tensors within reach.

        Raises:
            ModelError: it cannot be looked into.
        """
        return self._explainer.inside

    @cached_property
    def layers(self) -> Layers:
        """The convolutions that are shown.

        Raises:
            ModelError: the network cannot be looked into.
            LabError: it has no convolution of a photo's three channels whose numbers can be read.
        """
        inside = self.inside
        graph = inside.graph
        convolutions = [op for op in graph.ops if op.kind == "conv" and graph.is_maps(op.output)]
        first = next((op for op in convolutions if op.weight is not None and op.weight.shape[1] == 3 and op.groups == 1), None)
        read = None if first is None else read_convolution(inside, first)
        if read is None:
            raise LabError("layer.no_first")
        depthwise, many = _separable(graph, convolutions)
        later = [op for op in convolutions if op is not first and op.groups == 1]
        many = many or next((op for op in later if (op.kernel, op.stride) == ((1, 1), (1, 1))), next(iter(later), None))
        strided = next((op for op in convolutions if max(op.stride) > 1), None)
        return Layers(
            read,
            None if many is None else read_convolution(inside, many),
            None if depthwise is None else read_convolution(inside, depthwise),
            strided,
        )

    def batch(self, photo: Photo) -> np.ndarray:
        """The photo as the network is given it: float32 (1, 3, height, width), the very numbers that Classify uses."""
        return photo.once((self, "batch"), lambda: self.classifier.batch([self.classifier.prepare(photo.upload)]))

    def maps(self, photo: Photo) -> dict[str, Maps]:
        """What `first`, `many` and `depthwise` see and make of the photo, by these names; in one run of the network."""
        return photo.once((self, "maps"), lambda: self._maps(photo))

    def _maps(self, photo: Photo) -> dict[str, Maps]:
        layers = self.layers
        shown = {"first": layers.first, "many": layers.many, "depthwise": layers.depthwise}
        found = {name: layer for name, layer in shown.items() if layer is not None}
        tensors = list(dict.fromkeys(name for layer in found.values() for name in (layer.source, layer.result)))
        values = dict(zip(tensors, self.inside.run(self.batch(photo), tensors), strict=True))
        return {name: Maps(layer.seen(values[layer.source][0]), values[layer.result][0]) for name, layer in found.items()}

    def decision(self, photo: Photo) -> Decision | None:
        """How the logits of the photo come about; None where the head is deeper.

        Raises:
            ModelError: the network cannot be looked into.
        """
        return photo.once((self, "decision"), lambda: decide(self.inside, self.batch(photo)))

    def logits(self, photo: Photo) -> np.ndarray:
        """float32 (K,): the logits that Classify's probabilities come from."""
        return photo.once((self, "logits"), lambda: self.classifier.network.logits(self.batch(photo))[0])


def _separable(graph: Graph, convolutions: list[Op]) -> tuple[Op | None, Op | None]:
    """The first depthwise convolution, and the 1×1 convolution that adds up its maps."""
    for place, op in enumerate(convolutions):
        channels = graph.shapes[op.output][1]
        if op.groups == channels == graph.shapes[op.inputs[0]][1] > 1:
            behind = (other for other in convolutions[place + 1 :] if other.groups == 1 and other.kernel == (1, 1))
            return op, next((other for other in behind if graph.shapes[other.inputs[0]][1] == channels), None)
    return None, None


def clearest_filter(convolution: Convolution) -> int:
    """The output whose kernels run most clearly one way, of those with strong numbers: lines in one direction."""
    kernels = convolution.weight
    strength = np.linalg.norm(kernels.reshape(len(kernels), -1), axis=1)
    middle = kernels.mean(axis=(2, 3))[:, :, None]
    across, down = (np.linalg.norm(kernels.mean(axis=axis) - middle, axis=(1, 2)) for axis in (2, 3))
    clear = np.abs(across - down) / np.maximum(strength, 1e-12)
    return int(np.where(strength >= strength.max() / 2, clear, -1).argmax())
