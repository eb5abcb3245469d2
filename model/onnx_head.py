"""Putting a head on a body that lies in ONNX: one .onnx file that carries both, made without torch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from model.head import LinearHead

FEATURES, LOGITS = "features", "logits"


def with_linear_head(body: Path, head: LinearHead, target: Path) -> None:
    """Write the network that gives the logits of `head` on what `body` gives; see `add_linear_head`.

    Args:
        body: an ONNX file, (N, 3, H, W) → pooled features (N, C), with the opset 18 or newer. The output may have any name.
        target: the ONNX file to write.
    """
    model = onnx.load(body)
    add_linear_head(model, head)
    onnx.save(model, target)


def body_of(model: onnx.ModelProto, pooled: str) -> onnx.ModelProto:
    """The part of a network that computes the tensor `pooled`, (N, C): what it does behind that is left out."""
    wanted, nodes = {pooled}, []
    for node in reversed(model.graph.node):
        if wanted.intersection(node.output):
            nodes.append(node)
            wanted.update(node.input)
    body = onnx.ModelProto()
    body.CopyFrom(model)
    graph = body.graph
    for field, kept in (
        (graph.node, nodes[::-1]),
        (graph.initializer, [tensor for tensor in model.graph.initializer if tensor.name in wanted]),
        (graph.value_info, [value for value in model.graph.value_info if value.name in wanted and value.name != pooled]),
        (graph.output, [helper.make_tensor_value_info(pooled, TensorProto.FLOAT, ["batch", None])]),
    ):
        del field[:]
        field.extend(kept)
    return body


def add_linear_head(model: onnx.ModelProto, head: LinearHead) -> None:
    """Put `head` behind a body (N, 3, H, W) → (N, C): then it gives `logits` (N, K), and its tensor `features` is (N, C).

    The head computes in float32; its weights lie in the file as float16, half the size, at a relative error of 0.05 %.
    """
    graph = model.graph
    _rename(graph, graph.output[0].name, FEATURES)
    weight, bias = head.weight.astype(np.float16), head.bias.astype(np.float32)
    graph.initializer.extend([numpy_helper.from_array(weight, "head.weight16"), numpy_helper.from_array(bias, "head.bias")])
    graph.node.append(helper.make_node("Cast", ["head.weight16"], ["head.weight"], "head.cast", to=TensorProto.FLOAT))
    scores = "head.scores" if head.is_merged else LOGITS
    graph.node.append(helper.make_node("Gemm", [FEATURES, "head.weight", "head.bias"], [scores], "head.linear", transB=1))
    if head.is_merged:
        parts = [f"head.part{index}" for index in range(len(head.rows))]
        merged = [f"head.logit{index}" for index in range(len(head.rows))]
        constants = {"head.rows": np.array(head.rows, np.int64), "head.axis": np.array([1], np.int64)}
        graph.initializer.extend(numpy_helper.from_array(value, name) for name, value in constants.items())
        graph.node.append(helper.make_node("Split", [scores, "head.rows"], parts, "head.split", axis=1))
        graph.node.extend(
            helper.make_node("ReduceLogSumExp", [part, "head.axis"], [logit], logit.replace("logit", "merge"), keepdims=1)
            for part, logit in zip(parts, merged, strict=True)
        )
        graph.node.append(helper.make_node("Concat", merged, [LOGITS], "head.concat", axis=1))
    del graph.output[:]
    graph.output.append(helper.make_tensor_value_info(LOGITS, TensorProto.FLOAT, ["batch", len(head.rows)]))


def _rename(graph: onnx.GraphProto, old: str, new: str) -> None:
    """Call a tensor by another name, wherever it is made or used."""
    for node in graph.node:
        for names in (node.input, node.output):
            for index, name in enumerate(names):
                if name == old:
                    names[index] = new
    for value in graph.value_info:
        if value.name == old:
            value.name = new
