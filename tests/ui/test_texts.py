"""Every language says everything, with the same numbers in it."""

from __future__ import annotations

import ast
import re
import string
from types import SimpleNamespace

import pytest

from tests.running import ROOT
from ui.texts import ENGLISH, TEXTS, language_of, say, t

LANGUAGES = sorted(set(TEXTS) - {ENGLISH})


def names(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_same_texts_with_the_same_values(language):
    assert len(LANGUAGES) >= 2
    assert TEXTS[language].keys() == TEXTS[ENGLISH].keys()
    for key, text in TEXTS[ENGLISH].items():
        assert TEXTS[language][key], key
        assert names(TEXTS[language][key]) == names(text), key


def sources() -> list[ast.AST]:
    """Every node of the code that says something, of what names the methods it explains with, and the problems of photos."""
    files = [*(ROOT / "ui").rglob("*.py"), *(ROOT / "model" / "inside").glob("*.py"), ROOT / "model" / "photo_problems.py"]
    return [node for path in files for node in ast.walk(ast.parse(path.read_text("utf-8")))]


def test_every_text_is_used():
    nodes = sources()
    strings = {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    sections = tuple({f"{key.partition('.')[0]}." for key in TEXTS[ENGLISH]})
    parts = sorted((text for text in strings if re.fullmatch(r"[\w. -]*", text)), key=len, reverse=True)
    put_in = "(?:" + "|".join(map(re.escape, parts)) + ")"  # a key is made of these
    composed = [
        re.compile("".join(re.escape(part.value) if isinstance(part, ast.Constant) else put_in for part in node.values))
        for node in nodes
        if isinstance(node, ast.JoinedStr) and str(getattr(node.values[0], "value", "")).startswith(sections)
    ]
    scripts = "\n".join(path.read_text("utf-8") for kind in ("js", "html") for path in (ROOT / "ui").rglob(f"*.{kind}"))
    words = set(re.findall(r"\w+", scripts))
    in_scripts = {
        node.args[0].value for node in nodes if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "texts_of"
    }
    in_whole = tuple(  # sections that are read by how their keys begin
        node.args[0].value
        for node in nodes
        if isinstance(node, ast.Call)
        and getattr(node.func, "attr", "") == "startswith"
        and isinstance(node.args[0], ast.Constant)
        if str(node.args[0].value).endswith(".")
    )
    unused = [
        key
        for key in TEXTS[ENGLISH]
        if key not in strings
        and not key.startswith(in_whole)
        and not any(pattern.fullmatch(key) for pattern in composed)
        and not (key.partition(".")[0] in in_scripts and key.partition(".")[2] in words)
    ]
    assert unused == []


@pytest.mark.parametrize(
    ("header", "language"),
    [("de-AT,de;q=0.9,en;q=0.8", "de"), ("it,fr;q=0.7", "fr"), ("it", "en"), ("", "en"), ("*", "en"), ("DE", "de"),
     (";q=1,,-", "en"), ("fr;q=0.7, de", "de"), ("de;q=0, es;q=0.1", "es"), ("zh-Hant-TW, de-Latn-DE;q=0.5", "de"),
     ("it-IT, it;q=0.8, en-US;q=0.5, de;q=0.3", "en"), ("*;q=0.9, fr ; q=0.5", "fr")],
)  # fmt: skip
def test_the_language_a_browser_asks_for(header, language):
    assert language_of(SimpleNamespace(headers={"accept-language": header})) == language
    assert language_of(None) == "en"


def test_values_are_put_in_and_unknown_texts_are_errors():
    assert say("inside.filters", "de", n=3, rows=5, columns=5) == "3 Filter von 5×5 Pixeln"
    assert say("inside.filters", "xx", n=3, rows=5, columns=5) == "3 filters of 5×5 pixels"
    with pytest.raises(KeyError):
        t("classify.nonsense")
    with pytest.raises(KeyError):
        say("classify.nonsense", "de")
