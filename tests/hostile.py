"""Hostile model files, each made by hand: payloads in every place and container, and files that want too much.

`everything` gives them all. A payload is tried as a pickle of its own, as the pickle of a torch archive, and inside an
honest export.
"""

from __future__ import annotations

import io
import os
import pickle
import pickletools
import random
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from torch import nn

from model.config import FORMAT_VERSION, Architecture, Config, Input
from tests.payloads import (
    PAYLOADS,
    POSIX,
    call,
    data,
    dynamic_class,
    dynamic_function,
    entry,
    get,
    lists,
    number,
    ops_of,
    pairs,
    put,
    source,
    stacked,
    text,
    touch,
    unheard_of,
    values,
    whole,
)

SIDE = 32
TORCH_MAGIC, TORCH_PROTOCOL = 0x1950A86A20F9469CFC6C, 1001


# --- An honest export, and places in it to hide in ---


def honest_export(path: Path) -> Path:
    """A small real export: 32 × 32 pixels, the labels Cat and Dog."""
    from training.fit.export import export_learner

    body = nn.Sequential(nn.Conv2d(3, 4, 3, stride=2), nn.BatchNorm2d(4), nn.ReLU())
    head = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.1), nn.Linear(4, 2))
    config = Config(
        format_version=FORMAT_VERSION,
        name="small",
        labels=("Cat", "Dog"),
        input=Input(height=SIDE, width=SIDE, resize="squish", mean=(0.5, 0.5, 0.5), std=(0.25, 0.25, 0.25)),
        temperature=1,
        architecture=Architecture(library="torchvision", name="resnet18"),
        training={},
        metrics={},
        versions={},
    )
    export_learner(nn.Sequential(body, head), config, path)
    return path


class Export:
    """An export's entries, to be written again with another pickle."""

    def __init__(self, path: Path) -> None:
        with zipfile.ZipFile(path) as archive:
            self.entries = {name: archive.read(name) for name in archive.namelist()}
        self.pickle_name = next(name for name in self.entries if name.endswith("data.pkl"))
        self.pickle = self.entries[self.pickle_name]
        self.opcodes = [(opcode.name, argument, at) for opcode, argument, at in pickletools.genops(self.pickle)]

    def position(self, value: str, occurrence: int = 0) -> int:
        """Where the string `value` is written; after its first time a pickle only refers to it."""
        found = [at for opcode, argument, at in self.opcodes if "UNICODE" in opcode and argument == value]
        return int(found[occurrence])

    def insert(self, at: int, ops: bytes) -> bytes:
        """The pickle with `ops` before the opcode at `at`."""
        return self.pickle[:at] + ops + self.pickle[at:]

    def substitute(self, after: str, ops: bytes) -> bytes:
        """The pickle with `ops` for the one opcode that is the value of the key `after`."""
        names = [at for _, _, at in self.opcodes]
        index = next(n for n, entry in enumerate(self.opcodes) if entry[2] == self.position(after)) + 2
        return self.pickle[: names[index]] + ops + self.pickle[names[index + 1] :]

    def archive(self, pickled: bytes | None = None, **extra: bytes) -> bytes:
        """The whole file, stored as torch stores it."""
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            for name, content in self.entries.items():
                archive.writestr(name, content if name != self.pickle_name or pickled is None else pickled)
            for name, content in extra.items():
                archive.writestr(name, content)
        return buffer.getvalue()


LINEAR_STATE: list[tuple[str, Callable[[Path], bytes]]] = [
    *[(key, unheard_of) for key in ("extra", "forward", "__class__", "__dict__", "__setstate__", "_forward_hooks", "weight",
        "bias",
                               "_forward_pre_hooks", "_parameters", "_buffers", "_modules", "_state_dict_hooks", "training")],
    ("forward", lambda c: ops_of(dynamic_function(c))),
    ("__call__", lambda c: ops_of(dynamic_function(c))),
    ("_call_impl", lambda c: ops_of(dynamic_function(c))),
    ("_compiled_call_impl", lambda c: ops_of(dynamic_function(c))),
    ("eval", lambda c: ops_of(dynamic_function(c))),
    ("train", lambda c: ops_of(dynamic_function(c))),
    ("cpu", lambda c: ops_of(dynamic_function(c))),
    ("_apply", lambda c: ops_of(dynamic_function(c))),
    ("__class__", lambda c: stacked("torch.nn.modules.conv", "Conv2d")),
    ("__class__", lambda c: ops_of(dynamic_class(c))),
    ("_forward_hooks", lambda c: pairs(number(0), ops_of(dynamic_function(c)))),
    ("_forward_pre_hooks", lambda c: pairs(number(0), ops_of(dynamic_function(c)))),
    ("_forward_pre_hooks", lambda c: pairs(number(0), call(stacked("functools", "partial"), stacked("pathlib", "Path.mkdir"),
        call(stacked("pathlib", "Path"), text(str(c)))))),
    ("_load_state_dict_pre_hooks", lambda c: pairs(number(0), ops_of(dynamic_function(c)))),
    ("_backward_hooks", lambda c: number(7)),
    ("_parameters", lambda c: text("none")),
    ("_parameters", lambda c: b"N"),
    ("_parameters", lambda c: pairs(text("weight"), text("no tensor"))),
    ("_parameters", lambda c: pairs(number(5), b"N")),
    ("_parameters", lambda c: b"}"),
    ("_buffers", lambda c: b"]"),
    ("_modules", lambda c: lists(b"N")),
    ("_modules", lambda c: pairs(text("forward"), b"N")),
    ("_modules", lambda c: pairs(text("a.b"), b"N")),
    ("training", lambda c: text("yes")),
    ("in_features", lambda c: number(10**12)),
    ("in_features", lambda c: number(-1)),
    ("out_features", lambda c: b"G\x7f\xf8" + bytes(6)),
    ("_modules", lambda c: pairs(text("x"), stacked("canary_module", "touch"))),
]  # fmt: skip


