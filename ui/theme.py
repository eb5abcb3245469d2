"""How the page looks: Gradio's theme, in the system's own fonts and in colours that everybody can read."""

from __future__ import annotations

import gradio as gr
from gradio.themes.utils.fonts import Font

# Fonts that are there already: nothing is loaded, and bold letters come from the same family as the others.
_TEXT = ("system-ui", Font("Segoe UI"), "Roboto", Font("Noto Sans"), "sans-serif")
_CODE = ("ui-monospace", "Consolas", Font("DejaVu Sans Mono"), "monospace")


def theme() -> gr.themes.Default:
    """Gradio's default, with a contrast of 4.5:1 or more for every text, light and dark (WCAG 2.2, 1.4.3)."""
    look = gr.themes.Default(font=_TEXT, font_mono=_CODE)
    look.set(
        color_accent="*primary_700",
        body_text_color_subdued="*neutral_600",
        block_label_text_color="*neutral_600",
        block_title_text_color="*neutral_600",
        input_placeholder_color="*neutral_600",
        input_placeholder_color_dark="*neutral_400",
        link_text_color_visited="*link_text_color",
        link_text_color_dark="*secondary_400",
        link_text_color_active_dark="*secondary_400",
        link_text_color_hover_dark="*secondary_300",
        link_text_color_visited_dark="*secondary_400",
        button_primary_background_fill="*primary_700",
        button_primary_background_fill_dark="*primary_700",
        button_primary_background_fill_hover="*primary_800",
        button_primary_background_fill_hover_dark="*primary_800",
        button_cancel_background_fill=gr.themes.colors.red.c700,
        button_cancel_background_fill_hover=gr.themes.colors.red.c800,
    )
    look.color_accent_dark = "*primary_500"  # set() does not know it
    return look
