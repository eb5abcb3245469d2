"""The constants of an ONNX graph: dequantised, and as operations use them."""

from __future__ import annotations

import math

import numpy as np
import onnx
from onnx import numpy_helper

from model.inside.learned import Learned, Rounding

QUANTISING = ("QuantizeLinear", "DequantizeLinear")
SAME = ("Identity", "Cast", "Dropout", *QUANTISING)  # what leaves a tensor as it is, but for rounding


class Constants:
    """What in a graph does not depend on the photos, by name; what does has no value here."""

    def __init__(self, graph: onnx.GraphProto) -> None:
        self._stored = {tensor.name: tensor for tensor in graph.initializer}
        self._makers = {name: node for node in graph.node for name in node.output}

    def __contains__(self, name: str) -> bool:
        return name in self._stored

    def shape(self, name: str) -> tuple[int, ...]:
        """Of a constant."""
        if name in self._stored:
            return tuple(self._stored[name].dims)
        maker = self._makers.get(name)
        return self.shape(maker.input[0]) if maker is not None and maker.input else ()

    def value(self, name: str) -> np.ndarray | None:
        """The value of a constant, dequantised: float32; None for what is none."""
        if name in self._stored:
            return _float32(self._stored[name])
        maker = self._makers.get(name)
        if maker is None:
            return None
        if maker.op_type == "Constant":
            return _float32(maker.attribute[0].t)
        if maker.op_type not in (*SAME, "Transpose"):
            return None
        values = [self.value(part) for part in maker.input]
        if values[0] is None:
            return None
        if maker.op_type == "Transpose":
            return values[0].T if values[0].ndim == 2 else None
        if maker.op_type != "DequantizeLinear":
            return values[0]
        if values[1] is None:
            return None
        axis = next((attribute.i for attribute in maker.attribute if attribute.name == "axis"), 1)
        along = [1] * values[0].ndim
        if values[1].ndim == 1 and values[0].ndim:
            along[axis] = -1
        zero = values[2].reshape(along) if len(values) > 2 and values[2] is not None else np.float32(0)
        dequantised: np.ndarray = (values[0] - zero) * values[1].reshape(along)
        return dequantised

    def learned(self, node: onnx.NodeProto) -> Learned | None:
        """Weight and bias of a convolution or batch normalisation; None for anything else."""
        if node.op_type not in ("Conv", "BatchNormalization"):
            return None
        values = [value for name in node.input[1:] if name and (value := self.value(name)) is not None]
        if node.op_type == "Conv" and values:
            return Learned(values[0], values[1] if len(values) > 1 else np.zeros(len(values[0]), np.float32))
        if len(values) != 4:
            return None
        weight, bias, mean, variance = values
        settings = {attribute.name: onnx.helper.get_attribute_value(attribute) for attribute in node.attribute}
        scale = weight / np.sqrt(variance + np.float32(settings.get("epsilon", 1e-5)))
        return Learned(scale, bias - mean * scale)

    def rounding(self, node: onnx.NodeProto) -> Rounding | None:
        """How a QuantizeLinear rounds, where one step holds for the whole tensor."""
        step = self.value(node.input[1])
        zero = self._stored.get(node.input[2]) if len(node.input) > 2 else None
        if step is None or step.size != 1 or zero is None:
            return None
        whole = numpy_helper.to_array(zero)
        limits = np.iinfo(whole.dtype)
        return Rounding(float(step.ravel()[0]), int(whole.ravel()[0]), int(limits.min), int(limits.max))

    def limits(self, node: onnx.NodeProto) -> tuple[float, float] | None:
        """What an activation keeps a value between, as `model.inside.graph.Op` has it."""
        if node.op_type == "Relu":
            return 0.0, math.inf
        if node.op_type != "Clip":
            return None
        ends = [-math.inf, math.inf]
        for place, name in enumerate(node.input[1:3]):
            value = self.value(name) if name else None
            if value is not None:
                ends[place] = float(value.ravel()[0])
        return ends[0], ends[1]


def _float32(tensor: onnx.TensorProto) -> np.ndarray:
    values: np.ndarray = numpy_helper.to_array(tensor).astype(np.float32)
    return values
