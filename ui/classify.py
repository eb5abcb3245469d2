"""The Classify tab: a photo in, a probability for every answer out, and why."""

from __future__ import annotations

from typing import Any

import gradio as gr
from PIL import Image

from model.config import Config
from model.errors import ModelError
from model.photo import FORMAT_NAMES, MAX_BYTES, MAX_MEGAPIXELS
from ui import corrections
from ui.errors import readable_errors
from ui.heat import heat_figure
from ui.markup import markdown_text
from ui.photo_input import PhotoInput, example_buttons
from ui.service import Answers, Service
from ui.settings import Settings
from ui.texts import language_of, say, t
from ui.token_radio import TokenRadio
from ui.which_model import answers_of

_CONCURRENT_CALLS = 32
_FIGURE = """
.why { margin: 0 }
.why img { width: 100%; max-height: 448px; object-fit: contain; border-radius: var(--radius-lg) }
.why figcaption, .why details { color: var(--body-text-color); font-size: var(--text-sm); margin-top: var(--spacing-sm) }
"""
_SHOWN = 20  # answers, where a model has more


def build(service: Service, settings: Settings, which: TokenRadio) -> PhotoInput:
    """The tab's components; its photo, and the API endpoint `/classify` with the parameter `photo`."""

    async def classify(photo: bytes | None, request: gr.Request) -> dict[str, float]:
        """Probability of every answer for one photo, most probable first; of the first twenty where there are more."""
        if photo is None:
            raise gr.Error(say("classify.no_photo", language_of(request)), print_exception=False)
        with readable_errors():
            return (await service.answer(photo)).as_dict()

    async def show(photo: bytes | None, token: str, request: gr.Request) -> tuple[Any, str]:
        """The answer, and why."""
        if photo is None:
            raise gr.Error(say("classify.no_photo", language_of(request)), print_exception=False)
        answers = answers_of(service, token, request)
        with readable_errors():
            try:
                scores, reasons = await explained(answers, photo, None, request)
            except ModelError:  # nothing to explain by: the answer alone
                scores, reasons = (await answers.answer(photo)).as_dict(), ""
        return _label(answers, scores), reasons

    async def explained(answers: Answers, photo: bytes, label: str | None, request: gr.Request) -> tuple[dict[str, float], str]:
        def look(image: Image.Image) -> tuple[dict[str, float], str]:
            prediction, heat_map = answers.explainer.explain(image, label)
            return prediction.as_dict(), heat_figure(image, heat_map, language_of(request))

        return await answers.look(photo, look)

    async def on_change(photo: bytes | None, token: str, request: gr.Request) -> dict[Any, Any]:
        """The answer and why, and whose it is: what was taught may have other classes by now."""
        if photo is None:
            return {answer: None, why: ""}
        label, reasons = await show(photo, token, request)
        return about(answers_of(service, token, request)) | {answer: label, why: reasons}

    def about(answers: Answers) -> dict[Any, Any]:
        return {description: _description(answers.classifier.config), model: _model(answers)}

    async def on_select(photo: bytes | None, token: str, event: gr.SelectData, request: gr.Request) -> str:
        if photo is None:
            return ""
        answers = answers_of(service, token, request)
        with readable_errors():
            try:
                return (await explained(answers, photo, str(event.value), request))[1]
            except (ModelError, ValueError):
                return ""

    async def on_switch(photo: bytes | None, token: str, request: gr.Request) -> dict[Any, Any]:
        """What is shown of the other model. Corrections are for the labels of the one that is served."""
        answers = answers_of(service, token, request)
        label, reasons = (_label(answers, None), "") if photo is None else await show(photo, token, request)
        return about(answers) | {answer: label, why: reasons} | ({corrected: gr.update(visible=not token)} if corrected else {})

    gr.Markdown(t("classify.ask"))
    description = gr.Markdown(_description(service.classifier.config))
    photo = PhotoInput(
        label=t("classify.photo"),
        sources=["upload", "webcam", "clipboard"],
        buttons=["fullscreen"],
        height=360,
        placeholder=t("classify.drop"),
        alt_text=t("classify.photo_alt"),
        elem_id="photo",
        render=False,
    )
    interface = _Interface(
        which,
        fn=show,
        inputs=photo,
        outputs=[
            gr.Label(
                label=t("classify.answer"),
                elem_id="answer",
                show_heading=_has_heading(service),
                num_top_classes=_SHOWN,
            ),
            gr.HTML(elem_id="why", css_template=_FIGURE),
        ],
        flagging_mode="never",  # no visitor's photo is written anywhere
        analytics_enabled=False,
        api_name="show",
        api_visibility="private",
        concurrency_limit=_CONCURRENT_CALLS,  # they meet in one batch
        submit_btn=t("classify.submit"),
        clear_btn=t("classify.clear"),
        show_progress="minimal",
        deep_link=False,  # would store a visitor's photo with the link
    )
    answer, why = interface.output_components
    # a photo that is uploaded, taken, pasted or picked is answered at once, without a button to find
    example_buttons(photo)
    corrected = corrections.build(service, settings, photo)
    keeps = settings.corrections_folder or settings.corrections_repo
    gr.Markdown(t("classify.deleted_unless_given" if keeps else "classify.deleted"))
    model = gr.Markdown(_model(service))

    given: list[Any] = [photo, which]
    quiet: dict[str, Any] = {
        "api_visibility": "private", "show_progress": "hidden", "concurrency_limit": _CONCURRENT_CALLS,
    }  # fmt: skip
    shown: list[Any] = [answer, why, description, model]
    photo.change(on_change, given, shown, **quiet)
    answer.select(on_select, given, why, **quiet)
    which.change(on_switch, given, [*shown, *([corrected] if corrected else [])], **quiet)
    # what programs call, with names that no translation changes
    gr.Button(visible=False).click(
        classify, PhotoInput(label="Photo", visible=False), gr.Label(label="Answer", visible=False),
        api_name="classify", concurrency_limit=_CONCURRENT_CALLS,
    )  # fmt: skip
    return photo


