"""The tab that looks inside the network: its stages and filters, and what its layers make of the visitor's photo.

This file is the tab. `feature_maps` makes its pictures and its table, `patches` finds the stored pictures that activate
a channel.
"""

from __future__ import annotations

from typing import Any

import gradio as gr
import numpy as np
from PIL import Image

from model.errors import ModelError
from model.inside.explain import HeatMap
from model.inside.graph import Layer
from model.resize import fit
from ui import markup
from ui.data_url import image_url
from ui.errors import readable_errors
from ui.heat import overlay
from ui.inside import feature_maps as pictures
from ui.inside.patches import Patches
from ui.photo_input import PhotoInput, example_buttons
from ui.service import Service
from ui.texts import language_of, number, say, t

_CONCURRENT_CALLS = 4
_PATCHES_SHOWN = 9
_STYLE = """
.stages { display: flex; flex-wrap: wrap; align-items: center; gap: 6px; margin-bottom: 12px }
.box { display: flex; flex-direction: column; align-items: center; padding: 6px 10px; font-size: var(--text-sm);
  border: 1px solid var(--border-color-primary); border-radius: var(--radius-md); background: var(--block-background-fill) }
.scroll { overflow-x: auto }
table { border-collapse: collapse; font-size: var(--text-sm) }
th, td { padding: 4px 10px; text-align: right; border-bottom: 1px solid var(--border-color-primary) }
.row { display: flex; flex-wrap: wrap; gap: 12px }
figure { margin: 0; max-width: 100% }
figure img { display: block; max-width: 100%; border-radius: var(--radius-sm) }
.patches img { width: 96px; height: 96px; object-fit: contain; background: #808080; image-rendering: pixelated }
figcaption, p { color: var(--body-text-color); font-size: var(--text-sm) }
"""
_Choices = list[tuple[str, int]]


