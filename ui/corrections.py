"""Wrong? A visitor may correct an answer."""

from __future__ import annotations

import gradio as gr

from ui.service import Service
from ui.settings import Settings


def build(service: Service, settings: Settings, photo: gr.Image) -> None:
    """The part of the Classify tab that takes corrections; nothing where the owner wants none."""
