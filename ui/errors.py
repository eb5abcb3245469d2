"""What is wrong with a photo or a model, in the visitor's language."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import ClassVar

import gradio as gr

from model.errors import ModelError
from model.formats import FORMATS
from model.photo import PhotoError
from model.photo_problems import one_of
from ui.desk import Busy
from ui.texts import ENGLISH, TEXTS, say

_SECTION = "photo."


class UploadError(PhotoError):
    """What came in is no photo, or not one any more. Its codes, as those of every `PhotoError`, are in texts/*/photo.json."""

    problems: ClassVar[Mapping[str, str]] = {
        key.removeprefix(_SECTION): text for key, text in TEXTS[ENGLISH].items() if key.startswith(_SECTION)
    }


def sentence(error: PhotoError | Busy | ModelError, language: str) -> str:
    """What is wrong and what to do, in the visitor's language where there is a text for it. In English, it is `str(error)`."""
    if isinstance(error, Busy):
        return say("photo.busy", language)
    if isinstance(error, ModelError):
        return say("photo.model", language, reason=error)
    if error.code not in UploadError.problems:
        return str(error)
    values = {name: _said(value, language) for name, value in error.values.items()}
    return say(f"photo.{error.code}", language, **values)


def format_names(language: str) -> str:
    """The formats of photos that are accepted, as a choice."""
    return _said(tuple(format.name for format in FORMATS), language)


@contextmanager
def readable_errors(language: str = ENGLISH) -> Iterator[None]:
    """Errors whose messages are for visitors become messages in the page; all others go on as they are."""
    try:
        yield
    except (PhotoError, Busy, ModelError) as error:
        title = say("photo.no_answer", language)
        raise gr.Error(sentence(error, language), title=title, print_exception=False) from None


def _said(value: object, language: str) -> str:
    if isinstance(value, tuple):
        return one_of(value, say("photo.or", language))
    return str(value)
