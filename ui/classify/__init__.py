"""The Classify tab: a photo in; in words, as bars and on the photo itself, what it shows and why.

This file is the tab and what programs call. `verdict` puts an answer into words, `answer.html`, `answer.css` and `answer.js`
show it, and `photos.js` takes photos that are dropped or pasted anywhere on the page.
"""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Any

import gradio as gr
from PIL import Image

from model.classifier import Prediction
from model.errors import ModelError
from model.formats import HEAD, MAX_MEGAPIXELS, format_of
from model.inside.explain import HeatMap
from model.photo import MAX_BYTES, PhotoError
from ui import corrections
from ui.classify.verdict import Shown, preview, shown
from ui.desk import Busy
from ui.errors import format_names, readable_errors, sentence
from ui.photo_input import PhotoInput, example_buttons
from ui.scripts import ELEMENTS, script, texts_of
from ui.service import Answers, Gone, Service, Untaught
from ui.settings import Settings
from ui.texts import language_of, made, say, t
from ui.token_radio import TokenRadio
from ui.which_model import why_gone

_HERE = Path(__file__).parent
_CONCURRENT_CALLS = 32
_SHOWN_BY_BROWSERS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "AVIF")  # as Pillow calls them; of others, a JPEG is shown
# the photo, the model, and the photo's address in the page: an answer that comes late is not shown beside another photo
_GIVEN = "(photo, which) => [photo, which, photo?.url ?? '']"


def build(service: Service, settings: Settings, which: TokenRadio) -> PhotoInput:
    """The tab's components; its photo, and the API endpoint `/classify` with the parameter `photo`."""

    async def classify(photo: bytes | None, request: gr.Request) -> dict[str, float]:
        """Probability of every answer for one photo, most probable first; of the first twenty where there are more."""
        language = language_of(request)
        if photo is None:
            title = say("photo.no_answer", language)
            raise gr.Error(say("classify.no_photo", language), title=title, print_exception=False)
        with readable_errors(language):
            return (await service.answer(photo)).as_dict()

    async def see(photo: bytes | None, token: str, of: str, label: str | None, request: gr.Request) -> Shown:
        """What the page shows of a photo, and where the evidence for `label` lies, or for the answer."""
        language = language_of(request)
        if photo is None:
            return {}
        try:
            answers = service.of(token)
        except (Gone, Untaught) as error:
            return {"of": of, "problem": why_gone(error, language)}
        config = answers.classifier.config

        def explained(image: Image.Image, prediction: Prediction, found: HeatMap | ModelError) -> Shown:
            heat_map = None if isinstance(found, ModelError) else found  # nothing to explain by: the answer alone
            result = shown(prediction, config, image, heat_map, language, is_taught=bool(token))
            return result if format_of(photo[:HEAD]) in _SHOWN_BY_BROWSERS else result | {"preview": preview(image)}

        try:
            result = await answers.show(photo, label if label in config.answers else None, explained)
        except (PhotoError, Busy, ModelError) as error:
            result = {"problem": sentence(error, language)}
        return {"of": of} | result

    async def on_change(photo: bytes | None, token: str, of: str, request: gr.Request) -> tuple[Shown, Any]:
        """The answer, and whose it is: what was taught may have other classes by now."""
        result = await see(photo, token, of, None, request)
        try:
            return result, _model(service.of(token), language_of(request))
        except (Gone, Untaught):
            return result, gr.skip()

    async def on_explain(photo: bytes | None, token: str, event: gr.EventData, request: gr.Request) -> Shown:
        said = event._data if isinstance(event._data, dict) else {}
        return await see(photo, token, str(said.get("of", "")), str(said.get("label", "")), request)

    async def on_switch(photo: bytes | None, token: str, of: str, request: gr.Request) -> dict[Any, Any]:
        """What is shown of the other model. Corrections are for the labels of the one that is served."""
        result, about = await on_change(photo, token, of, request)
        return {answer: result, model: about} | ({corrected: gr.update(visible=not token)} if corrected else {})

    photo = PhotoInput(
        label="Photo",  # as programs see it: no translation changes it
        show_label=False,
        sources=["upload", "webcam", "clipboard"],
        buttons=["fullscreen"],
        height=340,
        placeholder=t("image.drop_to_upload"),
        alt_text=t("classify.photo_alt"),
        elem_id="photo",
        render=False,
    )
    answer = gr.HTML(
        value={},
        html_template=(_HERE / "answer.html").read_text("utf-8"),
        css_template=(_HERE / "answer.css").read_text("utf-8"),
        js_on_load=script(ELEMENTS, _HERE / "answer.js", _HERE / "photos.js"),
        elem_id="answer",
        padding=False,
        texts=texts_of("answer"),
        max_bytes=MAX_BYTES,
        rows=min(3, len(service.classifier.config.answers)),
        render=False,
    )
    _Interface(
        photo,
        answer,
        fn=classify,
        outputs=gr.Label(label="Answer", visible=False),
        flagging_mode="never",  # no visitor's photo is written anywhere
        analytics_enabled=False,
        api_name="classify",
        concurrency_limit=_CONCURRENT_CALLS,  # they meet in one batch
        submit_btn=gr.Button(visible=False, render=False),  # a photo that is given is answered at once
        clear_btn=None,  # the photo has one
        deep_link=False,  # would store a visitor's photo with the link
        elem_id="classify",
    )
    corrected = corrections.build(service, settings, photo)
    keeps = settings.corrections_folder or settings.corrections_repo
    gr.Markdown(t("classify.deleted_unless_given" if keeps else "classify.deleted"), elem_classes="small")
    about = made("page.model", lambda language: _model(service, language))
    model = gr.HTML(about, elem_classes="small", elem_id="model", padding=False)

    of = gr.Textbox(visible=False)
    given: list[Any] = [photo, which, of]
    # past Gradio's queue, whose stream costs more than an answer: the desk knows who waits
    quiet: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden", "queue": False}
    photo.change(on_change, given, [answer, model], js=_GIVEN, **quiet)
    answer.explain(on_explain, [photo, which], answer, trigger_mode="always_last", **quiet)
    which.change(on_switch, given, [answer, model, *([corrected] if corrected else [])], js=_GIVEN, **quiet)
    return photo


class _Interface(gr.Interface):
    """An interface with examples below its photo, that shows its answer by a component of its own; programs get the output."""

    def __init__(self, photo: PhotoInput, answer: gr.HTML, **settings: Any) -> None:
        self._photo, self._answer = photo, answer
        super().__init__(inputs=photo, **settings)

    def render_input_column(self) -> Any:
        """As Gradio's own, above the examples."""
        with gr.Column():
            column = super().render_input_column()
            example_buttons(self._photo)
            return column

    def render_output_column(self, submit: gr.Button | None) -> Any:
        """As Gradio's own, below the answer."""
        with gr.Column():
            self._answer.render()
            return super().render_output_column(submit)


def _model(answers: Answers, language: str) -> str:
    config = answers.classifier.config
    values = {"name": config.name, "revision": answers.classifier.revision[:12], "network": config.architecture.name}
    limits = {"formats": format_names(language), "mb": MAX_BYTES // 1_000_000, "megapixels": MAX_MEGAPIXELS}
    return f"<p>{escape(say('classify.model', language, **values, **limits))}</p>"
