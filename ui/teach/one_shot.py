"""`POST /api/teach`: photos in, a model out, in one request. What the page does step by step, done at once."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from starlette.requests import Request

from model.photo import PhotoError
from ui.api import photo_status
from ui.client import client_of
from ui.desk import Busy
from ui.request_photo import Refused
from ui.teach.lessons import NAME
from ui.teach.multipart import Part, parts
from ui.teach.results import zip_file
from ui.teach.session import Session
from ui.teach.sessions import Sessions

_AT_ONCE = 4
_SECONDS = 600  # that a request may take to arrive
_PATIENCE = 0.2  # seconds before a photo is offered again where too many wait


class OneShot:
    """Answers such requests: a few at a time, one of each client."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions
        self._clients: set[str] = set()

    async def teach(self, request: Request) -> Any:
        """A part for each photo, whose field names its class → the model as a zip, or in JSON where that is asked for.

        Raises:
            Refused: there is no form in the body, a photo cannot be used, or nothing can be learned.
            Busy: too many such requests are under way.
        """
        client = client_of(request)
        with self._place(client):
            session = self._sessions.unlisted(client)
            await self._sessions.lessons.prepare(session)
            try:
                async with asyncio.timeout(_SECONDS):
                    await self._collect(request, session)
            except TimeoutError:
                raise Refused(408, f"The photos took more than {_SECONDS // 60} minutes. Send smaller ones.") from None
            return await self._model(request, session)

    async def _collect(self, request: Request, session: Session) -> None:
        classes: dict[str, int] = {}
        number = 0
        async for part in parts(request):
            number += 1
            if part.field not in classes:
                classes[part.field] = session.add_class(part.field or " ")
            own = classes[part.field]
            session.check_room(own)
            try:
                session.add_photo(own, await self._observe(session, part))
            except PhotoError as error:
                name = part.file or f"photo {number}"
                raise Refused(photo_status(error), f"{name[:120]!r} of {part.field[:60]!r}: {error}") from None

    async def _observe(self, session: Session, part: Part) -> Any:
        """What is kept of a photo, once there is room for it: nothing more is read until then."""
        while True:
            await asyncio.sleep(session.budget.wait)
            try:
                return await self._sessions.lessons.observe(session, part.content)
            except Busy:
                await asyncio.sleep(_PATIENCE)

    async def _model(self, request: Request, session: Session) -> Any:
        try:
            quality = await self._sessions.lessons.train(session, whole=True)
        except Refused as error:
            raise Refused(400, str(error)) from None
        content = await self._sessions.lessons.model_zip(session)
        if "application/json" in request.headers.get("accept", ""):
            return {"quality": quality, "model": base64.b64encode(content).decode()}
        return zip_file(content, NAME)

    @contextmanager
    def _place(self, client: str) -> Iterator[None]:
        if client in self._clients:
            raise Refused(429, "You are teaching already. Send the next request when this one is answered.", retry_after=5)
        if len(self._clients) >= _AT_ONCE:
            raise Busy("Too many are teaching at this moment. Try again in a few seconds.")
        self._clients.add(client)
        try:
            yield
        finally:
            self._clients.discard(client)
