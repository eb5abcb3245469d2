"""What a browser needs before it can show the first tab, told at once.

Gradio's page finds its files one by one: a script asks for scripts, and these for more, a journey to the server each time,
and every component has a style sheet of its own. `first_screen.json` lists what the first tab needs, in the order in which a
browser asks. The scripts are fetched as soon as the page begins, the styles as one file. Where Gradio has no such file, as
another version would not, it is left out, and the page loads as Gradio's does.

A browser test keeps the list right; `python -m benchmarks.page_weight --files` writes it anew.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection
from pathlib import Path

import gradio
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

_ASSETS = Path(gradio.__file__).parent / "templates" / "frontend" / "assets"
_NAMES = json.loads((Path(__file__).parent / "first_screen.json").read_text("utf-8"))
_FILES = [name for name in _NAMES if (_ASSETS / name).is_file()]
_SCRIPTS = [name for name in _FILES if name.endswith(".js")]
# addresses in a style sheet hold where it is: here too, in the same folder
_STYLES = [name for name in _FILES if name.endswith(".css")]
_SHEET = "".join((_ASSETS / name).read_text("utf-8") for name in _STYLES)
_SHEET_NAME = f"first-screen-{hashlib.sha256(_SHEET.encode()).hexdigest()[:12]}.css"


def styles_route() -> Route:
    """All styles of the first tab; browsers may keep it, since another content has another name."""

    def styles(request: Request) -> Response:
        return Response(_SHEET, media_type="text/css")

    return Route(f"/assets/{_SHEET_NAME}", styles)


def with_first_screen(html: str) -> str:
    """Gradio's page, from whose start on a browser knows the files of the first tab."""
    base = re.search(r"<base\b[^>]*>", html)
    if base is None or not _FILES:
        return html
    # Gradio asks for no style sheet that the page has a link to, and browsers for none whose link is disabled
    links = [f'<link rel="modulepreload" href="./assets/{name}">' for name in _SCRIPTS]
    links += [f'<link rel="stylesheet" href="./assets/{_SHEET_NAME}">']
    links += [f'<link rel="stylesheet" href="./assets/{name}" disabled>' for name in _STYLES]
    theme = re.search(r'"theme_hash":"(\w+)"', html)
    if theme:
        links.append(f'<link rel="preload" as="style" href="./theme.css?v={theme[1]}">')
    rest = re.sub(r'<link rel="stylesheet" crossorigin href="\./assets/([\w-]+\.css)">', _unless_in_sheet, html[base.end() :])
    return html[: base.end()] + "".join(links) + rest


def _unless_in_sheet(link: re.Match[str]) -> str:
    return "" if link[1] in _STYLES else link[0]


def in_one_language(html: str, language: str, languages: Collection[str]) -> str:
    """The page without the texts in other languages: of every JSON object with one entry per language, one entry is kept."""
    parts, done = [], 0
    for start in re.finditer(r':\{"(?:' + "|".join(map(re.escape, languages)) + r')":\{', html):
        place = start.start() + 1
        if place < done:
            continue
        try:
            entries, end = _entries(html, place)
        except (ValueError, IndexError):  # not as Gradio writes it
            continue
        if entries.keys() == set(languages):
            parts += [html[done:place], f'{{"{language}":{entries[language]}}}']
            done = end
    return "".join([*parts, html[done:]])


def _entries(text: str, place: int) -> tuple[dict[str, str], int]:
    """The JSON of every value of the object that begins here, written without spaces, and where it ends."""
    decoder = json.JSONDecoder()
    entries = {}
    while text[place] != "}":
        key, middle = decoder.raw_decode(text, place + 1)
        place = decoder.raw_decode(text, middle + 1)[1]
        entries[key] = text[middle + 1 : place]
    return entries, place + 1
