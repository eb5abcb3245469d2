"""How the lab's steps are kept up to date: with the photo, the spot, the open tab and the controls they depend on.

Only what can be seen is worked out. The photo is opened anew from the upload for each event, which takes milliseconds,
and nothing of it is kept. Nothing that is out of date stays: a photo that changes clears all steps, in the browser and at
once, and so do a spot and controls with the steps in other tabs, which are worked out when they are opened.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import gradio as gr

from model.photo import PhotoError
from ui import errors
from ui.lab import figures
from ui.lab.bounded_slider import BoundedSlider
from ui.lab.own_kernel import LabError
from ui.lab.photo import open_for_lab
from ui.markup import problem
from ui.photo_input import PhotoInput, example_buttons
from ui.texts import language_of, say, t

_SPOT = (Path(__file__).parent / "spot.js").read_text("utf-8")
_CHOSEN = """() => {
  const { across, down } = document.querySelector("#lab-framed[data-across], #lab-framed [data-across]").dataset;
  return [Number(across), Number(down)];
}"""
_PERCENT = {"minimum": 0, "maximum": 100, "value": 50, "step": 0.1, "precision": 1}
# two events are worked out at the same time; the others wait
_EVENT: dict[str, Any] = {
    "api_visibility": "private", "show_progress": "hidden", "trigger_mode": "always_last",
    "concurrency_limit": 2, "concurrency_id": "lab",
}  # fmt: skip

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
                    placeholder=t("image.drop_to_upload"),
                    alt_text=t("lab.photo_alt"),
                    elem_id="lab-photo",
                )
                example_buttons(self.photo)
            with gr.Column(min_width=280):
                gr.Markdown(t("lab.start"))
                beside = gr.HTML(css_template=figures.STYLE, js_on_load=_SPOT, elem_id="lab-framed")
                self._spot = [
                    BoundedSlider(**_PERCENT, label=t("lab.across"), elem_id="lab-across"),
                    BoundedSlider(**_PERCENT, label=t("lab.down"), elem_id="lab-down"),
                ]
        beside.select(None, None, self._spot, js=_CHOSEN, api_visibility="private")
        self._open = gr.Textbox(first, visible=False)  # known to the browser, which knows before the server which tab is open
        self._steps = [_Step(framed, (), beside, None, True)]
        self._asked_for: list[_Step] = []
        self._started: list[Any] = []  # events that a new photo makes pointless

    def tab(self, name: str) -> gr.Tab:
        """A tab of steps, labelled `lab.tab_<name>`; only the steps of the open tab are worked out."""
        return gr.Tab(t(f"lab.tab_{name}"), id=name)

    def step(
        self, tab: gr.Tab, work: Work, controls: Sequence[Any] = (), *, close: bool = False, elem_id: str, script: str = ""
    ) -> gr.HTML:
        """Show `work(photo, *controls, language)` here, always up to date where its tab is open.

        Args:
            tab: where the step is.
            work: gives HTML, or raises `LabError`.
            controls: components whose values it takes.
            close: whether it depends on the spot.
            elem_id: of the output.
            script: JavaScript that the output starts with.

        Returns:
            The output.
        """
        output = gr.HTML(css_template=figures.STYLE, js_on_load=script or None, elem_id=elem_id)
        self._steps.append(_Step(work, tuple(controls), output, tab, close))
        return output

    def on_click(self, button: gr.Button, work: Work, controls: Sequence[Any], output: gr.HTML) -> None:
        """Show `work(photo, *controls, language)` in `output` when the button is pressed, until what it depends on changes."""
        step = _Step(work, tuple(controls), output, None, True)
        self._asked_for.append(step)
        self._on([button.click], [step])
        self._clear([component.change for component in (*self._spot, *controls)], [step])

    def connect(self) -> None:
        """Make the steps follow the photo, the spot, the tabs and their controls; once all of them are there."""
        controls = dict.fromkeys(component for step in self._steps for component in step.controls)
        self._clear([component.change for component in (*self._spot, *controls)], self._steps, but_seen=True)
        for tab in dict.fromkeys(step.tab for step in self._steps if step.tab):
            tab.select(None, None, self._open, js=f"() => {json.dumps(tab.id)}", api_visibility="private")
            self._on([tab.select], [step for step in self._steps if step.tab is tab])
        self._on([component.change for component in self._spot], [step for step in self._steps if step.close])
        for step in self._steps:
            if step.controls:
                self._on([component.change for component in step.controls], [step])
        self._follow_photo()

    def _follow_photo(self) -> None:
        """Clear everything in the browser once the photo changes, and work out anew what is seen.

        What comes back says for which turn it is: by then there may be another photo, which it is not for. Gradio goes through
        the events of one change in the order in which they are here, and waits for each.
        """
        turn, made = gr.Textbox("0", visible=False), gr.JSON(visible=False)
        everything = [step.output for step in (*self._steps, *self._asked_for)]
        cleared = f"(turn) => [...Array({len(everything)}).fill(''), String(Number(turn) + 1)]"
        self.photo.change(None, turn, [*everything, turn], js=cleared, cancels=self._started, api_visibility="private")
        inputs, work = self._work(self._steps)

        def run(request: gr.Request, turn: str, *values: Any) -> dict[str, Any]:
            return {"turn": turn, "shown": {output.elem_id: html for output, html in work(request, *values).items()}}

        names = json.dumps([step.output.elem_id for step in self._steps])
        unfold = f"""(turn, made) => {names}.map((id) =>
          made?.turn === turn && id in made.shown ? made.shown[id] : {{ __type__: "update" }})"""
        self.photo.change(run, [turn, *inputs], made, **_EVENT).then(
            None, [turn, made], [step.output for step in self._steps], js=unfold, api_visibility="private"
        )

    def _clear(self, triggers: list[Any], steps: list[_Step], *, but_seen: bool = False) -> None:
        """Empty the steps in the browser, at once; `but_seen` leaves those that can be seen, and are about to be worked out."""
        shown = json.dumps([step.output.elem_id for step in steps])
        seen = "document.getElementById(id)?.offsetParent" if but_seen else "false"
        script = f"() => {shown}.map((id) => {seen} ? {{ __type__: 'update' }} : '')"
        gr.on(triggers, None, None, [step.output for step in steps], js=script, api_visibility="private")

    def _on(self, triggers: list[Any], steps: list[_Step]) -> None:
        """One event that works out `steps`, those in the open tab only."""
        inputs, work = self._work(steps)

        def run(request: gr.Request, *values: Any) -> Any:
            return work(request, *values) or gr.skip()

        self._started.append(gr.on(triggers, run, inputs, [step.output for step in steps], **_EVENT))

    def _work(self, steps: list[_Step]) -> tuple[list[Any], Callable[..., dict[Any, str]]]:
        """The inputs of an event that works out `steps`, and what gives their HTML by output: of those in the open tab only."""
        controls = list(dict.fromkeys(component for step in steps for component in step.controls))

        def work(request: gr.Request, opened: str, data: bytes | BinaryIO | None, *values: Any) -> dict[Any, str]:
            seen = [step for step in steps if step.tab is None or step.tab.id == opened]
            if None in values:  # nothing is chosen
                return {}
            (across, down), settings = values[:2], dict(zip(controls, values[2:], strict=True))
            return _work_out(seen, data, across / 100, down / 100, settings, language_of(request))

        return [self._open, self.photo, *self._spot, *controls], work


@dataclass(frozen=True)
class _Step:
    """What is shown where, and what it depends on; without a tab it is always seen, and says what is wrong with a photo."""

    work: Work
    controls: tuple[Any, ...]
    output: gr.HTML
    tab: gr.Tab | None
    close: bool


def _work_out(
    steps: list[_Step], data: bytes | BinaryIO | None, across: float, down: float, settings: dict[Any, Any], language: str
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
    return say(error.key, language, **error.values) if isinstance(error, LabError) else errors.sentence(error, language)
