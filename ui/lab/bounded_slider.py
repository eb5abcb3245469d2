"""A slider that takes any number: one beyond its ends is the nearest end, and what is no number its value at first."""

from __future__ import annotations

import math
from typing import Any

import gradio as gr


class BoundedSlider(gr.Slider):
    """Gradio's own raises an error, in English and at the page's edge, for what a visitor types beyond its ends or empties."""

    is_template = True  # the page shows it as gr.Slider

    def preprocess(self, payload: Any) -> float:
        """What was sent as a number from `minimum` to `maximum`, an int where `precision` is 0."""
        sent = payload if _is_number(payload) else self.value
        kept: float = super().preprocess(min(max(sent, self.minimum), self.maximum))
        return kept


def _is_number(payload: Any) -> bool:
    return isinstance(payload, int) or (isinstance(payload, float) and math.isfinite(payload))
