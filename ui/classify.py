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
from ui.service import Service
from ui.settings import Settings
from ui.texts import language_of, say, t

_CONCURRENT_CALLS = 32
_FIGURE = """
.why { margin: 0 }
.why img { width: 100%; max-height: 448px; object-fit: contain; border-radius: var(--radius-lg) }
.why figcaption, .why details { color: var(--body-text-color); font-size: var(--text-sm); margin-top: var(--spacing-sm) }
"""
_SHOWN = 20  # answers, where a model has more


def build(service: Service, settings: Settings) -> PhotoInput:
    """The tab's components; its photo, and the API endpoint `/classify` with the parameter `photo`."""
    config = service.classifier.config

    async def classify(photo: bytes | None, request: gr.Request) -> dict[str, float]:
        """Probability of every answer for one photo, most probable first; of the first twenty where there are more."""
        if photo is None:
            raise gr.Error(say("classify.no_photo", language_of(request)), print_exception=False)
        with readable_errors():
            return (await service.answer(photo)).as_dict()

    async def show(photo: bytes | None, request: gr.Request) -> tuple[dict[str, float], str]:
        if photo is None:
            return await classify(photo, request), ""
        with readable_errors():
            try:
                return await explained(photo, None, request)
            except ModelError:  # nothing to explain by: the answer alone
                return (await service.answer(photo)).as_dict(), ""

    async def explained(photo: bytes, label: str | None, request: gr.Request) -> tuple[dict[str, float], str]:
        def look(image: Image.Image) -> tuple[dict[str, float], str]:
            prediction, heat_map = service.explainer.explain(image, label)
            return prediction.as_dict(), heat_figure(image, heat_map, language_of(request))

        return await service.look(photo, look)

    async def on_change(photo: bytes | None, request: gr.Request) -> tuple[dict[str, float] | None, str]:
        return (None, "") if photo is None else await show(photo, request)

    async def on_select(photo: bytes | None, event: gr.SelectData, request: gr.Request) -> str:
        if photo is None:
            return ""
        with readable_errors():
            try:
                return (await explained(photo, str(event.value), request))[1]
            except (ModelError, ValueError):
                return ""

    gr.Markdown(t("classify.ask"))
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
    interface = gr.Interface(
        fn=show,
        inputs=photo,
        outputs=[
            gr.Label(
                label=t("classify.answer"),
                elem_id="answer",
                show_heading=config.probabilities == "exclusive",
                num_top_classes=_SHOWN,
            ),
            gr.HTML(elem_id="why", css_template=_FIGURE),
        ],
        description=_description(config),
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
    quiet: dict[str, Any] = {
        "api_visibility": "private", "show_progress": "hidden", "concurrency_limit": _CONCURRENT_CALLS,
    }  # fmt: skip
    # no button to find: a photo that is uploaded, taken, pasted or picked is answered at once
    example_buttons(photo)
    photo.change(on_change, photo, [answer, why], **quiet)
    answer.select(on_select, photo, why, **quiet)
    corrections.build(service, settings, photo)
    keeps = settings.corrections_folder or settings.corrections_repo
    gr.Markdown(t("classify.deleted_unless_given" if keeps else "classify.deleted"))
    gr.Markdown(_model(service))
    # what programs call, with names that no translation changes
    gr.Button(visible=False).click(
        classify, PhotoInput(label="Photo", visible=False), gr.Label(label="Answer", visible=False),
        api_name="classify", concurrency_limit=_CONCURRENT_CALLS,
    )  # fmt: skip
    return photo


def _description(config: Config) -> str:
    choices = [f"**{markdown_text(answer)}**" for answer in config.answers]
    if len(choices) > _SHOWN:
        choices = [*choices[: _SHOWN - 1], f"+ {len(choices) - _SHOWN + 1:,}"]
    if config.probabilities == "independent":
        kind = "independent"
    else:
        kind = "uncalibrated" if config.architecture.library == "export" else "calibrated"
    return f"{t(f'classify.{kind}')} {', '.join(choices)}."


def _model(service: Service) -> str:
    config = service.classifier.config
    name, network = markdown_text(config.name), markdown_text(config.architecture.name)
    return (
        f"{t('classify.model')}: {name} ({service.classifier.revision[:12]}), {network}. "
        f"{FORMAT_NAMES}, ≤ {MAX_BYTES // 1_000_000} MB, ≤ {MAX_MEGAPIXELS} megapixels."
    )
