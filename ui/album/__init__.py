"""The Album tab: many photos at once. They stay in the visitor's browser, which asks for one answer after the other.

The server keeps nothing of an album: `routes` answers one photo, a few of all albums at a time. In the browser, `album.html`
and `album.css` are run by these scripts, in this order: `words.js` (texts, elements), `photos.js` (what was dropped, zips
opened, and what waits), `answers.js` (asks for the answers), `judge.js` (right or wrong, where folders are named after labels),
`csv.js`, `table.js`, `gallery.js`, `judged.js` (what the judge found), `viewer.js` (one photo, large, with its heat map) and
`album.js`, which begins.
"""

from __future__ import annotations

from pathlib import Path

import gradio as gr

from model.photo import MAX_BYTES
from ui.scripts import ELEMENTS, FILES, HEAT, PROBABILITY, names_of, palette, script, texts_of, together
from ui.service import Service
from ui.texts import t

MAX_PHOTOS = 1_000
_HERE = Path(__file__).parent
_SCRIPTS = ("words", "photos", "answers", "judge", "csv", "table", "gallery", "judged", "viewer", "album")


def build(service: Service) -> None:
    """The tab's components, in the tab that is being built."""
    names = names_of(service.classifier.config.answers)
    gr.Markdown(t("album.intro"))
    gr.HTML(
        value=t("album.language"),
        html_template=(_HERE / "album.html").read_text("utf-8"),
        css_template=(_HERE / "album.css").read_text("utf-8"),
        js_on_load=script(ELEMENTS, *FILES, HEAT, PROBABILITY, *(_HERE / f"{name}.js" for name in _SCRIPTS)),
        elem_id="album",
        texts=together(texts_of("files"), texts_of("album")),
        names=names,
        folders=list(names.items()),  # in all languages, where the page gets `names` in its own alone
        palette=palette(),
        max_bytes=MAX_BYTES,
        max_photos=MAX_PHOTOS,
    )