class _Interface(gr.Interface):
    """An interface whose function is also told which model answers: a choice that stands elsewhere on the page."""

    def __init__(self, which: TokenRadio, **settings: Any) -> None:
        self._which = which
        super().__init__(**settings)

    def attach_submit_events(self, *buttons: gr.Button | None) -> Any:
        """As Gradio's own, with one input more, which is not drawn here and not cleared."""
        own: list[Any] = self.input_components
        self.input_components: list[Any] = [*own, self._which]
        try:
            return super().attach_submit_events(*buttons)
        finally:
            self.input_components = own


def _label(answers: Answers, scores: dict[str, float] | None) -> Any:
    return gr.update(value=scores, show_heading=_has_heading(answers))


def _has_heading(answers: Answers) -> bool:
    """Whether one answer is right, which then stands above the others."""
    return answers.classifier.config.probabilities == "exclusive"


def _description(config: Config) -> str:
    choices = [f"**{markdown_text(answer)}**" for answer in config.answers]
    if len(choices) > _SHOWN:
        choices = [*choices[: _SHOWN - 1], f"+ {len(choices) - _SHOWN + 1:,}"]
    if config.probabilities == "independent":
        kind = "independent"
    else:
        kind = "uncalibrated" if config.architecture.library == "export" else "calibrated"
    return f"{t(f'classify.{kind}')} {', '.join(choices)}."


def _model(answers: Answers) -> str:
    config = answers.classifier.config
    name, network = markdown_text(config.name), markdown_text(config.architecture.name)
    return (
        f"{t('classify.model')}: {name} ({answers.classifier.revision[:12]}), {network}. "
        f"{FORMAT_NAMES}, ≤ {MAX_BYTES // 1_000_000} MB, ≤ {MAX_MEGAPIXELS} megapixels."
    )
