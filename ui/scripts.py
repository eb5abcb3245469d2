"""What a part of the page that has JavaScript of its own is made of."""

from __future__ import annotations

from pathlib import Path

from ui.texts import TEXTS

_ADDRESS = Path(__file__).parent / "server_address.js"
DROPPED = Path(__file__).parent / "dropped.js"  # for parts that take files and folders


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
