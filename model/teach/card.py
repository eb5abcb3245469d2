"""The card of a taught model: what it answers, and what is known of how well."""

from __future__ import annotations

from huggingface_hub import ModelCardData

from model.config import Config
from model.teach.quality import HeldBack, Quality

_MARKUP = str.maketrans({character: f"\\{character}" for character in r"\`*_{}[]<>()#+!|~&"})


def taught_card(config: Config, quality: Quality) -> str:
    """The text of the model folder's README.md, with the metadata the Hub understands. Names of classes are escaped."""
    metadata = ModelCardData(
        license=config.training["licence"],
        library_name="onnx",
        pipeline_tag="image-classification",
        tags=["image-classification", config.architecture.name],
        model_name=config.name,
    )
    labels = ", ".join(_plain(label) for label in config.labels)
    neither = " Whatever is none of them, it calls *neither*." if config.neither else ""
    rows = [
        f"| {_plain(label)} | {photos} | {different} |"
        for label, photos, different in zip(quality.labels, quality.photos, quality.different, strict=True)
    ]
    advice = [f"- {_plain(each.text)}" for each in quality.advice]
    return "\n".join(
        [
            f"---\n{metadata.to_yaml()}\n---",
            f"# {_plain(config.name)}",
            "",
            f"Tells {labels} apart in photos.{neither}",
            "",
            "```python",
            "from model import Classifier",
            "",
            f'classifier = Classifier.load("{config.name}")  # this folder, or where it lies on the Hub',
            'print(classifier.classify(["photo.jpg"])[0].as_dict())',
            "```",
            "",
            f"As an app: `MODEL_REPO={config.name} python app.py`.",
            "",
            "## How good it is",
            "",
            _measured(quality.held_back),
            "",
            "| class | photos | different ones |",
            "|---|---|---|",
            *rows,
            *([f"| neither | {quality.neither} | |"] if quality.neither else []),
            "",
            *(["What would make it better:", "", *advice, ""] if advice else []),
            "## What it is",
            "",
            f"- Network: {config.architecture.library} {config.architecture.name}, its body that of "
            f"{_plain(str(config.training['weights']))}, frozen; average pooling and one linear layer, fitted to the photos' "
            f"features in {quality.seconds:.1f} s.",
            f"- Weight decay {quality.decay:g}, temperature {quality.temperature:.3f}"
            + (", both chosen by photos that were held back." if quality.held_back else "."),
            "- No photo is in it.",
            "",
            "## Limits",
            "",
            f"It knows {labels} as they look in a few photos, in the places where these were taken. Measure it on photos from "
            "elsewhere before you rely on it: `python -m training.evaluate` does. It is not made for decisions about people, "
            "or for anything where a wrong answer does harm.",
            "",
        ]
    )


def _measured(held_back: HeldBack | None) -> str:
    if held_back is None:
        return "Nobody knows yet: all photos of a class were taken in one go, so none could be held back to try it on."
    low, high = held_back.interval
    return (
        f"{held_back.right} of {held_back.of} photos were answered rightly when each was held back, with all photos of its "
        f"burst, while the head was fitted to the others: {held_back.accuracy:.1%} (95 % interval {low:.0%} to {high:.0%}). "
        "On photos from other places it may do worse."
    )


def _plain(text: str) -> str:
    return text.translate(_MARKUP)