def _doubled(times: int = 60) -> bytes:
    """A tuple of the same tuple twice, over and over: small here, 2 ** times values to whoever walks it."""
    return b")" + b"2\x86" * times


def _large(start: bytes, end: bytes) -> bytes:
    """A container of 60,000 numbers, remembered as the first thing."""
    return start + b"".join(number(n) for n in range(60_000)) + end + put(0)


def _dictionaries(times: int = 60) -> bytes:
    return b"}" + b"".join(put(n) + b"0}" + text("a") + get(n) + b"s" + text("b") + get(n) + b"s" for n in range(times))


BOMBS: dict[str, Callable[[], bytes]] = {
    "a tuple doubled 60 times": _doubled,
    "a dictionary doubled 60 times": _dictionaries,
    "a doubled tuple as a key": lambda: b"}" + _doubled() + b"Ns",
    "a doubled tuple in a frozenset": lambda: b"(" + _doubled() + b"\x91",
    "a doubled tuple in a set": lambda: b"\x8f(" + _doubled() + b"\x90",
    "a doubled frozenset as a key": lambda: b"}(" + b"K\x01\x91" + b"".join(
        put(n) + b"0(" + get(n) + b"K\x01\x91" for n in range(60)) + b"Ns",
    "a doubled tuple as a global's name": lambda: _doubled() + text("x") + b"\x93",
    "a call of a doubled tuple": lambda: _doubled() + b")R",
    "a call with a doubled tuple": lambda: entry("torch", "Size") + _doubled() + b"R",
    "a new object of a doubled tuple": lambda: _doubled() + b")\x81",
    "a new object with doubled keywords": lambda: entry("torch", "Size") + b")" + _dictionaries() + b"\x92",
    "a state that is a doubled tuple": lambda: entry("torch", "Size") + b")R" + _doubled() + b"b",
    "a reference that is a doubled tuple": lambda: _doubled() + b"Q",
    "calls of themselves, doubled": lambda: entry("torch", "Size") + b"".join(
        put(n) + b"0" + get(n) + get(n) + get(n) + b"\x86R" for n in range(60)),
    "looking up of look-ups, doubled": lambda: entry("builtins", "getattr") + b"".join(
        put(n) + b"0" + entry("builtins", "getattr") + get(n) + get(n) + b"\x86R" for n in range(60)),
    "30,000 objects with one large state": lambda: _large(b"}(", b"u") + b"0](" + (
        entry("torch", "Size") + b")\x81" + get(0) + b"b") * 30_000 + b"e",
    "30,000 calls with the same many arguments": lambda: _large(b"(", b"t") + b"0](" + (
        entry("torch", "Size") + get(0) + b"R") * 30_000 + b"e",
    "a name of 100,000 letters, 30,000 times": lambda: text("x" * 100_000) + put(0) + b"0](" + (
        get(0) + get(0) + b"\x93") * 30_000 + b"e",
    "a call of a list that holds itself": lambda: b"]" + put(0) + get(0) + b"a)R",
    "a call of a huge number": lambda: b"\x8b" + struct.pack("<i", 100_000) + b"\x7f" * 100_000 + b")R",
    "100,000 nested lists": lambda: b"]" * 100_000 + b"a" * 99_999,
    "100,000 nested tuples": lambda: b")" + b"\x85" * 100_000,
    "100,000 nested dictionaries": lambda: (b"}" + text("a")) * 100_000 + b"N" + b"s" * 100_000,
    "100,000 nested calls": lambda: entry("torch", "Size") + b"(t" + b"\x85" * 1 + b"R" + b"\x85R" * 100_000,
    "100,000 nested partials": lambda: entry("functools", "partial") * 100_000 + b"N" + b"\x85R" * 100_000,
    "100,000 states on one object": lambda: entry("torch.nn.modules.linear", "Linear") + b")\x81" + b"}b" * 100_000,
    "100,000 marks": lambda: b"(" * 100_000,
    "100,000 names": lambda: b"ctorch\nSize\n0" * 100_000 + b"N",
    "a list that holds itself": lambda: b"]" + put(0) + get(0) + b"a",
    "a dictionary that holds itself": lambda: b"}" + put(0) + text("a") + get(0) + b"s",
    "an object whose state is itself": lambda: entry("torch.nn.modules.linear", "Linear") + b")\x81" + put(0) + get(0) + b"b",
    "an object that is its own argument": lambda: entry("collections",
        "OrderedDict") + b"](" + put(1) + b"0" + b"]" + b"e\x85R",
    "bytes of 2 ** 62": lambda: b"\x8e" + struct.pack("<Q", 2**62),
    "bytes of 2 ** 31": lambda: b"B" + struct.pack("<I", 2**31 - 1),
    "a string of 2 ** 62": lambda: b"\x8d" + struct.pack("<Q", 2**62),
    "a string of a negative length": lambda: b"T\xff\xff\xff\xff",
    "a byte array of 2 ** 40": lambda: b"\x96" + struct.pack("<Q", 2**40),
    "a byte array of 2 ** 63": lambda: b"\x96" + struct.pack("<Q", 2**63),
    "a number of 2 ** 31 bytes": lambda: b"\x8b" + struct.pack("<i", 2**31 - 1),
    "a number of -1 bytes": lambda: b"\x8b" + struct.pack("<i", -1),
    "a number of a million digits": lambda: b"L" + b"7" * 1_000_000 + b"L\n",
    "a number of four megabytes": lambda: b"\x8b" + struct.pack("<i", 4_000_000) + b"\x7f" * 4_000_000,
    "a frame of 2 ** 62": lambda: b"\x95" + struct.pack("<Q", 2**62) + b"N",
    "text that is not UTF-8": lambda: b"X\x02\x00\x00\x00\xff\xfe",
    "a string with a wrong escape": lambda: b"S'\\x'\nS'\\z'\n",
    "a unicode with a wrong escape": lambda: b"V\\ud83\n",
    "a float that is none": lambda: b"Fzero\n",
    "an int that is none": lambda: b"I0x\n",
    "a name that is not UTF-8": lambda: b"cmod\n\xf8\n",
    "numbers that are nan": lambda: b"}(G\x7f\xf8" + bytes(6) + b"NG\x7f\xf8" + bytes(6) + b"Nu",
    "no stop": lambda: b"N",
    "nothing on the stack": lambda: b"",
    "two values on the stack": lambda: b"NN",
    "a mark left on the stack": lambda: b"(N",
    "a key without a value": lambda: b"}(Nu",
    "a state given to a list": lambda: b"]}b",
    "values appended to None": lambda: b"N(K\x01e",
    "a call without arguments": lambda: entry("torch", "Size") + b"NR",
    "a call of a number": lambda: b"K\x01)R",
    "a new object of a list": lambda: b"])\x81",
    "a persistent id that is text": lambda: b"Pstorage\n",
    "a persistent id that is a list": lambda: b"]Q",
}  # fmt: skip


