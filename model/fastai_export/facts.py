"""What `python -m model inspect` says of an export: plain text and numbers, fit for JSON."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from model.errors import EntryPoint, ModelError
from model.fastai_export.learner import Learner, read_learner
from model.fastai_export.load import build_network, config_of
from model.fastai_export.options import ExportOptions


def facts_of(path: Path, options: ExportOptions) -> dict[str, Any]:
    """What is in the export at `path`, and whether it answers here: `answers_here` is True, or the sentence that says why not.

    Raises:
        ModelError: it is none that can be read.
    """
    learner = read_learner(path, options)
    config_of(learner)
    facts = _facts(learner)
    try:
        network, remarks = build_network(learner, options.allow)
        facts["parameters"] = sum(parameter.numel() for parameter in network.parameters())
        facts["remarks"] += remarks
    except ModelError as error:
        facts["answers_here"] = error.at(EntryPoint.COMMAND_LINE)
    return facts


def _facts(learner: Learner) -> dict[str, Any]:
    origin = learner.origin
    size = learner.preparation.input
    return {
        "file": str(learner.file.path),
        "architecture": learner.architecture,
        "labels": list(learner.labels),
        "labels_were_booleans": learner.is_boolean,
        "probabilities": learner.probabilities,
        "threshold": learner.threshold if learner.probabilities == "independent" else None,
        "input": size.model_dump(exclude={"exact"}),
        "then": [step.describe() for step in learner.preparation.steps],
        "made_with": origin.versions,
        "made_on": origin.platform,
        "not_run": {
            "code_in_the_file": list(origin.code),
            "names_of_others": list(origin.strangers),
            "names": list(origin.inert),
        },
        "remarks": list(learner.remarks),
        "answers_here": True,
    }
