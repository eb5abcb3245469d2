from __future__ import annotations

from collections.abc import Iterator

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from ui.api import routes
from ui.service import Service
from ui.teach.routes import teach_routes
from ui.teach.sessions import Sessions


@pytest.fixture
def service(classifier) -> Service:
    """The starter, which can be taught."""
    return Service(classifier, sessions=Sessions(classifier))


@pytest.fixture
def http(service) -> Iterator[TestClient]:
    """A client of the routes for programs and those of the tab Teach."""
    with TestClient(Starlette(routes=[*routes(service), *teach_routes(service)])) as client:
        yield client
