"""The convolution lab: what the first layers of a network do, step by step, on the visitor's own photo.

This file is the tab, and `wiring` keeps it up to date. The mathematics, on arrays: `convolution`, `edges`, `sliding` (a
kernel's places one by one); they take a `photo` and a kernel of `KERNELS` or the visitor's `own_kernel`. What is shown:
`drawing` and `animation` make pictures, `figures` HTML. From one to the other, a step at a time: `number_steps`, `steps`,
`edge_steps`, `sliding_steps`. Two tabs, `network_tabs`, are about the `network` that is served.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gradio as gr

from ui.lab import edge_steps, figures, network_tabs, number_steps, sliding_steps, steps
from ui.lab.bounded_slider import BoundedSlider
from ui.lab.convolution import KERNELS
from ui.lab.own_kernel import SIZES, STARTS
from ui.lab.photo import Photo
from ui.lab.sliding import OWN, PLACES, Sliding
from ui.lab.wiring import Lab, Work, without_photo
from ui.photo_input import PhotoInput
from ui.service import Service
from ui.texts import t

_PADDINGS = ("valid", "zeros", "edge", "reflect")
_LARGEST_WINDOW = 8
_MOST_OUTPUTS = 1000
_WIDE = 240  # pixels: on a phone a control has a line of its own
_STEEPEST = 60  # grey levels per pixel: where even hard edges end


def build(service: Service) -> PhotoInput:
    """The tab's components, in the tab that is being built; its photo."""
    gr.Markdown(t("lab.intro"))
    lab = Lab("numbers", number_steps.framed)
    with gr.Tabs(overflow_behavior="wrap", elem_id="lab-tabs"):
        with lab.tab("numbers") as tab:
            _numbers(lab, tab)
        with lab.tab("kernels") as tab:
            sliding = _kernels(lab, tab)
        with lab.tab("pooling") as tab:
            _pooling(lab, tab, sliding)
        with lab.tab("edges") as tab:
            _edges(lab, tab)
        with lab.tab("sliding") as tab:
            _slow_motion(lab, tab, sliding)
        network_tabs.build(lab, service)
    lab.connect()
    return lab.photo


def _numbers(lab: Lab, tab: gr.Tab) -> None:
    gr.Markdown(t("lab.numbers_text"))
    with gr.Row(equal_height=False):
        with gr.Column(min_width=280):
            gr.Markdown(t("lab.small_text"))
            lab.step(tab, number_steps.small_table, elem_id="lab-small")
        with gr.Column(min_width=280):
            gr.Markdown(t("lab.pixels_text"))
            lab.step(tab, number_steps.pixel_table, close=True, elem_id="lab-pixels")
    gr.Markdown(t("lab.histogram_text"))
    lab.step(tab, number_steps.histogram, elem_id="lab-histogram")


def _kernels(lab: Lab, tab: gr.Tab) -> list[Any]:
    """The second tab; returns the controls that `Sliding.chosen` takes, in its order."""
    gr.Markdown(t("lab.kernels_text"))
    kernel = gr.Dropdown(
        [(t(f"lab.kernel_{name}"), name) for name in [*KERNELS, OWN]],
        value="sobel_x",
        label=t("lab.kernel"),
        filterable=False,
        elem_id="lab-kernel",
    )
    gr.Markdown(t("lab.sobel_names"))
    with gr.Column(visible=False) as own:
        sizes = [(f"{size}×{size}", size) for size in SIZES]
        side = gr.Radio(sizes, value=SIZES[0], label=t("lab.own_size"), elem_id="lab-own-size")
        grid = gr.Dataframe(
            STARTS[SIZES[0]],
            headers=_headers(SIZES[0]),
            type="array",
            interactive=True,
            label=t("lab.own_grid"),
            buttons=[],
            elem_id="lab-own",
        )
    with gr.Row():
        operation = _radio("operation", ["correlation", "convolution"])
        channels = _radio("channels", ["grey", "rgb"])
    with gr.Row():
        padding = _radio("padding", list(_PADDINGS))
        stride = BoundedSlider(1, 4, 1, step=1, precision=0, label=t("lab.stride"), min_width=_WIDE, elem_id="lab-stride")
    kernel.change(
        lambda name: gr.update(visible=name == OWN), kernel, own, api_visibility="private", show_progress="hidden", queue=False
    )
    side.change(
        lambda size: {"headers": _headers(size), "data": STARTS[size]}, side, grid,
        api_visibility="private", show_progress="hidden", queue=False,
    )  # fmt: skip
    controls = [kernel, grid, stride, padding, channels, operation]
    table = gr.HTML(css_template=figures.STYLE, elem_id="lab-kernel-table")
    gr.on(
        [tab.select, kernel.change, grid.change], without_photo(_kernel_table), controls, table,
        api_visibility="private", show_progress="hidden", trigger_mode="always_last", queue=False,
    )  # fmt: skip
    gr.Markdown(t("lab.map_text"))
    lab.step(tab, _with_kernel(steps.map_step), controls, elem_id="lab-map")
    gr.Markdown(t("lab.close_text"))
    lab.step(tab, _with_kernel(steps.closeup_step), controls, close=True, elem_id="lab-close")
    return controls


