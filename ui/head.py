"""What the page is called, and its <head>, which the server writes in the visitor's language.

What Gradio takes as `head` is put into the page by a script that runs after it has chosen a language: too late for both.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from model.config import Config
from model.photo_problems import one_of
from ui.first_screen import in_one_language, with_first_screen
from ui.preview import with_preview
from ui.texts import ENGLISH, TEXTS, label_name, language_of, say

_SCRIPT = (Path(__file__).parent / "language.js").read_text("utf-8")
# what Gradio calls things in English in every language, and the same in each
_NAMES = {
    language: [[english, texts[key]] for key, english in TEXTS[ENGLISH].items() if key.startswith("gradio.")]
    for language, texts in TEXTS.items()
}


def page_title(config: Config, language: str) -> str:
    """What the page is called: the model's labels as a question where they are few, else the model's name."""
    if len(config.labels) > 3:
        return config.name
    labels = one_of([_in_title(label, language) for label in config.labels], say("photo.or", language))
    return say("page.question", language, labels=labels[0].upper() + labels[1:])


def _in_title(label: str, language: str) -> str:
    name = label_name(label.lower(), language)
    return label.title() if name == label.lower() else name


class PageHead:
    """The server, whose page says its language and its title from the first byte on.

    Args:
        app: the server, before anything is compressed.
        titles: of the page, by language.
    """

    def __init__(self, app: ASGIApp, titles: Mapping[str, str]) -> None:
        self._app = app
        self._titles = titles

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or hand it on."""
        if scope["type"] != "http" or scope["path"].removeprefix(scope.get("root_path", "")) not in ("", "/"):
            await self._app(scope, receive, send)
            return
        language = language_of(Request(scope))
        start: Message = {}
        body = bytearray()

        async def rewrite(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start":
                start = message
                return
            body.extend(message.get("body", b""))
            if message.get("more_body"):
                return
            headers = MutableHeaders(scope=start)
            content = bytes(body)
            if headers.get("content-type", "").startswith("text/html"):
                content = self._with_head(content.decode(), language).encode()
                headers["Content-Language"] = language
                headers.add_vary_header("Accept-Language")
                if content:  # there is none where only the head of the answer was asked for
                    headers["Content-Length"] = str(len(content))
            await send(start)
            await send({"type": "http.response.body", "body": content})

        await self._app(scope, receive, rewrite)

    def _with_head(self, html: str, language: str) -> str:
        html = re.sub(r'(<html\s+lang=)"[^"]*"', rf'\1"{language}"', html, count=1)
        before, end, after = html.rpartition("</head>")
        if not end:
            return html
        title = self._titles[language]
        names = json.dumps(_NAMES[language] if language != ENGLISH else [], ensure_ascii=False).replace("<", "\\u003c")
        scripts = f'<script type="application/json" id="gradio-names">{names}</script><script>{_SCRIPT}</script>'
        page = with_first_screen(in_one_language(f"{before}{scripts}{end}{after}", language, TEXTS))
        return with_preview(page, title, language)
