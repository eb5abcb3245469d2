"""What is inside a network, as pictures and HTML: its stages, its first filters, what it is given, its feature maps."""

from __future__ import annotations

from html import escape

import numpy as np
from PIL import Image, ImageDraw

from model.config import Config
from model.inside.graph import Graph, Layer
from ui.palette import heat_colours
from ui.texts import number, say

MAPS_SHOWN = 24
_MAP_SIDE = 128
_SMALLEST_FRAME = 12
_FILTER_SIDE = 48


def strongest(maps: np.ndarray, count: int = MAPS_SHOWN) -> list[int]:
    """The channels of maps (C, h, w) with the largest mean magnitude, largest first."""
    return [int(channel) for channel in np.argsort(-np.abs(maps).mean(axis=(1, 2)), kind="stable")[:count]]


def map_picture(values: np.ndarray) -> Image.Image:
    """One map (h, w) in the colours of the heat map, from its smallest to its largest value, in whole squares."""
    low, high = float(values.min()), float(values.max())
    scaled = (values - low) / (high - low) if high > low else np.zeros_like(values)
    picture = Image.fromarray(heat_colours(scaled).astype(np.uint8))
    factor = max(1, _MAP_SIDE // max(picture.size))
    return picture.resize((picture.width * factor, picture.height * factor), Image.Resampling.NEAREST)


def filters_picture(filters: np.ndarray) -> Image.Image:
    """The first filters (C, 3, rows, columns) as colours: grey is 0, brighter pulls up, darker pulls down."""
    scaled = filters / (2 * np.abs(filters).max(axis=(1, 2, 3), keepdims=True) + 1e-12) + 0.5
    columns = min(16, len(scaled))
    rows = -(-len(scaled) // columns)
    cell = _FILTER_SIDE + 4
    sheet = Image.new("RGB", (columns * cell, rows * cell), "white")
    for place, kernel in enumerate((scaled * 255).astype(np.uint8)):
        picture = Image.fromarray(kernel.transpose(1, 2, 0)).resize((_FILTER_SIDE, _FILTER_SIDE), Image.Resampling.NEAREST)
        sheet.paste(picture, (place % columns * cell + 2, place // columns * cell + 2))
    return sheet


def planes_picture(planes: np.ndarray) -> Image.Image:
    """The three channels (3, h, w) that the network is given, side by side: black is the smallest, white the largest."""
    low, high = float(planes.min()), float(planes.max())
    grey = ((planes - low) / max(high - low, 1e-12) * 255).astype(np.uint8)
    return Image.fromarray(np.concatenate(list(grey), axis=1))


def marked(picture: Image.Image, layer: Layer, row: int, column: int) -> Image.Image:
    """A copy with a frame around what the value at (row, column) of the layer's maps depends on."""
    copy = picture.copy()
    half = max(layer.receptive_field or 2 * max(picture.size), _SMALLEST_FRAME) / 2
    x, y = (column + 0.5) * picture.width / layer.width, (row + 0.5) * picture.height / layer.height
    left, top = max(0, x - half), max(0, y - half)
    right, bottom = min(picture.width - 1, x + half), min(picture.height - 1, y + half)
    draw = ImageDraw.Draw(copy)
    for inset, colour in ((0, "black"), (1, "white"), (2, "white"), (3, "black")):
        if right - left > 2 * inset and bottom - top > 2 * inset:
            draw.rectangle((left + inset, top + inset, right - inset, bottom - inset), outline=colour)
    return copy


def stages_html(graph: Graph, config: Config, language: str) -> str:
    """The way of a photo through the network, as boxes, and the numbers of every stage, as a table."""
    size, head = config.input, graph.head
    boxes = [f"<b>{size.height}×{size.width}×3</b>{say('inside.box_photo', language)}"]
    boxes += [f"<b>{s.last.height}×{s.last.width}×{s.last.channels}</b>{say('inside.box_layers', language, n=len(s.layers))}"
              for s in graph.stages]  # fmt: skip
    if head is not None and head.linear is not None:
        boxes.append(f"<b>{number(graph.shapes[head.features][1], language)}</b>{say('inside.box_head', language)}")
    shown = ", ".join(escape(answer) for answer in config.answers[:3]) + (" …" if len(config.answers) > 3 else "")
    boxes.append(f"<b>{number(len(config.answers), language)}</b>{shown}")
    steps = '<span class="arrow" aria-hidden="true">→</span>'.join(f'<span class="box">{box}</span>' for box in boxes)
    rows = [
        f"<tr><td>{count}</td><td>{stage.last.height}×{stage.last.width}×{stage.last.channels}</td><td>{len(stage.layers)}</td>"
        f"<td>{_field(stage.last, language)}</td><td>{number(stage.parameters, language)}</td></tr>"
        for count, stage in enumerate(graph.stages, 1)
    ]
    rest = graph.parameters - sum(stage.parameters for stage in graph.stages)
    rows.append(f"<tr><td>{say('inside.head', language)}</td><td>{number(len(config.answers), language)}</td><td></td>"
                f"<td>{say('inside.whole', language)}</td><td>{number(rest, language)}</td></tr>")  # fmt: skip
    names = ("stage", "shape", "layers", "field", "parameters")
    header = "".join(f"<th>{say(f'inside.column_{name}', language)}</th>" for name in names)
    total = say("inside.total", language, n=number(graph.parameters, language), layers=len(graph.layers))
    return (
        f'<div class="stages">{steps}</div><div class="scroll"><table><thead><tr>{header}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div><p>{total}</p><p>{_decision(graph, language)}</p>"
    )


def _decision(graph: Graph, language: str) -> str:
    """How the answer follows from the last maps, in words."""
    if graph.head is None or graph.head.linear is None:
        return say("inside.decides_deeper", language)
    linear = graph.head.linear
    numbers = {"n": number(linear.weight.shape[1], language), "rows": number(len(linear.weight), language)}
    return say("inside.decides_merged" if linear.is_merged else "inside.decides", language, **numbers)


def layer_name(layer: Layer, language: str) -> str:
    """One line that tells a layer from the others."""
    kernel = f" {layer.kernel[0]}×{layer.kernel[1]}" if layer.kind in ("conv", "pool") else ""
    stride = f" ÷{max(layer.stride)}" if max(layer.stride) > 1 else ""
    what = say(f"inside.kind_{layer.kind}", language)
    shape = f"{layer.height}×{layer.width}×{layer.channels}"
    return f"{layer.number} · {what}{kernel}{stride} · {shape} · {_field(layer, language)}"


def _field(layer: Layer, language: str) -> str:
    side = layer.receptive_field
    return say("inside.whole", language) if side is None else f"{side}×{side}"
