"""Exported fastai learners, opened without running them: any platform, any Python, any fastai 2.

`learn.export()` writes a pickle, and `load_learner` runs it: the file can do whatever it likes, it needs the Python and
fastai that wrote it, and the label function, too. Here the file is only read. `inert_pickle` turns the pickle into
a tree of names and numbers, this module finds in it what makes a classifier (network, labels, how photos are prepared,
softmax or sigmoid), and `layers` puts the network together out of layers of torch, torchvision, timm and fastai.

What is guaranteed: no name in the file is imported or called but those layers' classes, which must be on the list in
`layers`; functions, transforms, callbacks and code in the file are never run; memory grows with the size of the
file, not with what it claims. What is not: the layers' own code does run (`__setstate__`, `forward`), with attributes the
file chose, so a file can describe a network that is slow or answers nonsense; and a layer class that the caller allows is
imported and trusted.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from pydantic import ValidationError

from model.classifier import Classifier
from model.config import Activation, Architecture, Config, sentence
from model.errors import ModelError
from model.fastai_export.architecture_name import architecture_name
from model.fastai_export.inert_pickle import Object, shown, walk
from model.fastai_export.inert_values import (
    array,
    attributes,
    class_name,
    described,
    is_layer,
    mapping,
    name_of,
    scalar,
    sequence,
)
from model.fastai_export.origin import Origin, origin_of
from model.fastai_export.torch_file import TorchFile
from model.fastai_export.transforms import Preparation, read_preparation, short_name

if TYPE_CHECKING:
    from torch import nn

EXPORTS: Final = ("model.pkl", "export.pkl")
_SOFTMAX: Final = (
    "CrossEntropyLossFlat", "LabelSmoothingCrossEntropy", "LabelSmoothingCrossEntropyFlat", "FocalLoss", "FocalLossFlat",
)  # fmt: skip
_SIGMOID: Final = ("BCEWithLogitsLossFlat",)
# losses without an activation: learn.predict shows scores, and these make probabilities of them
_TORCH_LOSSES: Final[dict[str, Activation]] = {
    "CrossEntropyLoss": "softmax", "cross_entropy": "softmax", "NLLLoss": "softmax", "nll_loss": "softmax",
    "BCEWithLogitsLoss": "sigmoid", "binary_cross_entropy_with_logits": "sigmoid",
}  # fmt: skip
_CATEGORIES: Final = {"Categorize": "exclusive", "MultiCategorize": "independent", "EncodedMultiCategorize": "independent"}
_OTHER_LEARNERS: Final = (
    ("fastai.text.", "a text learner: it reads text, not photos"),
    ("fastai.tabular.", "a tabular learner: it reads tables, not photos"),
    ("fastai.collab.", "a collaborative filtering learner: it recommends items, and reads no photos"),
)
_OTHER_TARGETS: Final = {
    "AddMaskCodes": "a segmentation learner: it colours every pixel, and names no photo",
    "PILMask": "a segmentation learner: it colours every pixel, and names no photo",
    "RegressionSetup": "a regression learner: it gives numbers, and no labels",
    "PointScaler": "a key point learner: it gives places in a photo, and no labels",
    "TensorPoint": "a key point learner: it gives places in a photo, and no labels",
    "BBoxLabeler": "an object detection learner: it gives boxes, and no label for the whole photo",
    "TensorBBox": "an object detection learner: it gives boxes, and no label for the whole photo",
}
_WANTED: Final = "a classifier of photos, as learn.export() writes it, is what can be opened here"


@dataclass
class Learner:
    """What an export says about a classifier of photos.

    Attributes:
        labels: the vocabulary, as text, in the order of the logits.
        is_boolean: the vocabulary was False and True, as a function like `is_cat` gives.
        probabilities: one label is right (`exclusive`), or any number of them (`independent`).
        threshold: for independent labels.
        preparation: what happens to a photo before the network.
        network: the network in the inert tree, for `layers`.
        remarks: what may make answers differ from the learner's own, one sentence each.
        origin: where and with what the file was made, and what in it was not run.
    """

    file: TorchFile
    labels: tuple[str, ...]
    is_boolean: bool
    probabilities: Literal["exclusive", "independent"]
    threshold: float
    preparation: Preparation
    network: Any
    architecture: str
    origin: Origin
    remarks: list[str] = field(default_factory=list)


def find_export(folder: Path) -> Path | None:
    """The export in a folder that is no model folder: `model.pkl`, `export.pkl`, or the one .pkl file there is."""
    for name in EXPORTS:
        if (folder / name).is_file():
            return folder / name
    others = sorted(folder.glob("*.pkl"))
    return others[0] if len(others) == 1 else None


def read_learner(
    path: Path,
    labels: Sequence[str] | None = None,
    size: tuple[int, int] | None = None,
    activation: Activation | None = None,
) -> Learner:
    """Read an export, without torch and without running any of it.

    Args:
        labels: names in place of its own, in its order.
        size: (height, width) in pixels for a learner that has no `Resize`.
        activation: what turns scores into probabilities, for a learner whose loss is a class of its maker's own.

    Raises:
        ModelError: it is no export, a damaged one, or one that does not classify photos; the message says which.
    """
    file = TorchFile(path)
    with _sentences(path):
        return _read(file, labels, size, activation)


def load_learner(
    path: Path,
    revision: str = "local",
    *,
    labels: Sequence[str] | None = None,
    allow: Iterable[str] = (),
    size: tuple[int, int] | None = None,
    activation: Activation | None = None,
    name: str | None = None,
) -> Classifier:
    """The classifier in an export; see `read_learner` and `build_network`. What may make its answers differ is logged.

    Args:
        allow: your layer classes that it may contain. name: what to call the model.

    Raises:
        ModelError: see `read_learner`, or a layer is of an unknown class.
    """
    from model.network import TorchNetwork

    learner = read_learner(path, labels, size, activation)
    network, remarks = build_network(learner, allow)
    for remark in (*learner.remarks, *remarks):
        logging.getLogger(__name__).warning("%s: %s", path, remark)
    return Classifier(TorchNetwork(network), config_of(learner, name), revision)


def build_network(learner: Learner, allow: Iterable[str] = ()) -> tuple[nn.Module, list[str]]:
    """The network with what happens to a batch in front of it: float32 (N, 3, H, W), normalised → logits (N, K).

    Returns:
        The network, and what was left out of it, one sentence each.

    Raises:
        ModelError: a layer is of an unknown class, or the network gives another number of logits than there are labels.
    """
    try:
        from model.fastai_export.layers import Builder, count_outputs
    except ImportError as error:
        raise ModelError(
            f"{learner.file.path} is a fastai export, which needs torch to answer ({error}): pip install torch torchvision, "
            "or convert it once where torch is: python -m model convert"
        ) from None
    from model.fastai_export.batch_steps import with_steps

    path = learner.file.path
    with _sentences(path):
        builder = Builder(learner.file, allow)
        network = with_steps(builder.network(learner.network), learner.preparation)
        size = learner.preparation.input
        outputs = count_outputs(network, size.height, size.width, str(path))
    if outputs != len(learner.labels):
        raise ModelError(
            f"{path}: the network gives {outputs} logits, but there are {len(learner.labels)} labels: {_few(learner.labels)}"
        )
    return network, builder.remarks


def config_of(learner: Learner, name: str | None = None) -> Config:
    """The `config.json` that says what the export said.

    Raises:
        ModelError: a value is outside what a config may hold.
    """
    path = learner.file.path
    stem = path.stem if path.name not in EXPORTS else path.absolute().parent.name
    try:
        return Config(
            format_version=1,
            name=name or stem or "fastai export",
            labels=learner.labels,
            input=learner.preparation.input,
            temperature=1,
            probabilities=learner.probabilities,
            threshold=learner.threshold,
            architecture=Architecture(library="export", name=learner.architecture),
            training={"from": f"a fastai export, {path.name}"},
            metrics={},
            versions=learner.origin.versions,
        )
    except ValidationError as error:
        raise ModelError(sentence(path, error)) from None


@contextmanager
def _sentences(path: Path) -> Iterator[None]:
    """What a damaged or forged tree makes of our reading becomes a ModelError."""
    try:
        yield
    except ModelError:
        raise
    except RecursionError:
        raise ModelError(f"{path} nests its values too deeply for a classifier") from None
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError, ArithmeticError) as error:
        reason = str(error).partition("\n")[0][:120]
        raise ModelError(f"{path} is damaged: its values do not fit together ({type(error).__name__}: {reason})") from None


def _read(file: TorchFile, names: Sequence[str] | None, size: tuple[int, int] | None, activation: Activation | None) -> Learner:
    _check_kind(file)
    given = attributes(file.value)
    inputs, targets, valid = _pipelines(file, given["dls"])
    categories = _categories(file, targets)
    vocabulary = _vocabulary(file, categories)
    labels = _named(file, vocabulary, names)
    exclusive = _CATEGORIES[short_name(categories)] == "exclusive"
    kind, threshold, remarks = _activation(file, given.get("loss_func"), exclusive, activation)
    remarks += _callbacks(given.get("cbs"))
    after_item, after_batch = (attributes(valid).get(name) for name in ("after_item", "after_batch"))
    preparation = read_preparation(file, inputs, after_item, after_batch, size)
    return Learner(
        file=file,
        labels=labels,
        is_boolean=all(isinstance(value, bool) for value in vocabulary),
        probabilities=kind,
        threshold=threshold,
        preparation=preparation,
        network=given["model"],
        architecture=architecture_name(given["model"]),
        origin=origin_of(file),
        remarks=[*remarks, *preparation.remarks],
    )


def _check_kind(file: TorchFile) -> None:
    """Refuse what is not a learner with data, by what it is."""
    value, path = file.value, file.path
    given = attributes(value)
    name = name_of(value)
    for start, what in _OTHER_LEARNERS:
        if (
            name.startswith(start)
            or name_of(given.get("dls")).startswith(start)
            or name_of(given.get("model")).startswith(start)
        ):
            raise ModelError(f"{path} is {what}; {_WANTED}")
    if "model" in given and "dls" in given:
        return
    pairs = mapping(value)
    if (pairs is not None and {"model", "data"} <= pairs.keys()) or name.startswith("fastai.basic_train."):
        raise ModelError(f"{path} is an export of fastai 1, from before 2020; export it again with fastai 2: {_WANTED}")
    inner = pairs.get("model", pairs) if pairs is not None else None
    weights = mapping(inner) if inner is not None else None
    if weights and all(file.array(item) is not None for item in list(weights.values())[:8]):
        raise ModelError(
            f"{path} holds weights alone (a state dict of {len(weights)} tensors, as learn.save() writes them), without the "
            "network, labels and preparation they belong to: open it where the learner is, and write learn.export()"
        )
    if is_layer(value):
        raise ModelError(
            f"{path} holds a network alone ({shown(name)}), without labels and preparation: put it into a Learner with its "
            "data, and write learn.export()"
        )
    what = f"an object of {shown(name)}" if name else f"a value of the type {type(value).__name__}"
    raise ModelError(f"{path} holds {what}, not a fastai learner; {_WANTED}")


def _pipelines(file: TorchFile, dls: Any) -> tuple[Any, list[Any], Any]:
    """The pipelines of photos and of targets, and the validation loader."""
    loaders = sequence(attributes(dls).get("loaders")) or []
    if not loaders:
        raise ModelError(f"{file.path} is a learner without data loaders, so nothing says what its labels are: {_WANTED}")
    valid = loaders[1] if len(loaders) > 1 else loaders[0]
    data = attributes(attributes(valid).get("dataset"))
    lists = sequence(data.get("tls")) or []
    inputs = data.get("n_inp", attributes(valid).get("_n_inp", 1))
    if len(lists) < 2 or inputs != 1:
        raise ModelError(f"{file.path} is a learner that does not go from one photo to its labels; {_WANTED}")
    pipelines = [attributes(part).get("tfms") for part in lists]
    return pipelines[0], pipelines[1:], valid


def _categories(file: TorchFile, targets: list[Any]) -> Object:
    """The transform that holds the vocabulary."""
    found = [part for pipeline in targets for part in walk(pipeline)]
    for part in found:
        if isinstance(part, Object) and short_name(part) in _CATEGORIES:
            return part
    for part in found:
        what = _OTHER_TARGETS.get(short_name(part))
        if what:
            raise ModelError(f"{file.path} is {what}; {_WANTED}")
    raise ModelError(f"{file.path} is a learner without categories (no CategoryBlock or MultiCategoryBlock); {_WANTED}")


def _vocabulary(file: TorchFile, categories: Object) -> list[Any]:
    vocab = attributes(categories).get("vocab")
    members = sequence(vocab)
    if members is None and isinstance(vocab, Object):  # a pandas Index
        inner = attributes(vocab).get("items", vocab)
        data = (mapping(inner.args[1]) or {}).get("data") if isinstance(inner, Object) and len(inner.args) > 1 else inner
        numbers = array(data)
        members = sequence(data) if numbers is None else numbers.tolist()
    values = [scalar(member) for member in members or ()]
    if not values or any(value is None for value in values):
        raise ModelError(f"{file.path} has a vocabulary that cannot be read: {shown(vocab)}")
    if any(isinstance(value, str) and len(value) > 1000 for value in values):
        raise ModelError(f"{file.path} has a label of more than 1,000 characters")
    return values


def _named(file: TorchFile, vocabulary: list[Any], names: Sequence[str] | None) -> tuple[str, ...]:
    own = tuple(_printable(value) if isinstance(value, str) else shown(value) for value in vocabulary)
    if names is None:
        return own
    if len(names) != len(own):
        raise ModelError(f"{file.path} has {len(own)} labels ({_few(own)}), but {len(names)} names are given: {_few(names)}")
    return tuple(names)


def _printable(label: str) -> str:
    """A label without what would steer a terminal or a page: line ends and other control characters are written out."""
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in label) or "(empty)"


def _activation(
    file: TorchFile, loss: Any, exclusive: bool, chosen: Activation | None
) -> tuple[Literal["exclusive", "independent"], float, list[str]]:
    """Softmax or sigmoid, as the loss decides in `learn.predict`; the threshold of a sigmoid; remarks."""
    threshold = scalar(attributes(loss).get("thresh"))
    limit = float(threshold) if isinstance(threshold, (int, float)) and 0 <= threshold <= 1 else 0.5
    name, what = short_name(loss), described(loss)
    remarks: list[str] = []
    if chosen is None and name in _SOFTMAX:
        chosen = "softmax"
    elif chosen is None and name in _SIGMOID:
        chosen = "sigmoid"
    elif chosen is None:
        of_torch = _TORCH_LOSSES.get(name_of(loss).rpartition(".")[2]) if name_of(loss).startswith("torch.nn.") else None
        if of_torch is None and _may_activate(file, loss):
            raise ModelError(
                f"{file.path}: its loss is of the class {what}, whose code makes probabilities of scores, and is not run. Say "
                "what it does: --activation softmax where one label is right, --activation sigmoid where any number is"
            )
        chosen = of_torch or ("softmax" if exclusive else "sigmoid")
        remarks = [f"the loss {what} has no activation, so learn.predict gives scores; {chosen} makes probabilities of them"]
    return ("exclusive" if chosen == "softmax" else "independent"), limit if chosen == "sigmoid" else 0.5, remarks


def _may_activate(file: TorchFile, loss: Any) -> bool:
    """Whether a loss may have an `activation` of its own: objects can, functions cannot, nor classes seen not to."""
    if not isinstance(loss, Object) or name_of(loss).endswith(("_make_function", "functools.partial")):
        return False
    bases = loss.function.args[2] if isinstance(loss.function, Object) and len(loss.function.args) > 2 else None
    if not isinstance(bases, tuple) or not all(name_of(base).startswith(("torch.nn.modules.", "builtins.")) for base in bases):
        return True
    # cloudpickle writes what a class has as a call: _class_setstate(cls, (attributes, slots))
    given = [
        call.args[1] for call in file.objects if name_of(call).endswith("_class_setstate") and call.args[:1] == (loss.function,)
    ]
    held = [state[0] for state in given if isinstance(state, tuple) and state and isinstance(state[0], dict)]
    return not held or any("activation" in attributes_of_class for attributes_of_class in held)


def _callbacks(callbacks: Any) -> list[str]:
    """A remark for every callback that fastai does not bring: it may change photos or predictions."""
    names = [class_name(callback) for callback in (sequence(callbacks) or [])[:100]]
    return [
        f"the callback {shown(name)} is not run: if it changes photos or predictions, answers differ from the learner's"
        for name in names
        if not name.startswith("fastai.")
    ]


def _few(names: Sequence[str]) -> str:
    return ", ".join(name[:80] for name in names[:8]) + (", …" if len(names) > 8 else "")