def _tensor(identifier: bytes, offset: bytes = number(0), size: bytes | None = None, stride: bytes | None = None) -> bytes:
    size, stride = size or values(number(2), number(4)), stride or values(number(4), number(1))
    return call(entry("torch._utils", "_rebuild_tensor_v2"), identifier, offset, size, stride, b"\x89",
                call(entry("collections", "OrderedDict")))  # fmt: skip


def _storage(key: bytes = text("0"), numel: bytes = number(8), kind: bytes = entry("torch", "FloatStorage")) -> bytes:
    return values(text("storage"), kind, key, text("cpu"), numel) + b"Q"


TENSORS: dict[str, Callable[[], bytes]] = {
    "a storage key that climbs out": lambda: _tensor(_storage(text("../../../../etc/passwd"))),
    "a storage key with a path": lambda: _tensor(_storage(text("/etc/passwd"))),
    "a storage key with a null byte": lambda: _tensor(_storage(text("0\0"))),
    "a storage key that is a number": lambda: _tensor(_storage(number(0))),
    "a storage key that is the pickle": lambda: _tensor(_storage(text("../data.pkl"))),
    "a storage that is not there": lambda: _tensor(_storage(text("999"))),
    "more numbers than the storage has": lambda: _tensor(_storage(numel=number(10**6)), size=values(number(1000),
        number(1000))),
    "2 ** 40 numbers": lambda: _tensor(_storage(numel=number(2**40)), size=values(number(2**40)), stride=values(number(1))),
    "a negative number of numbers": lambda: _tensor(_storage(numel=number(-1))),
    "a number of numbers that is text": lambda: _tensor(_storage(numel=text("8"))),
    "a storage of functions": lambda: _tensor(_storage(kind=entry("canary_module", "touch"))),
    "a storage whose class is text": lambda: _tensor(_storage(kind=text("FloatStorage"))),
    "a storage on a device that is not there": lambda: _tensor(
        values(text("storage"), entry("torch", "FloatStorage"), text("0"), text("cuda:99"), number(8)) + b"Q"),
    "another kind of reference": lambda: _tensor(values(text("module"), entry("torch", "FloatStorage"), text("0")) + b"Q"),
    "a module reference of the old format": lambda: (
        values(text("module"), entry("torch.nn.modules.linear", "Linear"), text("linear.py"), text("import os")) + b"Q"),
    "an empty reference": lambda: _tensor(b")Q"),
    "a negative offset": lambda: _tensor(_storage(), offset=number(-8)),
    "an offset past the end": lambda: _tensor(_storage(), offset=number(2**40)),
    "strides past the storage": lambda: _tensor(_storage(), stride=values(number(10**9), number(10**9))),
    "negative strides": lambda: _tensor(_storage(), offset=number(7), stride=values(number(-1), number(-1))),
    "2 ** 40 numbers by a stride of 0": lambda: _tensor(_storage(), size=values(number(2**20), number(2**20)),
                                                         stride=values(number(0), number(0))),
    "sizes whose product overflows": lambda: _tensor(_storage(), size=values(number(2**32), number(2**32)),
                                                      stride=values(number(0), number(0))),
    "negative sizes": lambda: _tensor(_storage(), size=values(number(-2), number(-4))),
    "sizes that are text": lambda: _tensor(_storage(), size=values(text("2"), text("4"))),
    "sizes and strides of different lengths": lambda: _tensor(_storage(), size=values(number(8))),
    "100,000 dimensions": lambda: _tensor(_storage(), size=b"(" + b"K\x01" * 100_000 + b"t",
        stride=b"(" + b"K\x01" * 100_000 + b"t"),
    "a tensor that is a parameter of itself": lambda: call(entry("torch._utils", "_rebuild_parameter"), b"N", b"\x88", b"}"),
    "a quantised tensor": lambda: call(entry("torch._utils", "_rebuild_qtensor"), _storage(), number(0), b")", b")", b"N",
        b"\x89", b"}"),
    "a sparse tensor": lambda: call(entry("torch._utils", "_rebuild_sparse_tensor"), number(0), b")"),
    "a tensor from a type of the file's": lambda: call(
        entry("torch._tensor", "_rebuild_from_type_v2"), stacked("canary_module", "touch"), stacked("builtins", "print"),
            b")", b"}"),
    "a device tensor": lambda: call(entry("torch._utils", "_rebuild_device_tensor_from_numpy"), b"N", b"N", text("cpu"),
        b"\x89"),
    "a meta tensor": lambda: call(entry("torch._utils", "_rebuild_meta_tensor_no_storage"), entry("torch", "float32"),
                                  values(number(2**40)), values(number(1)), b"\x89"),
    "a wrapper subclass": lambda: call(entry("torch._utils", "_rebuild_wrapper_subclass"), stacked("canary_module", "touch"),
        b"N"),
    "an array with objects": lambda: call(entry("numpy.core.multiarray", "_reconstruct"), entry("numpy", "ndarray"),
        values(number(0)),
                                          data(b"b")),
    "a meta tensor of 2 ** 40": lambda: call(entry("torch", "empty"), number(2**40)),
}  # fmt: skip


