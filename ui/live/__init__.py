"""The Live tab: the camera's picture, and the answer for it several times a second.

`live.js` takes a frame, sends it to `/api/classify` and waits for the answer before it takes the next: what the camera
shows meanwhile is skipped, so no visitor has more than one photo under way, however slow the server is. Gradio's own
stream posts a frame at a fixed rate whether the last was answered or not, and holds a place in the queue all the while.
`answers.js` shows what comes back, `frozen.js` keeps a frame still and explains it; `live.html` and `live.css` are what the
tab looks like.
"""

from __future__ import annotations

from pathlib import Path

import gradio as gr

from model.resize import OVERSAMPLING
from ui.scripts import ELEMENTS, HEAT, PROBABILITY, names_of, palette, script, texts_of
from ui.service import Service
from ui.texts import t

_HERE = Path(__file__).parent


def build(service: Service) -> None:
    """The tab's components, in the tab that is being built."""
    config = service.classifier.config
    gr.Markdown(t("live.intro"))
    gr.HTML(
        value=t("live.language"),
        html_template=(_HERE / "live.html").read_text("utf-8"),
        css_template=(_HERE / "live.css").read_text("utf-8"),
        js_on_load=script(ELEMENTS, HEAT, PROBABILITY, *(_HERE / f"{name}.js" for name in ("answers", "frozen", "live"))),
        elem_id="live",
        texts=texts_of("live"),
        names=names_of(config.answers),
        answers=list(config.answers),
        palette=palette(),
        teach=service.sessions is not None,
        side=round(OVERSAMPLING * max(config.input.height, config.input.width)),
    )
