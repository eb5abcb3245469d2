"""What the server that carries the page has besides: routes for programs, a rule for other sites, tools for agents."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from pathlib import Path
from typing import Any

from gradio.utils import get_upload_folder
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse
from starlette.routing import Route

from ui.agents import PATH, Agents
from ui.album.routes import album_routes
from ui.api import routes
from ui.bounded_log import bounded_log
from ui.client import ForClient
from ui.compress import Compressed
from ui.cors import CrossOrigin
from ui.first_screen import styles_route
from ui.head import PageHead, page_title
from ui.json_bodies import SoundJson
from ui.leftovers import swept
from ui.photo_input import EXAMPLES
from ui.preview import picture_route
from ui.service import Service
from ui.settings import Settings
from ui.teach.routes import no_teach_routes, teach_routes
from ui.texts import TEXTS
from ui.unexpected import unexpected

_BESIDE = ("/api/", "/health", PATH)  # what the paths of these routes begin with


def app_options(service: Service, settings: Settings) -> dict[str, Any]:
    """What `launch(app_kwargs=...)` takes."""
    agents = Agents(service) if settings.agents else None

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        # The outermost place, before Gradio's own answer to other sites: a middleware would come after it.
        assert app.middleware_stack is not None  # the start of the server has just come through it
        server = Compressed(SoundJson(app.middleware_stack))
        app.middleware_stack = ForClient(CrossOrigin(server, settings.cors_origins, _BESIDE))
        with bounded_log():
            async with agents.ready() if agents else nullcontext(), swept(Path(get_upload_folder())):
                yield

    for_page = [Route("/examples.jpg", sheet_of_examples), styles_route(), picture_route()]
    teaching = teach_routes(service) or no_teach_routes()
    for_agents = [Route(path, agents) for path in (PATH, f"{PATH}/")] if agents else []
    titles = {language: page_title(service.classifier.config, language) for language in TEXTS}
    return {
        "middleware": [Middleware(PageHead, titles)],
        "routes": [*routes(service), *album_routes(service), *teaching, *for_page, *for_agents],
        "lifespan": lifespan,
        "exception_handlers": {Exception: unexpected},
    }


def sheet_of_examples(request: Request) -> FileResponse:
    """The pictures on the buttons of the examples."""
    return FileResponse(EXAMPLES / "sheet.jpg", headers={"Cache-Control": "public, max-age=86400"})
