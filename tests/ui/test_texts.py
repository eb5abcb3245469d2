"""Every language says everything, with the same numbers in it."""

from __future__ import annotations

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
        if "{" in text:
            assert names(TEXTS[language][key]) == names(text), key


def test_every_text_is_used():
    source = "\n".join(path.read_text("utf-8") for path in (ROOT / "ui").rglob("*.py"))
    patterns = re.findall(r'\b(?:say|t)\(\s*f?["\']([^"\']+)["\']', source)
    used = [re.compile(re.sub(r"\\\{.*?\\\}", ".+", re.escape(pattern)) + "$") for pattern in patterns]
    scripts = "\n".join(path.read_text("utf-8") for kind in ("js", "html") for path in (ROOT / "ui").rglob(f"*.{kind}"))
    in_scripts = {section: set(re.findall(r"\w+", scripts)) for section in re.findall(r'texts_of\("(\w+)"\)', source)}
    unused = [
        key
        for key in TEXTS[ENGLISH]
        if not any(pattern.match(key) for pattern in used)
        and f'"{key}"' not in source
        and key.partition(".")[2] not in in_scripts.get(key.partition(".")[0], ())
    ]
    assert unused == []


@pytest.mark.parametrize(
    ("header", "language"),
    [("de-AT,de;q=0.9,en;q=0.8", "de"), ("fr,es;q=0.7", "es"), ("fr", "en"), ("", "en"), ("*", "en"), ("DE", "de"),
     (";q=1,,-", "en")],
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
