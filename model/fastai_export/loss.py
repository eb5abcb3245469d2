"""Softmax or sigmoid: what a learner's loss makes of logits in `learn.predict`."""

from __future__ import annotations

from typing import Any, Final

from model.config import Activation, Probabilities
from model.errors import ModelError
from model.fastai_export.inert_tree import Object
from model.fastai_export.inert_values import attributes, described, name_of, scalar
from model.fastai_export.torch_file import TorchFile
from model.fastai_export.transforms import short_name

_SOFTMAX: Final = (
    "CrossEntropyLossFlat", "LabelSmoothingCrossEntropy", "LabelSmoothingCrossEntropyFlat", "FocalLoss", "FocalLossFlat",
)  # fmt: skip
_SIGMOID: Final = ("BCEWithLogitsLossFlat",)
# Losses without an activation: learn.predict shows logits, and these make probabilities of them.
_TORCH_LOSSES: Final[dict[str, Activation]] = {
    "CrossEntropyLoss": "softmax", "cross_entropy": "softmax", "NLLLoss": "softmax", "nll_loss": "softmax",
    "BCEWithLogitsLoss": "sigmoid", "binary_cross_entropy_with_logits": "sigmoid",
}  # fmt: skip


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
                f"{file.path}: its loss is of the class {what}, whose code makes probabilities of logits, and is not run. Say "
                "what it does: --activation softmax where one label is right, --activation sigmoid where any number is"
            )
        chosen = of_torch or ("softmax" if exclusive else "sigmoid")
        remarks = [f"the loss {what} has no activation, so learn.predict gives logits; {chosen} makes probabilities of them"]
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
