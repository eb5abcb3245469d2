"""The Album tab: many photos at once, answered a few at a time, so that other visitors are answered too.

This file is the tab and its answers. `drop` takes what was uploaded, `archive` opens zips, `views` makes what is shown.
In the browser, `drop.html` and `drop.js` send the files, `table.js` shows and sorts the answers.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from html import escape
from pathlib import Path
from typing import Any, TypeVar

import gradio as gr
import numpy as np
from PIL import Image

from model.photo import MAX_BYTES, PhotoError
from ui.album.drop import MAX_PHOTOS, Source, sources, uploads
from ui.album.views import Row, csv_name, gallery, problems, table, thumbnail, write_csv
from ui.scripts import DROPPED, script, texts_of
from ui.service import Answers, Busy, Service
from ui.texts import language_of, say, t
from ui.token_radio import TokenRadio
from ui.which_model import answers_of

_ALBUMS = 2  # answered at the same time; more wait
_UNDER_WAY = 4  # photos of one album at once: few among `max_waiting`, so that other visitors are answered
_PATIENCE = 120  # seconds that a photo waits for a busy server
_NEWS = 0.5  # seconds between two reports of how far it is

Result = TypeVar("Result")

_HERE = Path(__file__).parent
_CSS = (_HERE / "album.css").read_text("utf-8")


def build(service: Service, which: TokenRadio) -> None:
    """The tab's components, in the tab that is being built."""
    gr.Markdown(t("album.intro"))
    drop = gr.HTML(
        value=t("album.language"),
        html_template=(_HERE / "drop.html").read_text("utf-8"),
        css_template=_CSS,
        js_on_load=script(DROPPED, _HERE / "drop.js"),
        elem_id="album-files",
        texts=texts_of("album"),
        max_bytes=MAX_BYTES,
        max_files=MAX_PHOTOS,
    )
    stop = gr.Button(t("album.stop"), variant="stop", interactive=False)
    progress = gr.HTML(css_template=_CSS, elem_id="album-progress")
    bad = gr.HTML(css_template=_CSS, elem_id="album-problems")
    download = gr.DownloadButton(t("album.csv"), visible=False, elem_id="album-csv")
    answers = gr.HTML(css_template=_CSS, elem_id="album-gallery")
    rows = gr.HTML(
        html_template='<div class="album-table"></div>',
        css_template=_CSS,
        js_on_load=script(_HERE / "table.js"),
        elem_id="album-table",
    )

    stopping: set[str] = set()  # sessions whose visitor wants no more answers

    async def run(token: str, event: gr.EventData, request: gr.Request) -> AsyncIterator[dict[Any, Any]]:
        """Answer every photo; tell how far it is, then show everything."""
        language, session = language_of(request), str(request.session_hash)
        answerer = answers_of(service, token, request)  # to the end by the same model, whatever becomes of its session
        config = answerer.classifier.config
        stopping.discard(session)
        files, too_large, missing = uploads(event, drop.GRADIO_CACHE)
        yield {
            bad: "", answers: "", rows: None, download: gr.update(visible=False), stop: gr.update(interactive=True),
            progress: _progress(0, len(files), Counter(), language),
        }  # fmt: skip
        photos, refused, left_out = await asyncio.to_thread(sources, files)
        refused += [(name, f"It is larger than {MAX_BYTES // 1_000_000} MB. Send a smaller one.") for name in too_large]
        done: list[Row | None] = [None] * len(photos)
        async for _ in _answer_all(answerer, photos, done, lambda: session in stopping):
            counts = Counter(row.answer(language) for row in done if row and row.prediction)
            yield {progress: _progress(sum(row is not None for row in done), len(photos), counts, language)}
        album = [*(Row(name, problem=reason) for name, reason in refused), *(row for row in done if row)]
        unusable = [(row.name, row.problem) for row in album if row.prediction is None]
        answered = len(album) - len(unusable)
        path = Path(download.GRADIO_CACHE) / secrets.token_hex(16) / csv_name(config.name, answerer.classifier.revision)
        await asyncio.to_thread(_write, path, write_csv(album, config.answers, language))
        stopping.discard(session)
        left_out += missing + done.count(None)
        yield {
            progress: _message("album.done", language, n=answered, bad=len(unusable)),
            stop: gr.update(interactive=False),
            bad: problems(unusable, left_out, language),
            answers: gallery(album, language),
            rows: table(album, config.answers, language),
            download: gr.update(value=str(path), visible=True),
        }

    def stop_soon(request: gr.Request) -> Any:
        """What is under way is answered, and shown with what was answered before."""
        stopping.add(str(request.session_hash))
        return gr.update(interactive=False)

    drop.upload(
        run, which, [stop, progress, bad, download, answers, rows],
        api_visibility="private", show_progress="hidden", concurrency_limit=_ALBUMS, trigger_mode="always_last",
    )  # fmt: skip
    stop.click(
        stop_soon, None, stop, api_visibility="private", show_progress="hidden", queue=False, concurrency_limit=None
    )  # fmt: skip


async def _answer_all(
    answerer: Answers, photos: list[Source], done: list[Row | None], is_stopped: Callable[[], bool]
) -> AsyncIterator[None]:
    """Put a row into `done` for every source, a few at a time, until it is stopped; yields twice a second meanwhile."""
    waiting = iter(range(len(photos)))

    async def work() -> None:
        for index in waiting:
            if is_stopped():
                return
            done[index] = await _row(answerer, photos[index])

    workers = [asyncio.create_task(work()) for _ in range(min(_UNDER_WAY, max(1, answerer.max_waiting // 2)))]
    try:
        unfinished = set(workers)
        while unfinished:
            finished, unfinished = await asyncio.wait(unfinished, timeout=_NEWS)
            for worker in finished:
                worker.result()
            yield
    finally:
        for worker in workers:
            worker.cancel()


async def _row(answerer: Answers, source: Source) -> Row:
    """One photo's answer and thumbnail, or what is wrong with it."""
    try:
        photo = await asyncio.to_thread(source.read)
        small, pixels = await _patiently(lambda: answerer.look(photo, _look))
        return Row(source.name, await _patiently(lambda: answerer.answer(pixels)), small)
    except (PhotoError, Busy) as error:
        return Row(source.name, problem=str(error))


def _look(image: Image.Image) -> tuple[bytes, np.ndarray]:
    """A thumbnail, and the photo as it is for the classifier: decoded once for both."""
    return thumbnail(image), np.asarray(image)


async def _patiently(call: Callable[[], Awaitable[Result]]) -> Result:
    """What `call` gives as soon as the server has a place. Raises `Busy` where that takes longer than two minutes."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + _PATIENCE
    while True:
        try:
            return await call()
        except Busy:
            if loop.time() > deadline:
                raise
            await asyncio.sleep(0.2)


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True)
    path.write_bytes(content)


def _progress(done: int, total: int, counts: Counter[str], language: str) -> str:
    """HTML: a bar, and how often each answer was given so far."""
    text = escape(say("album.progress", language, done=done, n=total))
    answers = escape(", ".join(f"{answer} {count}" for answer, count in counts.most_common(5)))
    return f'<label>{text}<progress value="{done}" max="{max(1, total)}"></progress></label><p>{answers}</p>'


def _message(key: str, language: str, **values: object) -> str:
    return f'<p role="status">{escape(say(key, language, **values))}</p>'
