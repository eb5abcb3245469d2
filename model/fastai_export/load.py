"""From a fastai export to a classifier that answers."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pydantic import ValidationError

from model.classifier import Classifier
from model.config import FORMAT_VERSION, Architecture, Config, sentence
from model.errors import ModelError, few, first_line
from model.fastai_export.learner import Learner, read_learner, reading
from model.fastai_export.options import NO_OPTIONS, ExportOptions
from model.network import TorchNetwork

if TYPE_CHECKING:
    from torch import nn

EXPORTS: Final = ("model.pkl", "export.pkl")


def find_export(folder: Path) -> Path | None:
    """The export in a folder that is no model folder: `model.pkl`, `export.pkl`, or the one .pkl file there is."""
    for name in EXPORTS:
        if (folder / name).is_file():
            return folder / name
    others = sorted(folder.glob("*.pkl"))
    return others[0] if len(others) == 1 else None


def load_learner(
    path: Path, options: ExportOptions = NO_OPTIONS, revision: str = "local", name: str | None = None
) -> Classifier:
    """The classifier in an export; see `read_learner` and `build_network`. What may make its answers differ is logged.

    Args:
        revision: which version of the model this is. name: what to call the model.

    Raises:
        ModelError: see `read_learner`, or a layer is of an unknown class.
    """
    learner = read_learner(path, options)
    network, remarks = build_network(learner, options.allow)
    for remark in (*learner.remarks, *remarks):
        logging.getLogger(__name__).warning("%s: %s", path, remark)
    return Classifier(TorchNetwork(network), config_of(learner, name), revision)


def build_network(learner: Learner, allow: Iterable[str] = ()) -> tuple[nn.Module, list[str]]:
    """The network with what happens to a batch in front of it: float32 (N, 3, H, W), normalised → logits (N, K).

    Args:
        allow: layer classes of the caller's own; see `ExportOptions`.

    Returns:
        The network, and what was left out of it, one sentence each.

    Raises:
        ModelError: a layer is of an unknown class, or the network gives another number of logits than there are labels.
    """
    try:
        from model.fastai_export.batch_steps import with_steps
        from model.fastai_export.dry_run import count_outputs
        from model.fastai_export.layers import Builder
    except ImportError as error:
        raise ModelError(
            f"{learner.file.path} is a fastai export, which needs torch to answer ({first_line(error)}): "
            "pip install -r requirements.txt, or, to convert it once, requirements-dev.txt"
        ) from None
    path, budget = learner.file.path, learner.file.budget
    budget.stage = "putting its layers together"
    with reading(path), budget.at_work():
        builder = Builder(learner.file, allow)
        network = with_steps(builder.network(learner.network), learner.preparation)
        size = learner.preparation.input
        budget.stage = "trying its network"
        outputs = count_outputs(network, size.height, size.width, str(path), budget)
    if outputs != len(learner.labels):
        raise ModelError(
            f"{path}: the network gives {outputs} logits, but there are {len(learner.labels)} labels: {few(learner.labels)}"
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
            format_version=FORMAT_VERSION,
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
