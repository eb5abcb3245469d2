"""The routes of the tab Teach, for its page and for programs: sessions, their classes and their photos."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from model.photo import MAX_BYTES
from model.teach.lesson import LONGEST_BURST
from ui.api import problem
from ui.client import client_of
from ui.data_url import data_url
from ui.request_photo import TOO_LARGE, Refused, read_body
from ui.service import Service
from ui.teach import publish
from ui.teach.one_shot import OneShot
from ui.teach.requests import SESSION, SESSIONS, number_in, read_json, route
from ui.teach.results import result_routes
from ui.teach.session import MAX_CLASSES, MAX_PER_CLASS, MAX_PHOTOS, Session
from ui.teach.sessions import IDLE_MINUTES

LIMITS = {
    "classes": MAX_CLASSES,
    "photos": MAX_PHOTOS,
    "per_class": MAX_PER_CLASS,
    "minutes": IDLE_MINUTES,
    "max_bytes": MAX_BYTES,
}


def teach_routes(service: Service) -> list[Route]:
    """The routes, ready for the server that carries the page; none where nobody may teach."""
    sessions = service.sessions
    if sessions is None:
        return []

    def session_of(request: Request) -> Session:
        return sessions.get(request.path_params["token"])

    def state(session: Session, request: Request) -> dict[str, Any]:
        user = publish.signed_in(request) if publish.can_publish() else None
        rights = {"possible": publish.can_publish(), "user": user[0] if user else None}
        return session.state() | {"limits": LIMITS, "publish": rights}

    async def open_session(request: Request) -> Any:
        """Nothing, or the zip of a project → the state of a new session."""
        project = await read_body(request, MAX_BYTES, f"The project is larger than {MAX_BYTES // 1_000_000} MB.")
        return JSONResponse(state(await sessions.open(client_of(request), project), request), 201)

    async def read_session(request: Request) -> Any:
        return state(session_of(request), request)

    async def close_session(request: Request) -> Any:
        sessions.close(request.path_params["token"])
        return {}

    async def add_class(request: Request) -> Any:
        """{"name": ..., "neither": false} → {"id": ...}; without a name, it is given one."""
        document = await read_json(request, {"name": str, "neither": bool})
        name = document.get("name")
        if name is not None and not name.strip():
            raise Refused(400, "A class needs a name. Without the field 'name', it is given one.")
        return {"id": session_of(request).add_class(name or "", document.get("neither", False))}

    async def rename_class(request: Request) -> Any:
        document = await read_json(request, {"name": str})
        session_of(request).rename(number_in(request), document.get("name", ""))
        return {}

    async def remove_class(request: Request) -> Any:
        session_of(request).remove_class(number_in(request))
        return {}

    async def add_photo(request: Request) -> Any:
        """The bytes of a photo → its number, a thumbnail, and how many photos of the class show nearly the same."""
        session, number = session_of(request), number_in(request)
        burst = request.query_params.get("burst", "")
        if len(burst) > LONGEST_BURST or not burst.isprintable():
            raise Refused(400, f"A burst is named by at most {LONGEST_BURST} visible characters.")
        session.check_room(number)
        with sessions.photo_place(session):
            photo = await read_body(request, MAX_BYTES, TOO_LARGE)
            example = await sessions.lessons.observe(session, photo, burst)
        session_of(request)  # or it ended meanwhile
        alike = session.alike(number, example)
        photo_id = session.add_photo(number, example)
        return {"id": photo_id, "thumbnail": data_url(example.thumbnail, "jpeg"), "alike": alike}

    async def remove_photo(request: Request) -> Any:
        session_of(request).remove_photo(number_in(request))
        return {}

    return [
        route("/api/teach", POST=OneShot(sessions).teach),
        route(SESSIONS, POST=open_session),
        route(SESSION, GET=read_session, DELETE=close_session),
        route(f"{SESSION}/classes", POST=add_class),
        route(f"{SESSION}/classes/{{number}}", PATCH=rename_class, DELETE=remove_class),
        route(f"{SESSION}/classes/{{number}}/photos", POST=add_photo),
        route(f"{SESSION}/photos/{{number}}", DELETE=remove_photo),
        *result_routes(service, sessions),
    ]


def no_teach_routes() -> list[Route]:
    """In their place, where nobody may teach: what says so."""

    async def refuse(request: Request) -> Response:
        return problem(404, "Nobody can teach classes here: this server was started with TEACH=off.")

    return [Route("/api/teach{rest:path}", refuse, methods=["GET", "POST", "PUT", "PATCH", "DELETE"])]
