"""A choice among tokens that the server need not know: what was chosen before a restart is a text, no error."""

from __future__ import annotations

from typing import Any

import gradio as gr


class TokenRadio(gr.Radio):
    """A radio whose value is a text; whoever takes it says what is wrong with it."""

    is_template = True  # the page shows it as gr.Radio

    def preprocess(self, payload: Any) -> str:
        """What was chosen; empty where that is no text."""
        return payload if isinstance(payload, str) else ""
