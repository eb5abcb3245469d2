"""How the lab's steps are kept up to date: with the photo, the spot, the open tab and the controls they depend on.

Only what can be seen is worked out. The photo is opened anew from the upload for each event, which takes milliseconds,
and nothing of it is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from model.photo import PhotoError
from ui.lab import figures
from ui.lab.own_kernel import LabError
from ui.lab.photo import open_for_lab
from ui.markup import problem
from ui.photo_input import PhotoInput, example_buttons
from ui.texts import language_of, say, t

_AT_ONCE = 2  # events that are worked out at the same time; the others wait

Work = Callable[..., str]


class Lab:
    """The photo and the spot to look at closely, and what follows from them."""

    def __init__(self, first: str, framed: Work) -> None:
        """The components in the place that is being built.

        Args:
            first: the tab that is open at first.
            framed: `framed(photo, language)` as HTML, shown beside the photo.
        """
        with gr.Row(equal_height=False):
            with gr.Column(min_width=280):
                self.photo = PhotoInput(
                    label=t("lab.photo"),
                    sources=["upload", "webcam", "clipboard"],
                    buttons=[],
                    height=240,
                    placeholder=t("lab.drop"),
                    alt_text=t("lab.photo_alt"),
                    elem_id="lab-photo",
                )
                example_buttons(self.photo)
            with gr.Column(min_width=280):
                gr.Markdown(t("lab.start"))
                self._spot = [
                    gr.Slider(0, 100, 50, step=1, label=t("lab.across"), elem_id="lab-across"),
                    gr.Slider(0, 100, 50, step=1, label=t("lab.down"), elem_id="lab-down"),
                ]
                beside = gr.HTML(css_template=figures.STYLE, elem_id="lab-framed")
        self._open = gr.State(first)
        self._steps = [_Step(framed, (), beside, None, True)]

    def tab(self, name: str) -> gr.Tab:
        """A tab of steps, labelled `lab.tab_<name>`; only the steps of the open tab are worked out."""
        return gr.Tab(t(f"lab.tab_{name}"), id=name)

    def step(self, tab: gr.Tab, work: Work, controls: Sequence[Any] = (), *, close: bool = False, elem_id: str) -> None:
        """Show `work(photo, *controls, language)` here, always up to date where its tab is open.

        Args:
            tab: where the step is.
            work: gives HTML, or raises `LabError`.
            controls: components whose values it takes.
            close: whether it depends on the spot.
            elem_id: of the output.
        """
        output = gr.HTML(css_template=figures.STYLE, elem_id=elem_id)
        self._steps.append(_Step(work, tuple(controls), output, tab, close))

    def on_click(self, button: gr.Button, work: Work, controls: Sequence[Any], output: gr.HTML) -> None:
        """Show `work(photo, *controls, language)` in `output` when the button is pressed."""
        self._on([button.click], [_Step(work, tuple(controls), output, None, True)])

    def connect(self) -> None:
        """Make the steps follow the photo, the spot, the tabs and their controls; once all of them are there."""
        self._on([self.photo.change], self._steps)
        self._on([component.change for component in self._spot], [step for step in self._steps if step.close])
        for tab in dict.fromkeys(step.tab for step in self._steps if step.tab):
            self._on([tab.select], [step for step in self._steps if step.tab is tab], opens=tab)
        for step in self._steps:
            if step.controls:
                self._on([component.change for component in step.controls], [step])

    def _on(self, triggers: list[Any], steps: list[_Step], opens: gr.Tab | None = None) -> None:
        """One event that works out `steps`, those in the open tab only; it may open a tab itself."""
        controls = list(dict.fromkeys(component for step in steps for component in step.controls))

        def run(request: gr.Request, opened: str, data: bytes | None, *values: Any) -> dict[Any, Any]:
            if None in values:  # a number that is being typed
                return {self._open: gr.skip()}
            opened = opens.id if opens else opened
            seen = [step for step in steps if step.tab is None or step.tab.id == opened]
            (across, down), settings = values[:2], dict(zip(controls, values[2:], strict=True))
            return {self._open: opened} | _work_out(seen, data, across / 100, down / 100, settings, language_of(request))

        gr.on(
            triggers, run, [self._open, self.photo, *self._spot, *controls], [self._open, *(step.output for step in steps)],
            api_visibility="private", show_progress="hidden", trigger_mode="always_last",
            concurrency_limit=_AT_ONCE, concurrency_id="lab",
        )  # fmt: skip


@dataclass(frozen=True)
class _Step:
    """What is shown where, and what it depends on; without a tab it is always seen, and says what is wrong with a photo."""

    work: Work
    controls: tuple[Any, ...]
    output: gr.HTML
    tab: gr.Tab | None
    close: bool


def _work_out(
    steps: list[_Step], data: bytes | None, across: float, down: float, settings: dict[Any, Any], language: str
) -> dict[Any, str]:
    """The HTML of each step, by its output; what cannot be done is a sentence in the place of the step."""
    try:
        if data is None:
            raise LabError("lab.no_photo")
        photo = open_for_lab(data, across, down)
    except (PhotoError, LabError) as error:
        wrong = problem(_sentence(error, language))
        return {step.output: wrong if step.tab is None else "" for step in steps}
    shown = {}
    for step in steps:
        try:
            shown[step.output] = step.work(photo, *(settings[component] for component in step.controls), language)
        except LabError as error:
            shown[step.output] = problem(_sentence(error, language))
    return shown


def without_photo(work: Work) -> Work:
    """`work(*controls, language)` as an event, with what cannot be done as a sentence in its place."""

    def run(request: gr.Request, *values: Any) -> str:
        language = language_of(request)
        try:
            return work(*values, language)
        except LabError as error:
            return problem(_sentence(error, language))

    return run


def _sentence(error: PhotoError | LabError, language: str) -> str:
    return say(error.key, language, **error.values) if isinstance(error, LabError) else str(error)
