"""What a part of the page that has JavaScript of its own is made of."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from model.config import NEITHER
from model.formats import SUFFIXES
from model.photo_files import ARCHIVES, SYSTEM_NAMES
from ui.palette import heat_colours
from ui.texts import TEXTS, label_name

_ADDRESS = Path(__file__).parent / "server_address.js"
ELEMENTS = Path(__file__).parent / "elements.js"  # for parts that make elements, and before all that follow
# for parts that take files, folders and zips: which of them are photos, as `photo_rule` has it
FILES = [Path(__file__).parent / f"{name}.js" for name in ("photo_files", "dropped", "unzip", "given")]
PROBABILITY = Path(__file__).parent / "probability.js"  # for parts that show answers
HEAT = Path(__file__).parent / "heat.js"  # for parts that draw heat maps


def script(*paths: Path) -> str:
    """Scripts, one after the other, that may ask `serverAddress()`, for `gr.HTML(js_on_load=...)`."""
    rule = photo_rule() if set(FILES) & set(paths) else ""
    return rule + "".join(path.read_text("utf-8") for path in (_ADDRESS, *paths))


def photo_rule() -> str:
    """What names say about files, from `model.photo_files`, as the constant `RULE` of a script."""
    rule = {
        "system": [name.lower() for name in SYSTEM_NAMES],
        "suffixes": sorted(SUFFIXES),
        "archives": ARCHIVES,
    }
    return f"const RULE = {json.dumps(rule)};\n"


def texts_of(section: str) -> dict[str, dict[str, str]]:
    """The texts of one section, by language and by key without the section: Gradio translates a value, but no props."""
    prefix = f"{section}."
    return {
        language: {key.removeprefix(prefix): text for key, text in texts.items() if key.startswith(prefix)}
        for language, texts in TEXTS.items()
    }


def together(*sections: dict[str, dict[str, str]]) -> dict[str, dict[str, str]]:
    """Several sections as one."""
    return {language: {key: text for texts in sections for key, text in texts[language].items()} for language in TEXTS}


def names_of(labels: Sequence[str]) -> dict[str, dict[str, str]]:
    """What the page calls these labels and `neither`, by language and by label."""
    return {language: {label: label_name(label, language) for label in (*labels, NEITHER)} for language in TEXTS}


def palette() -> list[list[int]]:
    """The 256 colours of heat, from none to the most, as [red, green, blue] of 0-255."""
    colours: list[list[int]] = heat_colours(np.linspace(0, 1, 256)).round().astype(int).tolist()
    return colours