def _pooling(lab: Lab, tab: gr.Tab, sliding: Sequence[Any]) -> None:
    gr.Markdown(t("lab.relu_text"))
    lab.step(tab, _with_kernel(steps.relu_step), sliding, elem_id="lab-relu")
    gr.Markdown(t("lab.pool_text"))
    gr.HTML(steps.pooling_example(), css_template=figures.STYLE, elem_id="lab-pool-example")
    with gr.Row():
        kind = gr.Radio([(t("lab.pool_max"), "max"), (t("lab.pool_average"), "average")], value="max", label=t("lab.pool_kind"))
        window = BoundedSlider(2, _LARGEST_WINDOW, 2, step=1, precision=0, label=t("lab.pool_window"), elem_id="lab-window")
        stride = BoundedSlider(
            1, _LARGEST_WINDOW, 2, step=1, precision=0, label=t("lab.pool_stride"), elem_id="lab-pool-stride"
        )
    pooling = [kind, window, stride]
    lab.step(tab, _with_kernel(steps.pool_step), [*sliding, *pooling], elem_id="lab-pool")
    gr.Markdown(t("lab.flat_text"))
    outputs = BoundedSlider(1, _MOST_OUTPUTS, 2, step=1, precision=0, label=t("lab.outputs"), elem_id="lab-outputs")
    lab.step(tab, _with_kernel(steps.flatten_step), [*sliding, *pooling, outputs], elem_id="lab-flat")


def _edges(lab: Lab, tab: gr.Tab) -> None:
    gr.Markdown(t("lab.gradient_text"))
    lab.step(tab, edge_steps.gradient_step, elem_id="lab-gradient")
    gr.Markdown(t("lab.edge_text"))
    threshold = BoundedSlider(1, _STEEPEST, 12, step=1, precision=0, label=t("lab.threshold"), elem_id="lab-threshold")
    lab.step(tab, edge_steps.edge_step, [threshold], elem_id="lab-edges")
    gr.Markdown(t("lab.orientation_text"))
    measure = _radio("measure", ["count", "magnitude"])
    lab.step(tab, edge_steps.orientation_step, [threshold, measure], elem_id="lab-orientation")
    gr.Markdown(t("lab.density_text"))
    lab.step(tab, edge_steps.block_step, [threshold], close=True, elem_id="lab-blocks")
    gr.Markdown(t("lab.finer_text"))
    window = BoundedSlider(5, 101, 31, step=2, precision=0, label=t("lab.density_window"), elem_id="lab-density-window")
    lab.step(tab, edge_steps.density_step, [threshold, window], elem_id="lab-density")
    gr.Markdown(t("lab.contour_text"))
    with gr.Row():
        levels = BoundedSlider(1, 4, 3, step=1, precision=0, label=t("lab.levels"), elem_id="lab-levels")
        smoothing = BoundedSlider(2, 8, 3, step=1, precision=0, label=t("lab.smoothing"), elem_id="lab-smoothing")
    lab.step(tab, edge_steps.contour_step, [levels, smoothing], elem_id="lab-contours")


def _slow_motion(lab: Lab, tab: gr.Tab, sliding: Sequence[Any]) -> None:
    gr.Markdown(t("lab.sliding_text"))
    position = BoundedSlider(1, PLACES**2, 1, step=1, precision=0, label=t("lab.position"), elem_id="lab-position")
    lab.step(tab, _with_kernel(sliding_steps.position_step), [*sliding, position], close=True, elem_id="lab-place")
    with gr.Row():
        play = gr.Button(t("lab.animate"), elem_id="lab-play")
        stop = gr.Button(t("lab.stop"), elem_id="lab-stop")
    film = gr.HTML(css_template=figures.STYLE, elem_id="lab-film")
    lab.on_click(play, _with_kernel(sliding_steps.animation_step), sliding, film)
    stop.click(lambda: "", None, film, api_visibility="private", show_progress="hidden", queue=False)


def _radio(name: str, choices: Sequence[str]) -> gr.Radio:
    """A choice whose first is chosen, with the texts `lab.<name>` and `lab.<name>_<choice>`."""
    named = [(t(f"lab.{name}_{choice}"), choice) for choice in choices]
    return gr.Radio(named, value=choices[0], label=t(f"lab.{name}"), min_width=_WIDE, elem_id=f"lab-{name}")


def _headers(size: int) -> list[str]:
    return [str(column) for column in range(1, size + 1)]


def _with_kernel(work: Work) -> Work:
    """`work(photo, sliding, ...)` as a step that takes the values of the six kernel controls."""

    def run(photo: Photo, name: str, own: object, stride: int, padding: Any, channels: Any, operation: str, *rest: Any) -> str:
        return work(photo, Sliding.chosen(name, own, stride, padding, channels, operation), *rest)

    return run


def _kernel_table(*values: Any) -> str:
    *controls, language = values
    return steps.kernel_table(Sliding.chosen(*controls), language)
