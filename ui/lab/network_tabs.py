"""The lab's tabs about the network that is served: one of its layers taken apart, and its way from scores to an answer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import gradio as gr

from model.config import Config
from model.errors import ModelError
from ui.lab import figures, layer_steps, many_steps, scores_steps
from ui.lab.bounded_slider import BoundedSlider
from ui.lab.layer_steps import Place
from ui.lab.network import LabNetwork
from ui.lab.own_kernel import LabError
from ui.lab.photo import Photo
from ui.lab.wiring import Lab, Work
from ui.service import Answers
from ui.texts import label_text, say, t

_PLACE = (Path(__file__).parent / "place.js").read_text("utf-8")
_CHOSEN = """() => {
  const { row, column } = document.querySelector("#lab-layer-maps[data-row], #lab-layer-maps [data-row]").dataset;
  return [Number(row), Number(column)];
}"""
_WIDE = 240  # pixels: on a phone a control has a line of its own
_HOTTEST = 10
_SHORTEST = 2  # the end of a slider: Gradio wants it above the beginning, which is 0 or 1
_FEW = 6  # answers that are buttons; more are a list


def build(lab: Lab, answers: Answers) -> None:
    """Both tabs, in the tabs that are being built."""
    network = LabNetwork(answers)
    with lab.tab("layer") as tab:
        _layer(lab, tab, network)
    with lab.tab("scores") as tab:
        _scores(lab, tab, network)


def _layer(lab: Lab, tab: gr.Tab, network: LabNetwork) -> None:
    gr.Markdown(t("layer.intro"))
    with gr.Row():
        filter_ = gr.Dropdown(
            [(t("layer.clearest"), 0)],
            value=0,
            label=t("layer.filter"),
            filterable=False,
            min_width=_WIDE,
            elem_id="lab-filter",
        )
        row, column = (
            BoundedSlider(0, 127, 63, step=1, precision=0, label=t(f"layer.{name}"), min_width=_WIDE, elem_id=f"lab-{name}")
            for name in ("row", "column")
        )
    place = [filter_, row, column]
    maps = lab.step(tab, _about(network, layer_steps.maps_step, says_why=True), place, elem_id="lab-layer-maps", script=_PLACE)
    maps.select(None, None, [row, column], js=_CHOSEN, api_visibility="private")
    gr.Markdown(t("layer.sum_text"))
    lab.step(tab, _about(network, layer_steps.sum_step), place, elem_id="lab-layer-sum")
    gr.Markdown(t("layer.many_text"))
    output = BoundedSlider(1, 16, 1, step=1, precision=0, label=t("layer.output"), elem_id="lab-output")
    lab.step(tab, _about(network, many_steps.many_step), [*place, output], elem_id="lab-many")
    gr.Markdown(t("layer.stride_text"))
    lab.step(tab, _stride(network), elem_id="lab-layer-stride")
    gr.Markdown(t("layer.depthwise_text"))
    lab.step(tab, _about(network, many_steps.depthwise_step), [*place, output], elem_id="lab-depthwise")

    def ranges(*chosen: int) -> tuple[Any, ...]:
        """What there is to choose from, once the network is known."""
        try:
            layers = network.layers
        except (ModelError, LabError):
            return (gr.skip(),) * 4
        _, filters, rows, columns = network.inside.graph.shapes[layers.first.result]
        named = [(t("layer.clearest"), 0), *((str(number), number) for number in range(1, filters + 1))]
        outputs = 1 if layers.many is None else layers.many.outputs
        ends = (rows - 1, columns - 1, outputs)
        return gr.update(choices=named), *(_up_to(end, value) for end, value in zip(ends, chosen, strict=True))

    tab.select(ranges, [row, column, output], [*place, output], api_visibility="private", show_progress="hidden")


def _up_to(end: int, chosen: int) -> Any:
    """The update of a slider that ends here; what was chosen beyond it comes down to it."""
    end = max(end, _SHORTEST)
    return gr.update(maximum=end, value=end) if chosen > end else gr.update(maximum=end)


def _scores(lab: Lab, tab: gr.Tab, network: LabNetwork) -> None:
    config = network.classifier.config
    gr.Markdown(t("scores.intro"))
    named = [(t("scores.winner"), scores_steps.WINNER), *((label_text(label), label) for label in config.answers)]
    choice = gr.Radio if len(named) <= _FEW else gr.Dropdown
    answer = choice(named, value=scores_steps.WINNER, label=t("scores.which"), elem_id="lab-answer")
    lab.step(tab, _scored(network, scores_steps.pooled_step, says_why=True), [answer], elem_id="lab-pooled")
    gr.Markdown(t("scores.rows_text"))
    lab.step(tab, _scored(network, scores_steps.rows_step), [answer], elem_id="lab-rows")
    if config.probabilities == "exclusive":
        gr.Markdown(t("scores.softmax_text"))
        gr.Markdown(t("scores.calibrated" if config.is_calibrated else "scores.uncalibrated"))
    else:
        gr.Markdown(t("scores.sigmoid_text"))
    with gr.Row(equal_height=False):
        temperature = BoundedSlider(
            0.05, max(_HOTTEST, config.temperature), _shown(config), step=0.01, label=t("scores.temperature"),
            info=t("scores.temperature_info"), elem_id="lab-temperature",
        )  # fmt: skip
        own = gr.Button(t("scores.own"), size="sm", scale=0, min_width=240, elem_id="lab-own-temperature")
    own.click(lambda: _shown(config), None, temperature, api_visibility="private", show_progress="hidden", queue=False)
    lab.step(tab, _scored(network, scores_steps.answers_step), [temperature], elem_id="lab-answers")


def _shown(config: Config) -> float:
    """The model's temperature as the slider has it."""
    return round(config.temperature, 2)


def _about(network: LabNetwork, work: Callable[..., str], *, says_why: bool = False) -> Work:
    """`work(network, photo, place, ...)` as a step that takes filter, row and column."""

    def run(photo: Photo, filter_: int, row: int, column: int, *rest: Any) -> str:
        return _asked(lambda: work(network, photo, Place(int(filter_), int(row), int(column)), *rest), says_why, rest[-1])

    return run


def _scored(network: LabNetwork, work: Callable[..., str], *, says_why: bool = False) -> Work:
    def run(photo: Photo, *rest: Any) -> str:
        return _asked(lambda: work(network, photo, *rest), says_why, rest[-1])

    return run


def _stride(network: LabNetwork) -> Work:
    def run(photo: Photo, language: str) -> str:
        return _asked(lambda: many_steps.stride_step(network, language), False, language)

    return run


def _asked(work: Callable[[], str], says_why: bool, language: str) -> str:
    """What `work` gives; of a network that cannot be looked into, one step says so, and the others say nothing."""
    try:
        return work()
    except ModelError:
        return figures.sentence(say("layer.closed", language)) if says_why else ""
    except LabError:
        if says_why:
            raise
        return ""