def _module(module: str, name: str, *state: bytes) -> bytes:
    """A layer with a state that torch's own modules would have, and what is added to it."""
    base = [text("training"), b"\x89"]
    for key in ("_parameters", "_buffers", "_modules", "_backward_hooks", "_forward_hooks", "_forward_pre_hooks"):
        base += [text(key), call(entry("collections", "OrderedDict"))]
    return entry(module, name) + b")\x81" + pairs(*base, *state) + b"b"


def _doubled_layers(times: int = 60) -> nn.Module:
    layer: nn.Module = nn.ReLU()
    for _ in range(times):
        layer = nn.Sequential(layer, layer)
    return layer


def _layers_with_one_large_dictionary(count: int = 3_000) -> bytes:
    """Layers that all have the same dictionary of as many others."""
    others = pairs(*(part for n in range(count) for part in (text(str(n)), _module(f"{NN}.activation", "ReLU"))))
    each = (
        entry(f"{NN}.container", "Sequential")
        + b")\x81"
        + pairs(text("_modules"), get(700), text("_parameters"), b"}", text("_buffers"), b"}")
        + b"b"
    )
    inside = b"".join(text(str(n)) + each for n in range(count))
    return others + put(700) + b"0" + _module(f"{NN}.container", "Sequential", text("_modules"), b"}(" + inside + b"u")


NN = "torch.nn.modules"
LAYERS: dict[str, Callable[[Path], bytes]] = {
    "an upsampling by a million": lambda c: ops_of(nn.Upsample(scale_factor=1e6)),
    "an upsampling to a million pixels": lambda c: ops_of(nn.Upsample(size=(10**6, 10**6))),
    "ten upsamplings by eight": lambda c: ops_of(nn.Sequential(*(nn.Upsample(scale_factor=8) for _ in range(10)))),
    "a hundred upsamplings by a little": lambda c: ops_of(nn.Sequential(*(nn.Upsample(scale_factor=1.3) for _ in range(100)))),
    "a padding of a million": lambda c: ops_of(nn.ConstantPad2d(10**6, 0.0)),
    "a padding of zeros": lambda c: ops_of(nn.ZeroPad2d(10**5)),
    "a padding by reflection": lambda c: ops_of(nn.ReplicationPad2d(10**5)),
    "a negative padding": lambda c: ops_of(nn.ConstantPad2d(-(10**6), 0.0)),
    "a pooling to a million": lambda c: ops_of(nn.AdaptiveAvgPool2d(10**6)),
    "a pooling to ten thousand": lambda c: ops_of(nn.AdaptiveMaxPool2d(10**4)),
    "a pooling to text": lambda c: ops_of(nn.AdaptiveAvgPool2d("large")),
    "a pooling over a huge window": lambda c: ops_of(nn.MaxPool2d(10**9, padding=5 * 10**8)),
    "a pooling by steps of zero": lambda c: ops_of(nn.AvgPool2d(1, stride=0)),
    "an unfolding": lambda c: ops_of(nn.Unfold(1000, padding=10**4)),
    "a folding": lambda c: ops_of(nn.Fold((10**6, 10**6), 1)),
    "a shuffling of a million": lambda c: ops_of(nn.PixelShuffle(10**6)),
    "an unflattening": lambda c: ops_of(nn.Unflatten(1, (2**20, -1))),
    "a flattening of everything": lambda c: ops_of(nn.Flatten(0)),
    "a softmax over a dimension that is not there": lambda c: ops_of(nn.Softmax(99)),
    "a thousand layers that are one": lambda c: ops_of(nn.Sequential(*[nn.ReLU()] * 1000)),
    "layers doubled 60 times": lambda c: ops_of(_doubled_layers()),
    "layers with one large dictionary of others": lambda c: _layers_with_one_large_dictionary(),
    "a recurrent layer of 10 ** 12 layers": lambda c: _module(f"{NN}.rnn", "LSTM", text("num_layers"), number(10**12),
        text("bidirectional"), b"\x89", text("all_weights"), b"]]]N" + b"aaa"),
    "a module dictionary with odd names": lambda c: ops_of(nn.ModuleDict({"forward_": nn.ReLU()})),
    "a linear layer of 10 ** 12 without weights": lambda c: _module(
        f"{NN}.linear", "Linear", text("in_features"), number(10**12), text("out_features"), number(10**12)),
    "a lazy linear layer": lambda c: _module(f"{NN}.linear", "LazyLinear", text("in_features"), number(0), text("out_features"),
                                             number(10**9)),
    "a linear layer without a state": lambda c: entry(f"{NN}.linear", "Linear") + b")\x81",
    "a linear layer called": lambda c: call(entry(f"{NN}.linear", "Linear"), number(10**6), number(10**6)),
    "a linear layer called for 10 ** 12": lambda c: call(entry(f"{NN}.linear", "Linear"), number(10**12), number(10**12)),
    "a state that is a list": lambda c: entry(f"{NN}.linear", "Linear") + b")\x81]b",
    "a state that is a payload": lambda c: entry(f"{NN}.linear", "Linear") + b")\x81" + unheard_of(c) + b"b",
    "a state in slots": lambda c: entry(f"{NN}.linear", "Linear") + b")\x81N" + pairs(text("forward"),
        unheard_of(c)) + b"\x86b",
    "a state in slots and a dictionary": lambda c: entry(f"{NN}.linear", "Linear") + b")\x81}" + pairs(
        text("__class__"), stacked("canary_module", "touch")) + b"\x86b",
    "a state with keys that are not text": lambda c: entry(f"{NN}.linear", "Linear") + b")\x81" + pairs(number(1), b"N",
        b"NN") + b"b",
    "setstate of a class that expects a dictionary": lambda c: entry(f"{NN}.batchnorm",
        "BatchNorm2d") + b")\x81" + text("state") + b"b",
    "an activation with a payload for a setting": lambda c: _module(f"{NN}.activation", "GELU", text("approximate"),
        unheard_of(c)),
    "an activation that is a function": lambda c: _module(f"{NN}.transformer", "TransformerEncoderLayer", text("activation"),
                                                          ops_of(dynamic_function(c))),
    "a module class of the file's own": lambda c: ops_of(dynamic_class(c)) + b")\x81}b",
    "fastai's Lambda with a function": lambda c: _module("fastai.layers", "Lambda", text("func"), ops_of(dynamic_function(c))),
    "fastcore's partial layer": lambda c: _module("fastai.layers", "PartialLambda", text("func"), call(
        stacked("functools", "partial"), stacked("pathlib", "Path.mkdir"), call(stacked("pathlib", "Path"), text(str(c))))),
    "a layer that is a function": lambda c: stacked("torch.nn.functional", "relu"),
    "a layer that is a partial": lambda c: call(stacked("functools", "partial"), stacked("pathlib", "Path.mkdir"),
        call(stacked("pathlib", "Path"), text(str(c)))),
    "a layer that is a class": lambda c: stacked(f"{NN}.linear", "Linear"),
    "a layer that is text": lambda c: text("ReLU"),
    "DataParallel": lambda c: _module("torch.nn.parallel.data_parallel", "DataParallel", text("module"), b"N"),
    "a TorchScript module": lambda c: _module("torch.jit._script", "RecursiveScriptModule", text("_c"), b"N"),
    "a GraphModule": lambda c: _module("torch.fx.graph_module", "GraphModule", text("_code"), text(source(c))),
    "an optimised module": lambda c: _module("torch._dynamo.eval_frame", "OptimizedModule", text("_orig_mod"), b"N"),
    "a parametrised layer": lambda c: _module("torch.nn.utils.parametrize", "ParametrizationList", text("original"), b"N"),
    "a layer of torch.ao": lambda c: _module("torch.ao.nn.quantized.modules.linear", "Linear", text("scale"), number(1)),
    "a dropout with text": lambda c: _module(f"{NN}.dropout", "Dropout", text("p"), text("half"), text("inplace"), b"\x89"),
    "a convolution without weights": lambda c: _module(f"{NN}.conv", "Conv2d", text("stride"), text("x")),
    "a transform from __builtins__": lambda c: stacked("canary_module", "__dict__"),
    "20,000 nested modules": lambda c: b"".join(
        entry(f"{NN}.container", "Sequential") + b")\x81}" + text("_modules") + b"}" + text("0") for _ in range(20_000)
    ) + b"N" + b"ssb" * 20_000,
    "a thousand nested modules": lambda c: b"".join(
        entry(f"{NN}.container", "Sequential") + b")\x81}(" + text("training") + b"\x89" + text("_parameters") + b"}"
        + text("_buffers") + b"}" + text("_modules") + b"}" + text("0") for _ in range(1000)
    ) + entry(f"{NN}.linear", "Identity") + b")\x81" + b"sub" * 1000,
    "modules doubled 60 times": lambda c: entry(f"{NN}.linear", "Identity") + b")\x81" + b"".join(
        put(n) + b"0" + _module(f"{NN}.container", "Sequential", text("_modules"), pairs(text("0"), get(n), text("1"), get(n)))
        for n in range(60)),
    "a module inside itself": lambda c: entry(f"{NN}.container", "Sequential") + b")\x81" + put(0) + pairs(
        text("_modules"), pairs(text("0"), get(0))) + b"b",
    "two modules inside each other": lambda c: entry(f"{NN}.container",
        "Sequential") + b")\x81" + put(0) + pairs(text("_modules"), pairs(
        text("0"), entry(f"{NN}.container", "Sequential") + b")\x81" + pairs(text("_modules"), pairs(text("0"),
            get(0))) + b"b")) + b"b",
}  # fmt: skip


