"""Tabs whose insides a browser builds when a visitor first opens them.

Gradio shows no tab before it is opened, but fetches the scripts and styles of everything in it as soon as the page begins; of
what is invisible it fetches nothing. So whatever is in a tab is invisible until then, and the browser alone makes it appear.
"""

from __future__ import annotations

import gradio as gr
from gradio.blocks import Block, BlockContext

_APPEAR = """() => {{
  const opened = (window.openedTabs ??= new Set()), appear = {{ __type__: "update" }};
  if (!opened.has({tab})) appear.visible = true;  // later, what the page has hidden meanwhile stays so
  opened.add({tab});
  return {updates};
}}"""


def build_on_first_sight(tabs: gr.Tabs) -> None:
    """Every tab but the first waits to be opened, and so do tabs within tabs. To be called when all are built."""
    for tab in tabs.children[1:]:
        assert isinstance(tab, gr.Tab)
        inside = _hide(tab)
        updates = "appear" if len(inside) == 1 else f"Array({len(inside)}).fill(appear)"
        tab.select(None, None, inside, js=_APPEAR.format(tab=tab._id, updates=updates), api_visibility="private")


def _hide(context: BlockContext) -> list[Block]:
    """What is visible in here as soon as `context` is opened, and is hidden now."""
    hidden = []
    for child in context.children:
        if isinstance(child, gr.Tabs):
            build_on_first_sight(child)
        opened = not isinstance(context, gr.Tabs) or child is context.children[0]
        if opened and not isinstance(child, gr.Tab | gr.State) and getattr(child, "visible", None) is True:
            child.visible = False
            hidden.append(child)
        if opened and isinstance(child, BlockContext):
            hidden += _hide(child)
    return hidden
