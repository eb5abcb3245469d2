"""The routes of the tab Teach for what comes of photos: the model, its answers, and what a visitor takes along."""

from __future__ import annotations

import asyncio
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from PIL import Image
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from model.classifier import Prediction
from model.errors import ModelError
from model.inside.explain import HeatMap
from model.photo import MAX_BYTES, PhotoError
from ui.api import evidence, scores
from ui.data_url import data_url, image_url
from ui.desk import Busy
from ui.heat import overlay
from ui.request_photo import TOO_LARGE, Refused, read_body
from ui.service import Service
from ui.teach import publish
from ui.teach.lessons import NAME, taught_in
from ui.teach.requests import SESSION, number_in, read_json, route
from ui.teach.session import Session
from ui.teach.sessions import Sessions

_PUBLISHED_AT_ONCE = 2
_REPOSITORY = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,88}[A-Za-z0-9])?")  # with "-app" behind it, for the Hub


def result_routes(service: Service, sessions: Sessions) -> list[Route]:
    """The routes, ready for the server."""
    lessons = sessions.lessons
    publishing: set[str] = set()  # tokens of sessions

    def session_of(request: Request) -> Session:
        return sessions.get(request.path_params["token"])

    async def train(request: Request) -> Any:
        """→ the quality of the model."""
        quality = await lessons.train(session_of(request))
        session_of(request)  # or it ended meanwhile
        return quality

    async def classify(request: Request) -> Any:
        """The bytes of a photo → scores, best first; with ?heat=1, where the evidence for ?label= lies, too."""
        answers = service.of(request.path_params["token"])
        photo = await read_body(request, MAX_BYTES, TOO_LARGE)
        if request.query_params.get("heat", "") in ("", "0"):
            return {"scores": scores(await answers.answer(photo))}
        with _known_label():
            prediction, heat_map = await answers.explain(photo, request.query_params.get("label") or None)
        return {"scores": scores(prediction)} | evidence(heat_map)

    async def photo_heat(request: Request) -> Any:
        """Where in the thumbnail of a photo, which is all there is of it, the evidence for ?label= lies."""
        session = session_of(request)
        thumbnail = session.photo(number_in(request)).thumbnail
        answers = service.of(session.token)
        label = request.query_params.get("label") or None

        def look(photo: Image.Image, prediction: Prediction, heat_map: HeatMap | ModelError) -> dict[str, Any]:
            if isinstance(heat_map, ModelError):
                raise heat_map
            return {
                "thumbnail": data_url(thumbnail, "jpeg"),
                "overlay": image_url(overlay(photo, heat_map)),
                "label": heat_map.label,
                "scores": scores(prediction),
            }

        with _known_label():
            return await answers.show(thumbnail, label, look)

    async def model_zip(request: Request) -> Response:
        """The zip of the model folder, which is called as ?name= says."""
        name = _name_in(request)
        return zip_file(await lessons.model_zip(session_of(request), name), name)

    async def project_zip(request: Request) -> Response:
        name = _name_in(request)
        return zip_file(await lessons.project_zip(session_of(request)), f"{name}-project")

    async def publish_model(request: Request) -> Any:
        """{"name": ..., "private": true} → where the model is now, in the account of the visitor who is signed in."""
        if not publish.can_publish():
            raise Refused(404, "Nobody can sign in here. Download the model, and run python -m training.publish.")
        visitor = publish.signed_in(request)
        if visitor is None:
            raise Refused(401, "Sign in first, with the button on the page.")
        document = await read_json(request, {"name": str, "private": bool})
        name = document.get("name", "")
        _check_name(name)
        session = session_of(request)
        taught_in(session)
        if session.token in publishing or len(publishing) >= _PUBLISHED_AT_ONCE:
            raise Busy("Another model is being published. Try again in a minute.")
        publishing.add(session.token)
        try:
            with tempfile.TemporaryDirectory() as parent:  # of the model alone: there is no photo in it
                folder = Path(parent) / name
                await lessons.write_model(session, folder)
                private = document.get("private", True)
                return await asyncio.to_thread(partial(publish.publish, folder, visitor[0], name, visitor[1], private=private))
        except publish.PublishError as error:
            raise Refused(400, str(error)) from None
        finally:
            publishing.discard(session.token)

    return [
        route(f"{SESSION}/train", POST=train),
        route(f"{SESSION}/classify", POST=classify),
        route(f"{SESSION}/photos/{{number}}/heat", GET=photo_heat),
        route(f"{SESSION}/model.zip", GET=model_zip),
        route(f"{SESSION}/project.zip", GET=project_zip),
        route(f"{SESSION}/publish", POST=publish_model),
    ]


def _name_in(request: Request) -> str:
    name = request.query_params.get("name", NAME)
    _check_name(name)
    return name


def _check_name(name: str) -> None:
    if not _REPOSITORY.fullmatch(name):
        raise Refused(400, "A model is named by at most 90 letters, digits, '-', '_' and '.', without spaces.")


def zip_file(content: bytes, name: str) -> Response:
    """A zip that browsers save as `name.zip`."""
    headers = {"Content-Disposition": f'attachment; filename="{name}.zip"'}
    return Response(content, media_type="application/zip", headers=headers)


@contextmanager
def _known_label() -> Iterator[None]:
    """A label that the model does not have is the caller's mistake."""
    try:
        yield
    except PhotoError:
        raise
    except ValueError as error:
        raise Refused(400, str(error)) from None
