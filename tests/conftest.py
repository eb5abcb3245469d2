from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from model import Classifier
from model.source import STARTER
from tests.running import running_app


@pytest.fixture(scope="session")
def classifier() -> Classifier:
    """The embedded starter."""
    return Classifier.load()


@pytest.fixture(scope="session")
def app():
    """The real app in a process of its own, with the embedded starter."""
    with running_app() as server:
        yield server


@pytest.fixture
def folder(tmp_path) -> Path:
    """A copy of the starter that a test may damage."""
    return Path(shutil.copytree(STARTER, tmp_path / "model"))


@pytest.fixture
def config(folder):
    """The copy's config.json as a dictionary, and a function that writes it back."""
    path = folder / "config.json"
    return json.loads(path.read_text("utf-8")), lambda document: path.write_text(json.dumps(document), "utf-8")