def _labels() -> dict[str, bytes]:
    return {
        "labels doubled 60 times": _doubled(),
        "labels that are one dictionary": b"}",
        "labels that are numbers": lists(number(1), number(2)),
        "labels that are the same": lists(text("Cat"), text("Cat")),
        "labels that are empty": lists(text(""), text("")),
        "labels with terminal codes": lists(text("\x1b[2JCat\r\n"), text("\u202eDog\0")),
        "labels of ten megabytes": lists(text("C" * 10_000_000), text("Dog")),
        "labels with a lone surrogate": lists(text("\ud800"), text("Dog")),
        "100,000 labels": b"](" + b"".join(text(str(n)) for n in range(100_000)) + b"e",
        "no labels": b"]",
        "labels that are huge numbers": lists(b"\x8b" + struct.pack("<i", 100_000) + b"\x7f" * 100_000, b"\x88"),
    }


# --- Containers ---


def torch_archive(pickled: bytes, prefix: str = "archive", **entries: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(f"{prefix}/data.pkl", pickled)
        archive.writestr(f"{prefix}/version", "3\n")
        for name, content in entries.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def torch_legacy(pickled: bytes, system: bytes | None = None, keys: bytes | None = None) -> bytes:
    """Torch's format before 1.6: magic number, protocol, system, value, storage keys, each a pickle."""
    facts = system or pickle.dumps({"protocol_version": TORCH_PROTOCOL, "little_endian": True, "type_sizes": {}}, 2)
    head = pickle.dumps(TORCH_MAGIC, 2) + pickle.dumps(TORCH_PROTOCOL, 2)
    return head + facts + pickled + (keys or pickle.dumps([], 2))


def _central(content: bytes) -> int:
    """Where the central directory begins."""
    return struct.unpack("<I", content[content.rindex(b"PK\x05\x06") + 16 :][:4])[0]


def _patched(content: bytes, at: int, form: str, *fields: int) -> bytes:
    return content[:at] + struct.pack(form, *fields) + content[at + struct.calcsize(form) :]


def _zip_tricks(export: Export, canary: Path) -> Iterator[tuple[str, bytes]]:
    """Archives that two readers read differently. The pickle in them touches the canary."""
    honest, hidden = export.archive(), export.insert(2, touch(canary) + b"0")
    hostile = export.archive(hidden)
    entries = [n for n in range(len(hostile)) if hostile.startswith(b"PK\x01\x02", n)]
    central = next(n for n in entries if hostile[n + 46 :].startswith(export.pickle_name.encode()))
    local = struct.unpack("<I", hostile[central + 42 : central + 46])[0]
    for flag in (0x1, 0x20, 0x40, 0x8, 0x2000):
        yield f"flag {flag:#x} in the central directory", _patched(hostile, central + 8, "<H", flag)
        yield f"flag {flag:#x} in both headers", _patched(_patched(hostile, central + 8, "<H", flag), local + 6, "<H", flag)
    yield "a wrong checksum", _patched(hostile, central + 16, "<I", 1)
    yield "a name that differs in the local header", hostile.replace(b"data.pkl", b"datap.kl", 1)
    yield "a size of 2 ** 32 - 2", _patched(hostile, central + 20, "<II", 2**32 - 2, 2**32 - 2)
    yield "an unpacked size of 4 GB", _patched(hostile, central + 24, "<I", 2**32 - 2)
    yield "a local header past the end", _patched(hostile, central + 42, "<I", 2**31)
    yield "a comment that is a second archive", _patched(honest, len(honest) - 2, "<H", len(hostile) % 65536) + hostile
    yield "an unknown compression", _patched(_patched(hostile, central + 10, "<H", 99), local + 8, "<H", 99)
    yield "many entries over the same bytes", _overlapping(export, hostile)
    yield "garbage before it, as 7-Zip writes", b"7z\xbc\xaf\x27\x1c" + bytes(26) + hostile
    yield "a raw pickle before it", whole(touch(canary)) + honest
    yield "a raw pickle after it", honest + whole(touch(canary))
    yield "cut short", hostile[: len(hostile) // 2]
    yield "without its end", hostile[: _central(hostile)]
    yield "an end that claims 2 ** 16 entries", _patched(hostile, hostile.rindex(b"PK\x05\x06") + 8, "<HH", 65535, 65535)
    yield "ZIP64 that claims 2 ** 40 bytes", _zip64(export)
    for method in (zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", method) as archive:
            for name, content in export.entries.items():
                archive.writestr(name, hidden if name == export.pickle_name else content)
        yield f"compressed by method {method}", buffer.getvalue()
    others = [item for item in export.entries.items() if item[0] != export.pickle_name]
    yield "a gigabyte of opcodes, packed", _written(others, {export.pickle_name: b"N0"})
    yield "a gigabyte of marks, packed", _written(others, {export.pickle_name: b"("})
    storage = next(name for name in export.entries if name.endswith("data/0"))
    others = [item for item in export.entries.items() if item[0] != storage]
    yield "a gigabyte of weights, packed", _written(others, {storage: bytes(2**20)})
    for first, twice in (("the honest one first", (export.pickle, hidden)), ("the hostile one first", (hidden, export.pickle))):
        doubled = [(export.pickle_name, content) for content in twice]
        rest = [item for item in export.entries.items() if item[0] != export.pickle_name]
        yield f"two entries of one name, {first}", _written(doubled + rest)
    yield "two archives' folders", export.archive(**{"other/data.pkl": whole(touch(canary))})
    yield "two data.pkl, one deeper", export.archive(**{f"{export.pickle_name}/data.pkl": whole(touch(canary))})
    yield (
        "a pickle in every entry",
        torch_archive(
            whole(b"N"),
            **{f"archive/{name}": whole(touch(canary)) for name in ("constants.pkl", "code/x.py", "data/0", ".data/y")},
        ),
    )
    yield (
        "a TorchScript archive",
        torch_archive(
            whole(touch(canary)),
            **{"archive/constants.pkl": whole(touch(canary)), "archive/code/__torch__.py": source(canary).encode()},
        ),
    )
    yield "names that climb out", torch_archive(whole(b"N"), **{"../../canary_escaped": b"x", "/canary_absolute": b"x"})
    yield "data.pkl with a wrong case", _written([("archive/DATA.PKL", whole(touch(canary)))])
    yield (
        "a null byte in a name",
        _written([("archive/data.pkl\0.txt", whole(touch(canary))), ("archive/data.pkl", whole(b"N"))]),
    )
    yield "a name of 60,000 letters", _written([("a" * 60_000 + "/data.pkl", whole(touch(canary)))])
    yield "20,000 entries", _written([(f"archive/{n}", b"") for n in range(20_000)] + [("archive/data.pkl", hidden)])
    yield "an empty archive", _written([])
    yield "two pickles one after the other", export.archive(export.pickle + whole(touch(canary)))
    yield "two pickles, the hostile one first", export.archive(whole(touch(canary)) + export.pickle)
    yield (
        "a wrong byte order",
        _written([(name, b"middle" if name.endswith("byteorder") else content) for name, content in export.entries.items()]),
    )
    yield (
        "a version that is text",
        _written([(name, b"\xff" * 100 if name.endswith("/version") else content) for name, content in export.entries.items()]),
    )
    yield "storages of one byte", _written([
        (name, b"x" if "/data/" in name else content) for name, content in export.entries.items()])  # fmt: skip


def _written(entries: list[tuple[str, bytes]], packed: dict[str, bytes] | None = None) -> bytes:
    """An archive as it comes, twice the same name included, which zipfile only warns of.

    Args:
        packed: the entries that are deflated, by name: one block each, unpacked, of which the entry holds a gigabyte.
    """
    parts, directory, at = [], [], 0
    for name, content in [*entries, *((name, b"") for name in packed or {})]:
        encoded, method, check, size = name.encode(), 0, zlib.crc32(content), len(content)
        if packed and name in packed:
            method, size = 8, 2**30
            packer = zlib.compressobj(9, zlib.DEFLATED, -15)  # what follows a full flush can be repeated
            block = packer.compress(packed[name] * (2**20 // len(packed[name]))) + packer.flush(zlib.Z_FULL_FLUSH)
            content = block * (size // 2**20) + packer.flush()
            for _ in range(size // 2**20):
                check = zlib.crc32(packed[name] * (2**20 // len(packed[name])), check)
        common = struct.pack("<HHHHIIIHH", 0, method, 0, 0, check, len(content), size, len(encoded), 0)
        parts.append(b"PK\x03\x04" + struct.pack("<H", 20) + common + encoded + content)
        directory.append(b"PK\x01\x02" + struct.pack("<HH", 20, 20) + common + struct.pack("<HHHII", 0, 0, 0, 0, at) + encoded)
        at += len(parts[-1])
    count, tail = len(directory), b"".join(directory)
    return b"".join(parts) + tail + b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, count, count, len(tail), at, 0)


def _overlapping(export: Export, hostile: bytes) -> bytes:
    """Ten thousand entries of the directory that all point to one local header (Fifield 2019)."""
    start, end = _central(hostile), hostile.rindex(b"PK\x05\x06")
    directory = hostile[start:end]
    first = directory[: directory.index(b"PK\x01\x02", 4)]
    many = directory + first * 10_000
    tail = struct.pack(
        "<HHHHIIH", 0, 0, 65535 & (10_000 + len(export.entries)), 10_000 + len(export.entries), len(many), start, 0
    )
    return hostile[:start] + many + b"PK\x05\x06" + tail


def _zip64(export: Export) -> bytes:
    """A directory whose ZIP64 field claims a terabyte for the pickle."""
    content = export.archive()
    end = content.rindex(b"PK\x05\x06")
    start = next(n for n in range(_central(content), end) if content.startswith(b"PK\x01\x02", n))
    length, extra = struct.unpack("<HH", content[start + 28 : start + 32])
    field = struct.pack("<HHQQ", 1, 16, 2**40, 2**40)
    changed = _patched(_patched(content, start + 20, "<II", 2**32 - 1, 2**32 - 1), start + 30, "<H", extra + len(field))
    at = start + 46 + length
    changed = changed[:at] + field + changed[at:]
    return _patched(changed, end + len(field) + 12, "<I", end - _central(content) + len(field))


# --- Files ---


@dataclass(frozen=True)
class HostileFile:
    """A file to be opened, and how it came about.

    Attributes:
        group: the kind of file.
        payload: the name of the payload in it, where there is one.
    """

    name: str
    told: str
    write: Callable[[Path], None]
    file_name: str = "model.pkl"
    group: str = "file"
    payload: str = ""


def _file(
    name: str, told: str, content: bytes, file_name: str = "model.pkl", group: str = "file", payload: str = ""
) -> HostileFile:
    def write(path: Path) -> None:
        path.write_bytes(content)

    return HostileFile(name, told, write, file_name, group, payload)


def _sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.write(b"\x80\x04")
        file.truncate(2**36)


def _sparse_archive(path: Path) -> None:
    """64 GB on paper, ending in an honest directory."""
    with path.open("wb") as file:
        file.seek(2**36)
        file.write(torch_archive(whole(b"N")))


def _sealed(path: Path) -> None:
    path.write_bytes(b"\x80\x04N.")
    path.chmod(0)


def _loop(path: Path) -> None:
    path.symlink_to(path)


GROUPS = ("raw", "in a layer", "hidden", "layer's state", "bomb", "weights", "layer", "labels", "archive", "file")


def everything(honest: Path, canary: Path) -> Iterator[HostileFile]:
    """All hostile files; `honest` is an export to hide in, `canary` the file that must never appear."""
    yield from _payloads(Export(honest), canary)
    yield from _parts(Export(honest), canary)
    yield from _containers(Export(honest), canary)


def _payloads(export: Export, canary: Path) -> Iterator[HostileFile]:
    def hidden(place: str, at: int, ops: bytes, group: str = "hidden") -> HostileFile:
        content = export.archive(export.insert(at, ops))
        return _file(f"{place}: {payload.name}", payload.told, content, group=group, payload=payload.name)

    layer, learner, end = export.position("in_features"), _end_of_state(export), len(export.pickle) - 1
    for payload in PAYLOADS:
        yield _file(payload.name, payload.told, whole(payload.ops(canary)), group="raw", payload=payload.name)
        yield hidden("in a layer", layer, text("extra") + payload.ops(canary), "in a layer")
    for payload in PAYLOADS:
        if payload.name not in SAMPLE:
            continue
        ops = payload.ops(canary)
        for place in ("loss_func", "_modules", "vocab", "o2i", "after_item", "model", "dls"):
            yield hidden(f"before {place}", export.position(place), ops + b"0")
            yield hidden(f"beside {place}", export.position(place), text("x") + ops)
            yield hidden(f"a key beside {place}", export.position(place), ops + b"N")
        for key in ("loss_func", "model", "dls", "__class__", "_modules"):
            yield hidden(f"as the learner's {key}", learner, text(key) + ops)
        yield hidden("before everything", 2, ops + b"0")
        yield hidden("as the labels", export.position("o2i"), b"0" + ops)
        yield hidden("as a label", export.position("Dog"), ops)
        yield hidden("as a layer", _layers(export), text("evil") + ops)
        yield hidden("after everything", end, ops + b"0")
        yield hidden("as the last state", end, ops + b"b")
        yield hidden("instead of the learner", end, b"0" + ops)
        for name, content in (
            ("archive", torch_archive(whole(ops))),
            ("old format", torch_legacy(whole(ops))),
            ("old format, system", torch_legacy(export.pickle, system=whole(ops))),
            ("old format, keys", torch_legacy(whole(b"N"), keys=whole(ops))),
            ("old format, second pickle", pickle.dumps(TORCH_MAGIC, 2) + whole(ops)),
        ):
            yield _file(f"{name}: {payload.name}", payload.told, content, group="hidden", payload=payload.name)
        if payload.name == "builtins exec":
            for name in ("model.safetensors", "model.onnx", "model.bin", "model.pth", "model.jpg", "config.json", "model"):
                yield _file(f"called {name}", "a pickle behind another extension", whole(ops), name)
                yield _file(f"archive called {name}", "a pickle behind another extension", torch_archive(whole(ops)), name)


def _parts(export: Export, canary: Path) -> Iterator[HostileFile]:
    def inside(name: str, at: int, ops: bytes) -> HostileFile:
        return alone(name, export.archive(export.insert(at, ops)))

    def alone(name: str, content: bytes) -> HostileFile:
        return _file(name, told, content, group=group)

    layer, last, layers = export.position("in_features"), _end_of_layer(export), _layers(export)
    learner = _end_of_state(export)
    group, told = "layer's state", "a state that changes what an allowed class does"
    for index, (key, ops_for) in enumerate(LINEAR_STATE):
        yield inside(f"a layer's {key} ({index})", layer, text(key) + ops_for(canary))
        yield inside(f"a layer's {key}, last ({index})", last, text(key) + ops_for(canary))
    group, told = "layer's state", "a size without weights"
    for key in ("in_features", "out_features"):
        for size in (10**12, 0, -5, 2**62):
            yield alone(f"{key} of {size}", export.archive(export.substitute(key, number(size))))
        yield alone(f"{key} doubled 60 times", export.archive(export.substitute(key, _doubled())))
    group, told = "bomb", "a bomb or a wrong opcode"
    for name, bomb in BOMBS.items():
        ops = bomb()
        yield alone(f"raw: {name}", b"\x80\x04" + ops + b"." * (name != "no stop"))
        yield inside(f"in a layer: {name}", layer, text("extra") + ops)
    group, told = "weights", "a persistent id or a view that is none"
    for name, tensor in TENSORS.items():
        ops = tensor()
        yield inside(f"weights: {name}", last, text("_parameters") + pairs(text("weight"), ops, text("bias"), b"N"))
        yield inside(f"elsewhere: {name}", layer, text("extra") + ops)
        yield alone(f"alone: {name}", torch_archive(whole(ops), **{"archive/data/0": bytes(32)}))
    group, told = "layer", "a layer that does harm"
    for name, make in LAYERS.items():
        ops = make(canary)
        yield inside(f"a layer: {name}", layers, text("evil") + ops)
        if name in ("an upsampling by a million", "a module inside itself", "a layer that is a partial"):
            yield inside(f"the model: {name}", learner, text("model") + ops)
            yield alone(f"alone: {name}", torch_archive(whole(ops)))
    group, told = "labels", "a vocabulary that is none"
    for name, ops in _labels().items():
        yield inside(name, export.position("o2i"), b"0" + ops)


def _containers(export: Export, canary: Path) -> Iterator[HostileFile]:
    for name, content in _zip_tricks(export, canary):
        yield _file(
            f"zip: {name}",
            "readers of archives that disagree (picklescan CVE-2025-1944, CVE-2025-1945)",
            content,
            group="archive",
        )
    dice, payload, magic = random.Random(4), whole(touch(canary)), pickle.dumps(TORCH_MAGIC, 2)
    for name, content in {
        "empty": b"",
        "only a stop": b".",
        "only a protocol": b"\x80\x04",
        "an unknown protocol": b"\x80\xffN.",
        "one random byte": dice.randbytes(1),
        "a hundred random bytes": dice.randbytes(100),
        "100,000 random bytes": dice.randbytes(100_000),
        "random bytes after a magic number": magic + dice.randbytes(1000),
        "a tar, torch's oldest format": _tar(canary),
        "a numpy array of objects": _array_header() + payload,
        "old format, 2 ** 62 numbers": torch_legacy(whole(_storage_legacy(2**62)), keys=whole(lists(text("0"))))
        + struct.pack("<Q", 2**62),
        "old format, -1 numbers": torch_legacy(whole(_storage_legacy(-1)), keys=whole(lists(text("0")))) + b"\xff" * 8,
        "old format, keys that are no list": torch_legacy(whole(_storage_legacy(8)), keys=whole(number(10**9))),
        "old format, a wrong magic number": pickle.dumps(TORCH_MAGIC + 1, 2) + torch_legacy(payload),
        "old format, the magic number after a call": whole(touch(canary) + b"0" + number(TORCH_MAGIC)) + torch_legacy(payload),
    }.items():
        yield _file(name, "no pickle, or another format that holds one", content)
    yield HostileFile("a folder of that name", "no file", lambda path: path.mkdir())
    if POSIX:
        yield HostileFile("64 GB of zeros", "a sparse file", _sparse)
        yield HostileFile("64 GB before an archive", "a sparse file", _sparse_archive)
        yield HostileFile("a FIFO", "waits for ever", lambda path: os.mkfifo(path))
        yield HostileFile("a file nobody may read", "no permission", _sealed)
        yield HostileFile("a link to itself", "no file", _loop)
        yield HostileFile("a link to /dev/zero", "a file without an end", lambda path: path.symlink_to("/dev/zero"))


def _array_header() -> bytes:
    described = b"{'descr': '|O', 'fortran_order': False, 'shape': (1,), }".ljust(117) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(described)) + described


SAMPLE = (
    "builtins exec",
    "canary_module touch",
    "partial, called",
    "cloudpickle's function, called",
    "an object made by type()",
)


def _end_of_state(export: Export) -> int:
    """Before the SETITEMS that fills the learner's own state: what is added there comes last and wins."""
    return [at for opcode, _, at in export.opcodes if opcode == "SETITEMS"][-1]


def _end_of_layer(export: Export) -> int:
    """The same for the state of the linear layer."""
    return next(at for opcode, _, at in export.opcodes if opcode == "SETITEMS" and at > export.position("in_features"))


def _layers(export: Export) -> int:
    """Among the layers of the outermost Sequential, before the first."""
    start = export.position("_modules")
    return next(at for opcode, argument, at in export.opcodes if "UNICODE" in opcode and argument == "0" and at > start)


def _storage_legacy(numel: int) -> bytes:
    return values(text("storage"), entry("torch", "FloatStorage"), text("0"), text("cpu"), number(numel), b"N") + b"Q"


def _tar(canary: Path) -> bytes:
    import tarfile

    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name in ("pickle", "storages", "tensors", "sys_info"):
            content = whole(touch(canary))
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()
