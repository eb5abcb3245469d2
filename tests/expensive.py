"""Exports that ask for work or memory without end, each in a file of kilobytes up to a megabyte or two.

`EXPENSIVE` makes them out of an honest export. None runs anything: they are only costly to read, to rebuild or to try.
"""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Callable
from typing import Any, Final

import torch
from torch import nn

from tests.hostile import Export
from tests.payloads import call, data, entry, get, lists, number, ops_of, pairs, put, text, values, whole

PRIME: Final = 2**61 - 1  # by which numbers hash: those that differ by it hash alike
MANY: Final = 60_000
NN: Final = "torch.nn.modules"
MEMO: Final = 500_000  # what is shared is remembered from here on


def made(name: str, *state: bytes) -> bytes:
    """An object of a class, `module.Name`, with a state."""
    module, _, cls = name.rpartition(".")
    return entry(module, cls) + b")\x81" + pairs(*state) + b"b"


def shared(ops: bytes, index: int = MEMO) -> bytes:
    """Something that is remembered, and not left lying there."""
    return ops + put(index) + b"0"


def each(part: Callable[[int], bytes], count: int = MANY) -> bytes:
    return b"".join(part(n) for n in range(count))


def listed(ops: bytes, count: int) -> bytes:
    """A list of the same, made anew each time."""
    return b"](" + ops * count + b"e"


def layer(name: str, *state: bytes) -> bytes:
    """A layer, with what every layer has and what is added."""
    base = [text("training"), b"\x89"]
    for key in ("_parameters", "_buffers", "_modules", "_backward_hooks", "_forward_hooks", "_forward_pre_hooks"):
        base += [text(key), call(entry("collections", "OrderedDict"))]
    return made(name if name.startswith("torchvision.") else f"{NN}.{name}", *base, *state)


