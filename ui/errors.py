"""What is wrong with a photo or a model, as Gradio shows it to a visitor."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import gradio as gr

from model.errors import ModelError
from model.photo import PhotoError
from ui.service import Busy


def sentence(error: PhotoError | Busy | ModelError, language: str) -> str:
    """What is wrong and what to do, in the visitor's language where there is a text for it."""
    return str(error)


@contextmanager
def readable_errors() -> Iterator[None]:
    """Errors whose messages are for visitors become messages in the page; all others go on as they are."""
    try:
        yield
    except (PhotoError, Busy, ModelError) as error:
        raise gr.Error(str(error), title="No answer", print_exception=False) from None
