"""What a part of the page that has JavaScript of its own is made of."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from model.config import NEITHER
from ui.palette import heat_colours
from ui.texts import TEXTS, label_name

_ADDRESS = Path(__file__).parent / "server_address.js"
ELEMENTS = Path(__file__).parent / "elements.js"  # for parts that make elements, and before all that follow
DROPPED = Path(__file__).parent / "dropped.js"  # for parts that take files and folders
UNZIP = Path(__file__).parent / "unzip.js"  # and zips
PROBABILITY = Path(__file__).parent / "probability.js"  # for parts that show answers
HEAT = Path(__file__).parent / "heat.js"  # for parts that draw heat maps


def script(*paths: Path) -> str:
    """Scripts, one after the other, that may ask `serverAddress()`, for `gr.HTML(js_on_load=...)`."""
    return "".join(path.read_text("utf-8") for path in (_ADDRESS, *paths))


def texts_of(section: str) -> dict[str, dict[str, str]]:
    """The texts of one section, by language and by key without the section: Gradio translates a value, but no props."""
    prefix = f"{section}."
    return {
        language: {key.removeprefix(prefix): text for key, text in texts.items() if key.startswith(prefix)}
        for language, texts in TEXTS.items()
    }


def names_of(labels: Sequence[str]) -> dict[str, dict[str, str]]:
    """What the page calls these labels and `neither`, by language and by label."""
    return {language: {label: label_name(label, language) for label in (*labels, NEITHER)} for language in TEXTS}


def palette() -> list[list[int]]:
    """The 256 colours of heat, from none to the most, as [red, green, blue] of 0-255."""
    colours: list[list[int]] = heat_colours(np.linspace(0, 1, 256)).round().astype(int).tolist()
    return colours
