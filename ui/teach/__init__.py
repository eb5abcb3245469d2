"""The tab Teach: a visitor teaches the model classes of its own, in the page, and keeps what came of it.

On the server: `routes` (photos) and `results` (what comes of them) are what the page and programs ask, with what `requests`
reads; `sessions` finds a visitor's `session`, within bounded memory; `lessons` does the work on the threads of `worker`, within
a `budget` of pixels; `one_shot` teaches in a single request, whose `multipart` body it reads; `publish` puts a model into the
account of a visitor who is signed in.

In the browser, this file's tab, `teach.html` and `teach.css`, is run by these scripts, in this order: `words.js` (texts,
elements), `lesson.js` (the state, and the requests that change it), `sending.js` (photos on their way), `files.js` (dropped,
chosen, pasted), `taken.js` (handed over by another tab), `camera.js`, `try.js`, `cards.js` (the classes), `train.js`,
`quality.js`, `keep.js` and `teach.js`, which begins.
"""

from __future__ import annotations

from pathlib import Path

import gradio as gr

from model.resize import OVERSAMPLING
from ui.scripts import ELEMENTS, FILES, HEAT, PROBABILITY, palette, script, texts_of, together
from ui.service import Service
from ui.teach.publish import login_button
from ui.teach.routes import LIMITS
from ui.texts import t

_HERE = Path(__file__).parent
_SCRIPTS = (
    "words", "lesson", "sending", "files", "taken", "camera", "try", "cards", "train", "quality", "keep", "teach",
)  # fmt: skip


def build(service: Service) -> gr.HTML:
    """The tab's components, in the tab that is being built.

    Returns:
        what sends the events `taught`, with `{"session": token}`, as soon as something is taught, and `ended`.
    """
    size = service.classifier.config.input
    gr.Markdown(t("teach.intro"))
    teach = gr.HTML(
        value=t("teach.language"),
        html_template=(_HERE / "teach.html").read_text("utf-8"),
        css_template=(_HERE / "teach.css").read_text("utf-8"),
        js_on_load=script(ELEMENTS, *FILES, HEAT, PROBABILITY, *(_HERE / f"{name}.js" for name in _SCRIPTS)),
        elem_id="teach",
        texts=together(texts_of("files"), texts_of("teach")),
        limits=LIMITS,
        palette=palette(),
        side=round(OVERSAMPLING * max(size.height, size.width)),
    )
    login_button()
    return teach
