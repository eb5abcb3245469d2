"""The lab's steps about later layers, each as HTML: many maps become one, stride, and maps that are kept apart."""

from __future__ import annotations

import numpy as np

from model.inside.convolution import Convolution
from model.inside.graph import Pair
from ui import markup
from ui.lab import figures
from ui.lab.drawing import data_url
from ui.lab.figures import size
from ui.lab.layer_steps import Place, about_activation, about_rounding, enlarged, marked, outcome, products_row, small_picture
from ui.lab.ledger import ledger
from ui.lab.network import LabNetwork, Maps
from ui.lab.photo import Photo
from ui.texts import number, say

SHOWN = 6  # terms that are written out
_GRID = 12  # places along each side of the drawing of a stride


def many_step(network: LabNetwork, photo: Photo, place: Place, output: int, language: str) -> str:
    """One output map, counted from 1, of a layer that sees many: the largest terms of one value, and the sum of all."""
    layer = network.layers.many
    if layer is None:
        return figures.sentence(say("layer.no_many", language))
    maps = network.maps(photo)["many"]
    chosen = _output(layer, output)
    row, column = _there(network, photo, place, maps)
    products = layer.window(maps.seen, chosen, row, column) * layer.weight[chosen]
    terms = products.sum(axis=(1, 2))
    largest = np.argsort(-np.abs(terms), kind="stable")[:SHOWN]
    pointwise = layer.op.kernel == (1, 1)
    rows = []
    for input_map in largest.tolist():
        name = say("layer.map", language, n=input_map + 1)
        values = maps.seen[input_map]
        shown = markup.image(data_url(_seen(values, layer, row, column)), name)
        cells: list[str] = [markup.Html(f"{shown} {input_map + 1}")]
        if pointwise:
            cells += [number(float(values[row * layer.op.stride[0], column * layer.op.stride[1]]), language),
                      number(float(layer.weight[chosen, input_map, 0, 0]), language)]  # fmt: skip
        rows.append([*cells, number(float(terms[input_map]), language)])
    blank = ["", ""] if pointwise else []
    rest = len(terms) - len(largest)
    if rest:
        others = float(np.delete(terms, largest).sum())
        rows.append([say("layer.rest", language, n=number(rest, language)), *blank, number(others, language)])
    rows.append([say("layer.bias", language), *blank, number(float(layer.bias[chosen]), language)])
    results = outcome(layer, float(terms.sum() + layer.bias[chosen]), float(maps.result[chosen, row, column]), language)
    rows += [[name, *blank, value] for name, value in results]
    head = [say("layer.input_map", language)]
    if pointwise:
        head += [say("layer.its_value", language), say("layer.weight", language)]
    head.append(say("layer.product" if pointwise else "layer.product_sum", language, k=size(layer.op.kernel)))
    caption = say(
        "layer.many_reckoning", language, n=number(layer.inputs, language), m=number(layer.outputs, language),
        k=size(layer.op.kernel), map=size(maps.result.shape[1:]), output=chosen + 1, row=row, column=column,
    )  # fmt: skip
    about = f"{about_activation(layer.activation, language)} {about_rounding(layer, language)}".strip()
    return ledger(caption, head, rows, len(results)) + figures.sentence(about)


def stride_step(network: LabNetwork, language: str) -> str:
    """Which places a layer with a stride computes, and the size that follows."""
    op = network.layers.strided
    if op is None:
        return figures.sentence(say("layer.no_stride", language))
    shapes = network.inside.graph.shapes
    (height, width), (rows, columns) = shapes[op.inputs[0]][2:], shapes[op.output][2:]
    top, left, bottom, right = op.padding
    places = np.full((_GRID, _GRID), 225, np.uint8)
    places[:: op.stride[0], :: op.stride[1]] = 40
    reach = [(side - 1) * step + 1 for side, step in zip(op.kernel, op.dilation, strict=True)]
    sides = (
        ("height", height, top + bottom, reach[0], op.stride[0], rows),
        ("width", width, left + right, reach[1], op.stride[1], columns),
    )
    lines = [
        say("layer.size_sum", language, side=say(f"layer.{side}", language), n=n, p=p, k=k, s=s, out=out)
        for side, n, p, k, s, out in sides
    ]
    caption = say("layer.stride_places", language, s=op.stride[0], every=number(op.stride[0] * op.stride[1], language))
    drawing = small_picture(enlarged(places), caption)
    counted = say(
        "layer.stride_count", language, k=size(op.kernel), s=op.stride[0], before=size((height, width)),
        after=size((rows, columns)),
    )  # fmt: skip
    return (
        figures.sentence(counted)
        + f'<div class="three">{drawing}</div>'
        + figures.sentence(" ".join((*lines, say("layer.size_padding", language))))
    )


