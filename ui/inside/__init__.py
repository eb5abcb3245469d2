"""The tab that looks inside the network: its stages and filters, and what its layers make of the visitor's photo.

This file is the tab. `views` makes what it shows, out of `given`, `network` and `feature_maps`; `tour` explains it, and
`patches` finds the stored pictures that activate a channel. In the browser, a layer is chosen in `look.js` and a value in
`maps.js`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr

from model.errors import ModelError
from ui.errors import sentence
from ui.inside.choice import NEW_LAYER, NEW_PHOTO, ONLY_CHANNEL, Choice
from ui.inside.network import way
from ui.inside.tour import tour
from ui.inside.views import Photo, Views
from ui.markup import problem
from ui.photo_input import EXAMPLES, PhotoInput, example_buttons
from ui.scripts import ELEMENTS, palette, script
from ui.service import Service
from ui.texts import language_of, t

_CONCURRENT_CALLS = 4
_HERE = Path(__file__).parent
_STYLE = (_HERE / "inside.css").read_text("utf-8")


def build(service: Service, tab: gr.Tab) -> PhotoInput:
    """The tab's components, in the tab that is being built; its photo. The network is looked into when it is first opened."""
    config, views = service.classifier.config, Views(service)

    def on_open(photo: Photo, chosen: Any, request: gr.Request) -> dict[Any, Any]:
        """What does not depend on a photo; or why the network cannot be looked into, and nothing else."""
        if isinstance(chosen, dict) and "network" in chosen:
            return {look: gr.skip()}
        language, choice = language_of(request), Choice.of(chosen)
        try:
            graph = views.graph
        except ModelError as error:
            return {trouble: problem(sentence(error, language)), rest: gr.update(visible=False)}
        shown = {
            look: {"stamp": choice.stamp, "asked": choice.asked, "network": way(graph, config, language)},
            filters: views.filters(language),
            numbers: views.numbers(language),
            guide: tour(graph, config, language),
        }
        return shown if photo is not None else shown | {maps: views.no_maps(choice, language)}

    async def on_photo(photo: Photo, chosen: Any, request: gr.Request) -> tuple[dict[str, Any], dict[str, Any]]:
        choice = Choice.of(chosen)
        html, layer_maps = await views.given(photo, choice, language_of(request))
        return {"stamp": choice.stamp, "html": html}, layer_maps

    async def on_layer(photo: Photo, chosen: Any, request: gr.Request) -> dict[str, Any]:
        return await views.maps(photo, Choice.of(chosen), language_of(request))

    async def on_channel(photo: Photo, chosen: Any, request: gr.Request) -> dict[str, Any]:
        choice = Choice.of(chosen)
        return {"stamp": choice.asked, "html": await views.channel(photo, choice, language_of(request))}

    def on_tour(photo: Photo) -> Any:
        return gr.skip() if photo is not None else str(EXAMPLES / "cat.jpg")

    gr.Markdown(t("inside.intro"))
    trouble = gr.HTML(css_template=_STYLE, elem_id="inside-trouble")
    with gr.Column() as rest:
        guide = _scripted("tour", "inside-tour")
        gr.Markdown(t("inside.given_title"))
        with gr.Row(equal_height=False):
            with gr.Column(scale=1, min_width=280):
                photo = PhotoInput(
                    label=t("inside.photo_alt"), sources=["upload", "webcam", "clipboard"], height=240, buttons=[],
                    placeholder=t("image.drop_to_upload"), alt_text=t("inside.photo_alt"), elem_id="inside-photo",
                )  # fmt: skip
                example_buttons(photo)
            with gr.Column(scale=2, min_width=280):
                given = _slot("inside-given")
        gr.Markdown(t("inside.filters_title"))
        filters = gr.HTML(elem_id="inside-filters", css_template=_STYLE)
        gr.Markdown(t("inside.maps_title"))
        look = _scripted("look", "inside-stages", value={})
        maps = _scripted("maps", "inside-maps", palette=palette())
        gr.Markdown(t("inside.channel_title"))
        channel = _slot("inside-channel")
        gr.Markdown(t("inside.decides_title"))
        numbers = gr.HTML(elem_id="inside-decides", css_template=_STYLE)

    at_once: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden", "queue": False}
    quiet: dict[str, Any] = {
        "api_visibility": "private", "show_progress": "hidden", "trigger_mode": "always_last",
        "concurrency_limit": _CONCURRENT_CALLS, "concurrency_id": "inside",
    }  # fmt: skip
    tab.select(on_open, [photo, look], [trouble, rest, look, maps, filters, numbers, guide], **quiet)
    guide.begin(on_tour, photo, photo, **quiet)
    # what was shown of another photo, layer or channel goes first, in the browser
    photo.change(None, look, [look, given, maps, channel], js=NEW_PHOTO, **at_once).then(
        on_photo, [photo, look], [given, maps], **quiet
    )
    look.choose(None, look, [maps, channel], js=NEW_LAYER, **at_once).then(on_layer, [photo, look], maps, **quiet)
    look.pick(None, look, channel, js=ONLY_CHANNEL, **at_once).then(on_channel, [photo, look], channel, **quiet)
    return photo


def _scripted(name: str, elem_id: str, **props: Any) -> gr.HTML:
    """A part of the tab that is made of the three files of this name."""
    html, css = ((_HERE / f"{name}.{kind}").read_text("utf-8") for kind in ("html", "css"))
    return gr.HTML(
        html_template=html, css_template=css, js_on_load=script(ELEMENTS, _HERE / f"{name}.js"), elem_id=elem_id, **props
    )


def _slot(elem_id: str) -> gr.HTML:
    """A place for what the server says of a photo, which is never of an older one than the page shows."""
    js = script(_HERE / "slot.js")
    return gr.HTML(html_template='<div data-part="slot"></div>', css_template=_STYLE, js_on_load=js, elem_id=elem_id)
