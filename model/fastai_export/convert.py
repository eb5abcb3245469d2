"""From a fastai export to a model folder that no version of anything can break: ONNX, safetensors and a config."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from model.classifier import Classifier
from model.config import Activation, Config
from model.errors import ModelError
from model.fastai_export.learner import Learner, build_network, config_of, read_learner
from model.folder import CARD, CONFIG, ONNX, WEIGHTS, check_replaceable, load_folder, new_model_folder
from model.network import TorchNetwork
from model.photo import PhotoError, PhotoSource

TOLERANCE = 1e-4  # of a probability
LOGIT_TOLERANCE = 1e-3  # of the largest logit: probabilities near 0 and 1 would hide a difference
_SIZES = ((64, 64), (200, 150), (97, 301), (640, 480), (333, 500), (224, 224), (1000, 700), (150, 200))  # height, width


@dataclass(frozen=True)
class Converted:
    """What a conversion found.

    Attributes:
        config: of the folder that was written.
        photos: how many photos both sides answered for.
        difference: the largest difference between two probabilities, 0-1.
        remarks: what may make the answers differ from the learner's own, one sentence each.
    """

    config: Config
    photos: int
    difference: float
    remarks: list[str]


def convert(
    path: Path,
    target: Path,
    *,
    labels: Sequence[str] | None = None,
    allow: Iterable[str] = (),
    size: tuple[int, int] | None = None,
    activation: Activation | None = None,
    name: str | None = None,
    photos: Sequence[PhotoSource] = (),
) -> Converted:
    """Write the model folder `target` from the export at `path`; nothing is written unless both give the same answers.

    Args:
        labels, allow, size, activation: see `model.fastai_export.learner.load_learner`. name: what to call the model.
        photos: photos to compare the answers on, beside eight that are drawn here.

    Raises:
        ModelError: the export cannot be opened or exported, or the answers differ.
        OutputError: `target` is something else already, or cannot be written to.
        model.photo.PhotoError: one of the photos cannot be used.
    """
    check_replaceable(target)
    learner = read_learner(path, labels, size, activation)
    network, remarks = build_network(learner, allow)
    config = config_of(learner, name)
    import torch  # build_network needed it, so it is here

    from model.save import export_onnx, save_weights

    before = Classifier(TorchNetwork(network), config)
    with new_model_folder(target) as folder:
        try:
            export_onnx(network, folder / ONNX, config.input.height, config.input.width)
        except ImportError as error:
            raise ModelError(f"converting needs onnx and onnxscript ({error}): pip install onnx onnxscript") from None
        except Exception as error:  # torch.onnx raises whatever its passes meet
            raise ModelError(f"{path}: torch cannot write this network as ONNX: {_innermost(error)}") from None
        save_weights(network, folder / WEIGHTS, torch.float32)
        (folder / CONFIG).write_text(config.to_json(), "utf-8")
        after = load_folder(folder)
        prepared = [before.prepare(photo) for photo in drawn_photos()] + [_prepared(before, photo) for photo in photos]
        difference, logit_difference = _compare(before, after, prepared)
        if not (difference <= TOLERANCE and logit_difference <= LOGIT_TOLERANCE):
            raise ModelError(
                f"{path}: its ONNX version answers otherwise, by up to {difference:.2g} in a probability and "
                f"{logit_difference:.2g} of the largest logit; nothing was written"
            )
        (folder / CARD).write_text(_card(learner, config, len(prepared), difference), "utf-8")
    return Converted(config, len(prepared), difference, [*learner.remarks, *remarks])


def _compare(one: Classifier, other: Classifier, prepared: Sequence[np.ndarray]) -> tuple[float, float]:
    """The largest difference of a probability, and of a logit relative to the largest one."""
    logits, others = (np.concatenate([model.logits([photo]) for photo in prepared]) for model in (one, other))
    difference = float(np.abs(one.probabilities(logits) - other.probabilities(others)).max())
    return difference, float(np.abs(logits - others).max() / max(1.0, float(np.abs(logits).max())))


def _prepared(classifier: Classifier, photo: PhotoSource) -> np.ndarray:
    try:
        return classifier.prepare(photo)
    except PhotoError as error:
        raise PhotoError(f"{photo}: {error}" if isinstance(photo, (str, Path)) else str(error)) from None


def _innermost(error: BaseException) -> str:
    """The first line of the exception that started it all."""
    while error.__cause__ is not None:
        error = error.__cause__
    return str(error).strip().partition("\n")[0][:200]


def drawn_photos() -> list[np.ndarray]:
    """Eight pictures of coloured clouds, the same every time: uint8 (H, W, 3)."""
    dice = np.random.default_rng(0)
    pictures = []
    for height, width in _SIZES:
        coarse = dice.uniform(0, 255, (4, 5, 3))
        rows, columns = np.linspace(0, 3, height), np.linspace(0, 4, width)
        tall = np.stack([np.interp(rows, range(4), coarse[:, x, c]) for x in range(5) for c in range(3)], 1).reshape(
            height, 5, 3
        )
        smooth = np.stack([np.interp(columns, range(5), tall[y, :, c]) for y in range(height) for c in range(3)], 0)
        picture = smooth.reshape(height, 3, width).transpose(0, 2, 1) + dice.normal(0, 20, (height, width, 3))
        pictures.append(picture.clip(0, 255).astype(np.uint8))
    return pictures


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
            "- Trained on, and how good it is: the export does not say. `training/evaluate.py` measures it on your photos.",
            "",
        ]
    )
