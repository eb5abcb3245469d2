"""The network itself, whatever the photo: its stages and layers, its first filters, its numbers, how it decides."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

import numpy as np
from PIL import Image

from model.config import NEITHER, Config
from model.inside.graph import Graph, Layer
from ui.data_url import image_url
from ui.inside.words import field_size, layer_name, maps_size, size
from ui.texts import label_name, number, say

_FILTER_SIDE = 48
_ANSWERS_SHOWN = 3


def first_layer(graph: Graph) -> Layer | None:
    """What is looked at before anything is chosen: the middle of the network, neither bare edges nor too small to see."""
    return graph.stages[len(graph.stages) // 2].last if graph.stages else None


def way(graph: Graph, config: Config, language: str) -> dict[str, Any]:
    """The way of a photo through the network for `look.js`: boxes before, the stages with their layers, boxes after."""
    wanted, head, first = config.input, graph.head, first_layer(graph)
    after = []
    if head is not None and head.linear is not None:
        after.append({"size": number(graph.shapes[head.features][1], language), "text": say("inside.box_head", language)})
    names = ", ".join(label_name(answer, language) for answer in config.answers[:_ANSWERS_SHOWN])
    more = " …" if len(config.answers) > _ANSWERS_SHOWN else ""
    after.append({"size": number(len(config.answers), language), "text": f"{names}{more}"})
    return {
        "before": [{"size": size(wanted.width, wanted.height, 3), "text": say("inside.box_photo", language)}],
        "stages": [
            {
                "size": maps_size(stage.last),
                "text": say("inside.box_layers", language, stage=place, n=len(stage.layers)),
                "layers": [{"number": layer.number, "name": layer_name(layer, language)} for layer in stage.layers],
            }
            for place, stage in enumerate(graph.stages, 1)
        ],
        "after": after,
        "first": None if first is None else first.number,
        "texts": {"way": say("inside.look_way", language), "layer": say("inside.look_layer", language, stage="{stage}")},
    }


def filters_html(filters: np.ndarray | None, unused: Sequence[int], language: str) -> str:
    """The first filters as one picture of many parts, each with its number; those that find nothing are marked."""
    if filters is None:
        return f"<p>{escape(say('inside.no_filters', language))}</p>"
    count, _, rows, columns = filters.shape
    source = image_url(filters_picture(filters, unused), "png")
    word = escape(say("inside.unused", language))
    cells = "".join(
        f'<li><span style="background-position:{-_FILTER_SIDE * place}px 0"></span>{place + 1}'
        f"{f' <em>{word}</em>' if place in unused else ''}</li>"
        for place in range(count)
    )
    captions = [say("inside.filters", language, n=count, columns=columns, rows=rows)]
    if unused:
        captions.append(say("inside.filters_unused", language, n=len(unused), all=count))
    said = "".join(f"<p>{escape(caption)}</p>" for caption in captions)
    return f'<ul class="filters" style="--filters:url({source})">{cells}</ul>{said}'


def filters_picture(filters: np.ndarray, unused: Sequence[int] = ()) -> Image.Image:
    """The first filters (C, 3, rows, columns) as colours, side by side: grey is 0, brighter pulls up, darker pulls down.

    Each is as bright as it gets but the `unused` ones, which would show nothing but noise.
    """
    largest = np.abs(filters).max(axis=(1, 2, 3), keepdims=True)
    largest[list(unused)] = np.inf
    scaled = filters / (2 * largest + 1e-12) + 0.5
    sheet = Image.new("RGB", (len(scaled) * _FILTER_SIDE, _FILTER_SIDE))
    for place, kernel in enumerate((scaled * 255).astype(np.uint8)):
        picture = Image.fromarray(kernel.transpose(1, 2, 0)).resize((_FILTER_SIDE, _FILTER_SIDE), Image.Resampling.NEAREST)
        sheet.paste(picture, (place * _FILTER_SIDE, 0))
    return sheet


def numbers_html(graph: Graph, config: Config, in_library: int | None, language: str) -> str:
    """How the answer follows, in words, and the numbers of every stage, as a table.

    Args:
        in_library: how many learned numbers the network's library counts, where batch normalisation is folded here.
    """
    rows = [
        f"<tr><td>{count}</td><td>{maps_size(stage.last)}</td><td>{len(stage.layers)}</td>"
        f"<td>{field_size(stage.last, language)}</td><td>{number(stage.parameters, language)}</td></tr>"
        for count, stage in enumerate(graph.stages, 1)
    ]
    rest = graph.parameters - sum(stage.parameters for stage in graph.stages)
    rows.append(f"<tr><td>{say('inside.head', language)}</td><td>{number(len(config.answers), language)}</td><td></td>"
                f"<td>{say('inside.whole', language)}</td><td>{number(rest, language)}</td></tr>")  # fmt: skip
    names = ("stage", "shape", "layers", "field", "parameters")
    header = "".join(f'<th scope="col">{say(f"inside.column_{name}", language)}</th>' for name in names)
    total = say("inside.total", language, n=number(graph.parameters, language), layers=len(graph.layers))
    if in_library is not None and in_library != graph.parameters:
        total += " " + say("inside.folded", language, n=number(in_library, language))
    return (
        f'<p>{_decision(graph, config, language)}</p><div class="scroll" tabindex="0" role="region"'
        f' aria-label="{escape(say("inside.table", language))}"><table><thead><tr>{header}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div><p>{total}</p>"
    )


def _decision(graph: Graph, config: Config, language: str) -> str:
    """How the answer follows from the last maps, in words, as HTML."""
    end = say("inside.sum_to_1" if config.probabilities == "exclusive" else "inside.each_alone", language)
    if graph.head is None or graph.head.linear is None:
        return f"{say('inside.decides_deeper', language)} {end}"
    linear = graph.head.linear
    numbers = {"n": number(linear.weight.shape[1], language), "rows": number(len(linear.weight), language)}
    if linear.is_merged:
        neither = escape(label_name(NEITHER, language))
        return f"{say('inside.decides_merged', language, **numbers, neither=neither)} {end}"
    return f"{say('inside.decides', language, **numbers)} {end}"
