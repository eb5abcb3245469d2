"""The page: its title, its tabs, and what Gradio is told about serving it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr

from model.photo import MAX_BYTES
from ui import album, classify, inside, lab, live, teach, which_model
from ui.markup import markdown_text
from ui.service import Service
from ui.settings import Settings
from ui.texts import I18N, t

# (how often old files are looked for, how old they may get), both in seconds
DELETE_UPLOADS = (60, 600)


def build(service: Service, settings: Settings) -> gr.Blocks:
    """The whole page, one tab per module."""
    config = service.classifier.config
    title = page_title(config.labels, config.name)
    with gr.Blocks(title=title, analytics_enabled=False, delete_cache=DELETE_UPLOADS) as page:
        gr.Markdown(f"# {markdown_text(title)}", elem_id="title")
        which = which_model.build(title)
        with gr.Tabs():
            with gr.Tab(t("classify.tab"), id="classify"):
                photo = classify.build(service, settings, which)
            if service.sessions is not None:
                with gr.Tab(t("teach.tab"), id="teach"):
                    which_model.follow(which, teach.build(service))
            with gr.Tab(t("live.tab"), id="live"):
                live.build(service)
            with gr.Tab(t("album.tab"), id="album"):
                album.build(service, which)
            with gr.Tab(t("inside.tab"), id="inside") as tab:
                _take_along(photo, tab, inside.build(service, tab))
            with gr.Tab(t("lab.tab"), id="lab") as tab:
                _take_along(photo, tab, lab.build())
    return page


def _take_along(photo: gr.Image, tab: gr.Tab, own: gr.Image) -> None:
    """Where a tab that is opened has no photo yet, it takes the one of the Classify tab, in the browser."""
    tab.select(None, [photo, own], own, js="(photo, own) => own ?? photo", api_visibility="private")


def page_title(labels: tuple[str, ...], name: str) -> str:
    """What the page is called: its labels as a question where they are few, else the model's name."""
    return f"{' or '.join(label.title() for label in labels)}?" if len(labels) <= 3 else name


def launch_options() -> dict[str, Any]:
    """Gradio's defaults, each decided on purpose."""
    return {
        "max_file_size": MAX_BYTES,
        "show_error": False,  # what is meant for visitors is raised as gr.Error; the rest stays in the log
        "enable_monitoring": False,  # /monitoring/summary would be public
        "run_history": False,
        "pwa": False,
        "ssr_mode": False,
        "footer_links": ["api"],
        "allowed_paths": [],
        "strict_cors": True,
        "i18n": I18N,
        "css_paths": [Path(__file__).parent / "page.css"],
    }
