"""What the server that carries the page has besides: routes for programs, a rule for other sites, tools for agents."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from typing import Any

from starlette.applications import Starlette
from starlette.routing import Route

from ui.agents import PATH, Agents
from ui.api import routes
from ui.cors import CrossOrigin
from ui.service import Service
from ui.settings import Settings
from ui.teach.routes import teach_routes

_BESIDE = ("/api/", "/health", PATH)  # what the paths of these routes begin with


def app_options(service: Service, settings: Settings) -> dict[str, Any]:
    """What `launch(app_kwargs=...)` takes."""
    agents = Agents(service) if settings.agents else None

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        # The outermost place, before Gradio's own answer to other sites: a middleware would come after it.
        assert app.middleware_stack is not None  # the start of the server has just come through it
        app.middleware_stack = CrossOrigin(app.middleware_stack, settings.cors_origins, _BESIDE)
        async with agents.ready() if agents else nullcontext():
            yield

    for_agents = [Route(path, agents) for path in (PATH, f"{PATH}/")] if agents else []
    return {"routes": [*routes(service), *teach_routes(service), *for_agents], "lifespan": lifespan}
