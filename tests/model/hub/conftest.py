from __future__ import annotations

import pytest

from model.source import STARTER
from tests.hub import Hub, Repository, log_in, running_hub

MODEL, SPACE = "alice/pets", "alice/app"


@pytest.fixture
def hub(monkeypatch, tmp_path):
    """An empty Hub, and a token for it in the environment."""
    with running_hub() as server:
        log_in(server, monkeypatch, tmp_path)
        yield server


@pytest.fixture
def published(hub) -> Repository:
    """A model that a Space can serve."""
    return hub.add(MODEL, {name: (STARTER / name).read_bytes() for name in ("config.json", "model.onnx")})


@pytest.fixture
def space(hub: Hub) -> Repository:
    """A new Space that builds for ever."""
    made = hub.add(f"spaces/{SPACE}", {".gitattributes": b""})
    made.stages = ["BUILDING"]
    return made