def build(service: Service, tab: gr.Tab) -> PhotoInput:
    """The tab's components, in the tab that is being built; its photo. The network is looked into when it is first opened."""
    classifier = service.classifier
    patches = Patches(classifier)

    def layer_at(number: int) -> Layer | None:
        layers = service.explainer.inside.graph.layers
        return layers[number - 1] if 1 <= number <= len(layers) else None

    def on_open(request: gr.Request) -> tuple[str, str, Any]:
        """The stages, the first filters, and the layers to choose from."""
        language = language_of(request)
        try:
            graph = service.explainer.inside.graph
        except ModelError as error:
            raise gr.Error(str(error), print_exception=False) from None
        choices: _Choices = [(pictures.layer_name(layer, language), layer.number) for layer in graph.layers]
        # the middle of the network: neither bare edges nor too small to see
        first = graph.stages[len(graph.stages) // 2].last.number if graph.stages else None
        return pictures.stages_html(graph, classifier.config, language), _filters(language), gr.update(
            choices=choices, value=first
        )  # fmt: skip

    def _filters(language: str) -> str:
        filters = service.explainer.inside.graph.first_filters
        if filters is None:
            return say("inside.no_filters", language)
        count, _, rows, columns = filters.shape
        caption = say("inside.filters", language, n=count, rows=rows, columns=columns)
        return markup.figure(markup.image(image_url(pictures.filters_picture(filters), "png"), caption), caption)

    async def on_photo(photo: bytes | None, layer_number: int | None, request: gr.Request) -> tuple[str, Any, str]:
        if photo is None:
            return "", [], ""
        language = language_of(request)

        def look(image: Image.Image) -> tuple[str, list[tuple[Image.Image, str]]]:
            layer = layer_at(layer_number or 1)
            return _given(image, language), _maps(image, layer, language) if layer else []

        with readable_errors():
            given, maps = await service.look(photo, look)
        return given, gr.update(value=maps, selected_index=None), ""

    async def on_layer(photo: bytes | None, layer_number: int | None, request: gr.Request) -> tuple[Any, str]:
        return (await on_photo(photo, layer_number, request))[1:]

    async def on_map(photo: bytes | None, layer_number: int | None, event: gr.SelectData, request: gr.Request) -> str:
        if photo is None or not isinstance(event.index, int):
            return ""
        place = event.index

        def look(image: Image.Image) -> str:
            layer = layer_at(layer_number or 0)
            return _channel(image, layer, place, language_of(request)) if layer else ""

        with readable_errors():
            return await service.look(photo, look)

    def _given(image: Image.Image, language: str) -> str:
        """What the first convolution sees."""
        inside, size = service.explainer.inside, classifier.config.input
        prepared = fit(image, size)
        planes = inside.run(classifier.batch([prepared]), [inside.graph.first_input])[0][0]
        sizes = {"was": f"{image.width}×{image.height}", "now": f"{size.width}×{size.height}"}
        photo = markup.image(image_url(Image.fromarray(prepared)), say("inside.given_alt", language))
        shown = [markup.figure(photo, say("inside.given", language, **sizes))]
        if len(planes) == 3:
            caption = say(
                "inside.planes", language, low=number(planes.min(), language, 2), high=number(planes.max(), language, 2)
            )
            shown.append(markup.figure(markup.image(image_url(pictures.planes_picture(planes)), caption), caption))
        return markup.row(*shown)

    def _values(image: Image.Image, layer: Layer) -> tuple[np.ndarray, np.ndarray]:
        """The photo as the network takes it (H, W, 3), and the layer's maps (C, h, w)."""
        prepared = fit(image, classifier.config.input)
        return prepared, service.explainer.inside.run(classifier.batch([prepared]), [layer.tensor])[0][0]

    def _maps(image: Image.Image, layer: Layer, language: str) -> list[tuple[Image.Image, str]]:
        _, maps = _values(image, layer)
        return [
            (
                pictures.map_picture(maps[channel]),
                say("inside.map", language, n=channel + 1, mean=number(np.abs(maps[channel]).mean(), language, 2)),
            )
            for channel in pictures.strongest(maps)
        ]

    def _channel(image: Image.Image, layer: Layer, place: int, language: str) -> str:
        """One map over the photo, where it is highest, and the stored pictures that activate it."""
        prepared, maps = _values(image, layer)
        shown = pictures.strongest(maps)
        channel = shown[min(max(place, 0), len(shown) - 1)]
        values = maps[channel]
        row, column = np.unravel_index(int(values.argmax()), values.shape)
        above = values - values.min()
        on_photo = overlay(Image.fromarray(prepared), HeatMap("", "CAM", above, (0, 0, 1, 1), float(above.max())))
        framed = image_url(pictures.marked(on_photo, layer, int(row), int(column)))
        own = markup.figure(markup.image(framed, say("inside.own_alt", language)), say("inside.own", language, n=channel + 1))
        best = patches.best(service.explainer.inside, layer, channel, _PATCHES_SHOWN)
        parts = "".join(
            markup.figure(markup.image(image_url(patch.image), patch.name), number(patch.activation, language, 2))
            for patch in best
        )
        heading = say("inside.patches", language, n=channel + 1)
        return markup.row(own, f'<div><p>{heading}</p><div class="row patches">{parts}</div></div>')

    gr.Markdown(t("inside.intro"))
    with gr.Row():
        with gr.Column(scale=1, min_width=300):
            photo = PhotoInput(
                label=t("classify.photo"), sources=["upload", "webcam", "clipboard"], height=300, buttons=[],
                placeholder=t("classify.drop"), alt_text=t("inside.given_alt"), elem_id="inside-photo",
            )  # fmt: skip
            example_buttons(photo)
        with gr.Column(scale=2, min_width=300):
            gr.Markdown(t("inside.given_title"))
            given = gr.HTML(elem_id="inside-given", css_template=_STYLE)
    gr.Markdown(t("inside.stages_title"))
    stages = gr.HTML(elem_id="inside-stages", css_template=_STYLE)
    gr.Markdown(t("inside.filters_title"))
    filters = gr.HTML(elem_id="inside-filters", css_template=_STYLE)
    gr.Markdown(t("inside.maps_title"))
    layer = gr.Dropdown([], label=t("inside.layer"), info=t("inside.layer_info"), elem_id="inside-layer", interactive=True)
    maps = gr.Gallery(
        label=t("inside.maps"), columns=8, height="auto", object_fit="contain", format="png", elem_id="inside-maps",
        allow_preview=False, buttons=[], interactive=False,
    )  # fmt: skip
    gr.Markdown(t("inside.channel_title"))
    channel = gr.HTML(elem_id="inside-channel", css_template=_STYLE)

    quiet: dict[str, Any] = {"api_visibility": "private", "concurrency_limit": _CONCURRENT_CALLS, "concurrency_id": "inside"}
    tab.select(on_open, None, [stages, filters, layer], **quiet)
    photo.change(on_photo, [photo, layer], [given, maps, channel], **quiet)
    layer.change(on_layer, [photo, layer], [maps, channel], **quiet)
    maps.select(on_map, [photo, layer], channel, **quiet)
    return photo
