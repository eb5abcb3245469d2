"""The lab's steps about a real convolution layer, each as HTML: how the network that is served makes its first map."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from model.inside.convolution import Activation, Convolution
from ui.lab import figures
from ui.lab.convolution import Floats
from ui.lab.drawing import Picture, shades, with_frame
from ui.lab.figures import size
from ui.lab.ledger import ledger
from ui.lab.network import LabNetwork, clearest_filter
from ui.lab.photo import Photo
from ui.texts import number, say

CHANNELS = ("red", "green", "blue")
_NORM = {True: "layer.folded", False: "layer.normalised"}  # whether its normalisation was folded in here
_MOST = 0.99  # of all values are within the tones of a map: a few that are far off would leave the others grey
_SIDE = 128  # pixels: a smaller map is enlarged


@dataclass(frozen=True)
class Place:
    """A filter of the first layer, from 1, 0 for the clearest; and a place in its map, row and column from 0."""

    filter: int
    row: int
    column: int

    def chosen(self, convolution: Convolution) -> int:
        """The filter, from 0."""
        return min(self.filter, convolution.outputs) - 1 if self.filter > 0 else clearest_filter(convolution)

    def within(self, rows: int, columns: int) -> tuple[int, int]:
        """The place, in a map of this size."""
        return min(max(self.row, 0), rows - 1), min(max(self.column, 0), columns - 1)


def maps_step(network: LabNetwork, photo: Photo, place: Place, language: str) -> str:
    """Three channels, three kernels, three maps, their sum, and the map that the network goes on with."""
    layer, maps = network.layers.first, network.maps(photo)["first"]
    output = place.chosen(layer)
    partial = layer.partial_maps(maps.seen, output)
    total = partial.sum(axis=0) + layer.bias[output]
    shape = total.shape
    row, column = place.within(*shape)
    most = max(float(np.quantile(np.abs(np.concatenate([partial, total[None]])), _MOST)), 1e-6)
    low, high = float(maps.seen.min()), float(maps.seen.max())
    frame = row * layer.op.stride[0], column * layer.op.stride[1], *layer.op.kernel
    strongest = float(np.abs(layer.weight[output]).max()) or 1.0
    result = maps.result[output]
    finished = marked(result, min(0.0, float(result.min())), float(result.max()) or 1.0, row, column)
    activated = say("layer.activated", language, activation=activation_name(layer.activation, language))
    names = [say(f"layer.{channel}", language) for channel in CHANNELS]
    pictures = [
        *(
            small_picture(with_frame(shades(plane, low, high), *frame), say("layer.plane", language, channel=name), shape)
            for plane, name in zip(maps.seen, names, strict=True)
        ),
        *(
            small_picture(enlarged(shades(kernel, -strongest, strongest)), say("layer.kernel", language, channel=name))
            for kernel, name in zip(layer.weight[output], names, strict=True)
        ),
        *(
            small_picture(marked(values, -most, most, row, column), say("layer.partial", language, channel=name), shape)
            for values, name in zip(partial, names, strict=True)
        ),
        small_picture(marked(total, -most, most, row, column), say("layer.summed", language), shape),
        small_picture(finished, activated, shape),
    ]
    top, left, bottom, right = layer.op.padding
    seen = maps.seen.shape[1] - top - bottom, maps.seen.shape[2] - left - right, len(CHANNELS)
    counted = say(
        "layer.sizes", language, filter=output + 1, filters=layer.outputs, seen=size(seen), k=size(layer.op.kernel),
        map=size(shape), low=number(low, language), high=number(high, language), most=number(most, language),
    )  # fmt: skip
    border = say("layer.border", language) if any(layer.op.padding) else ""
    return f'<div class="three">{"".join(pictures)}</div>' + figures.sentence(f"{counted} {border}".strip())


def sum_step(network: LabNetwork, photo: Photo, place: Place, language: str) -> str:
    """The value at one place, written out: products, sums, bias, activation."""
    layer, maps = network.layers.first, network.maps(photo)["first"]
    output = place.chosen(layer)
    row, column = place.within(*maps.result.shape[1:])
    window, kernels = layer.window(maps.seen, output, row, column), layer.weight[output]
    products = window * kernels
    sums = products.sum(axis=(1, 2))
    parts = []
    for channel, name in enumerate(CHANNELS):
        parts.append(figures.sentence(say("layer.channel", language, channel=say(f"layer.{name}", language))))
        parts.append(products_row(window[channel], kernels[channel], products[channel], language))
    rows = [
        [say("layer.sum_of", language, channel=say(f"layer.{name}", language)), number(float(value), language)]
        for name, value in zip(CHANNELS, sums, strict=True)
    ]
    rows.append([say("layer.bias", language), number(float(layer.bias[output]), language)])
    total = float(sums.sum() + layer.bias[output])
    rows += outcome(layer, total, float(maps.result[output, row, column]), language)
    caption = say("layer.reckoning", language, filter=output + 1, row=row, column=column)
    return "".join(parts) + ledger(caption, ["", say("layer.value", language)], rows, len(rows) - 4) + notes(layer, language)


def products_row(window: Floats, kernel: Floats, products: Floats, language: str) -> str:
    """What lies under a kernel, the kernel, and the products of both, side by side."""
    written = say("layer.products", language, sum=number(float(products.sum()), language))
    tables = (
        figures.number_table(window, say("layer.under", language), language, colours="signed"),
        figures.number_table(kernel, say("layer.times", language), language, colours="signed"),
        figures.number_table(products, written, language, colours="signed"),
    )
    return f'<div class="tight">{"".join(tables)}</div>'


def outcome(layer: Convolution, total: float, result: float, language: str) -> list[list[str]]:
    """The last lines of a reckoning: the sum, what the activation makes of it, and what the network keeps."""
    rows = [[say("layer.total", language), number(total, language)]]
    activated = layer.activation(np.array(total, np.float32))
    if layer.activation.name != "none" and activated is not None:
        name = activation_name(layer.activation, language)
        rows.append([say("layer.after", language, activation=name), number(float(activated), language)])
    if layer.result_rounding is not None or activated is None:
        rows.append([say("layer.kept" if layer.result_rounding else "layer.network", language), number(result, language)])
    return rows


def notes(layer: Convolution, language: str) -> str:
    """What must be known about the numbers of a layer: the activation, the normalisation, the rounding."""
    sentences = [about_activation(layer.activation, language), say(_NORM[layer.folded], language)]
    return figures.sentence(" ".join((*sentences, about_rounding(layer, language))).strip())


def about_activation(activation: Activation, language: str) -> str:
    """What the activation does, in a sentence."""
    low, high = (number(limit, language) if np.isfinite(limit) else "" for limit in activation.limits)
    return say(f"layer.act_{_kind(activation)}", language, low=low, high=high, label=activation.label)


def about_rounding(layer: Convolution, language: str) -> str:
    """Why the last number of its reckoning is a rounded one, in a sentence; empty where it is not."""
    rounding = layer.result_rounding
    if rounding is None:
        return ""
    return say(
        "layer.rounded", language, steps=number(rounding.steps, language), step=number(rounding.step, language),
        low=number(rounding.low, language), high=number(rounding.high, language),
    )  # fmt: skip


def _kind(activation: Activation) -> str:
    """Which of the texts `layer.act_…` is about it."""
    if activation.name != "clip":
        return activation.name
    low, high = activation.limits
    return "between" if low != 0 else "capped" if np.isfinite(high) else "relu"


def activation_name(activation: Activation, language: str) -> str:
    """What it is called, in a word or two."""
    kind = _kind(activation)
    if kind == "capped" and abs(activation.limits[1] - 6) < 0.01:
        return "ReLU6"
    named = {"relu": "ReLU", "capped": "ReLU", "silu": "SiLU", "other": activation.label}
    return named.get(kind) or say(f"layer.name_{kind}", language)


def enlarged(picture: Picture) -> Picture:
    """A small picture enlarged by nearest neighbour, in whole squares."""
    each = max(1, _SIDE // max(picture.shape[:2]))
    return picture.repeat(each, axis=0).repeat(each, axis=1)


def marked(values: Floats, low: float, high: float, row: int, column: int) -> Picture:
    """A map, from black at `low` to white at `high`, with a frame around a place."""
    each = max(1, _SIDE // max(values.shape))
    return with_frame(enlarged(shades(values, low, high)), row * each, column * each, each, each)


def small_picture(picture: Picture, caption: str, places: tuple[int, ...] | None = None) -> str:
    """A picture with its caption; where it has places, a click on it chooses one."""
    attributes = {"data-place-rows": places[0], "data-place-columns": places[1]} if places else {}
    return figures.picture(picture, caption, caption, "", **attributes)
