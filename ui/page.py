"""The page: its title, its tabs, and what Gradio is told about serving it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr

from model.photo import MAX_BYTES
from ui import album, classify, inside, lab, live, teach, which_model
from ui.blocks import Page
from ui.follow import follow
from ui.head import page_title
from ui.later import build_on_first_sight
from ui.markup import markdown_text
from ui.service import Service
from ui.settings import Settings
from ui.texts import ENGLISH, for_browsers, made, t
from ui.theme import theme

# (how often old files are looked for, how old they may get), both in seconds
DELETE_UPLOADS = (60, 600)
# Gradio counts in 1,048,576 bytes: of this it says 20 MB too, and what is between is refused with a sentence of ours
_SESSIONS = 100  # open pages that Gradio remembers choices of, half a megabyte each; it would remember 10,000
_MOST_UPLOADED = MAX_BYTES // 1_000_000 * 2**20


def build(service: Service, settings: Settings) -> gr.Blocks:
    """The whole page, one tab per module."""
    config = service.classifier.config
    with Page(title=page_title(config, ENGLISH), analytics_enabled=False, delete_cache=DELETE_UPLOADS) as page:
        heading = made("page.heading", lambda language: markdown_text(page_title(config, language)))
        gr.Markdown(f"# {heading}", elem_id="title")
        which = which_model.build(made("page.title", lambda language: page_title(config, language)))
        with gr.Tabs() as tabs:
            with gr.Tab(t("classify.tab"), id="classify"):
                photo = classify.build(service, settings, which)
            if service.sessions is not None:
                with gr.Tab(t("teach.tab"), id="teach"):
                    which_model.follow(which, teach.build(service))
            with gr.Tab(t("live.tab"), id="live"):
                live.build(service)
            with gr.Tab(t("album.tab"), id="album"):
                album.build(service)
            with gr.Tab(t("inside.tab"), id="inside") as tab:
                follow(photo, tab, inside.build(service, tab))
            with gr.Tab(t("lab.tab"), id="lab") as tab:
                follow(photo, tab, lab.build(service))
        build_on_first_sight(tabs)
    return page


def launch_options() -> dict[str, Any]:
    """Gradio's defaults, each decided on purpose."""
    return {
        "max_file_size": _MOST_UPLOADED,
        "show_error": False,  # what is meant for visitors is raised as gr.Error; the rest stays in the log
        "enable_monitoring": False,  # /monitoring/summary would be public
        "run_history": False,
        "state_session_capacity": _SESSIONS,
        "pwa": False,
        "ssr_mode": False,
        "footer_links": ["api"],
        "allowed_paths": [],
        "strict_cors": True,
        "i18n": for_browsers(),
        "css_paths": [Path(__file__).parent / "page.css"],
        "theme": theme(),
    }
