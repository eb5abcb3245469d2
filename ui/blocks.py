"""Gradio's page, with a sentence for programs that send it what it cannot read: Gradio's own answer is `{"error": null}`."""

from __future__ import annotations

import logging
from contextvars import ContextVar
from typing import Any

import gradio as gr

from model.errors import first_line
from ui.texts import ENGLISH, language_of, say

_LANGUAGE: ContextVar[str] = ContextVar("language", default=ENGLISH)


class Page(gr.Blocks):
    """A page whose functions are called by visitors' browsers, and by programs that may send anything."""

    async def process_api(
        self, block_fn: Any, inputs: list[Any], state: Any = None, request: Any = None, *more: Any, **options: Any
    ) -> dict[str, Any]:
        """As Gradio's own; whoever reads `inputs` knows the language of the request."""
        _LANGUAGE.set(language_of(request if isinstance(request, gr.Request) else None))
        answer: dict[str, Any] = await super().process_api(block_fn, inputs, state, request, *more, **options)
        return answer

    def get_api_info(self, *args: Any, **options: Any) -> Any:
        """As Gradio's own; but a photo is no `Image`, for which the example in JavaScript would fetch a web address."""
        info = super().get_api_info(*args, **options)
        for endpoint in info["named_endpoints"].values():
            for parameter in endpoint["parameters"]:
                if parameter["component"] == "Image":
                    parameter["component"] = "Photo"
        return info

    async def preprocess_data(self, block_fn: Any, inputs: list[Any], state: Any, explicit_call: bool = False) -> list[Any]:
        """As Gradio's own.

        Raises:
            gradio.Error: there are too few inputs, or one is nothing that its component takes.
        """
        try:
            read: list[Any] = await super().preprocess_data(block_fn, inputs, state, explicit_call)
        except gr.Error:
            raise
        except Exception as error:  # every component raises its own
            logging.getLogger(__name__).info("what was sent to %s cannot be read: %s", block_fn.name, first_line(error))
            language = _LANGUAGE.get()
            title = say("photo.no_answer", language)
            raise gr.Error(say("photo.sent_wrong", language), title=title, print_exception=False) from None
        return read
