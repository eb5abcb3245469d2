"""Softmax or sigmoid: what a learner's loss makes of logits in `learn.predict`.

There a loss decides by its method `activation`. Those of fastai have one, and what is derived from them inherits it; others
are of libraries that know nothing of fastai, or functions, and have none. Where a class brings one of its own, or is of a
module whose code nobody can see here, the caller has to say.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from model.config import Activation, Probabilities
from model.errors import ModelError, Option
from model.fastai_export.budget import spend
from model.fastai_export.inert_tree import Object
from model.fastai_export.inert_values import (
    FUNCTION_MAKERS,
    attributes,
    class_made_here,
    described,
    mapping,
    name_of,
    scalar,
    type_name,
)
from model.fastai_export.torch_file import TorchFile

_FASTAI: Final[dict[str, Activation]] = {
    "CrossEntropyLossFlat": "softmax", "LabelSmoothingCrossEntropy": "softmax", "LabelSmoothingCrossEntropyFlat": "softmax",
    "FocalLoss": "softmax", "FocalLossFlat": "softmax", "DiceLoss": "softmax", "BCEWithLogitsLossFlat": "sigmoid",
}  # fmt: skip
# Libraries whose losses have no `activation`: learn.predict shows logits, and what the targets ask for makes probabilities.
_LIBRARIES: Final = (
    "torch", "torchvision", "timm", "kornia", "monai", "fastai", "fastcore", "builtins", "__builtin__", "abc", "typing",
    "torchmetrics",
    "pytorch_metric_learning", "segmentation_models_pytorch", "pytorch_toolbelt", "torch_toolbelt", "catalyst", "lightly",
    "torchgeo", "transformers", "balanced_loss", "focal_loss", "focal_loss_torch", "topk", "info_nce", "pl_bolts", "mmcls",
    "mmpretrain", "mmdet", "ultralytics", "detectron2", "fvcore", "functools", "dice_loss", "losspp", "coral_pytorch",
)  # fmt: skip
_INDEPENDENT: Final = re.compile(r"bce|binary|sigmoid|multi_?label", re.IGNORECASE)
_MAX_BASES: Final = 50
_OWN: Final = "whose code makes probabilities of logits, and is not run"
_UNSEEN: Final = "which is not in the file, so that nobody can tell how it makes probabilities of logits"
# Losses of probabilities: the network makes them itself, and nobody can tell by what.
_OF_PROBABILITIES: Final = ("BCELoss", "BCELossFlat", "binary_cross_entropy")


def read_loss(file: TorchFile, loss: Any, exclusive: bool, chosen: Activation | None) -> tuple[Probabilities, float, list[str]]:
    """Whether one label is right (softmax) or any number of them (sigmoid), as the loss decides in `learn.predict`.

    Args:
        exclusive: whether the targets have one label each: what counts where the loss does not say.
        chosen: what the caller says, which counts before all else.

    Returns:
        That, the probability from which independent labels are given, and remarks, one sentence each.

    Raises:
        ModelError: only the loss's own code says, and the caller does not.
    """
    threshold = scalar(attributes(loss).get("thresh"))
    limit = float(threshold) if isinstance(threshold, (int, float)) and 0 <= threshold <= 1 else 0.5
    remarks: list[str] = []
    if chosen is None:
        chosen, problem = _inherited(file, loss)
        what, kinds = described(loss), _kinds(loss)
        if not problem and any(kind in _OF_PROBABILITIES for kind in kinds):
            problem = "which is given probabilities, not logits"
        if problem:
            raise ModelError(
                f"{file.path}: its loss is of the class {what}, {problem}. Say what it does: ", Option("activation", "softmax"),
                " where one label is right, ", Option("activation", "sigmoid"), " where any number is",
            )  # fmt: skip
        if chosen is None:
            chosen = "sigmoid" if not exclusive or any(map(_INDEPENDENT.search, kinds)) else "softmax"
            remarks = [
                f"the loss {what} has no activation, so learn.predict gives logits; {chosen} makes probabilities of them"
            ]
    return ("exclusive" if chosen == "softmax" else "independent"), limit if chosen == "sigmoid" else 0.5, remarks


def _inherited(file: TorchFile, loss: Any) -> tuple[Activation | None, str]:
    """What fastai's class that a loss is derived from makes of logits, if it is; what stands in the way of telling, or ""."""
    if not isinstance(loss, Object) or name_of(loss).endswith((*FUNCTION_MAKERS, "functools.partial")):
        return None, ""
    given = attributes(loss)
    if given.get("activation") is not None or "activation" in (mapping(given.get("_modules")) or {}):
        return None, _OWN
    has_decodes = False
    waiting = [loss.function if not name_of(loss) else loss]
    for _ in range(_MAX_BASES):
        if not waiting:
            return None, _OWN if has_decodes else ""
        part = waiting.pop(0)
        home, _, name = type_name(part).rpartition(".")
        made = class_made_here(part)
        if made is not None:
            spend(len(made.bases) + len(waiting))
            held = [made.names, *_given_later(file, part)]
            if any("activation" in names for names in held):
                return None, _OWN
            has_decodes |= any("decodes" in names for names in held)
            waiting = [*made.bases, *waiting]
        elif home.startswith("fastai.") and name in _FASTAI:
            return _FASTAI[name], ""
        elif home.partition(".")[0] not in _LIBRARIES:
            return None, _UNSEEN
    return None, _UNSEEN


def _given_later(file: TorchFile, cls: Any) -> list[Mapping[Any, Any]]:
    """What cloudpickle writes a class's names as: a call `_class_setstate(cls, (names, slots))`."""
    spend(len(file.objects) // 2)
    states = [
        call.args[1]
        for call in file.objects
        if len(call.args) > 1 and call.args[0] is cls and name_of(call).endswith("_class_setstate")
    ]
    return [state[0] for state in states if isinstance(state, tuple) and state and isinstance(state[0], dict)]


def _kinds(loss: Any) -> list[str]:
    """The names that tell what a loss is for: its class's and those it is derived from, or its function's."""
    kinds, waiting = [], [loss]
    for _ in range(_MAX_BASES):
        if not waiting:
            break
        part = waiting.pop()
        kinds.append(described(part).rpartition(".")[2])
        if isinstance(part, Object):
            made = class_made_here(part.function if not name_of(part) else part)
            spend(len(made.bases) if made else 0)
            waiting += made.bases if made else ()
            waiting += part.args[:1] if name_of(part) == "functools.partial" else ()
            waiting += [attributes(part)["func"]] if "func" in attributes(part) else []  # of fastai's BaseLoss
    return kinds
