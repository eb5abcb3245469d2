"""Looking inside an ONNX network: its operations as `model.inside.graph` has them, and any of its tensors for a photo."""

from __future__ import annotations

import dataclasses
import math
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort

from model.errors import ModelError, first_line
from model.inside.graph import Graph, Kind, Op
from model.inside.learned import Learned, Rounding
from model.inside.onnx_constants import QUANTISING, SAME, Constants
from model.network import OnnxNetwork, session_options

_KEPT_SESSIONS = 4
_CHANNELS_AT_ONCE = 32
_KINDS: dict[str, Kind] = {
    "Conv": "conv", "MaxPool": "pool", "AveragePool": "pool", "GlobalAveragePool": "global", "GlobalMaxPool": "global",
    "BatchNormalization": "norm", "InstanceNormalization": "norm", "GroupNormalization": "norm",
    "Relu": "activation", "Clip": "activation", "LeakyRelu": "activation", "PRelu": "activation", "Elu": "activation",
    "Selu": "activation", "Celu": "activation", "Sigmoid": "activation", "HardSigmoid": "activation", "Gelu": "activation",
    "HardSwish": "activation", "Mish": "activation", "Tanh": "activation", "Softplus": "activation", "Swish": "activation",
    "Add": "add", "Mul": "mul", "Concat": "concat", "Gemm": "linear", "MatMul": "linear",
    "Reshape": "reshape", "Flatten": "reshape", "Squeeze": "reshape", "ReduceLogSumExp": "merge",
}  # fmt: skip


