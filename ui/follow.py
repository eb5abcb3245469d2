"""Tabs that show what becomes of a photo follow the tab Classify, until the visitor gives them a photo of their own."""

from __future__ import annotations

import json
from typing import Any

import gradio as gr

from ui.texts import t

_FOLLOW = """(photo, own) => {
  const followed = (window.followedPhotos ??= {});
  if (own && own.url !== followed[%(key)s]) return own;
  followed[%(key)s] = photo?.url;
  return photo;
}"""
_NAME = """(own) => {
  const isFollowed = own && own.url === window.followedPhotos?.[%(key)s];
  return { __type__: "update", label: !own ? %(none)s : isFollowed ? %(classify)s : %(own)s };
}"""


def follow(photo: gr.Image, tab: gr.Tab, own: gr.Image) -> None:
    """When `tab` is opened, its photo `own` becomes that of Classify, unless the visitor gave the tab another one.

    What it shows is the label of `own`. All of it is done in the browser.
    """
    texts = {name: json.dumps(t(f"follow.{name}")) for name in ("none", "classify", "own")}
    texts["key"] = json.dumps(own.elem_id)
    quiet: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
    tab.select(None, [photo, own], own, js=_FOLLOW % texts, **quiet)
    own.change(None, own, own, js=_NAME % texts, **quiet)
