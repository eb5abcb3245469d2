"""Which components a page asks for at once, and what appears when a tab is opened."""

from __future__ import annotations

import gradio as gr
import pytest

from tests.running import run_alone
from ui.later import build_on_first_sight


async def build() -> gr.Blocks:
    with gr.Blocks() as page:
        gr.Markdown("title", elem_id="title")
        with gr.Tabs() as tabs:
            with gr.Tab("first"):
                gr.Markdown("1", elem_id="first")
                with gr.Tabs(), gr.Tab("in the first"):
                    gr.Markdown("1a", elem_id="in-first")
            with gr.Tab("second"):
                with gr.Row(elem_id="row"):
                    gr.Markdown("2", elem_id="second")
                gr.Markdown("not yet", visible=False, elem_id="hidden")
                with gr.Tabs(elem_id="inner"):
                    with gr.Tab("a"):
                        gr.Markdown("a", elem_id="a")
                    with gr.Tab("b"):
                        gr.Markdown("b", elem_id="b")
            with gr.Tab("third"):
                gr.State("nothing to see")
                gr.Markdown("3", elem_id="third")
        build_on_first_sight(tabs)
    return page


@pytest.fixture(scope="module")
def page():
    return run_alone(build())  # Gradio makes an event loop where there is none


def test_only_the_first_tab_is_asked_for(page):
    visible = {
        part["props"]["elem_id"]: part["props"]["visible"] for part in page.config["components"] if part["props"].get("elem_id")
    }
    assert [name for name, shown in visible.items() if shown] == ["title", "first", "in-first"]
    tabs = [part["props"]["visible"] for part in page.config["components"] if part["type"] == "tabitem"]
    assert tabs == [True] * 6


def test_opening_a_tab_shows_what_is_in_it_and_not_yet_what_is_in_tabs_within(page):
    named = {part["id"]: part["props"].get("elem_id") for part in page.config["components"]}
    opened = {
        page.blocks[event["targets"][0][0]].label: [named[output] for output in event["outputs"]]
        for event in page.config["dependencies"]
    }
    assert opened["second"] == ["row", "second", "inner", "a"]
    assert opened["b"] == ["b"]
    assert opened["third"] == ["third"]
    for event in page.config["dependencies"]:
        assert event["backend_fn"] is False
        assert event["api_visibility"] == "private"
        updates = event["js"].splitlines()[-2]
        assert updates.strip() == (
            "return appear;" if len(event["outputs"]) == 1 else f"return Array({len(event['outputs'])}).fill(appear);"
        )
