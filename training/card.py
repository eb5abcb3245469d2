"""The model card: what the numbers in config.json say, for people and for the Hub."""

from __future__ import annotations

from typing import Any

from huggingface_hub import EvalResult, ModelCardData

from model.config import Config

ORIGINS = {
    "mobilenet_v2-imagenet": (
        "ImageNet weights of TensorFlow's MobileNetV2 1.0 224 (Apache-2.0), from the int8 TFLite file "
        "`tf2_mobilenet_v2_1.0_224_ptq.tflite` of google-coral/test_data (sha256 "
        "5d3137241276e79c86d14a74fe43581398ae0e815191d3dba45495b810840e8c), dequantised per channel, with batch-norm "
        "statistics measured on 640 photos and the 3×3 kernels mirrored left-right."
    ),
}


def metric_rows(result: dict[str, Any]) -> list[str]:
    """A Markdown table of what `training.evaluate.measure` found."""
    low, high = result["accuracy_95_interval"]
    rows = [
        ("photos", f"{result['photos']:,}"),
        ("accuracy", f"{result['accuracy']:.2%} (95 % interval {low:.2%} to {high:.2%})"),
        *((f"accuracy, {label}", f"{share:.2%}") for label, share in result["accuracy_per_label"].items()),
        ("log loss", f"{result['log_loss']:.4f}"),
        ("expected calibration error, 15 bins", f"{result['calibration_error']:.4f}"),
    ]
    if "accuracy_fp32" in result:
        rows.append(("accuracy in fp32 (torch)", f"{result['accuracy_fp32']:.2%}"))
        rows.append(("log loss in fp32 (torch)", f"{result['log_loss_fp32']:.4f}"))
    if "neither_photos" in result:
        rows += [
            ("photos of neither", f"{result['neither_photos']:,}"),
            ("of these, called neither", f"{result['neither_accuracy']:.2%}"),
            ("of these, accepted when 95 % of the labels' photos are", f"{result['neither_false_accepts_at_95']:.2%}"),
            ("AUROC of p(neither)", f"{result['neither_auroc']:.4f}"),
        ]
    return ["| measure | value |", "|---|---|", *(f"| {name} | {value} |" for name, value in rows)]


def model_card(config: Config) -> str:
    """The text of a model folder's README.md, with the metadata the Hub understands."""
    results = [
        EvalResult(
            task_type="image-classification",
            dataset_type="imagefolder",
            dataset_name=f"{config.training['data']} ({name})",
            metric_type=metric,
            metric_value=round(result[metric], 5),
        )
        for name, result in config.metrics.items()
        for metric in ("accuracy", "log_loss")
    ]
    metadata = ModelCardData(
        license=config.training["licence"],
        library_name="onnx",
        pipeline_tag="image-classification",
        tags=["image-classification", "fastai", config.architecture.name],
        model_name=config.name,
        eval_results=results or None,
    )
    size = config.input
    labels = ", ".join(config.labels)
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
            f'classifier = Classifier.load("{config.name}")  # this folder, or the Hub repository it was pushed to',
            'print(classifier.classify(["photo.jpg"])[0].as_dict())',
            "```",
            "",
            "## How good it is",
            "",
            "Measured on this folder's `model.onnx` as the app runs it, by `training/evaluate.py`.",
            "",
            *(line for name, result in config.metrics.items() for line in (f"### {name}", "", *metric_rows(result), "")),
            "## What it is",
            "",
            f"- Network: torchvision {config.architecture.name}, average pooling and one linear layer; int8 in "
            "`model.onnx`, float16 in `model.safetensors`.",
            f"- Input: {size.width}×{size.height} RGB, resize `{size.resize}`, mean {_rounded(size.mean)}, "
            f"std {_rounded(size.std)}.",
            f"- Temperature {config.temperature:.3f}, fitted on the validation photos.",
            f"- Starting weights: {ORIGINS.get(config.training['weights'], config.training['weights'])}",
            f"- Data: {config.training['data']}; photos to train on: {_counts(config.training['photos'])}; to validate: "
            f"{_counts(config.training['validation_photos'])}.",
            f"- Made with {', '.join(f'{name} {number}' for name, number in config.versions.items())}"
            f" on {config.training['hardware']} in {_minutes(config.training)}.",
            "",
            "## Limits",
            "",
            f"It knows {labels} as they look in its training photos. Other kinds of pictures (drawings, close-ups, several "
            "subjects at once) can be answered wrongly and with confidence. It is not made for decisions about people, or "
            "for anything where a wrong answer does harm.",
            "",
        ]
    )


def _minutes(training: dict[str, Any]) -> str:
    """How long each run took, the first one first."""
    runs = [f"{training['minutes']:.0f} minutes"]
    while training := training.get("after", {}):
        runs.insert(0, f"{training['minutes']:.0f}")
    return " + ".join(runs)


def _rounded(values: tuple[float, ...]) -> str:
    return ", ".join(f"{value:.3f}" for value in values)


def _counts(photos: dict[str, int]) -> str:
    return ", ".join(f"{count:,} {answer}" for answer, count in photos.items())
