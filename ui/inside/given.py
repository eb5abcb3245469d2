"""What the network is given: the visitor's photo, the part of it that counts, and what becomes of that part."""

from __future__ import annotations

import numpy as np
from PIL import Image

from model.classifier import Classifier
from model.inside.look import Inside
from model.photo import photo_facts
from model.resize import crop_box, fit, seen_part
from ui import markup
from ui.data_url import image_url, shrunk
from ui.inside.words import size
from ui.texts import number, say

_SIDE = 256  # pixels of the photo's longer side as it is shown
_SQUEEZED = 0.01  # difference of the two sides' scales from which on it is said


def given_html(data: bytes, image: Image.Image, inside: Inside, classifier: Classifier, language: str) -> str:
    """The photo with its size and the part that the network sees, that part as the network gets it, and its numbers.

    Args:
        data: the encoded photo. image: the same, opened by the classifier, maybe smaller.
    """
    prepared = fit(image, classifier.config.input)
    planes = inside.run(classifier.batch([prepared]), [inside.graph.first_input])[0][0]
    figures = [_photo(data, image, classifier, language), _prepared(prepared, language)]
    if len(planes) == 3:
        low, high = (number(value, language, 2) for value in (planes.min(), planes.max()))
        caption = say("inside.planes", language, low=low, high=high)
        figures.append(
            markup.figure(markup.image(image_url(planes_picture(planes)), say("inside.planes_alt", language)), caption)
        )
    return markup.row(*figures)


def planes_picture(planes: np.ndarray) -> Image.Image:
    """The three channels (3, h, w) that the network is given, side by side: black is the smallest, white the largest."""
    low, high = float(planes.min()), float(planes.max())
    grey = ((planes - low) / max(high - low, 1e-12) * 255).astype(np.uint8)
    return Image.fromarray(np.concatenate(list(grey), axis=1))


def _photo(data: bytes, image: Image.Image, classifier: Classifier, language: str) -> str:
    """The whole photo; where a part of it is taken, the rest is darkened."""
    facts, wanted = photo_facts(data), classifier.config.input
    left, top, right, bottom = crop_box(facts.width, facts.height, wanted)
    across, down = right - left, bottom - top
    shown = markup.image(image_url(shrunk(image, _SIDE)), say("inside.photo_alt", language))
    is_whole = (across, down) == (facts.width, facts.height)
    key = "seen_all" if is_whole else "seen_crop" if wanted.resize == "crop" else "seen_pad"
    if key == "seen_crop":
        box = seen_part(image, wanted)
        place = ";".join(
            f"{name}:{100 * share:.2f}%"
            for name, share in zip(("left", "top", "right", "bottom"), (box[0], box[1], 1 - box[2], 1 - box[3]), strict=True)
        )
        shown = markup.Html(f'<div class="crop">{shown}<span style="{place}"></span></div>')
    parts = [say("inside.photo", language, was=size(facts.width, facts.height)),
             say(f"inside.{key}", language, part=size(across, down)),
             say("inside.resized", language, now=size(wanted.width, wanted.height))]  # fmt: skip
    if abs(across / wanted.width / (down / wanted.height) - 1) > _SQUEEZED:
        parts.append(say("inside.squeezed", language))
    return markup.figure(shown, " ".join(parts))


def _prepared(prepared: np.ndarray, language: str) -> str:
    height, width = prepared.shape[:2]
    picture = markup.image(image_url(Image.fromarray(prepared)), say("inside.given_alt", language))
    return markup.figure(picture, say("inside.given", language, now=size(width, height)))
