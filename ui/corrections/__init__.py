"""Wrong? A visitor may correct an answer, where the owner of the app wants to keep such photos.

This file is the part of the Classify tab. `store` keeps the photos in a folder, `dataset` sends them on to the Hub,
`limit` counts how often a visitor corrects.
"""

from __future__ import annotations

import asyncio
import logging
import tempfile
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr
from huggingface_hub import constants

from model.photo import PhotoError
from ui.client import client_of
from ui.corrections.dataset import CorrectionDataset
from ui.corrections.limit import Limit
from ui.corrections.store import CannotUndo, CannotWrite, CorrectionStore, StoreFull
from ui.desk import Busy
from ui.errors import sentence
from ui.markup import problem
from ui.service import Service
from ui.settings import Settings
from ui.texts import label_name, label_text, language_of, say, t

_PER_CLIENT = 6  # a minute
_IN_ALL = 30  # a minute
_SECONDS_KEPT = 600
_RADIO = 12  # labels; more are a list to search
_AT_ONCE = 4

logger = logging.getLogger(__name__)


def build(service: Service, settings: Settings, photo: gr.Image) -> gr.Accordion | None:
    """The part of the Classify tab that takes corrections; None where the owner wants none.

    Raises:
        ValueError: the folder or dataset that the owner named cannot be used.
    """
    if settings.corrections_folder is None and settings.corrections_repo is None:
        return None
    store, dataset = _open(service, settings)
    limit = Limit(_PER_CLIENT, _IN_ALL)
    with gr.Accordion(t("corrections.title"), open=False, elem_id="corrections") as part:
        gr.Markdown(t("corrections.ask"))
        label = _choice(store.labels)
        gr.Markdown(t("corrections.kept"))
        if dataset is None:
            gr.Markdown(t("corrections.in_folder"))
        else:
            gr.Markdown(t("corrections.in_private" if dataset.is_private else "corrections.in_public"))
            gr.Markdown(f"{constants.ENDPOINT}/datasets/{dataset.repo}")
        consent = gr.Checkbox(label=t("corrections.consent"), value=False)
        with gr.Row():
            send = gr.Button(t("corrections.send"), variant="primary")
            undo = gr.Button(t("corrections.undo"), interactive=False)
        status = gr.HTML(elem_id="corrections-status")
        receipt = gr.State(None, time_to_live=_SECONDS_KEPT)

    async def correct(image: bytes | None, chosen: str | None, agreed: bool, request: gr.Request) -> dict[Any, Any]:
        """Keep the photo under the chosen label, if everything is there and the visitor agrees."""
        language = language_of(request)
        for is_missing, key in ((image is None, "no_photo"), (not chosen, "no_label"), (agreed is not True, "no_consent")):
            if is_missing:
                return {status: _message(key, language)}
        if not limit.take(client_of(request)):
            return {status: _message("too_often", language)}
        assert image is not None
        assert chosen is not None
        try:
            prediction = await service.answer(image)
            about = {
                "answer": prediction.label,
                "probability": round(prediction.probability, 6),
                "model": service.classifier.config.name,
                "revision": service.classifier.revision,
            }
            given = await asyncio.to_thread(store.add, image, chosen, about)
        except StoreFull:
            return {status: _message("full", language)}
        except CannotWrite as error:
            logger.warning("a correction was not kept: %s", error)
            return {status: _message("not_kept", language)}
        except (PhotoError, Busy) as error:
            return {status: problem(sentence(error, language))}
        except ValueError:  # the label is none of those that can be chosen
            return {status: _message("no_label", language)}
        thanks = _message("thanks", language, label=label_name(chosen, language))
        return {status: thanks, receipt: given, undo: gr.update(interactive=True), consent: False}

    async def take_back(given: str | None, request: gr.Request) -> dict[Any, Any]:
        """Undo the latest correction of this visitor."""
        key, language = "undone", language_of(request)
        try:
            await asyncio.to_thread(store.undo, given or "")
        except CannotUndo:
            key = "too_late"
        except CannotWrite as error:
            logger.warning("a correction was not taken back: %s", error)
            return {status: _message("not_undone", language)}
        return {status: _message(key, language), receipt: None, undo: gr.update(interactive=False)}

    send.click(
        correct, [photo, label, consent], [status, receipt, undo, consent],
        api_visibility="private", concurrency_limit=_AT_ONCE, show_progress="minimal",
    )  # fmt: skip
    undo.click(
        take_back, receipt, [status, receipt, undo],
        api_visibility="private", concurrency_limit=_AT_ONCE, show_progress="hidden",
    )  # fmt: skip
    return part


def _open(service: Service, settings: Settings) -> tuple[CorrectionStore, CorrectionDataset | None]:
    """Where corrections go: a folder, which may be a temporary one on the way to a dataset."""
    folder = settings.corrections_folder or Path(tempfile.mkdtemp(prefix="corrections-"))
    answers = service.classifier.config.answers
    store = CorrectionStore(folder, answers, settings.corrections_max_mb * 1_000_000)
    if settings.corrections_repo is None:
        return store, None
    dataset = CorrectionDataset(store, settings.corrections_repo)
    dataset.start()
    return store, dataset


def _choice(labels: tuple[str, ...]) -> gr.Radio | gr.Dropdown:
    choices = [(label_text(label), label) for label in labels]
    if len(labels) <= _RADIO:
        return gr.Radio(choices, label=t("corrections.label"))
    return gr.Dropdown(choices, label=t("corrections.label"), value=None, filterable=True)


def _message(key: str, language: str, **values: object) -> str:
    return f'<p role="status">{escape(say(f"corrections.{key}", language, **values))}</p>'
