"""An answer as the page shows it: in words, as bars, and as a layer of heat that lies on the photo."""

from __future__ import annotations

from html import escape
from typing import Any

from PIL import Image

from model.classifier import Prediction
from model.config import Config
from model.inside.explain import HeatMap
from ui.data_url import image_url, shrunk
from ui.heat import SIDE, heat_layer
from ui.texts import WITH_ARTICLE, label_name, say

Shown = dict[str, Any]  # what answer.js shows; empty where there is no photo
SURE = 0.75  # below this, the page says that it is not sure
_ROWS = 20  # answers, where a model has more
_FAINT = 0.1


def shown(
    prediction: Prediction, config: Config, image: Image.Image, heat_map: HeatMap | None, language: str, is_taught: bool
) -> Shown:
    """All of it, in the visitor's language.

    Args:
        image: the upright RGB photo.
        heat_map: the evidence for one of the answers; None where the network cannot be looked into.
        is_taught: whether a visitor taught the model, from few photos.
    """
    rows = [
        {"label": label, "name": label_name(label, language), "share": round(share, 4), "percent": percent(share)}
        for label, share in list(prediction.as_dict().items())[:_ROWS]
    ]
    words = {"verdict": verdict(prediction, config, language), "meaning": meaning(prediction, config, language, is_taught)}
    result = words | {"rows": rows, "calibrated": config.is_calibrated and not is_taught}
    return result if heat_map is None else result | _evidence(image, heat_map, language)


def preview(image: Image.Image) -> str:
    """The photo as a small JPEG, for browsers that cannot show its format: a `data:` URL."""
    return image_url(shrunk(image, SIDE))


def percent(share: float) -> str:
    """A probability 0-1 as people read it; never 0 or 100 %, which no photo can be."""
    return "< 1 %" if share < 0.01 else "> 99 %" if share > 0.99 else f"{100 * share:.0f} %"


def verdict(prediction: Prediction, config: Config, language: str) -> str:
    """The answer in one sentence."""
    if prediction.threshold is not None:  # any number of labels may be right
        names = [label_name(label, language) for label in prediction.labels]
        return say("verdict.several", language, labels=", ".join(names)) if names else say("verdict.none", language)
    name, sure = label_name(prediction.label, language), prediction.probability
    if sure < SURE:
        return say("verdict.unsure", language, label=name, percent=percent(sure))
    if not prediction.is_neither:
        key = "sure" if sure <= 0.99 else "very_sure"
        return say(f"verdict.{key}", language, label=_capital(name), percent=percent(sure))
    if len(config.labels) == 2:
        first, second = (_with_article(label, language) for label in config.labels)
        return say("verdict.neither", language, first=first, second=second)
    return say("verdict.none", language)


def meaning(prediction: Prediction, config: Config, language: str, is_taught: bool = False) -> str:
    """What the percentage of the most probable answer says, and what it does not."""
    if config.probabilities == "independent":
        return say("verdict.meaning_independent", language)
    if is_taught:
        return say("verdict.meaning_taught", language)
    if not config.is_calibrated:
        return say("verdict.meaning_uncalibrated", language)
    if prediction.probability > 0.99:
        return say("verdict.meaning_very_sure", language)
    return say("verdict.meaning", language, n=f"{100 * prediction.probability:.0f}")


def _evidence(image: Image.Image, heat_map: HeatMap, language: str) -> Shown:
    name = label_name(heat_map.label, language)
    found = float(heat_map.heat().max()) >= _FAINT
    return {
        "explained": heat_map.label,
        "heat": image_url(heat_layer(heat_map, image.width, image.height), "webp"),
        "alt": say("classify.why_alt", language, label=name),
        "caption": say("classify.why_found" if found else "classify.why_nothing", language, label=f"<b>{escape(name)}</b>"),
        "method": say(f"classify.{heat_map.method}{' merged' if heat_map.merged else ''}", language),
    }


def _capital(name: str) -> str:
    return name[:1].upper() + name[1:]


def _with_article(label: str, language: str) -> str:
    known = label.lower()
    return say(f"labels.a_{known}", language) if known in WITH_ARTICLE else label_name(label, language)
