"""A tour of the tab for somebody who knows nothing of networks: a few steps, each about a part of the page, and a quiz.

Every number comes from the network that is loaded, and so do the quiz's answers.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from model.config import Config
from model.inside.graph import Graph, Layer, Stage
from ui.inside.words import size, whole
from ui.texts import number, say

_CONTROLS = ("start", "back", "next", "end", "step", "check", "name")


def tour(graph: Graph, config: Config, language: str) -> dict[str, Any]:
    """For `tour.js`: steps (title, text, the id of what it is about), questions, and the words on its buttons."""
    return {
        "steps": _steps(graph, config, language),
        "questions": _questions(graph, config, language),
        "texts": {name: say(f"inside.tour_{name}", language, **_kept(name)) for name in _CONTROLS},
    }


def _kept(name: str) -> dict[str, str]:
    """What `tour.js` fills in."""
    return {"n": "{n}", "all": "{all}"} if name == "step" else {}


def _steps(graph: Graph, config: Config, language: str) -> list[dict[str, str]]:
    """The steps that this network has."""

    def add(name: str, target: str, text: str = "text", **values: object) -> None:
        said = say(f"inside.tour_{name}_{text}", language, **values)
        steps.append({"title": say(f"inside.tour_{name}", language), "text": said, "target": target})

    steps: list[dict[str, str]] = []
    filters, stages, head = graph.first_filters, graph.stages, graph.head
    add("given", "inside-given", size=size(config.input.width, config.input.height))
    if filters is not None:
        count, _, rows, columns = filters.shape
        add("filter", "inside-filters", n=count, size=size(columns, rows), weights=3 * rows * columns)
    if stages:
        add("map", "inside-maps")
    if len(stages) > 1:
        first, last = (_seen(stage.last, language) for stage in (stages[0], stages[-1]))
        add("deeper", "inside-stages", first=first, n=len(stages), last=last)
    if head is not None and head.linear is not None:
        add("answer", "inside-decides", n=number(head.linear.weight.shape[1], language))
    else:
        add("answer", "inside-decides", "deeper")
    return steps


def _seen(layer: Layer, language: str) -> str:
    """How much of the photo a value of the layer sees, in words."""
    side = layer.receptive_field
    return whole(layer, language) if side is None else say("inside.pixels", language, size=size(side, side))


def _questions(graph: Graph, config: Config, language: str) -> list[dict[str, Any]]:
    return [
        question
        for question in (_field_question(graph.stages, language), _average_question(graph, config, language))
        if question
    ]


def _field_question(stages: tuple[Stage, ...], language: str) -> dict[str, Any] | None:
    """How much of the photo a value of some stage sees; None where all stages see the same."""
    by_side = {stage.last.receptive_field: stage.last for stage in stages}
    known = [place for place, stage in enumerate(stages) if stage.last.receptive_field is not None]
    if len(by_side) < 2 or not known:
        return None
    asked = known[len(known) // 2]
    right = stages[asked].last.receptive_field
    others = [side for side in by_side if side != right]
    options = sorted({right, others[0], others[-1]}, key=lambda side: (side is None, side or 0))
    names = [_seen(by_side[side], language) for side in options]
    return _question("field", names, options.index(right), {"stage": asked + 1, "size": names[options.index(right)]}, language)


def _average_question(graph: Graph, config: Config, language: str) -> dict[str, Any] | None:
    """How many numbers are left of the last maps; None where they are not averaged."""
    head = graph.head
    if head is None or head.linear is None:
        return None
    _, channels, height, width = graph.shapes[head.features]
    options = sorted({len(config.answers), channels, channels * height * width})
    values = {"maps": number(channels, language), "size": size(width, height)}
    return _question("average", [number(each, language) for each in options], options.index(channels), values, language)


def _question(name: str, options: list[str], right: int, values: Mapping[str, object], language: str) -> dict[str, Any]:
    """A question, its options, which of them is right, and what is said to right and wrong answers."""
    said = {part: say(f"inside.quiz_{name}{end}", language, **values)
            for part, end in (("text", ""), ("yes", "_yes"), ("no", "_no"))}  # fmt: skip
    return said | {"options": options, "right": right}