class OnnxInside:
    """An ONNX network (as `model.network.OnnxNetwork` runs it) with its inner tensors within reach.

    Args:
        path: the .onnx file. height, width: of the input in pixels.

    Raises:
        ModelError: the file cannot be read.
    """

    def __init__(self, path: Path, height: int, width: int) -> None:
        blank = np.zeros((1, 3, height, width), np.float32)
        try:
            self._model = onnx.load(path)
            self._reader = reader = _Reader(self._model.graph)
            everything = self._session([name for name in reader.tensors() if name != reader.output])
            names = [output.name for output in everything.get_outputs()]
            values = everything.run(names, {reader.input: blank})
        except Exception as error:  # protobuf, onnx and onnxruntime raise several unrelated types
            raise ModelError(f"{path} cannot be looked into: {first_line(error)}") from None
        shapes = {reader.input: blank.shape} | {name: np.shape(value) for name, value in zip(names, values, strict=True)}
        self._computed = frozenset(reader.names)
        self.graph = Graph(reader.ops(shapes), reader.input, reader.output, shapes)
        self._sessions: OrderedDict[tuple[str, ...], ort.InferenceSession] = OrderedDict()
        self._lock = threading.Lock()
        self._shared: ort.InferenceSession | None = None
        self._shown: frozenset[str] = frozenset()

    def share(self, network: OnnxNetwork) -> None:
        """Have `network` answer by the session that gives what heat maps need, so that its weights are in memory once.

        Not where its logits become others: beside an output more, ONNX Runtime may fuse, and round, in another way.
        """
        head = self.graph.head
        if head is None:
            return
        shown = [name for name in (head.features, head.pooled) if name is not None]
        session = self._session(shown, network.threads)
        noise = np.random.default_rng(0).normal(size=self.graph.shapes[self.graph.input]).astype(np.float32)
        [logits] = session.run([self.graph.output], {self.graph.input: noise})
        if np.allclose(logits, network.logits(noise), rtol=1e-4, atol=1e-4):
            self._shared, self._shown = session, frozenset([self.graph.output, *shown])
            network.answer_by(session)

    def run(self, batch: np.ndarray, tensors: Sequence[str]) -> list[np.ndarray]:
        """The values of `tensors` (of the logits too, if named) for a batch float32 (N, 3, height, width)."""
        graph = self.graph
        computed = [name for name in tensors if name != graph.input]
        if not computed:
            return [batch for _ in tensors]
        session = self._shared if self._shown.issuperset(computed) else None
        if session is None:
            key = tuple(sorted(set(computed)))
            session = self._kept(key, lambda: self._session([name for name in key if name != graph.output]))
        values = dict(zip(computed, session.run(computed, {graph.input: batch}), strict=True)) | {graph.input: batch}
        return [values[name] for name in tensors]

    def gradients(self, batch: np.ndarray, tensor: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Logits (1, K), maps (1, C, h, w) of `tensor`, and d logit / d map summed over its places (K, C): float32.

        ONNX Runtime has no gradients here. But that sum is how a logit changes when the whole map is raised: the head,
        which is cheap, is run with every map raised and lowered a little.
        """
        logits, maps = self.run(batch, [self.graph.output, tensor])
        head = self._kept(("head", tensor), lambda: self._head_session(tensor))
        step = 0.01 * float(maps.std()) or 1e-3
        channels = maps.shape[1]
        rows = []
        for start in range(0, channels, _CHANNELS_AT_ONCE):
            few = np.arange(min(_CHANNELS_AT_ONCE, channels - start))
            raised = np.repeat(maps, len(few), axis=0)
            lowered = raised.copy()
            raised[few, start + few] += step
            lowered[few, start + few] -= step
            both = head.run(None, {tensor: np.concatenate([raised, lowered])})[0]
            rows.append((both[: len(few)] - both[len(few) :]) / (2 * step))
        return logits, maps, np.concatenate(rows).T.astype(np.float32)

    def learned(self, tensor: str) -> Learned | None:
        """What the convolution or batch normalisation that computes `tensor` has learned; None for anything else."""
        return self._reader.learned(tensor)

    def rounding(self, tensor: str) -> Rounding | None:
        """How the network keeps `tensor`; None where it does not round it."""
        return self._reader.rounding(tensor)

    def _session(self, tensors: Sequence[str], threads: int | None = None) -> ort.InferenceSession:
        """A session that gives `tensors` beside the logits."""
        extra = onnx.ModelProto()
        for name in tensors:
            extra.graph.output.add().name = name
        # two serialised messages in a row are one with the fields of both: the weights are not copied to add an output
        return ort.InferenceSession(
            self._model.SerializeToString() + extra.SerializeToString(),
            session_options(threads),
            providers=["CPUExecutionProvider"],
        )

    def _head_session(self, tensor: str) -> ort.InferenceSession:
        """A session of what lies behind `tensor`."""
        whole = self._model.graph
        wanted, nodes = {self.graph.output}, []
        for node in reversed(whole.node):
            if wanted.intersection(node.output) and tensor not in node.output:
                if node.op_type in QUANTISING and node.input[0] in self._computed:  # its steps would hide small changes
                    node = onnx.helper.make_node("Identity", node.input[:1], node.output)
                nodes.append(node)
                wanted.update(node.input)
        maps = onnx.helper.make_tensor_value_info(tensor, onnx.TensorProto.FLOAT, ["batch", *self.graph.shapes[tensor][1:]])
        weights = [weight for weight in whole.initializer if weight.name in wanted]
        graph = onnx.helper.make_graph(nodes[::-1], "head", [maps], whole.output, weights)
        head = onnx.helper.make_model(
            graph, opset_imports=self._model.opset_import, ir_version=self._model.ir_version, functions=self._model.functions
        )
        return ort.InferenceSession(head.SerializeToString(), session_options(), providers=["CPUExecutionProvider"])

    def _kept(self, key: tuple[str, ...], make: Callable[[], ort.InferenceSession]) -> ort.InferenceSession:
        """The session of that key; the few used last are kept, as each holds the network's weights."""
        with self._lock:
            if key not in self._sessions:
                self._sessions[key] = make()
                if len(self._sessions) > _KEPT_SESSIONS:
                    self._sessions.popitem(last=False)
            self._sessions.move_to_end(key)
            return self._sessions[key]


class _Reader:
    """The nodes of a graph as operations: quantisation, casts and constants are read away."""

    def __init__(self, graph: onnx.GraphProto) -> None:
        self._constants = Constants(graph)
        self._quantising = [node for node in graph.node if node.op_type == "QuantizeLinear"]
        self.input = next(value.name for value in graph.input if value.name not in self._constants)
        self.output = graph.output[0].name
        # of a tensor that depends on the photos → of the one that stands for it
        self.names = {self.input: self.input}
        self._nodes: list[onnx.NodeProto] = []
        for node in graph.node:
            dynamic = [name for name in node.input if name in self.names]
            if not dynamic:
                continue
            if node.op_type in SAME:
                self.names[node.output[0]] = self.names[dynamic[0]]
            else:
                self._nodes.append(node)
                self.names |= {name: name for name in node.output if name}
        # the dequantised tensor stands for all: exposing it leaves the integer kernels as they are
        shown: dict[str, str] = {}
        for node in graph.node:
            if node.op_type == "DequantizeLinear" and node.input[0] in self.names:
                shown.setdefault(self.names[node.input[0]], node.output[0])
        shown |= {self.input: self.input, self.names[self.output]: self.output}
        self.names = {name: shown.get(standing, standing) for name, standing in self.names.items()}

    def tensors(self) -> list[str]:
        """Everything that is computed from the photos."""
        return list(dict.fromkeys(self.names[name] for node in self._nodes for name in node.output if name))

    def ops(self, shapes: dict[str, tuple[int, ...]]) -> list[Op]:
        """The operations in the order of computation, for tensors of these shapes."""
        ops: list[Op] = []
        for node in self._nodes:
            op = self._op(node, shapes)
            before = ops[-1] if ops else None
            if node.op_type == "Add" and len(op.inputs) == 1 and before and before.output == op.inputs[0]:
                bias = next((self._constants.value(name) for name in node.input if name not in self.names), None)
                if before.kind == "linear" and before.bias is None and bias is not None and bias.ndim <= 1:
                    bias = np.broadcast_to(bias, shapes[op.output][-1:]).astype(np.float32)
                    parameters = before.parameters + op.parameters
                    ops[-1] = dataclasses.replace(before, output=op.output, bias=bias, parameters=parameters)
                    continue
            start = 0
            for name in filter(None, node.output):  # a Split has several
                ops.append(dataclasses.replace(op, output=self.names[name], start=start))
                start += shapes[self.names[name]][1] if op.kind == "part" else 0
        return ops

    def learned(self, tensor: str) -> Learned | None:
        """What the node has learned whose result stands as `tensor`."""
        node = next((node for node in self._nodes if self.names.get(node.output[0]) == tensor), None)
        return None if node is None else self._constants.learned(node)

    def rounding(self, tensor: str) -> Rounding | None:
        """How the tensor that stands as `tensor` is quantised."""
        node = next((node for node in self._quantising if self.names.get(node.input[0]) == tensor), None)
        return None if node is None else self._constants.rounding(node)

    def _op(self, node: onnx.NodeProto, shapes: dict[str, tuple[int, ...]]) -> Op:
        settings = {attribute.name: onnx.helper.get_attribute_value(attribute) for attribute in node.attribute}
        inputs = tuple(self.names[name] for name in node.input if name in self.names)
        output = self.names[node.output[0]]
        before, after = shapes[inputs[0]], shapes[output]
        kind = _KINDS.get(node.op_type, "other")
        pooled = len(before) == 4 and before[2] * before[3] > 1 and math.prod(after) == math.prod(before[:2])
        if pooled and node.op_type in ("ReduceMean", "ReduceMax", "AveragePool", "MaxPool"):
            kind = "global"
        if len(inputs) == 1 and node.op_type in ("Add", "Mul", "Sub", "Div"):
            kind = "norm"  # by a constant
        weight, bias = self._weights(node, settings) if kind in ("conv", "linear") else (None, None)
        if kind == "linear" and weight is None:
            kind = "other"  # one tensor times another
        if node.op_type == "Split" and settings.get("axis", 0) in (1, 1 - len(before)):
            kind = "part"
        return Op(
            kind, node.op_type, inputs, output,
            kernel=_pair(settings.get("kernel_shape")), stride=_pair(settings.get("strides")),
            dilation=_pair(settings.get("dilations")), parameters=self._parameters(node), weight=weight, bias=bias,
            mean=node.op_type in ("ReduceMean", "AveragePool", "GlobalAveragePool"), groups=settings.get("group", 1),
            padding=_padding(settings, before, after) if kind in ("conv", "pool") else (0, 0, 0, 0),
            limits=self._constants.limits(node) if kind == "activation" else None,
        )  # fmt: skip

    def _weights(self, node: onnx.NodeProto, settings: dict[str, Any]) -> tuple[np.ndarray | None, np.ndarray | None]:
        """Weight and bias as `Op` has them."""
        if node.op_type == "Conv":
            weight = self._constants.value(node.input[1]) if self._constants.shape(node.input[1])[1:2] == (3,) else None
            return weight, None
        weight = self._constants.value(node.input[1])
        if weight is None or weight.ndim != 2:
            return None, None
        if node.op_type == "MatMul":
            return weight.T, None
        weight = (weight if settings.get("transB") else weight.T) * np.float32(settings.get("alpha", 1.0))
        bias = self._constants.value(node.input[2]) if len(node.input) > 2 else None
        if bias is None:
            return weight, None
        return weight, np.broadcast_to(bias * np.float32(settings.get("beta", 1.0)), (len(weight),)).astype(np.float32)

    def _parameters(self, node: onnx.NodeProto) -> int:
        """How many numbers were learned: weights and biases, without the running statistics of a normalisation."""
        if _KINDS.get(node.op_type) not in ("conv", "linear", "norm", "add", "mul") and node.op_type != "PRelu":
            return 0
        learned = node.input[1:3] if node.op_type == "BatchNormalization" else node.input
        return sum(math.prod(self._constants.shape(name)) for name in learned if name and name not in self.names)


def _pair(sides: Sequence[int] | None) -> tuple[int, int]:
    return (sides[0], sides[1]) if sides and len(sides) == 2 else (1, 1)


def _padding(settings: dict[str, Any], before: Sequence[int], after: Sequence[int]) -> tuple[int, int, int, int]:
    """Zeros at the top, left, bottom and right of a convolution's input."""
    automatic = settings.get("auto_pad", b"NOTSET")
    if automatic not in (b"SAME_UPPER", b"SAME_LOWER"):
        top, left, bottom, right = settings.get("pads", (0, 0, 0, 0)) if len(before) == 4 else (0, 0, 0, 0)
        return top, left, bottom, right
    pairs = []
    for axis, (kernel, stride, step) in enumerate(
        zip(*(_pair(settings.get(name)) for name in ("kernel_shape", "strides", "dilations")), strict=True), 2
    ):
        both = max(0, (after[axis] - 1) * stride + (kernel - 1) * step + 1 - before[axis])
        pairs.append((both // 2, both - both // 2) if automatic == b"SAME_UPPER" else (both - both // 2, both // 2))
    (top, bottom), (left, right) = pairs
    return top, left, bottom, right
