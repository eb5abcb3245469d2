"""Which model answers in Classify, Live and Album: the one that is served, or what the visitor has taught in this page."""

from __future__ import annotations

from typing import Any

import gradio as gr

from ui.service import Gone, Untaught
from ui.texts import say, t
from ui.token_radio import TokenRadio

_TELL_SCRIPTS = "(token) => { document.documentElement.dataset.model = token ?? ''; }"


def build(title: str) -> TokenRadio:
    """The switch, hidden until there is something to choose. Its value is the token of a session, or empty for what is served.

    Scripts find it as `document.documentElement.dataset.model`.
    """
    which = TokenRadio([(title, "")], value="", label=t("which_model.label"), visible=False, elem_id="which-model")
    which.change(None, which, None, js=_TELL_SCRIPTS, api_visibility="private")
    return which


def follow(which: TokenRadio, taught: gr.HTML) -> None:
    """Show the switch when the tab Teach says that something is taught (`taught`), and hide it when it is gone (`ended`)."""
    served = which.choices[0]

    def on_taught(chosen: str, event: gr.EventData) -> Any:
        token = event._data.get("session") if isinstance(event._data, dict) else None
        if not isinstance(token, str) or not token:
            return gr.skip()
        mine = (t("which_model.mine"), token)
        return gr.update(choices=[served, mine], value=token if chosen else "", visible=True)

    def on_ended() -> Any:
        return gr.update(choices=[served], value="", visible=False)

    quiet: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden", "queue": False, "concurrency_limit": None}
    taught.taught(on_taught, which, which, **quiet)
    taught.ended(on_ended, None, which, **quiet)


def why_gone(error: Gone | Untaught, language: str) -> str:
    """Why the model that is chosen is not there, and what to do: a sentence for the visitor."""
    return say(f"which_model.gone_{error.why if isinstance(error, Gone) else 'untaught'}", language)
