"""What is in an export of fastai: network, labels, how photos are prepared, softmax or sigmoid; found in the inert tree."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from model.config import Probabilities
from model.errors import ModelError, Option, few, first_line
from model.fastai_export.architecture_name import architecture_name
from model.fastai_export.inert_tree import Object, shown, walk
from model.fastai_export.inert_values import attributes, class_name, is_layer, mapping, name_of, sequence
from model.fastai_export.loss import read_loss
from model.fastai_export.options import NO_OPTIONS, ExportOptions
from model.fastai_export.origin import Origin, origin_of
from model.fastai_export.torch_file import TorchFile
from model.fastai_export.transforms import Preparation, read_preparation, short_name
from model.fastai_export.vocabulary import read_vocabulary

_CATEGORIES: Final[dict[str, Probabilities]] = {
    "Categorize": "exclusive", "MultiCategorize": "independent", "EncodedMultiCategorize": "independent",
}  # fmt: skip
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
    probabilities: Probabilities
    threshold: float
    preparation: Preparation
    network: Any
    architecture: str
    origin: Origin
    remarks: list[str] = field(default_factory=list)


def read_learner(path: Path, options: ExportOptions = NO_OPTIONS) -> Learner:
    """Read an export, without torch and without running any of it.

    Raises:
        ModelError: it is no export, a damaged one, or one that does not classify photos; the message says which.
    """
    file = TorchFile(path, options.trust)
    file.budget.stage = "looking through its values"
    with reading(path), file.budget.at_work():
        return _read(file, options)


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """What a damaged or forged tree makes of our reading becomes a ModelError."""
    try:
        yield
    except ModelError:
        raise
    except RecursionError:
        raise ModelError(f"{path} nests its values too deeply for a classifier") from None
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError, ArithmeticError) as error:
        reason = f"{type(error).__name__}: {first_line(error, limit=120)}"
        raise ModelError(f"{path} is damaged: its values do not fit together ({reason})") from None


def _read(file: TorchFile, options: ExportOptions) -> Learner:
    _check_kind(file)
    given = attributes(file.value)
    inputs, targets, valid = _pipelines(file, given["dls"])
    categories = _categories(file, targets)
    vocabulary = read_vocabulary(file, attributes(categories).get("vocab"), options.labels is not None)
    labels = _named(file, vocabulary.labels, options.labels)
    exclusive = _CATEGORIES[short_name(categories)] == "exclusive"
    probabilities, threshold, remarks = read_loss(file, given.get("loss_func"), exclusive, options.activation)
    remarks += _callbacks(given.get("cbs"))
    after_item, after_batch = (attributes(valid).get(name) for name in ("after_item", "after_batch"))
    preparation = read_preparation(file, inputs, after_item, after_batch, options.size)
    origin = origin_of(file)
    return Learner(
        file=file,
        labels=labels,
        is_boolean=vocabulary.is_boolean,
        probabilities=probabilities,
        threshold=threshold,
        preparation=preparation,
        network=given["model"],
        architecture=architecture_name(given["model"]),
        origin=origin,
        remarks=[*remarks, *preparation.remarks, *_calls(origin), *_runners(origin)],
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
    parts = [part for pipeline in targets for part in walk(pipeline)]
    for part in parts:
        if isinstance(part, Object) and short_name(part) in _CATEGORIES:
            return part
    for part in parts:
        what = _OTHER_TARGETS.get(short_name(part))
        if what:
            raise ModelError(f"{file.path} is {what}; {_WANTED}")
    raise ModelError(f"{file.path} is a learner without categories (no CategoryBlock or MultiCategoryBlock); {_WANTED}")


def _named(file: TorchFile, own: tuple[str, ...], names: Sequence[str] | None) -> tuple[str, ...]:
    if names is None:
        return own
    if len(names) != len(own):
        given = f"{len(names)} names are" if len(names) != 1 else "1 name is"
        raise ModelError(f"{file.path} has {len(own)} labels ({few(own)}), but {given} given: ", Option("labels", tuple(names)))
    return tuple(names)


def _callbacks(callbacks: Any) -> list[str]:
    """A remark for every callback that fastai does not bring: it may change photos or predictions."""
    names = [class_name(callback) for callback in (sequence(callbacks) or [])[:100]]
    return [
        f"the callback {shown(name)} is not run: if it changes photos or predictions, answers differ from the learner's"
        for name in names
        if not name.startswith("fastai.")
    ]


def _calls(origin: Origin) -> list[str]:
    """A remark on what plain pickle calls and exports do not usually have."""
    if not origin.calls:
        return []
    names = few([f"{shown(name)}(…)" for name in origin.calls])
    it_is = "it is" if len(origin.calls) == 1 else "they are"
    return [f"plain pickle calls {names} when it opens this file; {it_is} not called here"]


def _runners(origin: Origin) -> list[str]:
    """A remark on names that only serve to run programs, where something in the file refers to them."""
    names = few([shown(name) for name in origin.runners])
    if len(origin.runners) == 1:
        return [
            f"{names} is named by a function in this file; neither is run here, and calling that function elsewhere would run "
            "it"
        ]
    return [
        f"{names} are named by functions in this file; none of them is run here, and calling those functions elsewhere would "
        "run them"
    ] * bool(names)
