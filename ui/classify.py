"""The Classify tab: a photo in, a probability for every answer out, and why."""

from __future__ import annotations

import re
from pathlib import Path

import gradio as gr

from model.config import Config
from model.photo import FORMAT_NAMES, MAX_BYTES, MAX_MEGAPIXELS, PhotoError
from ui import corrections
from ui.photo_input import PhotoInput
from ui.service import Busy, Service
from ui.settings import Settings
from ui.texts import t

EXAMPLES = Path(__file__).parent / "examples"
EXAMPLE_LABELS = {"cat.jpg": "a cat", "coffee.jpg": "a cup of coffee"}
_CONCURRENT_CALLS = 32
_SHOWN = 20  # answers, where a model has more


def build(service: Service, settings: Settings) -> None:
    """The tab's components, and the API endpoint `/classify` with the parameter `photo`."""
    config = service.classifier.config

    async def classify(photo: bytes | None) -> dict[str, float]:
        """Probability of every answer for one photo, most probable first; of the first twenty where there are more."""
        if photo is None:
            raise gr.Error("There is no photo yet. Upload one, take one with the camera, or paste one.", print_exception=False)
        try:
            return (await service.answer(photo)).as_dict()
        except (PhotoError, Busy) as error:
            raise gr.Error(str(error), title="No answer", print_exception=False) from None

    async def on_change(photo: bytes | None) -> dict[str, float] | None:
        return None if photo is None else await classify(photo)

    interface = gr.Interface(
        fn=classify,
        inputs=PhotoInput(
            label=t("classify.photo"),
            sources=["upload", "webcam", "clipboard"],
            buttons=["fullscreen"],
            height=360,
            placeholder=t("classify.drop"),
            alt_text=t("classify.photo_alt"),
            elem_id="photo",
        ),
        outputs=gr.Label(
            label=t("classify.answer"),
            elem_id="answer",
            show_heading=config.probabilities == "exclusive",
            num_top_classes=_SHOWN,
        ),
        description=_description(config),
        article=_article(service),
        examples=[[str(EXAMPLES / name)] for name in EXAMPLE_LABELS],
        example_labels=list(EXAMPLE_LABELS.values()),
        cache_examples=False,  # an answer takes milliseconds; nothing is worth keeping
        preload_example=False,
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
    photo, answer = interface.input_components[0], interface.output_components[0]
    with interface:  # no button to find: a photo that is uploaded, taken, pasted or picked is answered at once
        photo.change(on_change, photo, answer, api_visibility="private", show_progress="hidden",
                     concurrency_limit=_CONCURRENT_CALLS)  # fmt: skip
        corrections.build(service, settings, photo)
    # what programs call, with names that no translation changes
    gr.Button(visible=False).click(
        classify, PhotoInput(label="Photo", visible=False), gr.Label(label="Answer", visible=False),
        api_name="classify", concurrency_limit=_CONCURRENT_CALLS,
    )  # fmt: skip


def _description(config: Config) -> str:
    ask = "Give it a photo: upload, camera or clipboard."
    choices = [f"**{plain(answer)}**" for answer in config.answers]
    if len(choices) > _SHOWN:
        choices = [*choices[: _SHOWN - 1], f"{len(choices) - _SHOWN + 1:,} more"]
    if config.probabilities == "independent":
        return f"{ask} It looks for {', '.join(choices)}: any number of them, with a probability for each."
    kind = "a" if config.architecture.library == "export" else "a calibrated"
    return f"{ask} The answer is one of {', '.join(choices[:-1])} or {choices[-1]}, with {kind} probability for each."


def plain(label: str) -> str:
    """A label as Markdown shows it: a stranger's export may have put links or markup there."""
    return re.sub(r"([\\`*_{}\[\]<>()#+\-.!|~&:/@])", r"\\\1", " ".join(label.split()))


def _article(service: Service) -> str:
    config = service.classifier.config
    return (
        f"Model: {plain(config.name)} ({service.classifier.revision[:12]}), {plain(config.architecture.name)}. "
        f"{FORMAT_NAMES}, up to {MAX_BYTES // 1_000_000} MB and {MAX_MEGAPIXELS} megapixels. "
        "Photos are used for the answer and deleted within minutes."
    )
