"""The HTML and Markdown that the parts of the page share. Whatever text comes in is escaped here."""

from __future__ import annotations

import re
from html import escape


class Html(str):
    """A text that is HTML already, and is not escaped again."""


def image(source: str, alt: str, **attributes: str | int) -> Html:
    """An <img>.

    Args:
        source: usually a `data:` URL, so that no file is written.
        alt: what it shows, for those who do not see it.
        attributes: further ones, such as `title`.
    """
    named = {"src": source, "alt": alt} | attributes
    written = " ".join(f'{name}="{escape(str(value))}"' for name, value in named.items())
    return Html(f"<img {written}>")


def figure(content: str, caption: str, look: str = "", below: str = "") -> Html:
    """A picture or diagram with its caption.

    Args:
        content: HTML.
        caption: a text, or `Html`.
        look: its CSS class.
        below: HTML that follows the caption.
    """
    text = caption if isinstance(caption, Html) else escape(caption)
    start = f'<figure class="{look}">' if look else "<figure>"
    return Html(f"{start}{content}<figcaption>{text}</figcaption>{below}</figure>")


def row(*parts: str) -> Html:
    """HTML side by side, or one below the other where the page is narrow; needs the style `.row`."""
    return Html(f'<div class="row">{"".join(parts)}</div>')


def problem(sentence: str) -> Html:
    """A paragraph that says what cannot be done; screen readers say it at once."""
    return Html(f'<p class="problem" role="alert">{escape(sentence)}</p>')


def markdown_text(text: str) -> str:
    """A text as Markdown shows it: a stranger's export may have links or markup in its labels."""
    return re.sub(r"([\\`*_{}\[\]<>()#+\-.!|~&:/@])", r"\\\1", " ".join(text.split()))
