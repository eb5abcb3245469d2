"""Every sentence of the page, in every language the page speaks: one folder per language, one JSON file per tab.

A text that never changes is a `t(key)`: the browser chooses the language. A text with numbers in it is made by `say`
in the language the browser asks for. What a model is called and what its labels are is nobody's to translate.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import gradio as gr
from starlette.requests import Request

ENGLISH = "en"
_NEXT_TO_0 = 5e-4
WITH_ARTICLE = ("cat", "dog")
_LABELS = (*WITH_ARTICLE, "neither")


def _read(folder: Path) -> dict[str, str]:
    """The texts of one language: `section.key` → text; a section is a file."""
    sections = ((path.stem, json.loads(path.read_text("utf-8"))) for path in sorted(folder.glob("*.json")))
    return {f"{section}.{key}": text for section, texts in sections for key, text in texts.items()}


TEXTS = {path.name: _read(path) for path in sorted(Path(__file__).parent.iterdir()) if (path / "numbers.json").is_file()}
I18N = gr.I18n(**TEXTS)
_MADE: dict[str, dict[str, str]] = {language: {} for language in TEXTS}


def t(key: str) -> str:
    """What stands for a text until the browser shows it in the visitor's language.

    Works wherever Gradio shows text (labels, buttons, Markdown, choices, tabs) but in table headers, examples and
    `gr.Error`, and only once in a string.

    Raises:
        KeyError: English has no such text.
    """
    TEXTS[ENGLISH][key]
    return str(I18N(key))


def made(name: str, text: Callable[[str], str]) -> str:
    """As `t`, for a text that is made at the start, such as one with the name of the model in it.

    Args:
        name: of the text, which no other has.
        text: gives it in a language.
    """
    for language, texts in _MADE.items():
        texts[name] = text(language)
    return str(I18N(name))


def for_browsers() -> gr.I18n:
    """All texts, as `launch(i18n=...)` takes them."""
    return gr.I18n(**{language: texts | _MADE[language] for language, texts in TEXTS.items()})


def say(key: str, language: str, **values: object) -> str:
    """The text in this language with the values put in, as `str.format` does.

    Raises:
        KeyError: English has no such text, or it needs a value that is not given.
    """
    return TEXTS.get(language, TEXTS[ENGLISH]).get(key, TEXTS[ENGLISH][key]).format(**values)


def label_name(label: str, language: str) -> str:
    """What the page calls a label in this language: what everybody's models call so is translated, all else stays.

    Only for what is shown: files and programs get the label itself.
    """
    if language == ENGLISH or label.lower() not in _LABELS:
        return label
    text = say(f"labels.{label.lower()}", language)
    return text[0].upper() + text[1:] if label[0].isupper() else text


def label_text(label: str) -> str:
    """What stands for a label until the browser shows it in the visitor's language."""
    return made(f"label.{label}", lambda language: label_name(label, language)) if label.lower() in _LABELS else label


def number(value: float, language: str, digits: int = 3) -> str:
    """A number as people write it in this language.

    `digits` significant digits, all of them from 100, a real minus, and 0 for what is next to 0.
    """
    if abs(value) < _NEXT_TO_0:
        return "0"
    english = f"{value:,.0f}" if abs(value) >= 100 else f"{value:.{digits}g}"
    return english.translate(str.maketrans(",.-", f"{say('numbers.thousands', language)}{say('numbers.decimal', language)}−"))


def language_of(request: gr.Request | Request | None) -> str:
    """The language a visitor's browser prefers among those the page speaks (RFC 9110, 12.5.4); else English.

    `ui.head` tells it to the browser with the page, so that both choose the same.
    """
    accepted = request.headers.get("accept-language", "") if request else ""
    wanted: dict[str, float] = {}
    for tag, weight in re.findall(r"([A-Za-z]{2,3})(?:-[A-Za-z0-9-]+)?\s*(?:;\s*q=([01](?:\.\d*)?))?\s*(?:,|$)", accepted):
        wanted[tag.lower()] = max(float(weight or 1), wanted.get(tag.lower(), 0))
    offered = [language for language in wanted if language in TEXTS and wanted[language] > 0]
    return max(offered, key=wanted.__getitem__, default=ENGLISH)