def big(bits: int = 8_000_000) -> bytes:
    """A number of a megabyte."""
    return b"\x8b" + struct.pack("<i", bits // 8) + b"\x7f" * (bits // 8)


def tensor(key: str, size: bytes, stride: bytes, numel: int, kind: str = "FloatStorage", offset: bytes = b"K\x00") -> bytes:
    storage = values(text("storage"), entry("torch", kind), text(key), text("cpu"), number(numel)) + b"Q"
    return call(entry("torch._utils", "_rebuild_tensor_v2"), storage, offset, size, stride, b"\x89",
                call(entry("collections", "OrderedDict")))  # fmt: skip


def learner(vocab: bytes, model: bytes = b"N", loss: bytes = b"N", tls: bytes | None = None, batch: bytes = b"]") -> bytes:
    """A pickle with what a learner needs, in as few words as there are."""
    categorize = made("fastai.data.transforms.Categorize", text("vocab"), vocab)
    inputs = made("fastai.data.core.TfmdLists", text("tfms"), made("fasttransform.transform.Pipeline", text("fs"), b"]"))
    targets = made("fastai.data.core.TfmdLists", text("tfms"), made("fasttransform.transform.Pipeline", text("fs"),
        lists(categorize)))  # fmt: skip
    dataset = made("fastai.data.core.Datasets", text("tls"), tls or lists(inputs, targets), text("n_inp"), b"K\x01")
    resize = made("fastai.vision.augment.Resize", text("size"), values(b"K\x20", b"K\x20"), text("method"), text("squish"))
    items = made("fasttransform.transform.Pipeline", text("fs"), lists(resize))
    batches = made("fasttransform.transform.Pipeline", text("fs"), batch)
    valid = made("fastai.data.core.TfmdDL", text("dataset"), dataset, text("after_item"), items, text("after_batch"), batches)
    dls = made("fastai.data.core.DataLoaders", text("loaders"), lists(valid))
    return whole(made("fastai.learner.Learner", text("dls"), dls, text("model"), model, text("loss_func"), loss))


LABELS: Final = lists(text("Cat"), text("Dog"))


# --- What is costly to read ---


def colliding(n: int) -> bytes:
    """A number of 63 bits or more that hashes as all others do."""
    return b"\x8a\x0c" + (n * PRIME).to_bytes(12, "little")


def colliding_tuple(n: int) -> bytes:
    wide = b"\x8a\x08" + PRIME.to_bytes(8, "little")
    return values(*(wide if n >> bit & 1 else b"K\x00" for bit in range(17)))


READ: dict[str, Callable[[], bytes]] = {
    "a mapping of numbers that hash alike": lambda: call(entry("collections", "OrderedDict"), b"](" + each(
        lambda n: b"](" + colliding(n) + b"Ne") + b"e"),
    "a dictionary of tuples that hash alike": lambda: b"}(" + each(lambda n: colliding_tuple(n) + b"N", 30_000) + b"u",
    "a set of tuples that hash alike": lambda: b"\x8f(" + each(colliding_tuple, 30_000) + b"\x90",
    "a frozen set of tuples that hash alike": lambda: b"(" + each(colliding_tuple, 30_000) + b"\x91",
    "a mapping by items of tuples that hash alike": lambda: call(entry("collections", "OrderedDict")) + b"(" + each(
        lambda n: colliding_tuple(n) + b"N", 30_000) + b"u",
    "a memo of numbers that hash alike": lambda: b"N" + each(lambda n: b"p%d\n" % (n * PRIME)),
    "floats that hash alike": lambda: b"}(" + each(lambda n: b"G" + struct.pack(">d", 2.0 ** (n % 1000)) + b"N") + b"u",
    "long texts that are equal, as keys": lambda: shared(text("x" * 500_000)) + shared(text("x" * 500_000), MEMO + 1)
    + b"}(" + (get(MEMO) + b"N" + get(MEMO + 1) + b"N") * 50_000 + b"u",
    "tuples of long texts that are equal, as keys": lambda: shared(values(*[text("x" * 9_000)] * 30))
    + shared(values(*[text("x" * 9_000)] * 30), MEMO + 1)
    + b"}(" + (get(MEMO) + b"N" + get(MEMO + 1) + b"N") * 50_000 + b"u",
    "long tuples as keys": lambda: shared(values(*[colliding_tuple(5)[1:-1]] * 3)) + b"}(" + (get(
        MEMO) + b"N") * 200_000 + b"u",
    "40,000 names of 28 dots, called": lambda: each(lambda n: shared(text(".".join([f"a{n}", *"b" * 14])), MEMO + n),
        200) + each(
        lambda n: shared(text(".".join([f"c{n}", *"d" * 14])), MEMO + 1000 + n), 200) + b"](" + each(
        lambda n: get(MEMO + n // 200) + get(MEMO + 1000 + n % 200) + b"\x93)R", 40_000) + b"e",
    "long arguments of what is applied": lambda: shared(values(*[entry("builtins", "map")] * MANY)) + b"](" + (
        entry("builtins", "map") + get(MEMO) + b"R") * 20_000 + b"e",
    "partials with the same long arguments": lambda: shared(values(*[entry("torch", "Size")] * MANY)) + b"](" + (
        entry("functools", "partial") + get(MEMO) + b"R)R") * 20_000 + b"e",
    "long text that dill evaluates": lambda: shared(values(text("<" + "a " * 250_000))) + b"](" + (
        entry("dill._dill", "_eval_repr") + get(MEMO) + b"R") * 50_000 + b"e",
    "arguments handed to functions over and over": lambda: shared(values(*[entry("torch", "Size")] * MANY)) + b"](" + (
        entry("mypkg", "f") + get(MEMO) + b"R") * 20_000 + b"e",
    "paths of the same many parts": lambda: shared(values(*[text("a")] * MANY)) + b"](" + (
        entry("pathlib", "PosixPath") + get(MEMO) + b"R") * 20_000 + b"e",
    "paths of one long part": lambda: shared(values(text("a/" * 250_000))) + b"](" + (
        entry("pathlib", "PosixPath") + get(MEMO) + b"R") * 20_000 + b"e",
    "classes of the same many names": lambda: shared(call(entry("collections", "OrderedDict"), b"](" + each(
        lambda n: b"](" + text(f"n{n}") + b"Ne") + b"e")) + b"](" + (
        entry("cloudpickle.cloudpickle", "_make_skeleton_class") + values(entry("builtins", "type"), text("A"), values(),
            get(MEMO), b"N", b"N") + b"R") * 10_000 + b"e",
    "classes whose bases are doubled, and a program": lambda: shared(entry("builtins", "object")) + each(
        lambda n: shared(call(entry("cloudpickle.cloudpickle", "_make_skeleton_class"), entry("builtins", "type"), text("A"),
            values(get(MEMO), get(MEMO)), b"}" + text("run") + entry("os", "system") + b"s")), 45) + get(MEMO),
    "classes of the same many attributes, and a program": lambda: shared(b"}(" + each(
        lambda n: text(f"n{n}") + entry("os", "system"), 20_000) + b"u") + b"](" + (
        entry("cloudpickle.cloudpickle", "_make_skeleton_class") + values(entry("builtins", "type"), text("A"), values(),
            get(MEMO)) + b"R") * 10_000 + b"e",
    "functions of the same many arguments, and a program": lambda: shared(values(*[entry("os", "system")] * MANY)) + b"](" + (
        entry("types", "FunctionType") + get(MEMO) + b"R") * 20_000 + b"e",
    "code in the same long place": lambda: shared(text("/a" * 500_000)) + b"](" + (entry("types", "CodeType") + values(
        *[number(0)] * 6, get(MEMO), get(MEMO)) + b"R") * 1_000 + b"e",
    "code with the same many names": lambda: shared(values(*[text("a")] * MANY)) + b"](" + (entry("types", "CodeType") + values(
        *[number(0)] * 6, *[get(MEMO)] * 10) + b"R") * 1_000 + b"e",
    "code with the same long bytes": lambda: shared(data(b"\x00" * 1_000_000)) + b"](" + (entry("types", "CodeType") + values(
        *[number(0)] * 6, *[get(MEMO)] * 10) + b"R") * 1_000 + b"e",
    "code with the same long text for bytes": lambda: shared(call(entry("_codecs", "encode"), text("x" * 1_000_000),
        text("latin1"))) + b"](" + (entry("types", "CodeType") + values(*[number(0)] * 6, *[get(MEMO)] * 10) + b"R") * 1_000
    + b"e",
    "numbers in numbers in numbers, 20,000 times": lambda: shared(number(1)) + each(lambda n: shared(call(
        entry("builtins", "int"), get(MEMO))), 300) + b"](" + (call(entry("builtins", "int"), get(MEMO))) * 20_000 + b"e",
    "lists in lists in lists, 20,000 times": lambda: shared(b"]") + each(lambda n: shared(made(
        "fastcore.foundation.L", text("items"), get(MEMO))), 300) + b"](" + made(
        "fastcore.foundation.L", text("items"), get(MEMO)) * 20_000 + b"e",
    "tensors in tensors in tensors, 20,000 times": lambda: shared(call(entry("collections", "OrderedDict"))) + each(
        lambda n: shared(call(entry("torch._utils", "_rebuild_parameter"), get(MEMO), b"\x89")), 300) + b"](" + call(
        entry("torch._utils", "_rebuild_parameter"), get(MEMO), b"\x89") * 20_000 + b"e",
    "60,000 states of nothing": lambda: b"](" + (entry("torch", "Size") + b")\x81" + put(MEMO) + b"}b" + b"Nb" * MANY)
    + get(MEMO) * MANY + b"e",
    "a million sets": lambda: b"](" + b"\x8f" * 1_000_000 + b"e",
    "a million objects": lambda: shared(entry("torch", "Size")) + b"](" + (get(MEMO) + b")R") * 500_000 + b"e",
    "numbers of a megabyte": lambda: listed(big(), 2),
    "a number of a megabyte for a memo": lambda: b"Np" + b"7" * 4_000 + b"\n",
}  # fmt: skip


def vocabularies() -> dict[str, bytes]:
    """Learners whose labels or transforms are costly to look through."""
    numpy = "numpy.core.multiarray"

    def array(shape: bytes, code: str, content: bytes) -> bytes:
        kind = call(entry("numpy", "dtype"), text(code), b"\x89", b"\x88") + values(
            number(3), text("|"), b"N", b"N", b"N", number(-1), number(-1), number(0)) + b"b"  # fmt: skip
        return call(entry(numpy, "_reconstruct"), entry("numpy", "ndarray"), values(number(0)), data(b"b")) + values(
            number(1), shape, kind, b"\x89", content) + b"b"  # fmt: skip

    def collection(items: bytes) -> bytes:
        return made("fastai.data.transforms.CategoryMap", text("items"), items)

    def resized(n: int) -> bytes:
        return made("fastai.vision.augment.Zoom", text("size"), values(number(2047 + n % 2), number(2047 + n % 2)))

    pipeline = made("fastai.data.core.TfmdLists", text("tfms"), get(MEMO))
    tree = shared(lists(*[values(number(n % 9)) for n in range(MANY)]))
    maker = entry("cloudpickle.cloudpickle", "_make_skeleton_class")
    return {
        "an array of four million rows of nothing": learner(collection(array(values(number(4_000_000), number(0)), "i8",
            b"C\x00"))),
        "eight dimensions, one of them zero": learner(collection(array(
            values(*[number(4_000_000)] * 7, number(0)), "i8", b"C\x00"))),
        "a million labels": learner(array(values(number(1_000_000)), "u1", data(bytes(1_000_000)))),
        "a vocabulary of as many long labels": learner(shared(text("x" * 500_000)) + b"](" + get(MEMO) * MANY + b"e"),
        "a vocabulary of long bytes": learner(shared(data(b"\xff" * 500_000)) + b"](" + get(MEMO) * MANY + b"e"),
        "a vocabulary of the same long tuple": learner(shared(values(*[text("x" * 999)] * 100)) + b"](" + get(
            MEMO) * MANY + b"e"),
        "a vocabulary of texts of 99,999 letters": learner(array(values(number(2)), "U99999", data(bytes(99_999 * 8)))),
        "a vocabulary of paths of many parts": learner(shared(values(*[text("a")] * MANY)) + b"](" + (
            entry("pathlib", "PosixPath") + get(MEMO) + b"R") * 5_000 + b"e"),
        "30,000 pipelines that are one": learner(LABELS, tls=tree + b"](" + pipeline * 30_000 + b"e"),
        "a hundred resizes": learner(LABELS, batch=lists(*map(resized, range(100)))),
        "a loss of fifty classes among many objects": learner(LABELS, loss=shared(
            b"](" + (entry("torch", "Size") + b")R") * 200_000 + b"e") + shared(entry("builtins", "object")) + each(
            lambda n: shared(call(maker, entry("builtins", "type"), text("A"), values(get(MEMO)), b"}")), 49) + get(
                MEMO) + b")\x81"),
        "an object of 60,000 states as the network": learner(LABELS, model=entry(f"{NN}.linear", "Linear") + b")\x81" + each(
            lambda n: b"}" + text(f"k{n}") + b"Nsb")),
        "layers that share a mapping of others": learner(LABELS, model=shared(call(entry("collections",
            "OrderedDict")) + b"(" + each(
            lambda n: text(f"k{n}") + b"N") + b"u") + layer("container.Sequential", text("_modules"), b"}(" + each(
            lambda n: text(str(n)) + layer("container.Sequential", text("_modules"), get(MEMO)), 2_000) + b"u")),
        "layers that share a mapping of hooks": learner(LABELS, model=shared(call(entry("collections",
            "OrderedDict")) + b"(" + each(
            lambda n: number(n) + b"N") + b"u") + layer("container.Sequential", text("_modules"), b"}(" + each(
            lambda n: text(str(n)) + layer("linear.Identity", text("_forward_pre_hooks"), get(MEMO)), 2_000) + b"u")),
        "layers that share a list": learner(LABELS, model=shared(b"](" + number(7) * MANY + b"e") + layer(
            "container.Sequential", text("_modules"), b"}(" + each(lambda n: text(str(n)) + layer("linear.Identity", text(
                "x"), call(
                entry("fastcore.foundation", "L"), get(MEMO))), 2_000) + b"u")),
    }  # fmt: skip


# --- What is costly to rebuild ---


def _weights(*parameters: bytes, hooks: bytes = b"", name: str = "linear.Linear", **plain: int) -> bytes:
    more = [part for key, value in plain.items() for part in (text(key), number(value))]
    pre = [text("_forward_pre_hooks"), hooks] if hooks else []
    return layer(name, text("_parameters"), pairs(*parameters), *pre, *more)


def _flat(key: str, count: int, kind: str = "FloatStorage") -> bytes:
    return tensor(key, values(number(count)), values(number(1)), count, kind)


def _row(count: int) -> bytes:
    return tensor("0", values(number(1), number(count)), values(number(count), number(1)), count)


def _column(count: int) -> bytes:
    return tensor("0", values(number(count), number(1)), values(number(1), number(1)), count)


def _hook(cls: str, **state: int) -> bytes:
    return made(
        cls, text("name"), text("weight"), text("_tensor_name"), text("weight"), text("dim"), number(state.get("dim", 0))
    )


BUILT: dict[str, tuple[Callable[[], bytes], int]] = {  # and how many bytes of numbers they have
    "a tensor with sides of a megabyte": (lambda: _weights(text("weight"), tensor("0", values(big(), big()), values(
        number(1), number(1)), 8)), 32),
    "a tensor with strides of a megabyte": (lambda: _weights(text("weight"), tensor("0", values(number(1)), values(big()),
        8)), 32),
    "a tensor with an offset of a megabyte": (
        lambda: _weights(text("weight"), tensor("0", values(number(1)), values(number(1)), 8, offset=big())), 32),
    "a tensor of no rows, and columns without end": (
        lambda: _weights(text("weight"), tensor("0", values(number(2**40), number(0)), values(number(0), number(1)), 8)), 32),
    "a weight norm of a row and a column": (lambda: _weights(text("weight_g"), _row(100_000), text("weight_v"), _column(
        100_000),
        hooks=pairs(number(0), _hook("torch.nn.utils.weight_norm.WeightNorm"))), 400_000),
    "a pruned row with a mask that is a column": (lambda: _weights(
        text("weight_orig"), _row(100_000), text("weight_mask"), _column(100_000),
        hooks=pairs(number(0), _hook("torch.nn.utils.prune.L1Unstructured"))), 400_000),
    "the same hook 60,000 times": (lambda: shared(_hook("torch.nn.utils.prune.L1Unstructured")) + _weights(
        text("weight_orig"), _row(100_000), text("weight_mask"), _row(100_000),
        hooks=b"}(" + each(lambda n: number(n) + get(MEMO)) + b"u"), 400_000),
    "half of a number, in 3,000 layers": (lambda: shared(_flat("0", 200_000, "HalfStorage")) + layer(
        "container.Sequential", text("_modules"), b"}(" + each(lambda n: text(str(n)) + layer(
            "batchnorm.BatchNorm2d", text("_buffers"), pairs(text("running_mean"), get(MEMO))), 3_000) + b"u"), 400_000),
    "a kernel of a megabyte of digits": (lambda: layer("pooling.MaxPool2d", text("kernel_size"), big(), text("stride"),
        number(1)), 0),
    "layers doubled 16 times": (lambda: shared(layer("linear.Identity")) + each(lambda n: shared(layer(
        "container.Sequential", text("_modules"), pairs(text("0"), get(MEMO), text("1"), get(MEMO)))), 15) + get(MEMO), 0),
    "activations doubled 14 times": (lambda: shared(layer("activation.Sigmoid")) + each(lambda n: shared(layer(
        "container.Sequential", text("_modules"), pairs(text("0"), get(MEMO), text("1"), get(MEMO)))), 14) + get(MEMO), 0),
    "50,000 layers": (lambda: layer("container.Sequential", text("_modules"), b"}(" + each(
        lambda n: text(str(n)) + layer("linear.Identity"), 40_000) + b"u"), 0),
}  # fmt: skip


# --- What is costly to run ---


def _convolution(out: int, kernel: int | tuple[int, int], **how: Any) -> nn.Module:
    return nn.Conv2d(3, out, kernel, bias=False, **how)


def _dense(times: int) -> nn.Module:
    from torchvision.models.densenet import _DenseBlock

    network = nn.Sequential(nn.Upsample(scale_factor=64), _DenseBlock(times, 3, 1, 4, 0.0))
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.track_running_stats, module.running_mean, module.running_var = False, None, None
    return network


NETWORKS: dict[str, Callable[[], nn.Module]] = {
    "a padding of 2,000 with a kernel of 64": lambda: _convolution(4, 64, padding=2000),
    "a padding of 2,500 with a kernel of 100": lambda: _convolution(1, 100, padding=2500),
    "a wide kernel": lambda: _convolution(2, (1, 3000), padding=(1500, 3000)),
    "a dilated kernel": lambda: _convolution(1, 64, padding=2000, dilation=20),
    "a convolution channel by channel": lambda: nn.Conv2d(3, 3, 64, padding=2000, groups=3, bias=False),
    "a hundred convolutions of a kernel of 31": lambda: nn.Sequential(nn.Upsample(scale_factor=32), *[
        nn.Conv2d(3, 3, 31, padding=15, bias=False)] * 100),
    "a convolution padded by reflection": lambda: nn.Sequential(nn.Upsample(scale_factor=64), nn.Conv2d(
        3, 4, 65, padding=1000, padding_mode="reflect", bias=False)),
    "a transposed convolution": lambda: nn.ConvTranspose2d(3, 4, 64, stride=64, bias=False),
    "transposed convolutions": lambda: nn.Sequential(nn.Upsample(scale_factor=40), *[
        nn.ConvTranspose2d(3, 3, 51, padding=25, bias=False)] * 30),
    "a maximum of a million": lambda: nn.Sequential(nn.Upsample(scale_factor=64), nn.MaxPool2d(1001, 1, 500)),
    "a maximum of a million, dilated": lambda: nn.Sequential(nn.Upsample(scale_factor=64), nn.MaxPool2d(500, 1, 250,
        dilation=3)),
    "an average of a million": lambda: nn.Sequential(nn.Upsample(scale_factor=64), nn.AvgPool2d(1001, 1, 500)),
    "a norm of a million": lambda: nn.Sequential(nn.Upsample(scale_factor=64), nn.LPPool2d(2, 1001, 1)),
    "a maximum of volumes": lambda: nn.Sequential(nn.Upsample(scale_factor=64), nn.Unflatten(1, (1, 3)), nn.MaxPool3d((1,
        901, 901),
        1, (0, 450, 450))),
    "a response of a million neighbours": lambda: nn.Sequential(nn.Upsample(scale_factor=32), nn.LocalResponseNorm(10**6)),
    "a response of a billion, one by one": lambda: nn.CrossMapLRN2d(10**9),
    "a resize by cubes, a hundred times": lambda: nn.Sequential(*[nn.Upsample(size=(2500, 2500), mode="bicubic")] * 100),
    "a hundred resizes up and down": lambda: nn.Sequential(*[nn.Sequential(nn.Upsample(size=(2600, 2600)), nn.Upsample(
        size=(2500, 2500), mode="bilinear"))] * 100),
    "a thousand softmaxes of large pictures": lambda: nn.Sequential(nn.Upsample(scale_factor=100), *[nn.Softmax(-1)] * 1000),
    "pictures that are all kept": lambda: _dense(60),
    "a shuffle of what was enlarged, fifty times": lambda: nn.Sequential(*[nn.Sequential(nn.Upsample(scale_factor=(48, 48)),
        nn.PixelUnshuffle(48), nn.AdaptiveAvgPool2d(32), nn.Unflatten(1, (3, 2304)), nn.AdaptiveAvgPool3d((1, 32, 32)),
        nn.Flatten(1, 2))] * 200),
    "windows of a kernel of 100": lambda: nn.Sequential(*[nn.Sequential(nn.Unfold(100, padding=50), nn.Fold((32, 32), 100,
        padding=50))] * 30),
    "the largest of many, by shape": lambda: nn.Sequential(nn.Upsample(scale_factor=80), *[nn.AdaptiveMaxPool2d(2500)] * 100),
    "a thousand instance norms of large pictures": lambda: nn.Sequential(nn.Upsample(scale_factor=64), *[nn.InstanceNorm2d(
        3)] * 1000),
    "a thousand GELUs of large pictures": lambda: nn.Sequential(nn.Upsample(scale_factor=100), *[nn.GELU()] * 1000),
}  # fmt: skip


_BYTES: Final = 4_000_000


def _with_weights(network: nn.Module) -> bytes:
    """A network whose weights are all the first numbers of one storage: the file needs no more than the largest has."""
    kept: list[bytes] = []
    for module in network.modules():
        for name, weight in module._parameters.items():
            if weight is not None:
                kept.append(shared(tensor("0", values(*map(number, weight.shape)), values(*map(number, weight.stride())),
                                          _BYTES // 4), MEMO + len(kept)))  # fmt: skip
                module._parameters[name] = None
                vars(module)[f"weight {len(kept) - 1}"] = name
    return b"".join(kept) + _layer_of(network)


def _layer_of(module: nn.Module) -> bytes:
    weights = [part for key, name in vars(module).items() if key.startswith("weight ")
               for part in (text(name), get(MEMO + int(key.split()[1])))]  # fmt: skip
    none = [part for name in module._parameters if text(name) not in weights for part in (text(name), b"N")]
    plain = {
        key: value for key, value in vars(module).items() if not key.startswith(("_", "weight ")) or key.startswith("_rev")
    }
    children = [part for name, child in module._modules.items() for part in (text(name), _layer_of(child))]
    state = [part for key, value in plain.items() for part in (text(key), ops_of(value))]
    state += [text("_buffers"), pairs(*(part for name in module._buffers for part in (text(name), b"N")))]
    home, name = type(module).__module__, type(module).__name__
    return layer(f"{home}.{name}".removeprefix(f"{NN}."), *state, text("_parameters"), pairs(*weights, *none), text("_modules"),
                 pairs(*children))  # fmt: skip


def large_directory(count: int = 1_000_000) -> bytes:
    """A zip of a million entries of no bytes."""
    first = b"PK\x03\x04" + struct.pack("<HHHHHIIIHH", 20, 0, 0, 0, 0, 0, 0, 0, 1, 0) + b"a"
    one = b"PK\x01\x02" + struct.pack("<HHHHHHIIIHHHHHII", 20, 20, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0) + b"a"
    directory = one * count
    return (
        first
        + directory
        + b"PK\x05\x06"
        + struct.pack("<HHHHIIH", 0, 0, count & 65535, count & 65535, len(directory), len(first), 0)
    )


def large_extras(count: int = 100) -> bytes:
    """A zip whose entries have 64 KB of empty fields each, of which reading copies what is left, one after the other."""
    first = b"PK\x03\x04" + struct.pack("<HHHHHIIIHH", 20, 0, 0, 0, 0, 0, 0, 0, 1, 0) + b"a"
    extra = struct.pack("<HH", 9, 0) * 16_000
    one = (
        b"PK\x01\x02"
        + struct.pack("<HHHHHHIIIHHHHHII", 20, 20, 0, 0, 0, 0, 0, 0, 0, 1, len(extra), 0, 0, 0, 0, 0)
        + b"a"
        + extra
    )
    directory = one * count
    return first + directory + b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, count, count, len(directory), len(first), 0)


def archive(pickled: bytes, numbers: int = 0) -> bytes:
    """A torch archive of one pickle and one storage."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as written:
        written.writestr("archive/data.pkl", pickled)
        written.writestr("archive/data/0", bytes(numbers))
    return out.getvalue()


def expensive(export: Export) -> dict[str, bytes]:
    """Every file, by what is costly in it; `export` is an honest one, of 32 × 32 pixels, to hide in."""
    inside = export.position("in_features")
    first = next(at for opcode, argument, at in export.opcodes if "UNICODE" in opcode and argument == "0"
                 and at > export.position("_modules"))  # fmt: skip
    files = {f"read: {name}": export.archive(export.insert(inside, text("extra") + make())) for name, make in READ.items()}
    files |= {f"look: {name}": content for name, content in vocabularies().items()}
    files |= {f"build: {name}": archive(learner(LABELS, model=make()), count) for name, (make, count) in BUILT.items()}
    for name, make_network in NETWORKS.items():
        torch.manual_seed(0)
        network = make_network()
        hidden = b"" if list(network.parameters()) else export.archive(export.insert(first, text("evil") + ops_of(network)))
        files[f"try: {name}"] = hidden or archive(learner(LABELS, model=_with_weights(network)), _BYTES)
    files["zip: a million entries"] = large_directory()
    files["zip: large extra fields"] = large_extras()
    return files