def depthwise_step(network: LabNetwork, photo: Photo, place: Place, output: int, language: str) -> str:
    """The map that adds most to the value above, by its one kernel; and what keeping maps apart saves."""
    layer, many = network.layers.depthwise, network.layers.many
    if layer is None:
        return figures.sentence(say("layer.no_depthwise", language))
    maps = network.maps(photo)["depthwise"]
    row, column = place_in(place, network.maps(photo)["first"].result.shape[1:], maps.result.shape[1:])
    follows = many is not None and many.inputs == layer.outputs
    chosen = _strongest(network, photo, place, output) if follows else 0
    window, kernel = layer.window(maps.seen, chosen, row, column)[0], layer.weight[chosen, 0]
    products = window * kernel
    total = float(products.sum() + layer.bias[chosen])
    rows = [
        [say("layer.products_alone", language), number(float(products.sum()), language)],
        [say("layer.bias", language), number(float(layer.bias[chosen]), language)],
        *outcome(layer, total, float(maps.result[chosen, row, column]), language),
    ]
    values = {"n": number(layer.outputs, language), "k": size(layer.op.kernel), "map": chosen + 1}
    caption = say("layer.depthwise_reckoning", language, row=row, column=column, **values)
    reckoned = products_row(window, kernel, products, language) + ledger(
        caption, ["", say("layer.value", language)], rows, len(rows) - 2
    )
    if layer.result_rounding is not None:
        reckoned += figures.sentence(about_rounding(layer, language))
    if many is None or not follows:
        return reckoned
    return reckoned + figures.sentence(say("layer.weighs_most", language)) + costs(layer, many, language)


def costs(depthwise: Convolution, pointwise: Convolution, language: str) -> str:
    """How many numbers both layers have learned, against one ordinary convolution in their place."""
    rows, columns = depthwise.op.kernel
    apart, sums, n, m = depthwise.parameters, pointwise.parameters, depthwise.outputs, pointwise.outputs
    whole = rows * columns * n * m + m
    written = {name: number(value, language) for name, value in {"n": n, "m": m}.items()}
    lines = [
        (say("layer.cost_depthwise", language, **written), f"{rows}·{columns}·{n} + {n}", apart),
        (say("layer.cost_pointwise", language, **written), f"{n}·{m} + {m}", sums),
        (say("layer.cost_both", language), f"{apart} + {sums}", apart + sums),
        (say("layer.cost_ordinary", language, k=size((rows, columns)), **written), f"{rows}·{columns}·{n}·{m} + {m}", whole),
    ]
    cells = [[name, sum_, number(value, language)] for name, sum_, value in lines]
    times = number(whole / (apart + sums), language)
    head = ["", say("layer.cost_sum", language), say("layer.cost_numbers", language)]
    saved = say("layer.cost_saved", language, times=times)
    return ledger(say("layer.cost", language), head, cells, 2) + figures.sentence(saved)


def place_in(place: Place, first: tuple[int, ...], other: tuple[int, ...]) -> Pair:
    """Row and column in a map of another size that lie at the same part of the photo as a place in the first map."""
    row, column = place.within(first[0], first[1])
    return int((row + 0.5) * other[0] / first[0]), int((column + 0.5) * other[1] / first[1])


def _there(network: LabNetwork, photo: Photo, place: Place, maps: Maps) -> Pair:
    return place_in(place, network.maps(photo)["first"].result.shape[1:], maps.result.shape[1:])


def _output(layer: Convolution, output: int) -> int:
    return min(max(output, 1), layer.outputs) - 1


def _strongest(network: LabNetwork, photo: Photo, place: Place, output: int) -> int:
    """The input map whose term in the value of `many_step` is largest."""
    layer, maps = network.layers.many, network.maps(photo)["many"]
    if layer is None:
        return 0
    chosen = _output(layer, output)
    terms = (layer.window(maps.seen, chosen, *_there(network, photo, place, maps)) * layer.weight[chosen]).sum(axis=(1, 2))
    return int(np.abs(terms).argmax())


def _seen(values: np.ndarray, layer: Convolution, row: int, column: int) -> np.ndarray:
    """An input map with a frame around the place that a value is made from."""
    top, left = row * layer.op.stride[0] + layer.op.kernel[0] // 2, column * layer.op.stride[1] + layer.op.kernel[1] // 2
    return marked(values, min(0.0, float(values.min())), float(values.max()) or 1.0, top, left)
