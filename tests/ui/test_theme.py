"""The theme's colours, also those that only a pointer brings up, which axe-core does not see."""

from __future__ import annotations

import re

import pytest

from ui.theme import theme

READABLE = 4.5
TEXTS = [  # a text, and what it stands on
    ("body_text_color", "body_background_fill"),
    ("body_text_color_subdued", "body_background_fill"),
    ("body_text_color_subdued", "background_fill_secondary"),
    ("block_label_text_color", "block_label_background_fill"),
    ("block_title_text_color", "block_background_fill"),
    ("block_info_text_color", "block_background_fill"),
    ("input_placeholder_color", "input_background_fill"),
    ("link_text_color", "body_background_fill"),
    ("link_text_color_hover", "body_background_fill"),
    ("link_text_color_visited", "body_background_fill"),
    ("link_text_color", "block_background_fill"),
    ("color_accent", "body_background_fill"),
    ("button_primary_text_color", "button_primary_background_fill"),
    ("button_primary_text_color_hover", "button_primary_background_fill_hover"),
    ("button_secondary_text_color", "button_secondary_background_fill"),
    ("button_secondary_text_color_hover", "button_secondary_background_fill_hover"),
    ("button_cancel_text_color", "button_cancel_background_fill"),
    ("button_cancel_text_color_hover", "button_cancel_background_fill_hover"),
]


def luminance(colour: str) -> float:
    """As WCAG 2.2 defines it, of `#rrggbb`, white or black."""
    digits = {"white": "#ffffff", "black": "#000000"}.get(colour, colour)[1:]
    channels = [int(pair, 16) / 255 for pair in re.findall("..", digits)]
    linear = [channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4 for channel in channels]
    return sum(weight * channel for weight, channel in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("mode", ["", "_dark"])
@pytest.mark.parametrize(("text", "ground"), TEXTS)
def test_every_text_can_be_read(text, ground, mode):
    darker, lighter = sorted(luminance(theme()._get_computed_value(name + mode)) for name in (text, ground))
    assert (lighter + 0.05) / (darker + 0.05) >= READABLE


def test_no_font_is_loaded():
    assert "@font-face" not in theme()._get_theme_css()
