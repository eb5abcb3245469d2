"""From a fastai export to a model folder that no version of anything can break: ONNX, safetensors and a config."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from model.agreement import drawn_photos, largest_differences
from model.classifier import Classifier
from model.config import Config
from model.errors import ModelError, first_line
from model.fastai_export.learner import Learner, read_learner
from model.fastai_export.load import build_network, config_of
from model.fastai_export.options import NO_OPTIONS, ExportOptions
from model.folder import CARD, CONFIG, ONNX, WEIGHTS, check_replaceable, load_folder, new_model_folder
from model.network import TorchNetwork
from model.photo import PhotoError, PhotoSource
from model.photo_files import shown

TOLERANCE = 1e-4  # of a probability
LOGIT_TOLERANCE = 1e-3  # of the largest logit: probabilities near 0 and 1 would hide a difference


@dataclass(frozen=True)
class Converted:
    """What a conversion found.

    Attributes:
        config: of the folder that was written.
        photos: how many photos both sides answered for.
        unusable: the photos that could not be opened, one sentence each.
        difference: the largest difference between two probabilities, 0-1.
        remarks: what may make the answers differ from the learner's own, one sentence each.
    """

    config: Config
    photos: int
    unusable: list[str]
    difference: float
    remarks: list[str]


def convert(
    path: Path,
    target: Path,
    options: ExportOptions = NO_OPTIONS,
    *,
    name: str | None = None,
    photos: Sequence[PhotoSource] = (),
) -> Converted:
    """Write the model folder `target` from the export at `path`; nothing is written unless both give the same answers.

    Args:
        name: what to call the model.
        photos: photos to compare the answers on, beside eight that are drawn here; those that cannot be opened are left out.

    Raises:
        ModelError: the export cannot be opened or exported, none of the photos can be opened, or the answers differ.
        OutputError: `target` is something else already, or cannot be written to.
    """
    check_replaceable(target)
    learner = read_learner(path, options)
    network, remarks = build_network(learner, options.allow)
    config = config_of(learner, name)
    import torch  # build_network needed it, so it is here

    from model.save import export_onnx, save_weights

    before = Classifier(TorchNetwork(network), config)
    usable, unusable = _prepared(before, photos)
    if photos and not usable:
        raise ModelError(f"none of the {len(photos):,} photos can be opened, so there is nothing to compare on: {unusable[0]}")
    with new_model_folder(target) as folder:
        try:
            export_onnx(network, folder / ONNX, config.input.height, config.input.width)
        except ImportError as error:
            reason = first_line(error)
            raise ModelError(f"converting needs onnx and onnxscript ({reason}): pip install -r requirements-dev.txt") from None
        except Exception as error:  # torch.onnx raises whatever its passes meet
            raise ModelError(f"{path}: torch cannot write this network as ONNX: {first_line(_innermost(error))}") from None
        save_weights(network, folder / WEIGHTS, torch.float32)
        (folder / CONFIG).write_text(config.to_json(), "utf-8")
        after = load_folder(folder)
        prepared = [before.prepare(photo) for photo in drawn_photos()] + usable
        difference, logit_difference = largest_differences(before, after, prepared)
        if not (difference <= TOLERANCE and logit_difference <= LOGIT_TOLERANCE):
            raise ModelError(
                f"{path}: its ONNX version answers otherwise, by up to {difference:.2g} in a probability and "
                f"{logit_difference:.2g} of the largest logit; nothing was written"
            )
        (folder / CARD).write_text(_card(learner, config, len(prepared), difference), "utf-8")
    return Converted(config, len(prepared), unusable, difference, [*learner.remarks, *remarks])


def _prepared(classifier: Classifier, photos: Sequence[PhotoSource]) -> tuple[list[np.ndarray], list[str]]:
    """The photos that can be opened, ready for the network, and a sentence for each of the others."""
    prepared, problems = [], []
    for photo in photos:
        try:
            prepared.append(classifier.prepare(photo))
        except PhotoError as error:
            problems.append(f"{shown(photo)}: {error}" if isinstance(photo, (str, Path)) else str(error))
    return prepared, problems


def _innermost(error: BaseException) -> BaseException:
    """The exception that started it all."""
    while error.__cause__ is not None:
        error = error.__cause__
    return error


def _card(learner: Learner, config: Config, photos: int, difference: float) -> str:
    """README.md of a converted folder: only what is known."""
    made = ", ".join(f"{name} {version}" for name, version in learner.origin.versions.items())
    size = config.input
    return "\n".join(
        [
            "---",
            "library_name: onnx",
            "pipeline_tag: image-classification",
            "tags: [image-classification, fastai]",
            "---",
            f"# {config.name}",
            "",
            "```python",
            "from model import Classifier",
            f'classifier = Classifier.load("user/{config.name}")  # where it lies on the Hub, or this folder',
            'print(classifier.classify(["photo.jpg"])[0].as_dict())',
            "```",
            "",
            f"- Labels: {', '.join(map(json.dumps, config.labels))} ({config.probabilities}).",
            f"- Network: {config.architecture.name}, float32 in `model.onnx` and `model.safetensors`.",
            f"- Input: {size.width}×{size.height}, resize `{size.resize}`.",
            f"- Converted from the fastai export `{learner.file.path.name}`" + (f" ({made})" if made else "") + ".",
            f"- On {photos} pictures its probabilities and the export's differ by at most {difference:.1g}.",
            "- Trained on what, and how good it is, the export does not say; `python -m training.evaluate` measures it.",
            "",
        ]
    )
