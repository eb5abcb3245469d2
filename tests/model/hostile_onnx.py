"""ONNX files that no model folder should have, each made by hand: what they read, what they claim, what they cost when run.

`NAMED` are those that a look at the file is enough for; `COSTLY` those that only a trial shows. All of them call themselves a
network of photos (N, 3, 32, 32) → logits (N, 2).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from onnx import AttributeProto, GraphProto, ModelProto, NodeProto, TensorProto, helper, numpy_helper

SIDE = 32
node = helper.make_node


def constant(name: str, value: Any, dtype: type = np.float32) -> TensorProto:
    return numpy_helper.from_array(np.array(value, dtype), name)


def network(
    nodes: list[NodeProto] | None = None,
    constants: list[TensorProto] | None = None,
    batch: str | int = "n",
    kind: int = TensorProto.FLOAT,
    gives: int = TensorProto.FLOAT,
    answers: int = 2,
    side: int | str = SIDE,
) -> ModelProto:
    """Pools the photos, and multiplies by a weight; `nodes` come before that, and may give `extra`, which is added to it."""
    nodes = nodes or []
    extra = any("extra" in maker.output for maker in nodes)
    outputs = [output for maker in nodes for output in maker.output]
    last = [node("Add", ["pure", "extra"], ["logits"])] if extra else []
    if "logits" not in outputs:
        nodes = [
            *nodes,
            node("ReduceMean", ["photos", "axes"], ["pooled"], keepdims=0),
            node("MatMul", ["pooled", "weight"], ["pure" if extra else "logits"]),
            *last,
        ]
    graph = helper.make_graph(
        nodes,
        "hostile",
        [helper.make_tensor_value_info("photos", kind, [batch, 3, side, side])],
        [helper.make_tensor_value_info("logits", gives, [batch, answers])],
        [
            constant("axes", [2, 3], np.int64),
            constant("weight", np.ones((3, answers))),
            constant("zero", 0),
            *(constants or []),
        ],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)


def external(location: str) -> bytes:
    model = network()
    weight = model.graph.initializer[1]
    weight.ClearField("raw_data")
    weight.data_location = TensorProto.EXTERNAL
    weight.external_data.add(key="location", value=location)
    return model.SerializeToString()


def external_in_attribute() -> bytes:
    outside = TensorProto(name="x", data_type=1, dims=[1], data_location=TensorProto.EXTERNAL)
    outside.external_data.add(key="location", value="/etc/passwd")
    return network([node("Constant", [], ["extra"], value=outside)]).SerializeToString()


def claims(*sides: int) -> bytes:
    model = network()
    model.graph.initializer.append(TensorProto(name="large", data_type=1, dims=sides))
    return model.SerializeToString()


def claims_in_constant() -> bytes:
    return network([node("Constant", [], ["extra"], value=TensorProto(data_type=1, dims=[10**9]))]).SerializeToString()


def with_graph(operation: str, **attributes: Any) -> bytes:
    inner = helper.make_graph([], "inner", [], [])
    return network([node(operation, ["zero"], ["extra"], **attributes, body=inner)]).SerializeToString()


def deep() -> bytes:
    """A graph in an operation of a graph, and so on, 5,000 times."""
    inner = b""
    for _ in range(5000):
        attribute = message(1, b"body") + message(6, inner) + number(20, AttributeProto.GRAPH)
        inner = message(1, message(4, b"If") + message(5, attribute))
    return number(1, 10) + message(7, inner)


def message(field: int, content: bytes) -> bytes:
    return varint(field << 3 | 2) + varint(len(content)) + content


def number(field: int, value: int) -> bytes:
    return varint(field << 3) + varint(value)


def varint(value: int) -> bytes:
    out = b""
    while value > 127:
        out, value = out + bytes([value & 127 | 128]), value >> 7
    return out + bytes([value])


def functions() -> bytes:
    model = network()
    model.functions.append(helper.make_function("own", "f", ["x"], ["y"], [node("Neg", ["x"], ["y"])], []))
    return model.SerializeToString()


def sparse() -> bytes:
    model = network()
    values, places = constant("s", [1.0]), constant("i", [0], np.int64)
    model.graph.sparse_initializer.append(helper.make_sparse_tensor(values, places, [10**12]))
    return model.SerializeToString()


def two_graphs() -> bytes:
    return network().SerializeToString() + ModelProto(graph=GraphProto(name="b")).SerializeToString()


def hidden_sides() -> bytes:
    """A constant with a side of ten million, and then an empty list of sides in the other way that they can be written."""
    tensor = number(1, 10**7) + message(1, b"") + number(2, 1) + message(8, b"large")
    return number(1, 10) + message(7, message(5, tensor))


NAMED: dict[str, tuple[Callable[[], bytes], str]] = {
    "weights in /etc/passwd": (lambda: external("/etc/passwd"), "in another file"),
    "weights above the folder": (lambda: external("../../../../etc/passwd"), "in another file"),
    "weights beside the file": (lambda: external("weights.bin"), "in another file"),
    "weights of a device": (lambda: external("/dev/zero"), "in another file"),
    "weights of nowhere": (lambda: external(""), "in another file"),
    "a constant in another file": (external_in_attribute, "in another file"),
    "a weight of terabytes": (lambda: claims(10**6, 10**6), "not the bytes for them"),
    "a weight of 2**63": (lambda: claims(2**62, 4), "sides of"),
    "a weight with a negative side": (lambda: claims(-1), "sides of"),
    "a weight of forty dimensions": (lambda: claims(*[1] * 40), "sides of"),
    "a weight without its bytes": (lambda: claims(1000), "not the bytes for them"),
    "a weight whose sides hide": (hidden_sides, "not the bytes for them"),
    "a constant of gigabytes": (claims_in_constant, "not the bytes for them"),
    "texts": (lambda: network(constants=[helper.make_tensor("t", 8, [1], [b"x"])]).SerializeToString(), "neither numbers"),
    "a loop": (lambda: with_graph("Loop"), "within an operation"),
    "a scan": (lambda: with_graph("Scan", num_scan_inputs=1), "within an operation"),
    "a branch": (lambda: with_graph("If"), "within an operation"),
    "a loop without a body": (lambda: network([node("Loop", ["zero"], ["extra"])]).SerializeToString(), "'Loop'"),
    "graphs 5,000 deep": (deep, "within an operation"),
    "an operation of somebody": (
        lambda: network([node("Own", ["zero"], ["extra"], domain="my.site")]).SerializeToString(), "'my.site'",
    ),
    "an operation of Microsoft": (
        lambda: network([node("Inverse", ["zero"], ["extra"], domain="com.microsoft")]).SerializeToString(), "com.microsoft",
    ),
    "an operation of training": (
        lambda: network([node("Adam", ["zero"], ["extra"], domain="ai.onnx.preview.training")]).SerializeToString(), "Adam",
    ),
    "random numbers": (lambda: network([node("RandomNormal", [], ["extra"], shape=[10**6])]).SerializeToString(), "Random"),
    "a sequence": (lambda: network([node("SequenceConstruct", ["zero"], ["extra"])]).SerializeToString(), "Sequence"),
    "a text operation": (lambda: network([node("StringNormalizer", ["zero"], ["extra"])]).SerializeToString(), "String"),
    "functions of its own": (functions, "functions of its own"),
    "steps of training": (lambda: network().SerializeToString() + message(20, b""), "steps of training"),
    "sparse weights": (sparse, "sparse weights"),
    "two graphs": (two_graphs, "no graph, or several"),
    "no graph": (lambda: number(1, 10), "no graph, or several"),
    "a list of a megabyte": (
        lambda: network([node("Reshape", ["zero"], ["extra"], axes=[1] * 100_000)]).SerializeToString(), "list of more than",
    ),
    "100,000 operations": (
        lambda: network([node("Neg", ["zero"], [f"x{i}"]) for i in range(100_000)]).SerializeToString(), "operations",
    ),
    "a name of a megabyte": (
        lambda: network([node("Neg", ["zero"], ["x" * 1_000_000])]).SerializeToString(), "a name of more than",
    ),
    "a million empty fields": (lambda: number(1, 10) + message(7, message(2, b"") * 2_000_000), "fields"),
    "empty messages": (lambda: message(7, b"\x0a\x00" * 1_500_000), "operation"),
    "an input of 2**40": (lambda: network(side=2**40).SerializeToString(), "a side of"),
    "an input with no side": (lambda: network(side=0).SerializeToString(), "a side of"),
    "nothing": (lambda: b"", "is empty"),
    "zeros": (lambda: bytes(5000), "no protocol buffer"),
    "noise": (lambda: np.random.default_rng(1).bytes(5000), ""),
    "a number that does not end": (lambda: b"\x08" + b"\xff" * 100_000, "no protocol buffer"),
    "groups within groups": (lambda: b"\x3b" * 100_000, "no protocol buffer"),
    "a file that is cut off": (lambda: network().SerializeToString()[:-40], "cut off"),
    "JSON": (lambda: b'{"ir_version": 10}', ""),
    "a pickle": (lambda: b"\x80\x04cos\nsystem\n.", ""),
    "a git-lfs pointer": (lambda: b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "git lfs pull"),
}  # fmt: skip


def doubled(times: int) -> bytes:
    """One number, put beside itself again and again."""
    nodes = [node("Concat", [f"c{i}", f"c{i}"], [f"c{i + 1}"], axis=0) for i in range(times)]
    return network([*nodes, shrink(f"c{times}")], [constant("c0", [1.0])]).SerializeToString()


def shrink(name: str) -> NodeProto:
    return node("ReduceMax", [name], ["extra"], keepdims=0)


def shaped(operation: str, *inputs: str, many: int, **attributes: Any) -> bytes:
    constants = [constant("many", [many], np.int64), constant("one", [1.0])]
    return network([node(operation, list(inputs), ["wide"], **attributes), shrink("wide")], constants).SerializeToString()


def spread(side: int, times: int = 1) -> bytes:
    """A column and a row, which broadcast to a square, whose square is taken: no constant is large in the file."""
    constants = [constant("column", [[side], [1]], np.int64), constant("one", [1.0])]
    shapes = [constant("tall", [side, 1], np.int64), constant("broad", [1, side], np.int64)]
    nodes = [node("Expand", ["one", "tall"], ["a"]), node("Expand", ["one", "broad"], ["b"]), node("Mul", ["a", "b"], ["s0"])]
    nodes += [node("MatMul", [f"s{i}", f"s{i}"], [f"s{i + 1}"]) for i in range(times)]
    return network([*nodes, shrink(f"s{times}")], [*constants, *shapes]).SerializeToString()


def of_photos(sides: list[int], times: int) -> bytes:
    """The same at the first photo: it depends on it, so that nothing of it is folded before."""
    nodes = [
        node("ReduceMax", ["photos"], ["top"], keepdims=0),
        node("Expand", ["top", "sides"], ["s0"]),
        *(node("MatMul", [f"s{i}", f"s{i}"], [f"s{i + 1}"]) for i in range(times)),
        shrink(f"s{times}"),
    ]
    return network(nodes, [constant("sides", sides, np.int64)]).SerializeToString()


def padded(pads: int) -> bytes:
    nodes = [
        node("Conv", ["photos", "kernel"], ["wide"], pads=[pads] * 4, kernel_shape=[3, 3]),
        node("ReduceMax", ["wide"], ["extra"], keepdims=0),
    ]
    return network(nodes, [constant("kernel", np.ones((64, 3, 3, 3)))]).SerializeToString()


def resized(scale: float) -> bytes:
    nodes = [node("Resize", ["photos", "", "scales"], ["wide"]), shrink("wide")]
    return network(nodes, [constant("scales", [1, 1, scale, scale])]).SerializeToString()


def chained(times: int) -> bytes:
    """Many convolutions of a wide map: little memory, much time."""
    nodes = [node("Conv", ["photos", "first"], ["m0"], pads=[100] * 4)]
    nodes += [node("Conv", [f"m{i}", "kernel"], [f"m{i + 1}"], pads=[1] * 4) for i in range(times)]
    constants = [constant("first", np.ones((64, 3, 3, 3))), constant("kernel", np.zeros((64, 64, 3, 3)))]
    return network([*nodes, shrink(f"m{times}")], constants).SerializeToString()


def odd(**how: Any) -> bytes:
    return network(**how).SerializeToString()


COSTLY: dict[str, tuple[Callable[[], bytes], str]] = {
    "40 times doubled": (lambda: doubled(40), ""),
    "a ConstantOfShape of 40 GB": (lambda: shaped("ConstantOfShape", "many", many=10**10), ""),
    "an Expand to 40 GB": (lambda: shaped("Expand", "one", "many", many=10**10), ""),
    "a Tile of 40 GB": (lambda: shaped("Tile", "one", "many", many=10**10), ""),
    "a OneHot of 8 GB": (
        lambda: odd(
            nodes=[node("OneHot", ["which", "depth", "two"], ["wide"]), shrink("wide")],
            constants=[
                constant("which", [0], np.int64), constant("depth", 2 * 10**9, np.int64), constant("two", [0.0, 1.0]),
            ],
        ), "",
    ),
    "a Range without end": (
        lambda: odd(
            nodes=[node("Range", ["zero", "stop", "step"], ["wide"]), shrink("wide")],
            constants=[constant("stop", 1e9), constant("step", 1e-9)],
        ), "",
    ),
    "a Pad of 40 GB": (
        lambda: odd(
            nodes=[node("Pad", ["one", "pads"], ["wide"]), shrink("wide")],
            constants=[constant("one", [1.0]), constant("pads", [0, 10**10], np.int64)],
        ), "",
    ),
    "a column times a row": (lambda: spread(200_000, 0), ""),
    "a square of a square": (lambda: spread(12_000, 3), ""),
    "40 GB at the first photo": (lambda: of_photos([10**5, 10**5], 0), "cannot answer"),
    "an hour at the first photo": (lambda: of_photos([8_000, 8_000], 20), ""),
    "a padding of 10,000": (lambda: padded(10_000), "cannot answer"),
    "a photo made larger 3,000 times": (lambda: resized(3000), "cannot answer"),
    "2,000 convolutions": (lambda: chained(2000), "takes more than|ends the process"),
    "a number that ends the process": (
        lambda: odd(
            nodes=[node("Mod", ["least", "minus"], ["rest"]), node("Cast", ["rest"], ["wide"], to=1), shrink("wide")],
            constants=[constant("least", [-(2**63)], np.int64), constant("minus", [-1], np.int64)],
        ), "",
    ),
    "every triple of the photo's values": (
        lambda: odd(
            nodes=[node("Flatten", ["photos"], ["f"], axis=0),
                   node("Einsum", ["f", "f", "f"], ["wide"], equation="ai,bj,ck->ijk"), shrink("wide")],
        ), "cannot answer",
    ),
    "three logits for two answers": (lambda: odd(answers=3), "gives 3 logits, but .* 2 answers"),
    "one photo at a time": (lambda: odd(batch=1), "cannot answer 2 photos"),
    "photos in whole numbers": (
        lambda: odd(nodes=[node("Cast", ["photos"], ["logits"], to=1)], kind=TensorProto.INT64), "one float tensor",
    ),
    "logits in double": (
        lambda: odd(nodes=[node("ReduceMean", ["photos", "axes"], ["p"], keepdims=0), node("MatMul", ["p", "weight"], ["q"]),
                           node("Cast", ["q"], ["logits"], to=11)], gives=TensorProto.DOUBLE), "float64",
    ),
    "NaN": (
        lambda: odd(nodes=[node("Div", ["zero", "zero"], ["extra"])]), "not finite",
    ),
    "infinities": (lambda: odd(nodes=[node("Log", ["zero"], ["extra"])]), "not finite"),
    "another size": (lambda: odd(side=64), "cannot answer|takes photos"),
    "no such input": (lambda: odd(nodes=[node("Neg", ["nowhere"], ["extra"])]), "not a usable ONNX"),
    "a circle": (lambda: odd(nodes=[node("Neg", ["b"], ["a"]), node("Neg", ["a"], ["b"])]), "not a usable ONNX"),
    "types that do not fit": (lambda: odd(nodes=[node("Not", ["zero"], ["extra"])]), "not a usable ONNX"),
}  # fmt: skip
